"""The planner: how the runs of a sweep are put into stacks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from nnexp.spec.baseline import AnySpec
from nnexp.spec.meaning import declaration_of
from nnexp.spec.memory import memory_size, training_bytes
from nnexp.spec.sections import Spec
from nnexp.sweeps.estimate import LARGEST, Pace, pace
from nnexp.sweeps.plan import Planned
from nnexp.sweeps.structure import structure
from nnexp.sweeps.work import prepared

SHARE = 0.5
"""Of the machine's memory, what all workers together may take for states and activations."""


@dataclass(slots=True)
class Stacks:
    """Stacks that are uniform in structure, within the memory cap, and of a size that was measured to be fast.

    most: the largest stack that is allowed, None for whatever is fastest.
    """

    plan: Mapping[str, Planned]
    base_text: str
    workers: int
    most: int | None = None
    _structures: dict[str, Hashable] = field(default_factory=dict)
    _paces: dict[Hashable, Pace] = field(default_factory=dict)

    def structure(self, run: str) -> Hashable:
        """What the runs of one stack have in common."""
        if run not in self._structures:
            found = structure(self.spec(run))
            self._structures[run] = run if found is None else found
        return self._structures[run]

    def size(self, runs: Sequence[str]) -> int:
        """The largest number of these runs, of one structure, to put into one stack."""
        if len(runs) == 1 or self.most == 1:
            return 1
        spec = self.spec(runs[0])
        if not isinstance(spec, Spec):
            return 1
        found = self.pace(runs).size
        fitting = max(1, int(self.memory / max(1, training_bytes(spec, declaration_of(spec)))))
        return min(found, fitting, self.most or LARGEST)

    def pace(self, runs: Sequence[str]) -> Pace:
        """What these runs, of one structure, were measured to take."""
        key = self.structure(runs[0])
        if key not in self._paces:
            chosen = [spec for run in runs[:LARGEST] if isinstance(spec := self.spec(run), Spec)]
            self._paces[key] = pace(chosen, prepared, self.memory)
        return self._paces[key]

    @property
    def memory(self) -> float:
        """The bytes that one worker may take."""
        return SHARE * memory_size() / self.workers

    def spec(self, run: str) -> AnySpec:
        """A planned run as components."""
        return self.plan[run].spec(self.base_text)
