"""The networks of specs of one structure, stacked into one.   R replicas, P parameters, B buffers"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nnexp.data.dataset import Description
from nnexp.nn.layers.chain import Chain
from nnexp.nn.losses.base import Loss
from nnexp.nn.model import Model
from nnexp.nn.network import build_network
from nnexp.nn.parameters import Declaration
from nnexp.nn.penalties.base import Penalty
from nnexp.nn.replicas import stack_replicas
from nnexp.spec.spec import Spec
from nnexp.typing import Array


@dataclass(frozen=True, slots=True, eq=False)
class StackedNetwork:
    """Network, loss and penalties of R specs, as one replica each; without weights yet."""

    network: Chain
    declaration: Declaration
    loss: Loss
    penalties: tuple[Penalty, ...]

    def bind(self, theta: Array, buffers: Array, freeze: Sequence[str] = ()) -> Model:
        """The model on theta (R, P) and buffers (R, B); the weights that patterns in `freeze` name are not trained."""
        trainable = self.declaration.trainable_mask(freeze)
        return Model(self.network, self.declaration, self.loss, self.penalties, theta, buffers, trainable)


def stack_networks(specs: Sequence[Spec], description: Description) -> StackedNetwork:
    """The networks of these specs for data of this description: they fit its shape and its number of outputs."""
    widths = description.output_widths
    network = stack_replicas([build_network(spec.architecture, spec.activation, widths) for spec in specs])
    loss = stack_replicas([spec.loss.with_widths(widths) for spec in specs])
    penalties = stack_replicas([spec.regularization for spec in specs])
    return StackedNetwork(network, network.declare(description.shape), loss, penalties)
