"""What the networks for large images share, and how they shrink for small ones.   H W C image

Below 64 pixels a side the first convolution is 3x3 moving by 1 with zeros around the image, in place of a large one. A
convolution whose windows do not end at the map's edge gets zeros around it (`same`). A pool has windows of 3x3 moving
by 2 where the map's sides are odd, 2x2 where they are even, and is left out where neither fits, as on a map of one
pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Layer, ShapeError
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.max_pool import MaxPool
from nnexp.nn.layers.output import Output
from nnexp.typing import Shape

MIN_LARGE_SIDE_PIXELS = 64
"""Images with a shorter side than this are small."""

POOL_PLACE = None
"""The place of a pool in a list of convolutions."""


def choose_stem(published: Conv2D, x: Shape) -> Conv2D:
    """The first convolution: the published one, or 3x3 moving by 1 for small images."""
    if min(x[:2]) < MIN_LARGE_SIDE_PIXELS:
        return Conv2D(published.filters, 3, padding="same")
    return published


def build_features(plan: Sequence[Conv2D | None], x: Shape) -> tuple[Layer, ...]:
    """The convolutions of a plan, each with the spec's activation, and its pools, as far as they fit images `x`."""
    features: list[Layer] = []
    for step in plan:
        block: list[Layer] = []
        if step is POOL_PLACE:
            block += make_pool(x)
        else:
            block += [fit_convolution(step, x), ActivationPlaceholder()]
        if block:  # the activation keeps the shape, so the first layer's output is the block's
            x = block[0].declare(x).output
        features += block
    return tuple(features)


def fit_convolution(convolution: Conv2D, x: Shape) -> Conv2D:
    """The convolution, with zeros around the map where its windows would not end at the edge."""
    try:
        convolution.declare(x)
    except ShapeError:
        return replace(convolution, padding="same")
    return convolution


def make_pool(x: Shape) -> tuple[MaxPool, ...]:
    """A pool that halves the map, or none where no windows fit."""
    for size in (2, 3):
        if all(side >= size and (side - size) % 2 == 0 for side in x[:2]):
            return (MaxPool(size, 2),)
    return ()


def build_classifier(units: int, dropout: float) -> tuple[Layer, ...]:
    """Two dense layers, each with activation and dropout, and the output."""
    block: tuple[Layer, ...] = (Dense(units), ActivationPlaceholder())
    if dropout:
        block = (*block, Dropout(dropout))
    return (Flatten(), *block, *block, Output())


def scale_width(number: int, width: float) -> int:
    """A number of filters or units times the factor `width`, at least one."""
    return max(1, round(number * width))
