"""How the runs of a sweep are put into stacks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from nnexp.spec.baseline import AnySpec
from nnexp.spec.checks.check import declare_network
from nnexp.spec.checks.memory import estimate_training_bytes, memory_size
from nnexp.spec.spec import Spec
from nnexp.sweeps.executors.task import prepare_data
from nnexp.sweeps.planning.plan import PlannedRun
from nnexp.sweeps.planning.structure import compute_structure
from nnexp.sweeps.planning.timing import MAX_STACK_RUNS, StackTiming, measure_fastest_stack

MAX_MEMORY_SHARE = 0.5
"""Share of the machine's memory that all workers together may take: data, Python and other programs need the rest."""


@dataclass(slots=True)
class StackPlanner:
    """Decides how many runs a stack has: as many of one structure as were measured to be fast and fit into memory.

    max_size: the largest stack that is allowed, None for whatever is fastest.
    """

    plan: Mapping[str, PlannedRun]
    base_text: str
    workers: int
    max_size: int | None = None
    _structures: dict[str, Hashable] = field(default_factory=dict)
    _timings: dict[Hashable, StackTiming] = field(default_factory=dict)

    def find_structure(self, run: str) -> Hashable:
        """What the runs of one stack have in common."""
        if run not in self._structures:
            structure = compute_structure(self.build_spec(run))
            # A run without a structure, a baseline, shares a stack with no other.
            self._structures[run] = run if structure is None else structure
        return self._structures[run]

    def choose_size(self, runs: Sequence[str]) -> int:
        """The largest number of these runs, of one structure, to put into one stack."""
        if len(runs) == 1 or self.max_size == 1:
            return 1
        spec = self.build_spec(runs[0])
        if not isinstance(spec, Spec):
            return 1
        fastest = self.measure_timing(runs).stack_size
        run_bytes = max(1, estimate_training_bytes(spec, declare_network(spec)))
        fitting = max(1, int(self.worker_memory / run_bytes))
        return min(fastest, fitting, self.max_size or MAX_STACK_RUNS)

    def measure_timing(self, runs: Sequence[str]) -> StackTiming:
        """The timing of these runs, of one structure; each structure is timed once."""
        key = self.find_structure(runs[0])
        if key not in self._timings:
            specs = map(self.build_spec, runs[:MAX_STACK_RUNS])
            networks = [spec for spec in specs if isinstance(spec, Spec)]
            self._timings[key] = measure_fastest_stack(networks, prepare_data, self.worker_memory)
        return self._timings[key]

    @property
    def worker_memory(self) -> float:
        """The bytes that one worker may take."""
        return MAX_MEMORY_SHARE * memory_size() / self.workers

    def build_spec(self, run: str) -> AnySpec:
        """A planned run as components."""
        return self.plan[run].build_spec(self.base_text)
