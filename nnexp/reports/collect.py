"""Finding what a report is asked to report: runs, sweeps, and folders of runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nnexp.errors import RunError, UsageError
from nnexp.reports.read import read_row
from nnexp.reports.rows import RunRow
from nnexp.reports.sweeps import SweepRecord, read_sweep_record
from nnexp.runs import index
from nnexp.wording import find_closest

PLAN_FILE = "plan.jsonl"


@dataclass(slots=True)
class CollectedRuns:
    """The rows of everything that was named, each run once, and what could not be read."""

    rows: list[RunRow] = field(default_factory=list)
    sweeps: list[SweepRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_single_sweep: bool = False
    """Whether all there is comes from one sweep."""


def collect_runs(names: Sequence[str], root: Path) -> CollectedRuns:
    """Everything that the names mean. Raises UsageError where one means nothing, RunError where nothing can be read."""
    found = CollectedRuns()
    rows: dict[Path, RunRow] = {}
    places = [place for name in names for place in locate_folders(name, root)]
    for place in places:
        if is_sweep_folder(place):
            sweep = read_sweep_record(place, found.problems)
            found.sweeps.append(sweep)
            rows |= {row.path.resolve(): row for row in sweep.rows}
            continue
        try:
            rows.setdefault(place.resolve(), read_row(place, found.problems))
        except RunError as error:
            found.problems.append(str(error))
    found.rows = _set_groups(_remove_duplicates(rows.values(), found.problems))
    found.is_single_sweep = len(found.sweeps) == 1 and len(places) == 1
    if not found.rows:
        raise RunError("\n".join(found.problems) or f"there is nothing to report in {' '.join(names)}")
    return found


def _remove_duplicates(rows: Iterable[RunRow], problems: list[str]) -> Iterator[RunRow]:
    """Each run once, where copies of it lie in several folders; one that is done rather than one that is not."""
    first: dict[tuple[str, int, int | None], RunRow] = {}
    for row in sorted(rows, key=lambda row: row.state != "done"):
        known = first.setdefault((row.configuration.key, row.seed, row.fold), row)
        if known is not row and row.state != "waiting":
            problems.append(f"{row.path} is the same run as {known.path}, and is left out")
    yield from first.values()


def _set_groups(rows: Iterable[RunRow]) -> list[RunRow]:
    """The rows, members of an ensemble with its seed as their group, by which both are paired."""
    every = list(rows)
    groups = {(row.path.parent, member): row.seed for row in every for member in row.members}
    return [replace(row, group=groups.get((row.path.parent, row.run), row.seed)) for row in every] if groups else every


def is_sweep_folder(path: Path) -> bool:
    """Whether a folder is that of a sweep."""
    return (path / PLAN_FILE).is_file()


def locate_folders(name: str, root: Path) -> list[Path]:
    """The run folders or the sweep's folder that a name means: a path, a name or its beginning, or a folder of runs.

    Raises UsageError where there is none, or more than one.
    """
    path = Path(name)
    for candidate in (path, root / name, root / "sweeps" / name):
        if name and _is_existing(candidate) and (is_sweep_folder(candidate) or (candidate / "run.json").is_file()):
            return [candidate]
    if name and _is_existing(path) and path.is_dir():
        runs = list(index.list_run_folders(path))
        if runs:
            return runs
        raise UsageError(f"{path} is no run, no sweep, and holds no runs")
    return [_find_by_beginning(name, root)]


def list_sweep_folders(root: Path) -> list[Path]:
    """The folders of sweeps below a folder of runs, by name."""
    return sorted(path.parent for path in (root / "sweeps").glob(f"*/{PLAN_FILE}"))


def _find_by_beginning(name: str, root: Path) -> Path:
    """The one run or sweep whose name begins so; a sweep goes before runs, one with just this name before others."""
    every = [*list_sweep_folders(root), *index.list_run_folders(root)]
    matching = [path for path in every if name and path.name.startswith(name)]
    sweeps = [path for path in matching if is_sweep_folder(path)]
    sweeps = [path for path in sweeps if path.name.rpartition("-")[0] == name] or sweeps
    if len(matching) == 1 or len(sweeps) == 1:
        return (sweeps or matching)[0]
    if matching:
        raise UsageError(f"{name!r} could be {_format_choices(path.name for path in matching)}")
    like = find_closest(name, [path.name for path in every])
    if like:
        raise UsageError(f"there is no run or sweep {name!r}; did you mean {like!r}?")
    raise UsageError(f"there is no run or sweep {name!r}" + ("" if every else f"; there are no runs in {root}"))


def _format_choices(names: Iterable[str]) -> str:
    every = list(names)
    more = f" or one of {len(every) - 5} more" if len(every) > 5 else ""
    return " or ".join(every[:5]) + more


def _is_existing(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name that the system takes
        return False
