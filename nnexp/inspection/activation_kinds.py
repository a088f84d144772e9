"""What is known of a layer's outputs by its kind: their range, and which layers are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.layers.base import Layer
from nnexp.nn.network import walk_layers

DEFAULT_RANGE = (-3.0, 3.0)
"""Between which bounds a histogram is drawn: three standard deviations of normalised inputs."""


def find_histogram_range(layer: Layer | None) -> tuple[float, float]:
    """The range of the histogram of a layer, or without one of the inputs, which are normalised as a rule."""
    if isinstance(layer, Activation) and layer.usual_range:
        return layer.usual_range
    return DEFAULT_RANGE


def has_activation(layer: Layer) -> bool:
    """Whether a layer is an activation, or holds one."""
    return any(isinstance(inner, Activation) for inner in walk_layers([layer]))


def select_compared_layers(layers: Sequence[Layer], weighted: Sequence[bool]) -> list[int]:
    """The places of the layers that are compared with each other: all with an activation but the network's last layer.

    Where there are none, of a deep linear network say, all with weights but the last.
    """
    active = list(map(has_activation, layers[:-1]))
    # The last layer gives the outputs, whose size is that of the targets and not of the signal.
    return np.flatnonzero(active).tolist() or np.flatnonzero(weighted[:-1]).tolist()
