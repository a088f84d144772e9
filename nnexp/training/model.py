"""The networks of specs of one structure, stacked into one."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.data.dataset import Description
from nnexp.nn.model import StackedNetwork, stack_networks
from nnexp.spec.spec import Spec


def stack_specs(specs: Sequence[Spec], description: Description) -> StackedNetwork:
    """The networks of these specs for data of this description: they fit its shape and its number of outputs."""
    networks = [spec.build_network(description) for spec in specs]
    losses = [spec.build_loss(description) for spec in specs]
    return stack_networks(networks, losses, [spec.regularization for spec in specs], description.shape)
