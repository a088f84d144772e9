"""LeNet-5."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.architectures.base import Architecture
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.average_pool import AveragePool
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.output import Output
from nnexp.nn.layers.windows import Padding, check_image_shape
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("lenet5")
@dataclass(frozen=True, slots=True)
class LeNet5(Architecture):
    """The convolutional network that read cheques: two convolutions, each averaged, then three dense layers.

        conv2d(6, 5x5) → average_pool(2) → conv2d(16, 5x5) → average_pool(2) → flatten → dense(120) → dense(84) → output

    The spec's activation follows each convolution and dense layer; the paper's is tanh. 32x32 images have the paper's
    sizes, 28x28x6, 14x14x6, 10x10x16, 5x5x16. `padding` puts zeros around smaller ones: 2 for 28x28, as the paper did.
    Today's usual variant: pooling learns nothing and is not squashed, the second convolution sees all six channels (in
    the paper some), and the output is dense, for a softmax, in place of radial basis functions.
    Source: LeCun, Bottou, Bengio & Haffner 1998, Gradient-Based Learning Applied to Document Recognition.
    """

    padding: Padding = "valid"

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        check_image_shape(x, "lenet5")
        return (
            *(Conv2D(6, 5, padding=self.padding), ActivationPlaceholder(), AveragePool()),
            *(Conv2D(16, 5), ActivationPlaceholder(), AveragePool()),
            *(Flatten(), Dense(120), ActivationPlaceholder(), Dense(84), ActivationPlaceholder(), Output()),
        )
