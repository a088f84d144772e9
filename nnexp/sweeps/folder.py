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

from nnexp import files
from nnexp.errors import ResumeError, RunError
from nnexp.runs.folder import plain_name
from nnexp.runs.known_files import check_sweep
from nnexp.runs.lock import locked
from nnexp.runs.receipts import Receipt
from nnexp.sweeps.definition import Definition
from nnexp.sweeps.plan import Planned, flat

Known: TypeAlias = dict[str, list[Receipt]]
"""The receipts of each run, by its folder's name, in the order in which they came."""

PATIENCE = 30.0
"""Seconds to wait for another process that is freezing its plan."""


class SweepFolder:
    """The record of one sweep. Several processes may work on it at once."""

    def __init__(self, definition: Definition, runs: Path) -> None:
        self.definition = definition
        identity = json.dumps([definition.identity(), definition.overrides], sort_keys=True)
        digest = hashlib.sha256(identity.encode()).hexdigest()[:6]
        self.path = runs / "sweeps" / f"{plain_name(definition.name)}-{digest}"
        self.request = hashlib.sha256(
            "\0".join([definition.text, definition.base_text, version("nnexp")]).encode()
        ).hexdigest()[:16]

    def frozen(self) -> list[Planned] | None:
        """The runs that this very request asked for before, or None where it is new."""
        names = self._record().get("requests", {}).get(self.request)
        if names is None:
            return None
        plan = self.plan()
        return [plan[name] for name in names] if all(name in plan for name in names) else None

    def freeze(self, runs: Sequence[Planned], base: Mapping[str, Any]) -> None:
        """Write down the plan, added to what was planned before. Raises ResumeError where the base spec changed."""
        check_sweep(self.path, own=bool(self._record() or self.plan()))
        files.make_folder(self.path)
        with self._held():
            record = self._record()
            _same_base(self.path, record.get("base", base), base)
            plan = self.plan() | {run.run: run for run in runs}
            lines = "".join(json.dumps(planned.as_dict()) + "\n" for planned in plan.values())
            files.write_text(self.path / "plan.jsonl", lines)
            files.write_text(self.path / "sweep.yaml", self.definition.text or self.definition.base_text)
            requests = record.get("requests", {}) | {self.request: [run.run for run in runs]}
            identity = {"name": self.definition.name, "base": dict(base), "requests": requests}
            files.write_json(self.path / "sweep.json", identity)

    def plan(self) -> dict[str, Planned]:
        """All runs that were ever planned here, by name. A line that cannot be read is as if it was not there."""
        found: dict[str, Planned] = {}
        for line in files.read(self.path / "plan.jsonl").split(b"\n"):
            try:
                planned = Planned.from_dict(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            found[planned.run] = planned
        return found

    def known(self) -> Known:
        """The ledger; what followed a failure of a run takes its place."""
        found: Known = {}
        for line in files.read(self.path / "ledger.jsonl").split(b"\n"):
            try:
                receipt = Receipt.from_dict(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            before = [old for old in found.get(receipt.run, []) if old.state != "failed"]
            found[receipt.run] = [*before, receipt]
        return found

    def has(self, run: str) -> bool:
        """Whether a run is there."""
        return (self.path.parent.parent / run / "run.json").is_file()

    def record(self, receipts: Iterable[Receipt]) -> None:
        """Append to the ledger, in one piece."""
        lines = "".join(json.dumps(receipt.as_dict()) + "\n" for receipt in receipts).encode()
        path = self.path / "ledger.jsonl"
        files.operation("append", path)
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

    def write_table(self, states: Mapping[str, str], known: Known, ensembles: Sequence[Mapping[str, Any]] = ()) -> None:
        """sweep.csv: what varies, seed, state and metrics of every run of the plan, and below them of ensembles.

        Where there are ensembles, a column `kind` tells them from runs.
        """
        plan = list(self.plan().values())
        rows = [_row(run, states.get(run.run, ""), known.get(run.run, [])) for run in plan]
        if ensembles:
            kinds = [*[("run", row) for row in rows], *[("ensemble", row) for row in ensembles]]
            rows = [{"run": row["run"], "kind": kind, **row} for kind, row in kinds]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        last = [column for column in columns if column == "error"]
        text = io.StringIO()
        table = csv.DictWriter(text, [c for c in columns if c not in last] + last, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        with self._held():
            files.write_text(self.path / "sweep.csv", text.getvalue())

    def _record(self) -> dict[str, Any]:
        """What sweep.json says; nothing where it cannot be read, as all of it can be found out again."""
        try:
            record = json.loads(files.read(self.path / "sweep.json") or b"{}")
        except ValueError:
            return {}
        return record if isinstance(record, dict) and isinstance(record.get("requests", {}), dict) else {}

    @contextmanager
    def _held(self) -> Iterator[None]:
        with locked(self.path, PATIENCE):
            yield


def _row(run: Planned, state: str, receipts: Sequence[Receipt]) -> dict[str, Any]:
    """One line of the table."""
    receipt = receipts[-1] if receipts else Receipt(run.run, "planned")
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


def _same_base(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises ResumeError that says what differs where the base spec is another than before."""
    old, new = flat("", dict(before)), flat("", dict(now))
    changed = [
        f"  {key}: {old.get(key, 'not there')} then, {new.get(key, 'not there')} now"
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
    if changed:
        said = "\n".join([f"the base spec changed since {path} began:", *changed])
        raise ResumeError(f"{said}\nanother `name` makes it a sweep of its own, beside the old one")
