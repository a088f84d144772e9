"""Layer-sequential unit variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.nn.initializers.base import MIN_RELATIVE_STD, Initializer, drawn_weights
from nnexp.nn.initializers.orthogonal import Orthogonal
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Layer
from nnexp.nn.parameters import Views, Weight
from nnexp.nn.replicas import lift
from nnexp.registry import initializers
from nnexp.typing import Array, Count, Positive


@initializers.register("lsuv")
@dataclass(frozen=True, slots=True)
class LSUV(Initializer):
    """Orthogonal weights, scaled layer by layer until the outputs of a first batch have unit variance.

        W orthogonal;  while |Var y - 1| ≥ tolerance:  W ← W / √(Var y)

    y are a layer's outputs, before the activation, for the first 256 training examples, the layers before it being
    scaled already; the variance is over examples and units together. At most `max_iterations` corrections are made;
    where one does not come nearer, since y grows faster than W (`tied_autoencoder`), the next ones are smaller.
    Source: Mishkin & Matas 2015, All you need is a good init.
    """

    tolerance: Positive = 0.1
    max_iterations: Count = 10

    needs_first_batch: ClassVar[bool] = True

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return Orthogonal().draw_weight(generators, weight)

    def adjust_layer(self, layer: Layer, w: Views, x: Array) -> None:
        weights = drawn_weights(layer, w, x)
        exponent: float | Array = 0.5
        distance: float | Array = np.inf
        for _ in range(self.max_iterations if weights else 0):
            y = layer.forward(w, x, EVALUATION_CONTEXT)[0]
            outputs = y.reshape(len(y), -1)
            variance = outputs.var(axis=-1)
            # Outputs that are all equal have no variance to scale: nothing would be divided by.
            varies = np.sqrt(variance) > MIN_RELATIVE_STD * np.abs(outputs).max(axis=-1)
            far = (np.abs(variance - 1) >= self.tolerance) & varies
            if not far.any():
                return
            logarithm = np.log(np.where(far, variance, 1))
            # In logarithms a correction that overshoots, as where y is of second degree in W, ends as far on the other
            # side: half the exponent then comes nearer.
            exponent = np.where(np.abs(logarithm) >= distance, exponent / 2, exponent)
            distance = np.abs(logarithm)
            for weight in weights:
                np.multiply(weight, lift(np.exp(-exponent * logarithm), weight), out=weight)
