"""How a sweep is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nnexp.sweeps.executors.base import Executor
from nnexp.sweeps.running.scheduler import SchedulerLimits


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How a sweep is trained; nothing here changes a number.

    executor: makes the executor. max_stack: the largest stack. limits: when to stop. retry_failed: train failed runs
    again. restart: train failed runs and those of other data again. yes: train a plan of very many runs. notify: hears
    what a user should know of runs before they are trained, or of finished ones.
    """

    executor: Callable[[], Executor]
    max_stack: int | None = None
    limits: SchedulerLimits = field(default_factory=SchedulerLimits)
    retry_failed: bool = False
    restart: bool = False
    yes: bool = False
    notify: Callable[[str], None] = lambda text: None

    @property
    def retries_failed(self) -> bool:
        """Whether failed runs are trained again: whatever they failed at may have been their data."""
        return self.retry_failed or self.restart
