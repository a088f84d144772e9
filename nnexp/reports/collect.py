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
from nnexp.wording import find_by_beginning

PLAN_FILE = "plan.jsonl"

MAX_CHOICES = 5
"""Runs and sweeps that a message on an ambiguous name lists; it counts the others."""


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
    places: list[Path] = []
    for name in names:
        places += locate_folders(name, root)
    for place in places:
        if is_sweep_folder(place):
            sweep = read_sweep_record(place, found.problems)
            found.sweeps.append(sweep)
            # These take the place of rows of the same folders: the sweep's table knows more of a run that failed.
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
    # Those that are done first: they are kept beside copies that are not.
    for row in sorted(rows, key=lambda row: row.state != "done"):
        known = first.setdefault((row.configuration.key, row.seed, row.fold), row)
        if known is not row and row.state != "waiting":
            problems.append(f"{row.path} is the same run as {known.path}, and is left out")
    yield from first.values()


def _set_groups(rows: Iterable[RunRow]) -> list[RunRow]:
    """The rows, members of an ensemble with its seed as their group, by which both are paired."""
    every = list(rows)
    groups: dict[Path, int] = {}
    for row in every:
        groups |= {row.path.parent / member: row.seed for member in row.members}
    return [replace(row, group=groups.get(row.path.parent / row.run, row.seed)) for row in every]


def is_sweep_folder(path: Path) -> bool:
    """Whether a folder is that of a sweep."""
    return (path / PLAN_FILE).is_file()


def locate_folders(name: str, root: Path) -> list[Path]:
    """The run folders or the sweep's folder that a name means: a path, a name or its beginning, or a folder of runs.

    Raises UsageError where there is none, or more than one.
    """
    path = Path(name)
    if name:
        for candidate in (path, root / name, root / "sweeps" / name):
            if _is_existing(candidate) and (is_sweep_folder(candidate) or (candidate / "run.json").is_file()):
                return [candidate]
    # An empty name is the path of the current folder, which nobody means.
    if not name or not _is_existing(path) or not path.is_dir():
        return [_find_by_beginning(name, root)]
    runs = list(index.list_run_folders(path))
    if not runs:
        raise UsageError(f"{path} is no run, no sweep, and holds no runs")
    return runs


def list_sweep_folders(root: Path) -> list[Path]:
    """The folders of sweeps below a folder of runs, by name."""
    return sorted(path.parent for path in (root / "sweeps").glob(f"*/{PLAN_FILE}"))


def _find_by_beginning(name: str, root: Path) -> Path:
    """The one run or sweep whose name begins so; a sweep goes before runs, one with just this name before others."""
    every = [*list_sweep_folders(root), *index.list_run_folders(root)]
    matching = [path for path in every if name and path.name.startswith(name)]
    sweeps = list(filter(is_sweep_folder, matching))
    alike = find_by_beginning(name, [path.name for path in matching])
    exact = [path for path in matching if path.name in alike]
    exact_sweeps = [path for path in sweeps if path in exact]
    for candidates in (exact_sweeps, exact, sweeps, matching):
        if len(candidates) == 1:
            return candidates[0]
    names = [path.name for path in every]
    if matching:
        raise UsageError(f"{name!r} could be {_format_choices(matching)}")
    closest = index.find_closest_name(name, names)
    if closest:
        raise UsageError(f"there is no run or sweep {name!r}; did you mean {closest!r}?")
    reason = "" if every else f"; there are no runs in {root}"
    raise UsageError(f"there is no run or sweep {name!r}{reason}")


def _format_choices(folders: Sequence[Path]) -> str:
    choices = [path.name for path in folders[:MAX_CHOICES]]
    if len(folders) > MAX_CHOICES:
        choices.append(f"one of {len(folders) - MAX_CHOICES} more")
    return " or ".join(choices)


def _is_existing(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name that the system takes
        return False
