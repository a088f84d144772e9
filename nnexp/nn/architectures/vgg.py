"""VGG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt

from nnexp.nn.architectures.base import Architecture
from nnexp.nn.architectures.images import POOL_PLACE, build_classifier, build_features, scale_width
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.windows import check_image_shape
from nnexp.registry import architectures
from nnexp.typing import Shape

FILTERS_PER_BLOCK = (64, 128, 256, 512, 512)

CONVOLUTIONS_PER_BLOCK: Mapping[int, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""How many convolutions come before each pool, by depth."""


@architectures.register("vgg")
@dataclass(frozen=True, slots=True)
class VGG(Architecture):
    """Nothing but small filters, many of them: several 3x3 convolutions see as much as a large one, with less weights.

        5 times: n convolutions of 3x3 with 64, 128, 256, 512 or 512 filters → pool
        → flatten → dense(4096) → dense(4096) → output

    depth 11: n = 1, 1, 2, 2, 2;  13: 2, 2, 2, 2, 2;  16: 2, 2, 3, 3, 3;  19: 2, 2, 4, 4, 4: the paper's A, B, D and E.
    The spec's activation follows each convolution and dense layer, dropout the dense ones. At 224x224x3 with 1000
    classes they have 132,863,336, 133,047,848, 138,357,544 and 143,667,240 parameters. `width` is a factor on filters
    and units. Pools are 2x2; on odd maps, which smaller images may come to, 3x3 moving by 2; left out where neither
    fits. Source: Simonyan & Zisserman 2015, Very Deep Convolutional Networks for Large-Scale Image Recognition.
    """

    depth: Literal[11, 13, 16, 19] = 16
    width: Annotated[float, Gt(0)] = 1.0
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        plan: list[Conv2D | None] = []
        for filters, count in zip(FILTERS_PER_BLOCK, CONVOLUTIONS_PER_BLOCK[self.depth], strict=True):
            plan += [*[Conv2D(scale_width(filters, self.width), 3, padding="same")] * count, POOL_PLACE]
        return (
            *build_features(plan, check_image_shape(x, "vgg")),
            *build_classifier(scale_width(4096, self.width), self.dropout),
        )
