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
from nnexp.reports.rows import ENSEMBLE_KIND, RunRow, make_configuration
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
    root = path.parent.parent  # a sweep is in runs/sweeps, its runs are in runs
    found = SweepRecord(path, _read_objective(path))
    table = _read_table(path)
    plan: dict[str, PlannedRun] = {}
    for planned in _read_plan(path):
        plan[planned.run] = planned
        row = _build_row(planned, root, table.get(planned.run, {}), problems)
        found.rows.append(row)
        found.values.setdefault(row.configuration.key, planned.values)
    for run, cells in table.items():
        if cells.get("kind") == ENSEMBLE_KIND:
            _add_ensemble(found, root / run, plan, problems)
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
    """A planned run as it stands: by its own record, and by the sweep's table where it has none or was cut off."""
    folder, table_state = root / planned.run, cells.get("state", "")
    error_text = cells.get("error") or ""
    if (folder / "run.json").is_file():
        try:
            row = read_row(folder, problems, planned.plain_spec)
        except RunError as error:
            problems.append(str(error))
            table_state = "damaged"
        else:
            # The folder of a run that the sweep stopped looks like that of an interrupted one.
            if row.state == "interrupted" and table_state in ("pruned", "failed"):
                row = replace(row, state=table_state)
            return replace(row, error=error_text)
    configuration, fold = make_configuration(planned.plain_spec)
    state = table_state if table_state in ("failed", "damaged") else "waiting"
    seed = int(planned.plain_spec["seed"])
    return RunRow(planned.run, folder, configuration, state, seed, seed, fold, error=error_text)


def _add_ensemble(found: SweepRecord, folder: Path, runs: Mapping[str, PlannedRun], problems: list[str]) -> None:
    """Add the row of an ensemble, if it was made."""
    if not (folder / "run.json").is_file():
        return
    try:
        row = read_row(folder, problems)
    except RunError as error:
        problems.append(str(error))
        return
    found.rows.append(row)
    # Its members are the seeds of one variant, and so vary alike.
    for name in row.members:
        if name in runs:
            found.values.setdefault(row.configuration.key, runs[name].values)
    found.values.setdefault(row.configuration.key, {})


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    """The rows of sweep.csv by run, as text; nothing where it was not written yet."""
    text = atomic.read_file(path / "sweep.csv").decode("utf-8", errors="replace")
    return {row["run"]: row for row in csv.DictReader(text.splitlines()) if row.get("run")}


def _read_objective(path: Path) -> SweepObjective | None:
    """The objective that the sweep's file declares, None where it has none or cannot be read."""
    try:
        plain = parse_yaml(SpecText("sweep.yaml", atomic.read_file(path / "sweep.yaml").decode())).make_plain()
        if isinstance(plain, dict) and "objective" in plain:
            return SweepObjective(**plain["objective"])
    except (NnexpError, ValueError, TypeError):
        pass  # a report needs the plan alone
    return None
