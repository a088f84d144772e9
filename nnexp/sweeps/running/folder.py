"""A sweep's folder: the frozen plan, the ledger of what became of its runs, and both as a table.

sweep.yaml     what was asked for, as written, and the words of the commands
sweep.json     what makes it this sweep, its base spec, and which runs each request for it asked for
plan.jsonl     one line a run: its folder, what varies, and its resolved spec
ledger.jsonl   one line for each attempt at a run, appended; a last line that is torn is as if it was not there
sweep.csv      one row a run, written anew from the plan and the ledger
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from nnexp.errors import ResumeError, RunError
from nnexp.runs.folder import make_plain_name
from nnexp.runs.known_files import check_sweep
from nnexp.runs.outcome import RunOutcome
from nnexp.storage import atomic
from nnexp.storage.lock import lock_folder
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.planning.plan import PlannedRun, flatten_value

OutcomesByRun: TypeAlias = dict[str, list[RunOutcome]]
"""The receipts of each run, by its folder's name, in the order in which they came."""

PLAN_LOCK_SECONDS = 30.0
"""Seconds to wait for another process that is freezing its plan."""


class SweepFolder:
    """The record of one sweep. Several processes may work on it at once."""

    def __init__(self, definition: SweepDefinition, runs: Path) -> None:
        self.definition = definition
        identity = json.dumps([definition.build_identity(), definition.overrides], sort_keys=True)
        digest = hashlib.sha256(identity.encode()).hexdigest()[:6]
        self.path = runs / "sweeps" / f"{make_plain_name(definition.name)}-{digest}"
        self.request_hash = hashlib.sha256(
            "\0".join([definition.text, definition.base_text, version("nnexp")]).encode()
        ).hexdigest()[:16]

    def find_frozen_runs(self) -> list[PlannedRun] | None:
        """The runs that this very request asked for before, or None where it is new."""
        names = self._read_record().get("requests", {}).get(self.request_hash)
        if names is None:
            return None
        plan = self.read_plan()
        return [plan[name] for name in names] if all(name in plan for name in names) else None

    def freeze_plan(self, runs: Sequence[PlannedRun], base: Mapping[str, Any]) -> None:
        """Write down the plan, added to what was planned before. Raises ResumeError where the base spec changed."""
        check_sweep(self.path, own=bool(self._read_record() or self.read_plan()))
        atomic.make_folder(self.path)
        with self._lock_folder():
            record = self._read_record()
            _check_same_base(self.path, record.get("base", base), base)
            plan = self.read_plan() | {run.run: run for run in runs}
            lines = "".join(json.dumps(planned.as_dict()) + "\n" for planned in plan.values())
            atomic.write_text(self.path / "plan.jsonl", lines)
            atomic.write_text(self.path / "sweep.yaml", self.definition.text or self.definition.base_text)
            requests = record.get("requests", {}) | {self.request_hash: [run.run for run in runs]}
            identity = {"name": self.definition.name, "base": dict(base), "requests": requests}
            atomic.write_json(self.path / "sweep.json", identity)

    def read_plan(self) -> dict[str, PlannedRun]:
        """All runs that were ever planned here, by name. A line that cannot be read is as if it was not there."""
        found: dict[str, PlannedRun] = {}
        for line in atomic.read_file(self.path / "plan.jsonl").split(b"\n"):
            try:
                planned = PlannedRun.from_dict(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            found[planned.run] = planned
        return found

    def read_ledger(self) -> OutcomesByRun:
        """The ledger; what followed a failure of a run takes its place."""
        found: OutcomesByRun = {}
        for line in atomic.read_file(self.path / "ledger.jsonl").split(b"\n"):
            try:
                receipt = RunOutcome.from_dict(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            before = [old for old in found.get(receipt.run, []) if old.state != "failed"]
            found[receipt.run] = [*before, receipt]
        return found

    def has_run(self, run: str) -> bool:
        """Whether a run is there."""
        return (self.path.parent.parent / run / "run.json").is_file()

    def append_outcomes(self, receipts: Iterable[RunOutcome]) -> None:
        """Append to the ledger, in one piece."""
        lines = "".join(json.dumps(receipt.as_dict()) + "\n" for receipt in receipts).encode()
        path = self.path / "ledger.jsonl"
        atomic.before_operation("append", path)
        try:
            with path.open("ab+") as file:
                file.seek(0, os.SEEK_END)
                torn = False
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    torn = file.read(1) != b"\n"
                file.write(b"\n" * torn + lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror or error}") from None

    def write_table(
        self, states: Mapping[str, str], known: OutcomesByRun, ensembles: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """sweep.csv: what varies, seed, state and metrics of every run of the plan, and below them of ensembles.

        Where there are ensembles, a column `kind` tells them from runs.
        """
        plan = list(self.read_plan().values())
        rows = [_build_row(run, states.get(run.run, ""), known.get(run.run, [])) for run in plan]
        if ensembles:
            kinds = [*[("run", row) for row in rows], *[("ensemble", row) for row in ensembles]]
            rows = [{"run": row["run"], "kind": kind, **row} for kind, row in kinds]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        last = [column for column in columns if column == "error"]
        text = io.StringIO()
        table = csv.DictWriter(text, [c for c in columns if c not in last] + last, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        with self._lock_folder():
            atomic.write_text(self.path / "sweep.csv", text.getvalue())

    def _read_record(self) -> dict[str, Any]:
        """What sweep.json says; nothing where it cannot be read, as all of it can be found out again."""
        try:
            record = json.loads(atomic.read_file(self.path / "sweep.json") or b"{}")
        except ValueError:
            return {}
        return record if isinstance(record, dict) and isinstance(record.get("requests", {}), dict) else {}

    @contextmanager
    def _lock_folder(self) -> Iterator[None]:
        with lock_folder(self.path, PLAN_LOCK_SECONDS):
            yield


def _build_row(run: PlannedRun, state: str, receipts: Sequence[RunOutcome]) -> dict[str, Any]:
    """One line of the table."""
    receipt = receipts[-1] if receipts else RunOutcome(run.run, "planned")
    place = {"seed": run.seed, "fold": run.fold, "member": run.member}
    result = {"state": state or receipt.state, "epochs": receipt.epochs, "best_epoch": receipt.best_epoch}
    return {
        "run": run.run,
        **run.values,
        **{name: value for name, value in place.items() if value is not None},
        **result,
        "seconds": receipt.seconds,
        **receipt.metrics,
        "error": receipt.error.strip().rpartition("\n")[2],
    }


def _check_same_base(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises ResumeError that says what differs where the base spec is another than before."""
    old, new = flatten_value("", dict(before)), flatten_value("", dict(now))
    changed = [
        f"  {key}: {old.get(key, 'not there')} then, {new.get(key, 'not there')} now"
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
    if changed:
        said = "\n".join([f"the base spec changed since {path} began:", *changed])
        raise ResumeError(f"{said}\nanother `name` makes it a sweep of its own, beside the old one")
