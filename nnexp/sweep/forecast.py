"""What a sweep will take: time, memory and disk, from a few timed batches of each structure."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass
from typing import Any

from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.meaning import declaration_of
from nnexp.sweep.session import Sweep
from nnexp.sweep.stacks import Stacks
from nnexp.sweep.strategies import ended
from nnexp.sweep.structure import chunks

START = 1.0
"""Seconds until workers have loaded what they need."""

FOLDER = 0.015
"""Seconds that the files of a run take, from its beginning to its end."""

FILES = 20_000
"""Bytes of a run's files besides its checkpoints."""

CHECKPOINTS = 2
"""How often a state is on disk: the last and the one before, or the best."""


@dataclass(frozen=True, slots=True)
class Stacked:
    """The stacks of one structure: their sizes, and seconds of a step, in the stack for each run and of one alone."""

    sizes: tuple[int, ...]
    parameters: int
    seconds: float
    alone: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds, bytes of memory and bytes on disk; of runs that are missing."""

    missing: int
    seconds: float
    memory: float
    disk: float
    stacks: tuple[Stacked, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def forecast(found: Sweep, workers: int, most: int | None) -> Forecast:
    """The forecast of what is missing of a sweep. Pruning and early stopping make it less."""
    plan = {run.run: run for run in found.board.runs}
    stacks = Stacks(plan, found.folder.definition.base_text, workers, most)
    groups: dict[Hashable, list[str]] = {}
    missing = [run for run in plan if ended(found.board.known, run) is None]
    for run in missing:
        groups.setdefault(stacks.structure(run), []).append(run)
    seconds = memory = disk = 0.0
    shown = []
    for runs in groups.values():
        spec = plan[runs[0]].spec(found.folder.definition.base_text)
        if isinstance(spec, BaselineSpec):
            shown.append(Stacked((1,) * len(runs), 0, 0.0, 0.0))
            continue
        pace = stacks.pace(runs)
        sizes = tuple(map(len, chunks(runs, stacks.size(runs), workers)))
        each = pace.seconds if max(sizes) > 1 else pace.alone
        shown.append(Stacked(sizes, declaration_of(spec).size, each, pace.alone))
        seconds += len(runs) * (each * pace.steps + FOLDER) / min(workers, len(sizes))
        memory = max(memory, max(sizes) * pace.bytes * 2.0)
        disk += len(runs) * (CHECKPOINTS * pace.bytes + FILES)
    return Forecast(len(missing), seconds + START * bool(missing), memory * workers, disk, tuple(shown))
