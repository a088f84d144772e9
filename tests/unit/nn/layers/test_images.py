"""Convolution and pooling: values by hand, explicit loops, sizes and counts, and what does not fit."""

from __future__ import annotations

from itertools import product
from math import ceil
from typing import Any

import numpy as np
import pytest

from nnexp.errors import SpecError
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.architectures.lenet5 import LeNet5
from nnexp.nn.layers import patches
from nnexp.nn.layers.average_pool import AveragePool
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Layer, ShapeError
from nnexp.nn.layers.chain import make_chain
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.global_average_pool import GlobalAveragePool
from nnexp.nn.layers.max_pool import MaxPool
from nnexp.nn.network import build_network
from nnexp.nn.parameters import Views
from nnexp.typing import AnyArray
from tests.contracts.arrays import bind, identical, normal
from tests.contracts.examples import EXAMPLES, PICTURE, N, R
from tests.strategies import loaded

FILTERS = [Conv2D(**given) for given in EXAMPLES["layers"]["conv2d"]]
POOLS = [cls(**given) for cls in (MaxPool, AveragePool) for given in EXAMPLES["layers"]["max_pool"]]


def single(rows: list[list[float]]) -> AnyArray:
    """One image of one channel, for one replica."""
    return np.array(rows, float)[None, None, :, :, None]


def test_a_convolution_by_hand() -> None:
    """A 3 x 3 filter on a 4 x 4 image, with a bias of 10; the filter is not turned round."""
    x = single([[1, 2, 0, 1], [0, 1, 3, 0], [2, 0, 1, 1], [1, 1, 0, 2]])
    w = Views()
    w["W"], w["b"] = np.array([1, 0, -1, 2, 0, 0, 0, 1, 0], float)[None, :, None], np.full((1, 1, 1, 1, 1), 10.0)
    y, backward = Conv2D(1, 3).forward(w, x, EVALUATION_CONTEXT)
    # the first window: 1·1 - 1·0 + 2·0 + 1·0 = 1; right of it 1·2 - 1·1 + 2·1 + 1·1 = 4;
    # below 1·0 - 1·3 + 2·2 + 1·1 = 2; below right 1·1 - 1·0 + 2·0 + 1·0 = 1
    assert y[0, 0, :, :, 0].tolist() == [[11, 14], [12, 11]]
    dw = Views()
    dw["W"], dw["b"] = np.empty((1, 9, 1)), np.empty((1, 1, 1, 1, 1))
    dx = backward(single([[1, 0], [0, 2]]), dw)
    assert dx is not None
    # dW adds the first window and twice the last; dx puts the filter at the first and twice at the last position
    assert dw["W"][0, :, 0].tolist() == [1 + 2, 2 + 6, 0, 0, 1 + 2, 3 + 2, 2 + 2, 0, 1 + 4]
    assert dw["b"].item() == 3
    assert dx[0, 0, :, :, 0].tolist() == [[1, 0, -1, 0], [2, 2, 0, -2], [0, 1 + 4, 0, 0], [0, 0, 2, 0]]


def zeros_around(layer: Conv2D, side: int) -> tuple[int, int]:
    """Written again from the documentation."""
    if isinstance(layer.padding, int):
        return layer.padding, layer.padding
    wanted = ceil(side / layer.stride) if layer.padding == "same" else 0
    total = max(0, (wanted - 1) * layer.stride + layer.kernel - side) if wanted else 0
    return total // 2, total - total // 2


def slow(layer: Conv2D, x: AnyArray, w: AnyArray, b: AnyArray, dy: AnyArray) -> tuple[AnyArray, ...]:
    """y, dx, dW and db of one replica by loops over everything. x (N, H, W, C), w (K, K, C, F), b (F)"""
    zeros = [zeros_around(layer, side) for side in x.shape[1:3]]
    padded = np.pad(x, [(0, 0), *zeros, (0, 0)])
    dpadded, dw, db, y = np.zeros_like(padded), np.zeros_like(w), dy.sum((0, 1, 2)), np.empty_like(dy)
    for n, u, v, f in product(*map(range, dy.shape)):
        y[n, u, v, f] = b[f]
        for i, j, c in product(*map(range, w.shape[:3])):
            here = n, u * layer.stride + i, v * layer.stride + j, c
            y[n, u, v, f] += padded[here] * w[i, j, c, f]
            dpadded[here] += dy[n, u, v, f] * w[i, j, c, f]
            dw[i, j, c, f] += dy[n, u, v, f] * padded[here]
    (top, _), (left, _) = zeros
    return y, dpadded[:, top : top + x.shape[1], left : left + x.shape[2]], dw, db


@pytest.mark.parametrize("layer", FILTERS, ids=str)
@pytest.mark.parametrize("block", [1, 2000, 2**20])
def test_convolution_equals_explicit_loops_in_blocks_of_any_size(
    layer: Conv2D, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "BLOCK_BYTES", block)
    bound, x = bind(layer, PICTURE), normal(R, N, *PICTURE)
    dy = normal(R, N, *bound.declaration.output, seed=4)
    y, dx, grad = bound.gradients(x, dy)
    w, dw = bound.views(), bound.views(grad)
    for r in range(R):
        shape = (layer.kernel, layer.kernel, PICTURE[-1], layer.filters)
        b = w["b"][r].ravel() if layer.bias else np.zeros(layer.filters)
        wanted = slow(layer, x[r], w["W"][r].reshape(shape), b, dy[r])
        found = [y[r], dx[r], dw["W"][r].reshape(shape), dw["b"][r].ravel() if layer.bias else wanted[3]]
        for a, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("block", [1, 2000, 2**20])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_keep_the_replica_law(block: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "BLOCK_BYTES", block)
    layer = Conv2D(3, 3, padding="same")
    together = bind(layer, (9, 11, 5), dtype)
    x, dy = normal(R, 13, 9, 11, 5, dtype=dtype), normal(R, 13, 9, 11, 3, dtype=dtype)
    found = together.gradients(x, dy)
    for r in range(R):
        wanted = together.alone(layer, r).gradients(x[r : r + 1], dy[r : r + 1])
        assert all(identical(a[r : r + 1], b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("layer", POOLS, ids=str)
def test_pooling_equals_explicit_loops(layer: MaxPool | AveragePool) -> None:
    bound, x = bind(layer, PICTURE), normal(R, N, *PICTURE)
    dy = normal(R, N, *bound.declaration.output, seed=4)
    y, dx, _ = bound.gradients(x, dy)
    wanted, dwanted = np.empty_like(y), np.zeros_like(x)
    step = layer.stride or layer.size
    for r, n, u, v, c in product(*map(range, dy.shape)):
        window = (r, n, slice(u * step, u * step + layer.size), slice(v * step, v * step + layer.size), c)
        pixels = x[window]
        if isinstance(layer, MaxPool):
            wanted[r, n, u, v, c] = pixels.max()
            dwanted[window] += dy[r, n, u, v, c] * (pixels == pixels.max())
        else:
            wanted[r, n, u, v, c] = pixels.mean()
            dwanted[window] += dy[r, n, u, v, c] / pixels.size
    np.testing.assert_allclose(y, wanted, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(dx, dwanted, rtol=1e-13, atol=1e-15)


def test_pooling_by_hand() -> None:
    x, dy = single([[1, 2, 5, 5], [3, 0, 5, 1]]), single([[10, 20]])
    y, backward = MaxPool().forward(Views(), x, EVALUATION_CONTEXT)
    dx = backward(dy, Views())
    assert dx is not None
    assert y[0, 0, :, :, 0].tolist() == [[3, 5]]
    assert dx[0, 0, :, :, 0].tolist() == [[0, 0, 20, 0], [10, 0, 0, 0]]  # of the three fives the first
    y, backward = AveragePool().forward(Views(), x, EVALUATION_CONTEXT)
    dx = backward(dy, Views())
    assert dx is not None
    assert y[0, 0, :, :, 0].tolist() == [[1.5, 4]]
    assert dx[0, 0, :, :, 0].tolist() == [[2.5, 2.5, 5, 5]] * 2
    y, backward = GlobalAveragePool().forward(Views(), x, EVALUATION_CONTEXT)
    dx = backward(np.array([[[16.0]]]), Views())
    assert dx is not None
    assert y.tolist() == [[[22 / 8]]]
    assert dx.shape == x.shape
    assert np.unique(dx).tolist() == [2]


def test_a_pool_shows_nan_wherever_it_stands_in_the_window() -> None:
    for place in range(4):
        x = single([[1, 2], [3, 0]])
        x.reshape(-1)[place] = np.nan
        assert np.isnan(MaxPool().forward(Views(), x, EVALUATION_CONTEXT)[0]).all()


def test_flatten_keeps_the_order_of_the_array() -> None:
    x = np.arange(24.0).reshape(1, 1, 2, 3, 4)
    y, backward = Flatten().forward(Views(), x, EVALUATION_CONTEXT)
    dx = backward(y, Views())
    assert y[0, 0].tolist() == list(range(24))
    assert dx is not None
    assert identical(dx, x)


SIZES = [
    (Conv2D(100, 4), (32, 32, 3), (29, 29, 100)),
    (Conv2D(6, 5), (32, 32, 1), (28, 28, 6)),
    (Conv2D(1, 3), (7, 7, 1), (5, 5, 1)),
    (Conv2D(1, 3, stride=2), (7, 7, 1), (3, 3, 1)),
    (Conv2D(1, 3, stride=4), (7, 7, 1), (2, 2, 1)),
    (Conv2D(1, 3, padding=1), (7, 7, 1), (7, 7, 1)),
    (Conv2D(1, 3, stride=3, padding=1), (7, 7, 1), (3, 3, 1)),
    (Conv2D(96, 11, stride=4), (227, 227, 3), (55, 55, 96)),
    (Conv2D(2, 5, padding="same"), (8, 9, 1), (8, 9, 2)),
    (Conv2D(2, 4, stride=2, padding="same"), (7, 8, 1), (4, 4, 2)),
    (Conv2D(2, 7, padding="same"), (3, 2, 1), (3, 2, 2)),
    (MaxPool(), (28, 28, 6), (14, 14, 6)),
    (MaxPool(3, 2), (55, 55, 96), (27, 27, 96)),
    (AveragePool(8), (8, 8, 64), (1, 1, 64)),
    (GlobalAveragePool(), (7, 5, 64), (64,)),
    (Flatten(), (7, 5, 2), (70,)),
]


@pytest.mark.parametrize(("layer", "before", "after"), SIZES, ids=str)
def test_sizes(layer: Layer, before: tuple[int, ...], after: tuple[int, ...]) -> None:
    assert layer.declare(before).output == after


COUNTS = [
    (Dense(500), (3072,), 1_536_500),
    (Conv2D(100, 4), (32, 32, 3), 4_900),
    (make_chain([Dense(4), Dense(2)], ["dense", "dense"]), (3,), 20 + 6),
    (build_network(LeNet5().build_layers((32, 32, 1)), Tanh(), 10), (32, 32, 1), 61_706),
    (build_network(LeNet5(2).build_layers((28, 28, 1)), Tanh(), 10), (28, 28, 1), 61_706),
]


@pytest.mark.parametrize(("layer", "shape", "count"), COUNTS, ids=lambda value: str(value)[:40])
def test_parameter_counts(layer: Layer, shape: tuple[int, ...], count: int) -> None:
    assert layer.declare(shape).weight_count == count


def test_a_3_4_2_network_has_20_weights_and_6_biases() -> None:
    assert make_chain([Dense(4), Dense(2)], ["dense", "dense"]).declare((3,)).regularized_mask().sum() == 20


def test_the_fans_of_a_convolution() -> None:
    weight = Conv2D(7, 5).declare((9, 9, 3)).weights["W"]
    assert (weight.shape, weight.fan_in, weight.fan_out) == ((75, 7), 75, 175)


def test_lenet5_has_the_papers_sizes() -> None:
    declaration = build_network(LeNet5().build_layers((32, 32, 1)), Tanh(), 10).declare((32, 32, 1))
    kinds = ("conv2d_1", "average_pool_1", "conv2d_2", "average_pool_2", "flatten_1", "dense_1", "dense_2", "output")
    shapes = [declaration.parts[name].output for name in kinds]
    assert shapes == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (400,), (120,), (84,), (10,)]
    first = declaration.parts["conv2d_1"]
    assert first.weight_count // 6 * 28 * 28 * 6 == 122_304  # connections: 26 for each of the outputs


MISFITS: list[tuple[Layer, tuple[int, ...], str]] = [
    (
        Conv2D(1, 3, stride=3),
        (7, 7, 1),
        r"window of 3 x 3 moving by 3 .* edge of an image of 7 x 7: stride 1, 2, 4 does$",
    ),
    (Conv2D(1, 3, stride=2), (7, 8, 1), "stride 1 does$"),
    (Conv2D(1, 1, stride=2, padding="same"), (8, 8, 1), "with padding same: stride 1, 7 does$"),
    (Conv2D(1, 5), (4, 9, 1), "a window of 5 x 5 is larger than an image of 4 x 9$"),
    (Conv2D(1, 9, padding=2), (4, 4, 1), "larger than an image of 4 x 4 with padding 2$"),
    (MaxPool(4), (3, 3, 1), "max_pool: a window of 4 x 4 is larger than an image of 3 x 3$"),
    (AveragePool(), (5, 5, 1), "average_pool: .* stride 1, 3 does$"),
    *(
        (layer, (64,), "takes images of height x width x channels, but these are 64$")
        for layer in (MaxPool(), Conv2D(1, 1))
    ),
    (GlobalAveragePool(), (64,), "takes images"),
]


@pytest.mark.parametrize(("layer", "shape", "message"), MISFITS, ids=str)
def test_what_does_not_fit_says_what_would(layer: Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        layer.declare(shape)


SPEC: dict[str, Any] = {"data": {"source": {"digits": {"flat": False}}}}


@pytest.mark.parametrize(
    ("layers", "line", "message"),
    [
        ([{"conv2d": {"filters": 2, "kernel": 3, "stride": 2}}, "flatten", "output"], "conv2d", "stride 1, 5 does"),
        ([{"conv2d": {"filters": 2, "kernel": 5}}, {"max_pool": 8}, "output"], "max_pool", "larger than an image"),
        ([{"conv2d": {"filters": 2, "kernel": 5}}, "output"], "output", "write `flatten` before it"),
        ([{"conv2d": {"filters": 3, "kernel": 5}}, {"group_norm": 2}, "output"], "group_norm", "1, 3 are possible"),
    ],
)
def test_a_misfit_in_a_spec_is_shown_on_the_layers_line(layers: list[Any], line: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        loaded({**SPEC, "architecture": layers})
    [problem] = caught.value.problems
    assert message in problem.message
    assert line in problem.place.text.content.split("\n")[problem.place.line - 1]
