"""N1, "Convolutional neural network" to "VGGNet": sizes of outputs, and how many weights small filters save.

The counts of the 3-4-2 network, of 3072 -> 500 against 100 filters of 4 x 4 x 3, and of LeNet-5's first layer with its
122,304 connections are in tests/unit/test_counting.py; single worked sizes in tests/unit/layers/test_images.py.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nnexp.errors import SpecError
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.architectures.alexnet import AlexNet
from nnexp.nn.layers.average_pool import AveragePool
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Layer, ShapeError
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.max_pool import MaxPool
from nnexp.nn.network import build_network
from nnexp.nn.parameters import Views
from nnexp.nn.size import LayerSize, count_network
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from tests.contracts.examples import chained


def places(side: int, window: int, stride: int) -> int | None:
    """How many windows there are, by putting one after another; None where the last does not end at the edge."""
    starts = list(range(0, side - window + 1, stride))
    return len(starts) if starts and starts[-1] + window == side else None


@pytest.mark.parametrize(("stride", "out"), [(1, 5), (2, 3), (4, 2)])
def test_a_3_x_3_filter_goes_over_7_x_7_with_stride_1_2_or_4(stride: int, out: int) -> None:
    assert Conv2D(1, 3, stride=stride).declare((7, 7, 1)).output == (out, out, 1)


def test_a_3_x_3_filter_does_not_go_over_7_x_7_with_stride_3_and_is_told_what_does() -> None:
    with pytest.raises(ShapeError, match="stride 1, 2, 4 does"):
        Conv2D(1, 3, stride=3).declare((7, 7, 1))


@pytest.mark.parametrize(("side", "window", "pad"), [*product(range(1, 10), range(1, 6), range(3))])
def test_the_formula_counts_the_places_of_a_window(side: int, window: int, pad: int) -> None:
    """(w - w_f + 2 pad) / stride + 1, and no size at all where that is no whole number of at least 1."""
    for stride in range(1, 6):
        wanted = places(side + 2 * pad, window, stride)
        layers: list[Layer] = [Conv2D(2, window, stride, pad)]
        layers += [] if pad else [MaxPool(window, stride), AveragePool(window, stride)]
        for layer in layers:
            if wanted is None:
                with pytest.raises(ShapeError):
                    layer.declare((side, side, 2))
            else:
                assert wanted == (side - window + 2 * pad) / stride + 1
                assert layer.declare((side, side, 2)).output == (wanted, wanted, 2)


@pytest.mark.parametrize("side", [3, 7, 32])
def test_one_zero_around_keeps_the_size_under_a_3_x_3_filter(side: int) -> None:
    for padding in (1, "same"):
        assert Conv2D(5, 3, padding=padding).declare((side, side, 3)).output == (side, side, 5)


def test_a_stride_that_does_not_fit_is_a_mistake_in_the_spec() -> None:
    text = (
        "data: {source: {digits: {flat: false}}}\narchitecture: [conv2d: {filters: 2, kernel: 3, stride: 3}, output]\n"
    )
    with pytest.raises(SpecError, match="stride 1, 5 does"):
        load_network_spec(SpecText("s.yaml", text), name="s")


@pytest.mark.parametrize("size", [2, 3, 4])
def test_pooling_stays_the_same_for_most_shifts_by_one_pixel(size: int) -> None:
    """A bright pixel stays in its window in all but one of the window's columns: 1/2, 2/3, 3/4 of the shifts."""
    side, stays = 3 * size, 0
    for column in range(side - 1):
        image = np.zeros((1, 2, side, side, 1))
        image[0, 0, 0, column] = image[0, 1, 0, column + 1] = 1
        [[before, after]] = MaxPool(size).forward(Views(), image, EVALUATION_CONTEXT)[0]
        stays += np.array_equal(before, after)
    assert stays == 3 * (size - 1)  # of 3 size - 1 shifts, which cross two borders


def stacked(*kernels: int, channels: int = 5) -> LayerSize:
    layers = [Conv2D(channels, kernel, bias=False) for kernel in kernels]
    return count_network(chained(*layers), (32, 32, channels))


@pytest.mark.parametrize(("layers", "kernel"), [(2, 5), (3, 7)])
def test_small_filters_see_as_much_as_a_large_one_with_fewer_weights(layers: int, kernel: int) -> None:
    """Two 3 x 3 see 5 x 5 with 18 C² weights instead of 25 C²; three see 7 x 7 with 27 C² instead of 49 C²."""
    small, large = stacked(*[3] * layers), stacked(kernel)
    assert small.field is not None
    assert large.field is not None
    assert small.field.size == large.field.size == (kernel, kernel)
    assert small.output == large.output
    assert (small.weights, large.weights) == (9 * layers * 25, kernel * kernel * 25)
    assert len(small.parts) > len(large.parts)


def test_alexnets_layers_hold_the_numbers_of_the_homework() -> None:
    """3 x 3 x 384 x 384, 3 x 3 x 384 x 256 and 6 x 6 x 256 x 4096 weights; 27 x 27 x 256 outputs, of 4 bytes each."""
    found = count_network(build_network(AlexNet().build_layers((227, 227, 3)), ReLU(), 1000), (227, 227, 3))
    parts = {part.name: part for part in found.parts}
    assert parts["conv2d_4"].weights == 3 * 3 * 384 * 384 == 1_327_104
    assert parts["conv2d_5"].weights == 3 * 3 * 384 * 256 == 884_736
    assert parts["dense_1"].weights == 6 * 6 * 256 * 4096 == 37_748_736
    assert parts["conv2d_2"].output == (27, 27, 256)
    assert parts["conv2d_2"].activations * 4 == 746_496
