"""The data of a sweep's runs: those that are there now, and the same for all runs of one source, wherever they trained.

Sources that generate their examples are left out: nothing changes behind their specs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from nnexp.data.changes import compare_with_record
from nnexp.errors import ResumeError, RunError
from nnexp.runs import known_files, manifest
from nnexp.runs.outcome import RunOutcome
from nnexp.storage.lock import LOCK_FILE, OWNER_FILE, lock_folder
from nnexp.sweeps.planning.plan import PlannedRun
from nnexp.sweeps.running.folder import SweepFolder
from nnexp.wording import format_count

DataRecord: TypeAlias = dict[str, Any]
"""What the record of a run says of its data."""


@dataclass(slots=True)
class RunData:
    """Keeps runs of different data out of a sweep.

    unchecked: why runs cannot be compared with their data, each reason once.
    """

    folder: SweepFolder
    root: Path
    unchecked: dict[str, None] = field(default_factory=dict)
    _first_by_source: dict[str, tuple[str, DataRecord]] = field(default_factory=dict)
    """The first run of each source, and what its record says of its data."""

    def settle_runs(self, runs: Iterable[PlannedRun], *, restart: bool = False) -> None:
        """Compare those of the runs that have begun with the data as they are.

        With `restart` runs of other data count as never trained. Otherwise raises ResumeError, with how these changed.
        """
        runs = list(runs)
        changes = self._find_changes(runs)
        if changes and not restart:
            raise ResumeError(_describe_changes(changes, runs[0]))
        if changes:
            discard_runs(self.folder, self.root, list(changes))
        for run in runs:
            self.check_run(run)

    def check_run(self, run: PlannedRun) -> None:
        """Raises ResumeError where a run was trained on other data than an earlier one of the same source."""
        record = _read_data_record(self.root / run.run)
        if not record or "files" not in record:
            return
        source = json.dumps(run.plain_spec["data"]["source"], sort_keys=True)
        first, expected = self._first_by_source.setdefault(source, (run.run, record))
        # Another split may make other numbers of the same files: a category's levels are those of the training part.
        is_same = record["files"]["contents"] == expected["files"]["contents"]
        if not is_same and record["fingerprint"] != expected["fingerprint"]:
            message = (
                f"the data changed while the sweep was trained: those of {first} and of {run.run} are not the same"
            )
            raise ResumeError(f"{message}\n{_format_advice(run)}")

    def _find_changes(self, runs: Iterable[PlannedRun]) -> dict[str, str]:
        """How the data changed since each run that was trained on others began. Data are read once at most."""
        changes: dict[str, str] = {}
        for (_, record), its_runs in self._group_begun_runs(runs).items():
            data = its_runs[0].build_spec(self.folder.definition.base_text).data
            found = compare_with_record(data.source, data.split, json.loads(record))
            if found.change:
                changes |= {run.run: found.change for run in its_runs}
            if found.unchecked:
                self.unchecked[found.unchecked] = None
        return changes

    def _group_begun_runs(self, runs: Iterable[PlannedRun]) -> dict[tuple[str, str], list[PlannedRun]]:
        """The runs that have begun, by their data section and what their records say of it; hundreds say the same."""
        groups: dict[tuple[str, str], list[PlannedRun]] = {}
        for run in runs:
            record = _read_data_record(self.root / run.run)
            if record:
                section = json.dumps(run.plain_spec["data"], sort_keys=True)
                groups.setdefault((section, json.dumps(record, sort_keys=True)), []).append(run)
        return groups


def discard_runs(folder: SweepFolder, root: Path, names: Iterable[str]) -> None:
    """Delete the files of runs, which count as never trained. Raises RunError where another process trains one."""
    known = folder.read_ledger()
    # The ledger first: cut off in between, the runs are still there, and are found to be of other data again.
    listed = [RunOutcome(name, "discarded") for name in names if name in known]
    if listed:
        folder.append_outcomes(listed)
    for name in names:
        with lock_folder(root / name):
            known_files.remove_run(root / name, keep=(LOCK_FILE, OWNER_FILE))


def _read_data_record(folder: Path) -> DataRecord | None:
    """What the record of a run says of its data; None where it has not begun, or is damaged, which others report."""
    try:
        record: DataRecord = manifest.read_manifest(folder)["data"]
    except RunError:
        return None
    return record


def _describe_changes(changes: Mapping[str, str], run: PlannedRun) -> str:
    """How many runs are of other data, how these changed, and what to do."""
    runs_by_change: dict[str, list[str]] = {}
    for name, change in changes.items():
        runs_by_change.setdefault(change, []).append(name)
    lines = ["the data changed since runs of this sweep were trained:"]
    lines += [f"  {_format_runs(names)}: {change}" for change, names in runs_by_change.items()]
    return "\n".join([*lines, _format_advice(run)])


def _format_advice(run: PlannedRun) -> str:
    return (
        "`--restart` trains them again on the data as they are; "
        f"with another name, such as name={run.plain_spec['name']}_2, both are kept"
    )


def _format_runs(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{names[0]} and {format_count(len(names) - 1, 'other run')}"
