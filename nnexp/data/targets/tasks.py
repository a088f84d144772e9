"""Several things to predict at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nnexp.data.dataset import Description, PredictionTask
from nnexp.data.targets.base import Target, TargetError
from nnexp.nn.named import Named
from nnexp.registry import targets
from nnexp.typing import AnyArray, Array, IntArray


@targets.register("tasks")
@dataclass(frozen=True, slots=True)
class Tasks(Target):
    """Several targets by name, side by side, for multi-task learning.

        d = [d_1, d_2, ...]

    `tasks: {digit: given, parity: {grouped: {...}}}`. Each gets a loss and metrics of its own; the layer `heads` gives
    each layers of its own. Source: lecture notes on multi-task learning.
    """

    tasks: Named[Target]

    @property
    def needs_inputs(self) -> bool:
        return any(target.needs_inputs for target in self.tasks.values)

    def describe(self, data: Description) -> Description:
        if len(self.tasks.names) < 2:
            raise TargetError("tasks are two or more; a single target is written without `tasks`")
        for name in self.tasks.names:
            # metrics.csv names its columns after tasks
            if not name.isidentifier():
                raise TargetError(f"the name of a task begins columns: letters, digits and _, not {name!r}")
        tasks: list[PredictionTask] = []
        classes: list[str] = []
        for name, target in self.tasks.items():
            description = target.describe(data)
            if description.tasks:
                raise TargetError("tasks hold single targets, not tasks again")
            tasks.append(PredictionTask(name, description.targets, description.classes))
            classes.extend(f"{name}_{output}" for output in description.classes)
        return replace(data, targets="tasks", classes=tuple(classes), tasks=tuple(tasks))

    def find_source_values(self, data: Description) -> IntArray:
        return np.concatenate([target.find_source_values(data) for target in self.tasks.values])

    def make_targets(self, data: Description, x: Array, y: AnyArray) -> Array:
        # in the order of the names, in which the description lists the outputs
        return np.concatenate([target.make_targets(data, x, y) for target in self.tasks.values], axis=-1)
