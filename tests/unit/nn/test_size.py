"""Counting, against numbers worked by hand and against what a network does with perturbed pixels."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.architectures.alexnet import AlexNet
from nnexp.nn.architectures.base import Architecture
from nnexp.nn.architectures.lenet5 import LeNet5
from nnexp.nn.architectures.vgg import VGG
from nnexp.nn.architectures.zfnet import ZFNet
from nnexp.nn.initialization import draw_parameters, make_buffers
from nnexp.nn.initializers.he import He
from nnexp.nn.layers.average_pool import AveragePool
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Layer
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.gated import Gated
from nnexp.nn.layers.global_average_pool import GlobalAveragePool
from nnexp.nn.layers.layer_norm import LayerNorm
from nnexp.nn.layers.max_pool import MaxPool
from nnexp.nn.layers.maxout import Maxout
from nnexp.nn.layers.output import Output
from nnexp.nn.layers.parallel import Parallel
from nnexp.nn.layers.rbf import RBF
from nnexp.nn.layers.residual import Residual
from nnexp.nn.layers.residual_block import ResidualBlock
from nnexp.nn.layers.tied_autoencoder import TiedAutoencoder
from nnexp.nn.network import build_network
from nnexp.nn.parameters import layer_views
from nnexp.nn.size import LayerSize, count_activations, count_network, estimate_memory
from nnexp.typing import Shape
from tests.contracts.examples import Example, chained, layer_examples


def counted(x: Shape, *layers: Layer) -> LayerSize:
    return count_network(chained(*layers), x)


def preset(architecture: Architecture, x: Shape, outputs: int) -> LayerSize:
    return count_network(build_network(architecture.build_layers(x), ReLU(), outputs), x)


def test_a_3_4_2_network_has_20_weights_and_6_biases_and_as_many_connections() -> None:
    found = counted((3,), Dense(4), Tanh(), Dense(2))
    assert (found.weights, found.biases) == (3 * 4 + 4 * 2, 4 + 2) == (20, 6)
    assert (found.connections, found.multiply_adds) == (26, 20)


def test_a_dense_layer_and_the_convolution_in_its_place() -> None:
    dense, convolution = counted((3072,), Dense(500)), counted((32, 32, 3), Conv2D(100, 4))
    assert dense.parameters == 1_536_500
    assert convolution.parameters == 4_900
    assert convolution.output == (29, 29, 100)
    assert (convolution.connections, convolution.multiply_adds) == (4_900 * 29 * 29, 4_800 * 29 * 29)


def test_the_first_layer_of_lenet5_has_122304_connections() -> None:
    first = preset(LeNet5(), (32, 32, 1), 10).parts[0]
    assert first.output == (28, 28, 6)
    assert first.connections == 122_304


PUBLISHED = [
    (VGG(16), (224, 224, 3), 138_357_544, 15_470_264_320),
    (VGG(11), (224, 224, 3), 132_863_336, 7_609_090_048),
    (VGG(19), (224, 224, 3), 143_667_240, 19_632_062_464),
    (AlexNet(), (227, 227, 3), 62_378_344, 1_135_256_096),
    (ZFNet(), (225, 225, 3), 62_357_608, 1_168_032_896),
]


@pytest.mark.parametrize(("architecture", "x", "parameters", "multiply_adds"), PUBLISHED, ids=lambda v: str(v)[:12])
def test_the_published_networks(architecture: Architecture, x: Shape, parameters: int, multiply_adds: int) -> None:
    found = preset(architecture, x, 1000)
    assert (found.parameters, found.multiply_adds) == (parameters, multiply_adds)


OWN = [
    # weights, biases, connections, multiply-adds
    (BatchNorm(), (4, 6, 5), (0, 10, 2 * 4 * 6 * 5, 0)),
    (LayerNorm(), (4, 6, 5), (0, 2 * 4 * 6 * 5, 2 * 4 * 6 * 5, 0)),
    (Maxout(5, pieces=3), (7,), (7 * 15, 15, 8 * 15, 7 * 15)),
    (TiedAutoencoder(2), (7,), (14, 0, 28, 28)),
    (RBF(5), (7,), (35, 5, 40, 35)),
    (Gated(5), (7,), (70, 10, 80, 70)),
    (Residual(5, Tanh()), (7,), (70, 10, 80, 70)),
    (Conv2D(3, 2, padding="same", bias=False), (4, 6, 2), (24, 0, 24 * 24, 24 * 24)),
    (MaxPool(2), (4, 6, 2), (0, 0, 0, 0)),
    (Dropout(0.3), (7,), (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("layer", "x", "expected"), OWN, ids=lambda value: str(value)[:20])
def test_a_layer_in_numbers(layer: Layer, x: Shape, expected: tuple[int, ...]) -> None:
    [found] = counted(x, layer).parts
    assert (found.weights, found.biases, found.connections, found.multiply_adds) == expected


@pytest.mark.parametrize("example", layer_examples(), ids=str)
def test_every_layer_is_counted_whole(example: Example) -> None:
    [found] = counted(example.shape, example.component).parts
    assert found.parameters == example.component.declare(example.shape).weight_count
    assert found.connections >= found.multiply_adds >= 0
    assert found.activations >= np.prod(found.output)


FIELDS: list[tuple[Shape, list[Layer], list[tuple[int, int]]]] = [
    ((32, 32, 1), [Conv2D(1, 3), Conv2D(1, 3), MaxPool(2), Conv2D(1, 3)], [(3, 3), (5, 5), (6, 6), (10, 10)]),
    ((33, 33, 1), [Conv2D(1, 5, stride=2), Conv2D(1, 3, padding=1), ReLU()], [(5, 5), (9, 9), (9, 9)]),
    ((8, 8, 1), [Conv2D(1, 5, padding="same"), Conv2D(1, 5, padding="same")], [(5, 5), (8, 8)]),
    ((8, 4, 1), [Conv2D(1, 3, padding="same"), Conv2D(1, 3, padding="same")], [(3, 3), (5, 4)]),
    ((9, 9, 1), [Conv2D(1, 3), Flatten(), ReLU(), Dense(2), Dense(1)], [(3, 3), (3, 3), (3, 3), (9, 9), (9, 9)]),
    ((9, 7, 1), [Conv2D(1, 3), GlobalAveragePool()], [(3, 3), (9, 7)]),
    ((9, 9, 1), [Flatten(), Residual(3, Tanh())], [(1, 1), (9, 9)]),
    (
        (32, 32, 1),
        [
            ResidualBlock(chained(Conv2D(1, 3, padding="same"), Conv2D(1, 3, padding="same"))),
            Parallel((chained(), chained(Conv2D(2, 7, padding="same")), chained(Conv2D(1, 3, padding=1)))),
        ],
        [(5, 5), (11, 11)],
    ),
]


@pytest.mark.parametrize(("x", "layers", "fields"), FIELDS)
def test_receptive_fields_worked_by_hand(x: Shape, layers: list[Layer], fields: list[tuple[int, int]]) -> None:
    assert [part.field and part.field.size for part in counted(x, *layers).parts] == fields


def test_vectors_have_no_receptive_field() -> None:
    assert [part.field for part in counted((7,), Dense(3), Tanh()).parts] == [None, None]


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2D(2, 3), AveragePool(2), Conv2D(2, 4), AveragePool(2)],
        [Conv2D(2, 5, stride=3), Conv2D(2, 2, stride=2)],
        [ResidualBlock(chained(Conv2D(1, 3, padding="same"))), AveragePool(4), Conv2D(1, 3, padding="same")],
    ],
)
def test_the_receptive_field_is_where_a_changed_pixel_changes_a_number(layers: list[Layer]) -> None:
    shape = (32, 32, 1)
    network = chained(*layers)
    declaration = network.declare(shape)
    theta = draw_parameters(declaration, He(), [0], "float64")
    w = layer_views(declaration, theta, make_buffers(declaration, 1, "float64"))
    pixels = np.eye(32 * 32).reshape(1, -1, *shape)  # one example for each pixel
    changed = (
        network.forward(w, pixels, EVALUATION_CONTEXT)[0] - network.forward(w, 0 * pixels[:, :1], EVALUATION_CONTEXT)[0]
    )
    down, across, _ = declaration.output
    seen = np.abs(changed[0, :, down // 2, across // 2]).sum(axis=-1).reshape(32, 32) > 0
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    field = count_network(network, shape).field
    assert field is not None
    assert field.size == (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)


def test_the_activations_are_the_outputs_of_all_layers() -> None:
    block = ResidualBlock(chained(Dense(5), Tanh(), Dense(7)))
    found = counted((7,), Dense(7), block)
    assert found.activations == 7 + (5 + 5 + 7) + 7  # dense; inside the block; the sum
    assert count_activations(chained(Dense(7), block).declare((7,))) == found.activations


def test_a_layer_holds_the_numbers_of_those_in_it() -> None:
    [block] = counted((7,), ResidualBlock(chained(Dense(5), Dense(3)), projected=True)).parts
    straight, inner = block.parts
    assert [part.name for part in inner.parts] == ["dense_1", "dense_2"]
    assert block.parameters == straight.parameters + inner.parameters == 7 * 3 + (8 * 5 + 6 * 3)
    assert [(depth, part.name) for depth, part in block.walk_layers()][:3] == [
        (0, "residual_block_1"),
        (1, "branch_1"),
        (2, "projection"),
    ]


def test_memory_by_hand() -> None:
    # 26 parameters: theta, gradient, best, two in an update, and Adam's two; 6 outputs of 10 examples, twice
    assert estimate_memory(26, 6, slots=2, batch=10, itemsize=4) == (26 * 7 * 4, 6 * 10 * 2 * 4)


def test_counting_makes_no_weights() -> None:
    wide = 10**9
    found = count_network(build_network([Dense(wide), Output()], Tanh(), 10), (wide,))
    assert found.weights == wide * wide + 10 * wide
