"""Linear regression."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.architectures.base import Architecture, flatten_images
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.output import Output
from nnexp.registry import architectures
from nnexp.typing import Shape


@architectures.register("linear_regression")
@dataclass(frozen=True, slots=True)
class LinearRegression(Architecture):
    """One weighted sum of the inputs for every value to predict.

        y = x W + b,  the loss ½‖y - d‖² with `loss: squared_error`

    core: x (N, I), W (I, O), b (1, O) -> y (N, O). By descent it comes to the least-squares solution, which exists in
    closed form: W = (XᵀX)⁻¹XᵀD with a column of ones for b. Images are flattened first. Source: lecture notes.
    """

    def build_layers(self, x: Shape) -> tuple[Layer, ...]:
        return (*flatten_images(x), Output())
