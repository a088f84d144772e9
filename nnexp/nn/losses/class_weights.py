"""Losses in which some classes count more than others.   R replicas, N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.losses.base import Loss, Targets
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.typing import Array


@dataclass(frozen=True, slots=True, eq=False)
class ClassWeights:
    """How much a target of 0 and a target of 1 count, output by output; of classes only the latter means something.

    no, yes: (R or 1, O). targets: what each task predicts, in the order of the outputs; one entry where there is but
    one thing to predict.
    """

    targets: tuple[Targets, ...]
    no: Array
    yes: Array

    def take_columns(self, columns: slice, task: int) -> ClassWeights:
        """The weights of one task."""
        return ClassWeights((self.targets[task],), self.no[..., columns], self.yes[..., columns])


def compute_loss(loss: Loss, weights: ClassWeights | None, z: Array, d: Array) -> tuple[Array, Array]:
    """The mean loss and its gradient, with every example or output counting by its class.

        classes: L = 1/N Σ_n w_n l_n,  w_n = Σ_k yes_k d_nk
        yes or no: L = 1/N Σ_n Σ_o w_no l_no,  w_no = yes_o d_no + no_o (1 - d_no)

    core: z (N, O), d (N, O) -> (), (N, O). l is the loss of one example, or of one output of it. The sum is divided by
    N, as scikit-learn and Keras do, so that a batch counts by its examples and all losses of a part are means over its
    examples. PyTorch divides by Σ w instead: with balanced weights that is the same over the whole training part.
    """
    if weights is None:
        return loss(z, d)
    if isinstance(loss, TaskLosses):
        found = []
        for number, (task, place) in enumerate(loss.locate_tasks()):
            own = weights.take_columns(place, number)
            found.append(compute_loss(task.loss, own, z[..., place], d[..., place]))
        return loss.sum_losses(z, found)
    match weights.targets[0]:
        case "classes":
            return _weigh_examples(loss, weights, z, d)
        case "binary":
            return _weigh_outputs(loss, weights, z, d)
    return loss(z, d)


def _weigh_examples(loss: Loss, weights: ClassWeights, z: Array, d: Array) -> tuple[Array, Array]:
    """Each example is a batch of its own, whose mean is its loss."""
    each, dz = loss(z[..., None, :], d[..., None, :])
    count = z.shape[-2]
    w = np.vecdot(d, weights.yes[:, None, :]).astype(z.dtype)
    return np.add.reduce(w * each, axis=-1) / count, w[..., None] * dz[..., 0, :] / count


def _weigh_outputs(loss: Loss, weights: ClassWeights, z: Array, d: Array) -> tuple[Array, Array]:
    """Each output of each example is a batch of its own: losses of yes-or-no outputs are sums over them."""
    each, dz = loss(z[..., None, None], d[..., None, None])
    count = z.shape[-2]
    no, yes = weights.no[:, None, :], weights.yes[:, None, :]
    w = (no + (yes - no) * d).astype(z.dtype)
    return np.add.reduce(w * each, axis=(-2, -1)) / count, w * dz[..., 0, 0] / count
