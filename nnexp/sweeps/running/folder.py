"""A sweep's folder: the frozen plan, the ledger of outcomes, and both as a table.

sweep.yaml     what was asked for, as written, with the arguments of the command
sweep.json     the name of the sweep, its base spec, and which runs each request for it asked for
plan.jsonl     one line a run: its folder, what varies, and its resolved spec
ledger.jsonl   one line for each attempt at a run, appended; a torn last line is skipped
sweep.csv      one row a run, written anew from the plan and the ledger
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, TypeAlias, TypeVar

from nnexp.errors import ResumeError, RunError
from nnexp.runs.folder import make_plain_name
from nnexp.runs.known_files import check_sweep
from nnexp.runs.outcome import RunOutcome
from nnexp.storage import atomic
from nnexp.storage.lock import lock_folder
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.planning.labels import flatten_value
from nnexp.sweeps.planning.plan import PlannedRun

T = TypeVar("T")

OutcomesByRun: TypeAlias = dict[str, list[RunOutcome]]
"""The outcomes of each run, by its folder's name, in the order in which they came."""

NAME_HASH_DIGITS = 6
"""Digits that tell sweeps of the same name apart in the names of their folders."""

REQUEST_HASH_DIGITS = 16
"""Digits that tell the requests for one sweep apart."""

PLAN_LOCK_SECONDS = 30.0
"""Seconds to wait for another process that is freezing its plan."""


class SweepFolder:
    """The record of one sweep. Several processes may work on it at once."""

    def __init__(self, definition: SweepDefinition, runs: Path) -> None:
        self.definition = definition
        identity = json.dumps([definition.build_identity(), definition.overrides], sort_keys=True)
        digest = _compute_sha256(identity)[:NAME_HASH_DIGITS]
        self.path = runs / "sweeps" / f"{make_plain_name(definition.name)}-{digest}"
        # Another version may plan other runs for the same request, so that its plan is made anew.
        request = [definition.text, definition.base_text, version("nnexp")]
        self.request_hash = _compute_sha256("\0".join(request))[:REQUEST_HASH_DIGITS]

    def find_frozen_runs(self) -> list[PlannedRun] | None:
        """The runs that this very request asked for before, or None if it is new."""
        names = self._read_record().get("requests", {}).get(self.request_hash)
        if names is None:
            return None
        plan = self.read_plan()
        if any(name not in plan for name in names):
            return None  # a damaged plan is made again
        return [plan[name] for name in names]

    def freeze_plan(self, runs: Sequence[PlannedRun], base: Mapping[str, Any]) -> None:
        """Write the plan, added to what was planned before. Raises ResumeError if the base spec changed."""
        check_sweep(self.path, own=bool(self._read_record() or self.read_plan()))
        atomic.make_folder(self.path)
        with self._lock_folder():
            record = self._read_record()
            _check_same_base(self.path, record.get("base", base), base)
            names = [run.run for run in runs]
            plan = self.read_plan() | dict(zip(names, runs, strict=True))
            lines = _format_lines(planned.as_dict() for planned in plan.values())
            atomic.write_text(self.path / "plan.jsonl", lines)
            atomic.write_text(self.path / "sweep.yaml", self.definition.text or self.definition.base_text)
            # sweep.json comes last: it names the runs of this request, which have to be in the plan by then.
            requests = record.get("requests", {}) | {self.request_hash: names}
            identity = {"name": self.definition.name, "base": dict(base), "requests": requests}
            atomic.write_json(self.path / "sweep.json", identity)

    def read_plan(self) -> dict[str, PlannedRun]:
        """All runs that were ever planned here, by name."""
        return {planned.run: planned for planned in _read_lines(self.path / "plan.jsonl", PlannedRun.from_dict)}

    def read_ledger(self) -> OutcomesByRun:
        """The ledger; a later outcome of a run replaces its failures, and all that was before it was discarded."""
        found: OutcomesByRun = {}
        for outcome in _read_lines(self.path / "ledger.jsonl", RunOutcome.from_dict):
            if outcome.state == "discarded":
                found.pop(outcome.run, None)
                continue
            earlier = [old for old in found.get(outcome.run, []) if old.state != "failed"]
            found[outcome.run] = [*earlier, outcome]
        return found

    def has_run(self, run: str) -> bool:
        """Whether a run is there."""
        return (self.path.parent.parent / run / "run.json").is_file()

    def append_outcomes(self, outcomes: Iterable[RunOutcome]) -> None:
        """Append to the ledger, in one piece."""
        lines = _format_lines(outcome.as_dict() for outcome in outcomes).encode()
        path = self.path / "ledger.jsonl"
        atomic.before_operation("append", path)
        try:
            with path.open("ab+") as file:
                # A line that a dying process left torn is ended first: otherwise it would spoil the next one.
                separator = b"\n" if _ends_within_line(file) else b""
                file.write(separator + lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror or error}") from None

    def write_table(
        self, states: Mapping[str, str], known: OutcomesByRun, ensembles: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """sweep.csv: what varies, seed, state and metrics of every run of the plan, and below them of ensembles.

        If there are ensembles, a column `kind` tells them from runs.
        """
        rows: list[Mapping[str, Any]] = []
        for name, run in self.read_plan().items():
            rows.append(_build_row(run, states.get(name, ""), known.get(name, [])))
        if ensembles:
            rows = [*_add_kind("run", rows), *_add_kind("ensemble", ensembles)]
        text = io.StringIO()
        table = csv.DictWriter(text, _list_columns(rows), restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        with self._lock_folder():
            atomic.write_text(self.path / "sweep.csv", text.getvalue())

    def _read_record(self) -> dict[str, Any]:
        """The content of sweep.json; nothing if it cannot be read, as all of it can be found out again."""
        try:
            record = json.loads(atomic.read_file(self.path / "sweep.json") or b"{}")
        except ValueError:
            return {}
        if isinstance(record, dict) and isinstance(record.get("requests", {}), dict):
            return record
        return {}

    @contextmanager
    def _lock_folder(self) -> Iterator[None]:
        with lock_folder(self.path, PLAN_LOCK_SECONDS):
            yield


def _compute_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _format_lines(documents: Iterable[Mapping[str, Any]]) -> str:
    """One JSON document a line."""
    return "".join(json.dumps(document) + "\n" for document in documents)


def _read_lines(path: Path, parse: Callable[[Any], T]) -> Iterator[T]:
    """What stands on each line; a line that cannot be read is skipped, as a killed process may leave one torn."""
    for line in atomic.read_file(path).split(b"\n"):
        try:
            entry = parse(json.loads(line))
        except (ValueError, TypeError, KeyError):
            continue
        yield entry


def _ends_within_line(file: IO[bytes]) -> bool:
    """Whether a file has content that does not end with a line's end."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _add_kind(kind: str, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows with their kind as the second column."""
    return [{"run": row["run"], "kind": kind, **row} for row in rows]


def _list_columns(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The columns of all rows in the order of their first use; `error` comes last, as it is long."""
    columns: dict[str, None] = {}
    for row in rows:
        columns |= dict.fromkeys(row)
    if "error" in columns:
        del columns["error"]
        columns["error"] = None
    return list(columns)


def _build_row(run: PlannedRun, state: str, outcomes: Sequence[RunOutcome]) -> dict[str, Any]:
    """One row of the table."""
    outcome = outcomes[-1] if outcomes else RunOutcome(run.run, "planned")
    row: dict[str, Any] = {"run": run.run, **run.values, "seed": run.seed}
    if run.fold is not None:
        row["fold"] = run.fold
    if run.member is not None:
        row["member"] = run.member
    return {
        **row,
        "state": state or outcome.state,
        "epochs": outcome.epochs,
        "best_epoch": outcome.best_epoch,
        "seconds": outcome.seconds,
        **outcome.metrics,
        "error": outcome.error.strip().rpartition("\n")[2],
    }


def _check_same_base(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises ResumeError that lists what differs if the base spec is not the same as before."""
    old, new = flatten_value("", dict(before)), flatten_value("", dict(now))
    keys = [key for key in old | new if old.get(key) != new.get(key)]
    changed = [f"  {key}: {old.get(key, 'absent')} then, {new.get(key, 'absent')} now" for key in keys]
    if changed:
        lines = [f"the base spec changed since {path} began:", *changed]
        raise ResumeError("\n".join([*lines, "another `name` makes it a sweep of its own, beside the old one"]))
