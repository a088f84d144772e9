"""A loss for each task.   N examples, O_t outputs of task t"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.named import Named
from nnexp.nn.replicas import lift
from nnexp.registry import losses
from nnexp.typing import Array, NonNegative


@dataclass(frozen=True, slots=True)
class WeightedLoss:
    """The loss of one task, and how much it counts."""

    loss: Loss
    weight: NonNegative = 1.0


@losses.register("tasks")
@dataclass(frozen=True, slots=True)
class TaskLosses(Loss):
    """The weighted sum of the losses of several tasks.

        L = Σ_t weight_t · L_t(z_t, d_t),  dz_t = weight_t · dL_t/dz_t

    core: z (N, Σ O_t), d (N, Σ O_t) -> (). `tasks: {digit: {loss: cross_entropy}, pixels: {loss: squared_error,
    weight: 0.1}}`, a loss for every task of `data: {targets: {tasks: ...}}`.
    Source: Caruana 1997, Multitask Learning; lecture notes.
    """

    tasks: Named[WeightedLoss]
    widths: tuple[int, ...] = field(default=(), metadata={"hidden": True})
    """The outputs of each task, in the order of `tasks`; filled in once the data are known."""

    targets: ClassVar[tuple[Targets, ...]] = ("tasks",)
    outputs: ClassVar[Outputs] = "values"

    def with_widths(self, widths: int | Mapping[str, int]) -> Loss:
        assert isinstance(widths, Mapping), "a loss for tasks where there are none"
        ordered = Named(tuple(widths), tuple(map(self.tasks.__getitem__, widths)))
        return replace(self, tasks=ordered, widths=tuple(widths.values()))

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        return self.sum_losses(z, [task.loss(z[..., place], d[..., place]) for task, place in self.locate_tasks()])

    def sum_losses(self, z: Array, found: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
        """The weighted sum and its gradient, from the loss of each task and the gradient of that."""
        total, dz = np.zeros(len(z), z.dtype), np.empty_like(z)
        for (task, place), (loss, slope) in zip(self.locate_tasks(), found, strict=True):
            total = total + lift(task.weight, loss) * loss
            dz[..., place] = lift(task.weight, slope) * slope
        return total, dz

    def predict(self, z: Array) -> Array:
        parts = [task.loss.predict(z[..., place]) for task, place in self.locate_tasks()]
        return np.concatenate(parts, axis=-1)

    def average_outputs(self, z: Array) -> Array:
        # Task by task: each loss has its own idea of a mean, of probabilities or of values.
        parts = [task.loss.average_outputs(z[..., place]) for task, place in self.locate_tasks()]
        return np.concatenate(parts, axis=-1)

    def locate_tasks(self) -> Iterator[tuple[WeightedLoss, slice]]:
        """Each task with the columns of its outputs."""
        start = 0
        for task, width in zip(self.tasks.values, self.widths, strict=True):
            yield task, slice(start, start + width)
            start += width
