"""AlexNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from nnexp.nn.architectures.base import Architecture
from nnexp.nn.architectures.images import POOL_PLACE, build_classifier, build_features, choose_stem, scale_width
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.windows import check_image_shape
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("alexnet")
@dataclass(frozen=True, slots=True)
class AlexNet(Architecture):
    """The convolutional network that won ImageNet in 2012: five convolutions, three of them pooled, then dense layers.

        conv2d(96, 11x11, by 4) → pool → conv2d(256, 5x5) → pool → conv2d(384, 3x3) → conv2d(384, 3x3)
        → conv2d(256, 3x3) → pool → flatten → dense(4096) → dense(4096) → output

    The spec's activation follows each convolution and dense layer, dropout the dense ones. At 227x227x3 with 1000
    classes the maps are 55, 27, 13 and 6 pixels wide, and there are 62,378,344 parameters: one tower, where the paper's
    two, which see half of each other's maps, have 60,965,224. Local response normalisation is left out. `width` is a
    factor on filters and units. Images below 64 pixels a side get a first convolution of 3x3 moving by 1; convolutions
    that do not end at the edge get zeros around the map; pools are 3x3 moving by 2 on odd maps, 2x2 on even ones, and
    left out where neither fits. Source: Krizhevsky, Sutskever & Hinton 2012, ImageNet Classification with Deep
    Convolutional Networks, whose images of 224 are 227 by its own arithmetic.
    """

    width: Annotated[float, Gt(0)] = 1.0
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        stem = choose_stem(Conv2D(scale_width(96, self.width), 11, 4), check_image_shape(x, "alexnet"))
        second = Conv2D(scale_width(256, self.width), 5, padding="same")
        return build_five_convolutions(stem, second, x, self.width, self.dropout)


def build_five_convolutions(stem: Conv2D, second: Conv2D, x: Shape, width: float, dropout: float) -> tuple[Layer, ...]:
    """The network from its first two convolutions on, in which those that came after it differ."""
    # The third and the fourth convolution are alike.
    third = Conv2D(scale_width(384, width), 3, padding="same")
    fifth = Conv2D(scale_width(256, width), 3, padding="same")
    plan = (stem, POOL_PLACE, second, POOL_PLACE, third, third, fifth, POOL_PLACE)
    return (*build_features(plan, x), *build_classifier(scale_width(4096, width), dropout))
