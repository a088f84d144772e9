"""The networks of R runs of one structure, with loss and penalties, and their arrays.

R replicas, N examples, P parameters, O outputs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.initialization import TrainingInputs, initialize_parameters
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Context
from nnexp.nn.layers.chain import Chain
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.class_weights import ClassWeights, compute_loss
from nnexp.nn.parameters import Declaration, layer_views, weight_views
from nnexp.nn.penalties.base import Penalty
from nnexp.nn.replicas import stack_replicas, take_replicas
from nnexp.typing import Array, BoolArray, Shape


class Model:
    """The objective as a function of theta (R, P), with its gradient.

    objective = mean loss + penalties,  grad = d objective / d theta
    """

    def __init__(
        self,
        network: Chain,
        declaration: Declaration,
        loss: Loss,
        penalties: Sequence[Penalty],
        theta: Array,
        buffers: Array,
        trainable: BoolArray | None = None,
        class_weights: ClassWeights | None = None,
    ) -> None:
        self.network, self.declaration, self.loss, self.penalties = network, declaration, loss, tuple(penalties)
        self.theta, self.buffers, self.class_weights = theta, buffers, class_weights
        self.grad = np.zeros_like(theta)
        self.trainable = declaration.trainable_mask(()) if trainable is None else trainable
        self.regularized = declaration.regularized_mask() & self.trainable
        # None where nothing is frozen, as a rule: then no step pays for writing zeros to nowhere.
        self._frozen = None if self.trainable.all() else ~self.trainable
        self.w = layer_views(declaration, theta, buffers)
        self.dw = weight_views(declaration, self.grad)
        self._constraints = [term for term in self.penalties if term.has_constraint]
        self._regularized_weights = self._list_regularized_weights() if self._constraints else []

    def _list_regularized_weights(self) -> list[Array]:
        """The weights that penalties act on, as views of theta."""
        regularized = weight_views(self.declaration, self.regularized[None])
        names = dict(self.declaration.iterate_weights())
        return [self.w.array_of(name) for name in names if regularized.array_of(name).all()]

    def copy_replicas(self, rows: Sequence[int], dtype: str | None = None) -> Model:
        """The networks of these replicas, each as often as it is named, on arrays of their own.

        So the perturbed copies of a finite difference are replicas like any others.
        """
        chosen, dtype = list(rows), dtype or self.theta.dtype.name
        network, loss, penalties = take_replicas((self.network, self.loss, self.penalties), chosen)
        theta, buffers = self.theta[chosen].astype(dtype), self.buffers[chosen].astype(dtype)
        weights = self.class_weights
        # one entry serves all replicas where they share their data
        if weights is not None and len(weights.yes) > 1:
            weights = take_replicas(weights, chosen)
        return Model(network, self.declaration, loss, penalties, theta, buffers, self.trainable, weights)

    def compute_gradient(self, x: Array, d: Array, ctx: Context) -> tuple[Array, Array, Array]:
        """Fill grad; give the loss (R,), the penalty (R,) and the outputs z (R, N, O) of a batch."""
        loss, z = self.backpropagate(x, d, ctx)
        penalty = np.zeros(loss.shape, loss.dtype)
        for value, slope in self.evaluate_penalties():
            penalty = penalty + value
            self.grad += slope
        if self._frozen is not None:
            self.grad[:, self._frozen] = 0
        return loss, penalty, z

    def backpropagate(self, x: Array, d: Array, ctx: Context) -> tuple[Array, Array]:
        """Fill grad with that of the loss alone; give the loss (R,) and the outputs z (R, N, O) of a batch."""
        z, backward = self.network.forward(self.w, x, ctx)
        loss, dz = self.compute_loss(z, d)
        backward(dz, self.dw)
        return loss, z

    def compute_loss(self, z: Array, d: Array) -> tuple[Array, Array]:
        """The mean loss (R,) of outputs z (R, N, O) for targets d (R or 1, N, O), and its gradient (R, N, O)."""
        return compute_loss(self.loss, self.class_weights, z, d)

    def evaluate_penalties(self) -> list[tuple[Array, Array]]:
        """The value (R,) of each penalty at theta, and its slope (R, P)."""
        if not self.penalties:
            return []
        weights = np.where(self.regularized, self.theta, 0)
        return [term(weights) for term in self.penalties]

    def constrain_weights(self) -> None:
        """Put the weights back where the penalties allow them, after an update."""
        for term in self._constraints:
            for weight in self._regularized_weights:
                term.constrain_weight(weight)

    def compute_outputs(self, x: Array) -> Array:
        """The outputs z (R, N, O) for inputs x (R or 1, N, ...), as at evaluation."""
        return self.network.forward(self.w, x, EVALUATION_CONTEXT)[0]


@dataclass(frozen=True, slots=True, eq=False)
class StackedNetwork:
    """Networks of one structure, their losses and penalties, as a replica each; without weights yet."""

    network: Chain
    declaration: Declaration
    loss: Loss
    penalties: tuple[Penalty, ...]

    def initialize_parameters(
        self, inits: Sequence[Initializer], seeds: Sequence[int], x: TrainingInputs, dtype: str
    ) -> tuple[Array, Array]:
        """Theta (R, P) and the buffers (R, B) before the first step, each replica's from its own seed."""
        init = stack_replicas(inits)
        return initialize_parameters(self.network, self.declaration, init, seeds, x, dtype)

    def build_model(
        self, theta: Array, buffers: Array, freeze: Sequence[str] = (), class_weights: ClassWeights | None = None
    ) -> Model:
        """The model on theta (R, P) and buffers (R, B); the weights that patterns in `freeze` name are not trained."""
        trainable = self.declaration.trainable_mask(freeze)
        loss, penalties = self.loss, self.penalties
        return Model(self.network, self.declaration, loss, penalties, theta, buffers, trainable, class_weights)


def stack_networks(
    networks: Sequence[Chain], losses: Sequence[Loss], penalties: Sequence[tuple[Penalty, ...]], x: Shape
) -> StackedNetwork:
    """Networks of one structure for examples of shape `x`. Raises ShapeError where a layer does not fit."""
    network = stack_replicas(networks)
    return StackedNetwork(network, network.declare(x), stack_replicas(losses), stack_replicas(penalties))
