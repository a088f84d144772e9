"""What a sweep will take: time, memory and disk, from a few timed batches of each structure."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass
from typing import Any

from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.meaning import declaration_of
from nnexp.spec.memory import described
from nnexp.spec.sections import Spec
from nnexp.sweeps.board import Board
from nnexp.sweeps.stacks import Stacks
from nnexp.sweeps.strategies import ended
from nnexp.sweeps.structure import chunks

START = 1.0
"""Seconds until workers have loaded what they need."""

FOLDER = 0.015
"""Seconds that the files of a run take, from its beginning to its end."""

FILES = 20_000
"""Bytes of a run's files besides its checkpoints."""

WRITTEN, SPEED = 3, 3e8
"""How often a state is written and hashed, and bytes of it a second, as an order of magnitude."""

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


def forecast(board: Board, stacks: Stacks) -> Forecast:
    """The forecast of what is missing of a sweep. Pruning and early stopping make it less."""
    groups: dict[Hashable, list[str]] = {}
    missing = [run.run for run in board.runs if ended(board.known, run.run) is None]
    for run in missing:
        groups.setdefault(stacks.structure(run), []).append(run)
    seconds = memory = disk = 0.0
    shown = []
    for runs in groups.values():
        spec = stacks.spec(runs[0])
        if isinstance(spec, BaselineSpec):
            shown.append(Stacked((1,) * len(runs), 0, 0.0, 0.0))
            continue
        pace = stacks.pace(runs)
        sizes = tuple(map(len, chunks(runs, stacks.size(runs), stacks.workers)))
        each = pace.seconds if max(sizes) > 1 else pace.alone
        shown.append(Stacked(sizes, declaration_of(spec).size, each, pace.alone))
        files = FOLDER + WRITTEN * pace.bytes / SPEED
        seconds += len(runs) * (each * pace.steps * (1 + _looking(spec)) + files) / min(stacks.workers, len(sizes))
        memory = max(memory, max(sizes) * pace.bytes * 2.0)
        disk += len(runs) * (CHECKPOINTS * pace.bytes + FILES)
    return Forecast(len(missing), seconds + START * bool(missing), memory * stacks.workers, disk, tuple(shown))


def _looking(spec: Spec) -> float:
    """What looking at the dev part after each epoch adds to its steps: a forward pass is a third of a step."""
    found = described(spec.data)
    sizes = spec.data.split.sizes(found.examples, found.own_test)
    return sizes["dev"] / sizes["train"] / 3
