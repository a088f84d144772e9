"""Layers against PyTorch's results, stored by tests/fixtures/make_torch_layers.py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nnexp.nn.activations.prelu import PReLU
from nnexp.nn.layers.average_pool import AveragePool
from nnexp.nn.layers.base import Context, Layer
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.global_average_pool import GlobalAveragePool
from nnexp.nn.layers.group_norm import GroupNorm
from nnexp.nn.layers.layer_norm import LayerNorm
from nnexp.nn.layers.max_pool import MaxPool
from nnexp.nn.parameters import Views
from nnexp.typing import AnyArray

STORED = json.loads((Path(__file__).parents[1] / "fixtures" / "torch_layers.json").read_text(encoding="utf-8"))

LAYERS: dict[str, Layer] = {
    "Conv2d": Conv2D(3, 3),
    "Conv2d stride 2": Conv2D(3, 3, stride=2),
    "Conv2d padding 1": Conv2D(3, 3, padding=1),
    "Conv2d stride 2 padding 2": Conv2D(3, 5, stride=2, padding=2),
    "Conv2d same": Conv2D(3, 3, padding="same"),
    "Conv2d same even": Conv2D(3, 4, padding="same"),
    "Conv2d no bias": Conv2D(3, 2, bias=False),
    "MaxPool2d": MaxPool(3, 2),
    "MaxPool2d overlapping": MaxPool(2, 1),
    "AvgPool2d": AveragePool(3, 2),
    "AvgPool2d overlapping": AveragePool(2, 1),
    "AdaptiveAvgPool2d": GlobalAveragePool(),
    "LayerNorm": LayerNorm(epsilon=1e-2),
    "GroupNorm": GroupNorm(2, epsilon=1e-2),
    "PReLU": PReLU(),
}

OURS = {
    Conv2D: {"weight": "W", "bias": "b"},
    LayerNorm: {"weight": "gain", "bias": "shift"},
    GroupNorm: {"weight": "gain", "bias": "shift"},
    PReLU: {"weight": "slope"},
}
"""Our names for PyTorch's weights."""


def channels_last(array: AnyArray) -> AnyArray:
    """(..., C, H, W) -> (..., H, W, C)"""
    return np.moveaxis(array, -3, -1)


def converted(layer: Layer, name: str, weight: AnyArray) -> AnyArray:
    """A weight of PyTorch's, or its gradient, as ours: with axes for the replica and the examples."""
    if isinstance(layer, Conv2D) and name == "weight":  # (F, C, K, K) -> (K K C, F)
        return weight.transpose(2, 3, 1, 0).reshape(1, -1, layer.filters)
    if isinstance(layer, LayerNorm):
        return channels_last(weight)[None, None]
    return weight[None, None, None, None]


def test_every_stored_result_is_compared() -> None:
    assert set(STORED) - {"torch"} == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_output_and_gradients_are_pytorchs(name: str) -> None:
    layer, stored = LAYERS[name], {key: np.array(value) for key, value in STORED[name].items()}
    x, dx, y, dy = (channels_last(stored[key])[None] for key in ("x", "dx", "y", "dy"))
    if isinstance(layer, GlobalAveragePool):
        y, dy = y[:, :, 0, 0], dy[:, :, 0, 0]
    w, dw = Views(), Views()
    names = OURS.get(type(layer), {})
    for theirs, ours in names.items():
        if theirs in stored:
            w[ours] = converted(layer, theirs, stored[theirs])
            dw[ours] = np.full_like(w[ours], np.nan)
    found, backward = layer.forward(w, x, Context(training=True))
    np.testing.assert_allclose(found, y, rtol=1e-11, atol=1e-12)
    back = backward(dy, dw)
    assert back is not None
    np.testing.assert_allclose(back, dx, rtol=1e-11, atol=1e-12)
    for theirs, ours in names.items():
        if theirs in stored:
            wanted = converted(layer, theirs, stored[f"d{theirs}"])
            np.testing.assert_allclose(dw[ours], wanted, rtol=1e-11, atol=1e-12)
