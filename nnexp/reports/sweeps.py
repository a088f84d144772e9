"""Reading the folder of a sweep: every planned run, those too that never began, and its ensembles."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nnexp.errors import NnexpError, RunError
from nnexp.reports.read import read_row
from nnexp.reports.rows import RunRow, make_configuration
from nnexp.spec.problems import SpecText
from nnexp.spec.yaml import parse_yaml
from nnexp.storage import atomic
from nnexp.sweeps.definition.settings import SweepObjective
from nnexp.sweeps.planning.plan import PlannedRun


@dataclass(slots=True)
class SweepRecord:
    """A sweep on disk. values: what varies, by the key of the variant."""

    path: Path
    objective: SweepObjective | None
    rows: list[RunRow] = field(default_factory=list)
    values: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def read_sweep_record(path: Path, problems: list[str]) -> SweepRecord:
    """The record of a sweep; what is damaged is added to `problems`. Raises RunError where its plan is."""
    root = path.parent.parent
    found = SweepRecord(path, _read_objective(path))
    table = _read_table(path)
    first: dict[str, PlannedRun] = {}
    for planned in _read_plan(path):
        first[planned.run] = planned
        row = _build_row(planned, root, table.get(planned.run, {}), problems)
        found.rows.append(row)
        found.values.setdefault(row.configuration.key, planned.values)
    for run, cells in table.items():
        if cells.get("kind") == "ensemble":
            _add_ensemble(found, root / run, first, problems)
    return found


def _read_plan(path: Path) -> Iterator[PlannedRun]:
    """The planned runs, one after the other. Raises RunError with the line that is damaged."""
    file = path / "plan.jsonl"
    for number, line in enumerate(atomic.read_file(file).splitlines(), start=1):
        try:
            yield PlannedRun.from_dict(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(f"{file}: line {number} is damaged: {error}") from None


def _build_row(planned: PlannedRun, root: Path, cells: Mapping[str, str], problems: list[str]) -> RunRow:
    """A planned run as it stands: by its own record, and by what the sweep says of one that has none or was cut off."""
    folder, said = root / planned.run, cells.get("state", "")
    if (folder / "run.json").is_file():
        try:
            row = read_row(folder, problems, planned.plain_spec)
        except RunError as error:
            problems.append(str(error))
            said = "damaged"
        else:
            cut_off = row.state == "interrupted" and said in ("pruned", "failed")
            return replace(row, state=said if cut_off else row.state, error=cells.get("error") or "")
    found, fold = make_configuration(planned.plain_spec)
    state = said if said in ("failed", "damaged") else "waiting"
    seed = int(planned.plain_spec["seed"])
    return RunRow(planned.run, folder, found, state, seed, seed, fold, error=cells.get("error") or "")


def _add_ensemble(found: SweepRecord, folder: Path, runs: Mapping[str, PlannedRun], problems: list[str]) -> None:
    """Add the row of an ensemble, if it was made."""
    if not (folder / "run.json").is_file():
        return
    try:
        row = read_row(folder, problems)
    except RunError as error:
        problems.append(str(error))
        return
    values = next((runs[name].values for name in row.members if name in runs), {})
    found.rows.append(row)
    found.values.setdefault(row.configuration.key, values)


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    """The rows of sweep.csv by run, as text; nothing where it was not written yet."""
    text = atomic.read_file(path / "sweep.csv").decode("utf-8", errors="replace")
    return {row["run"]: row for row in csv.DictReader(text.splitlines()) if row.get("run")}


def _read_objective(path: Path) -> SweepObjective | None:
    """What the sweep's file says that runs are ranked by, if it says anything."""
    try:
        said = parse_yaml(SpecText("sweep.yaml", atomic.read_file(path / "sweep.yaml").decode())).make_plain()
        return SweepObjective(**said["objective"]) if isinstance(said, dict) and "objective" in said else None
    except (NnexpError, ValueError, TypeError):
        return None
