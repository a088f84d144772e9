"""Finding what a report is asked to report: runs, sweeps, and folders of runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nnexp.errors import RunError, UsageError
from nnexp.reports.reading import read
from nnexp.reports.rows import Row
from nnexp.reports.sweeps import SweepRecord, read_sweep
from nnexp.runs import index
from nnexp.spec.problems import close

PLAN = "plan.jsonl"


@dataclass(slots=True)
class Collected:
    """The rows of everything that was named, each run once, and what could not be read."""

    rows: list[Row] = field(default_factory=list)
    sweeps: list[SweepRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    alone: bool = False
    """Whether all there is comes from one sweep."""


def collect(names: Sequence[str], root: Path) -> Collected:
    """Everything that the names mean. Raises UsageError where one means nothing, RunError where nothing can be read."""
    found = Collected()
    rows: dict[Path, Row] = {}
    places = [place for name in names for place in located(name, root)]
    for place in places:
        if is_sweep(place):
            sweep = read_sweep(place, found.problems)
            found.sweeps.append(sweep)
            rows |= {row.path.resolve(): row for row in sweep.rows}
            continue
        try:
            rows.setdefault(place.resolve(), read(place, found.problems))
        except RunError as error:
            found.problems.append(str(error))
    found.rows = _with_groups(_once(rows.values(), found.problems))
    found.alone = len(found.sweeps) == 1 and len(places) == 1
    if not found.rows:
        raise RunError("\n".join(found.problems) or f"there is nothing to report in {' '.join(names)}")
    return found


def _once(rows: Iterable[Row], problems: list[str]) -> Iterator[Row]:
    """Each run once, where copies of it lie in several folders; one that is done rather than one that is not."""
    first: dict[tuple[str, int, int | None], Row] = {}
    for row in sorted(rows, key=lambda row: row.state != "done"):
        known = first.setdefault((row.configuration.key, row.seed, row.fold), row)
        if known is not row and row.state != "waiting":
            problems.append(f"{row.path} is the same run as {known.path}, and is left out")
    yield from first.values()


def _with_groups(rows: Iterable[Row]) -> list[Row]:
    """The rows, members of an ensemble with its seed as their group, by which both are paired."""
    every = list(rows)
    groups = {(row.path.parent, member): row.seed for row in every for member in row.members}
    return [replace(row, group=groups.get((row.path.parent, row.run), row.seed)) for row in every] if groups else every


def is_sweep(path: Path) -> bool:
    """Whether a folder is that of a sweep."""
    return (path / PLAN).is_file()


def located(name: str, root: Path) -> list[Path]:
    """The run folders or the sweep's folder that a name means: a path, a name or its beginning, or a folder of runs.

    Raises UsageError where there is none, or more than one.
    """
    path = Path(name)
    for candidate in (path, root / name, root / "sweeps" / name):
        if name and _exists(candidate) and (is_sweep(candidate) or (candidate / "run.json").is_file()):
            return [candidate]
    if name and _exists(path) and path.is_dir():
        runs = list(index.run_folders(path))
        if runs:
            return runs
        raise UsageError(f"{path} is no run, no sweep, and holds no runs")
    return [_beginning(name, root)]


def sweep_folders(root: Path) -> list[Path]:
    """The folders of sweeps below a folder of runs, by name."""
    return sorted(path.parent for path in (root / "sweeps").glob(f"*/{PLAN}"))


def _beginning(name: str, root: Path) -> Path:
    """The one run or sweep whose name begins so; a sweep goes before runs, one with just this name before others."""
    every = [*sweep_folders(root), *index.run_folders(root)]
    matching = [path for path in every if name and path.name.startswith(name)]
    sweeps = [path for path in matching if is_sweep(path)]
    sweeps = [path for path in sweeps if path.name.rpartition("-")[0] == name] or sweeps
    if len(matching) == 1 or len(sweeps) == 1:
        return (sweeps or matching)[0]
    if matching:
        raise UsageError(f"{name!r} could be {_listed(path.name for path in matching)}")
    like = close(name, [path.name for path in every])
    hint = f"; did you mean {like!r}?" if like else "" if every else f"; there are no runs in {root}"
    raise UsageError(f"there is no run or sweep {name!r}{hint}")


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" or one of {len(every) - 5} more" if len(every) > 5 else ""
    return " or ".join(every[:5]) + more


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name that the system takes
        return False
