"""What presets expand to."""

from __future__ import annotations

import pytest

from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.architectures.alexnet import AlexNet
from nnexp.nn.architectures.autoencoder import Autoencoder
from nnexp.nn.architectures.base import Architecture
from nnexp.nn.architectures.lenet5 import LeNet5
from nnexp.nn.architectures.mlp import MLP
from nnexp.nn.architectures.two_layer import TwoLayer
from nnexp.nn.architectures.vgg import VGG
from nnexp.nn.architectures.zfnet import ZFNet
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Layer, ShapeError
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.gated import Gated
from nnexp.nn.layers.max_pool import MaxPool
from nnexp.nn.layers.output import Output
from nnexp.nn.network import build_network
from nnexp.registry import architectures
from nnexp.typing import Shape

HERE = ActivationPlaceholder()


def maps(architecture: Architecture, x: Shape) -> list[Shape]:
    """The sizes after each convolution and pool."""
    parts = build_network(architecture.build_layers(x), Tanh(), 10).declare(x).parts
    return [part.output for name, part in parts.items() if name.startswith(("conv2d", "max_pool"))]


def pools(architecture: Architecture, x: Shape) -> list[MaxPool]:
    return [layer for layer in architecture.build_layers(x) if isinstance(layer, MaxPool)]


@pytest.mark.parametrize("name", ["linear_regression", "softmax_classifier", "perceptron", "adaline"])
def test_linear_models_are_an_output_layer(name: str) -> None:
    assert architectures[name]().build_layers((7,)) == (Output(),)
    assert architectures[name]().build_layers((4, 6, 2)) == (Flatten(), Output())


def test_the_decoder_mirrors_the_encoder() -> None:
    assert Autoencoder((5, 3, 2)).build_layers((7,)) == (
        *(layer for units in (5, 3, 2, 3, 5) for layer in (Dense(units), HERE)),
        Output(),
    )
    assert Autoencoder((3,)).build_layers((7,)) == (Dense(3), HERE, Output())


def test_an_mlp_flattens_images_and_nothing_else() -> None:
    assert MLP((3,)).build_layers((7,)) == (Dense(3), HERE, Output())
    assert MLP((3,)).build_layers((4, 6, 2)) == (Flatten(), Dense(3), HERE, Output())


def test_a_two_layer_network_is_its_embedding_and_the_output() -> None:
    assert TwoLayer(Gated(3)).build_layers((7,)) == (Gated(3), Output())


def test_alexnet_has_the_papers_maps() -> None:
    sizes = [(55, 96), (27, 96), (27, 256), (13, 256), (13, 384), (13, 384), (13, 256), (6, 256)]
    assert maps(AlexNet(), (227, 227, 3)) == [(side, side, filters) for side, filters in sizes]
    assert set(pools(AlexNet(), (227, 227, 3))) == {MaxPool(3, 2)}  # overlapping, as in the paper


def test_zfnet_has_the_papers_maps() -> None:
    sizes = [(110, 96), (55, 96), (26, 256), (13, 256), (13, 384), (13, 384), (13, 256), (6, 256)]
    assert maps(ZFNet(), (225, 225, 3)) == [(side, side, filters) for side, filters in sizes]


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
def test_vgg_has_as_many_layers_with_weights_as_its_depth_and_halves_the_map_five_times(depth: int) -> None:
    layers = architectures["vgg"](depth).build_layers((224, 224, 3))
    assert sum(isinstance(layer, Conv2D | Dense | Output) for layer in layers) == depth
    assert pools(architectures["vgg"](depth), (224, 224, 3)) == [MaxPool(2, 2)] * 5
    assert maps(architectures["vgg"](depth), (224, 224, 3))[-1] == (7, 7, 512)


SMALL: list[tuple[Architecture, Shape, list[int]]] = [
    (AlexNet(), (8, 8, 1), [8, 4, 4, 2, 2, 2, 2, 1]),
    (AlexNet(), (28, 28, 1), [28, 14, 14, 7, 7, 7, 7, 3]),
    (ZFNet(), (32, 32, 3), [32, 16, 8, 4, 4, 4, 4, 2]),
    (VGG(11), (8, 8, 1), [8, 4, 4, 2, 2, 2, 1, 1, 1, 1, 1]),
    (VGG(11), (28, 28, 1), [28, 14, 14, 7, 7, 7, 3, 3, 3, 1, 1, 1]),
    (AlexNet(), (1, 1, 1), [1, 1, 1, 1, 1]),
]


@pytest.mark.parametrize(("architecture", "x", "sides"), SMALL, ids=str)
def test_small_images_keep_their_size_in_the_first_layer_and_are_pooled_while_there_is_room(
    architecture: Architecture, x: Shape, sides: list[int]
) -> None:
    assert [shape[0] for shape in maps(architecture, x)] == sides
    [first, *_] = architecture.build_layers(x)
    assert isinstance(first, Conv2D)
    assert (first.kernel, first.stride, first.padding) == (3, 1, "same")


def test_the_large_first_layer_begins_at_64_pixels() -> None:
    assert AlexNet().build_layers((63, 63, 3))[0] == Conv2D(96, 3, padding="same")
    assert AlexNet().build_layers((67, 67, 3))[0] == Conv2D(96, 11, 4)
    assert AlexNet().build_layers((64, 64, 3))[0] == Conv2D(96, 11, 4, padding="same")  # 64 - 11 is no multiple of 4


def test_a_map_that_no_pool_fits_is_not_pooled() -> None:
    assert [shape[:2] for shape in maps(VGG(11), (30, 20, 1))][:4] == [(30, 20), (15, 10), (15, 10), (15, 10)]


@pytest.mark.parametrize("architecture", [AlexNet, ZFNet, VGG], ids=lambda cls: str(cls.__name__))
def test_width_is_a_factor_on_filters_and_units(architecture: type[AlexNet | ZFNet | VGG]) -> None:
    whole, half = (architecture(width=width).build_layers((8, 8, 1)) for width in (1.0, 0.5))
    assert [_width(layer) for layer in half] == [_width(layer) / 2 for layer in whole]
    narrowest = architecture(width=1e-9).build_layers((8, 8, 1))
    assert {_width(layer) for layer in narrowest} == {0, 1}


def _width(layer: Layer) -> float:
    return layer.filters if isinstance(layer, Conv2D) else layer.units if isinstance(layer, Dense) else 0


@pytest.mark.parametrize("architecture", [AlexNet, ZFNet, VGG], ids=lambda cls: str(cls.__name__))
def test_dropout_follows_both_dense_layers_and_can_be_left_out(architecture: type[AlexNet | ZFNet | VGG]) -> None:
    layers = architecture().build_layers((8, 8, 1))
    assert [layer for layer in layers if isinstance(layer, Dropout)] == [Dropout(0.5)] * 2
    assert all(isinstance(layers[i - 2], Dense) for i, layer in enumerate(layers) if isinstance(layer, Dropout))
    without = architecture(dropout=0.0).build_layers((8, 8, 1))
    assert without == tuple(layer for layer in layers if not isinstance(layer, Dropout))


@pytest.mark.parametrize("architecture", [AlexNet(), ZFNet(), VGG(), LeNet5()], ids=lambda a: type(a).__name__)
def test_networks_for_images_refuse_vectors_by_name(architecture: Architecture) -> None:
    name = architectures.name_of(architecture)
    with pytest.raises(ShapeError, match=f"{name} takes images of height x width x channels, but these are 64"):
        architecture.build_layers((64,))
