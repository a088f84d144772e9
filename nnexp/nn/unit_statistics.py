"""Dead units, saturated outputs and symmetric weights: one measure of each, and the bounds from which on they matter.

Training records them for `nnexp diagnose`, and `nnexp inspect` measures them before training.

R replicas, N examples, U units: the last axis, of images the channels
"""

from __future__ import annotations

import numpy as np

from nnexp.nn.activations.base import Activation
from nnexp.nn.layers.base import Layer
from nnexp.nn.parameters import Declaration
from nnexp.typing import AnyArray, Array, BoolArray

MIN_AFFECTED_SHARE = 0.5
"""The share of a layer's units that are dead, or of its outputs that are saturated, from which on it is named."""

MIN_COMPARED_LAYERS = 3
"""Layers from which on a change from layer to layer can be seen."""

MIN_EXTREME_FACTOR = 1000
"""The factor through all layers from which on activations or gradients vanish or explode."""


def find_dead_units(layer: Layer | None, z: Array) -> BoolArray | None:
    """The units (R, U) whose input z (R, N, ..., U) is positive for no example; None where they cannot die."""
    if not isinstance(layer, Activation) or not layer.can_die:
        return None
    is_alive = (z > 0).reshape(len(z), -1, z.shape[-1]).any(axis=-2)
    return np.asarray(~is_alive)


def find_saturated_outputs(layer: Layer | None, z: Array) -> BoolArray | None:
    """Which of the inputs z (R, N, ..., U) have an output at an end of its range. (R, N ... U), flat

    None where the outputs of such a layer have no ends that they come close to.
    """
    if not isinstance(layer, Activation) or layer.saturates_beyond is None:
        return None
    return np.asarray(np.abs(z.reshape(len(z), -1)) > layer.saturates_beyond)


def list_drawn_weights(declaration: Declaration) -> list[str]:
    """The full names of the drawn weights of more than one unit: biases and gains are equal at the start anyway."""
    return [name for name, weight in declaration.iterate_weights() if weight.is_regularized and weight.shape[-1] > 1]


def has_equal_units(W: AnyArray) -> BoolArray:
    """Whether all units have the same weights W (R, ..., U), and so the same gradient: they stay equal. (R)"""
    return np.asarray((W[..., :1] == W).reshape(len(W), -1).all(axis=-1))
