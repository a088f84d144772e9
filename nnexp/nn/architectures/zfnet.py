"""ZFNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from nnexp.nn.architectures.alexnet import build_five_convolutions
from nnexp.nn.architectures.base import Architecture
from nnexp.nn.architectures.images import choose_stem, scale_width
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.windows import check_image_shape
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("zfnet")
@dataclass(frozen=True, slots=True)
class ZFNet(Architecture):
    """AlexNet with smaller filters and strides at the beginning, chosen by looking at what its layers see.

        conv2d(96, 7x7, by 2) → pool → conv2d(256, 5x5, by 2) → pool → conv2d(384, 3x3) → conv2d(384, 3x3)
        → conv2d(256, 3x3) → pool → flatten → dense(4096) → dense(4096) → output

    The spec's activation follows each convolution and dense layer, dropout the dense ones. At 225x225x3 with 1000
    classes the maps are 110, 55, 26, 13 and 6 pixels wide, as in the paper, and there are 62,357,608 parameters. The
    paper says 224; its 110 need one zero more. Pools on its even maps are 2x2 here, where the paper's 3x3 reach over
    the edge; the maps are as large. Contrast normalisation is left out. `width` is a factor on filters and units.
    Images below 64 pixels a side get a first convolution of 3x3 moving by 1; convolutions that do not end at the edge
    get zeros around the map; pools are 3x3 moving by 2 on odd maps, 2x2 on even ones, and left out where neither fits.
    Source: Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks, its figure 3.
    """

    width: Annotated[float, Gt(0)] = 1.0
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        stem = choose_stem(Conv2D(scale_width(96, self.width), 7, 2), check_image_shape(x, "zfnet"))
        second = Conv2D(scale_width(256, self.width), 5, 2)
        return build_five_convolutions(stem, second, x, self.width, self.dropout)
