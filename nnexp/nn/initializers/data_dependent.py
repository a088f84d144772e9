"""Data-dependent initialisation.   N examples, O channels"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from nnexp.nn.initializers.base import MIN_RELATIVE_STD, Initializer, drawn_weights
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.parameters import Views, Weight, weight_views
from nnexp.nn.random import draw_normal, make_generators
from nnexp.nn.replicas import lift
from nnexp.registry import initializers
from nnexp.typing import Array, Hyper

DAMPING_EXPONENT = 0.25
"""α, which the paper finds to converge within about ten rounds."""


@initializers.register("data_dependent")
@dataclass(frozen=True, slots=True)
class DataDependent(Initializer):
    """Channels of zero mean and unit variance on a first batch, then layers that learn at the same rate.

        W ~ N(0, 1/n_in);  W_j ← W_j / σ_j,  b_j ← center - μ_j / σ_j
        C_k = √(E (dl/dW_k)²) / ‖W_k‖,  r_k = (C_k / C̄)^(α/2),  W_k, b_k ← r_k W_k, r_k b_k,  W_(k+1) ← W_(k+1) / r_k

    μ_j and σ_j are of channel j of a layer's outputs for the first 256 training examples, the layers before it being
    settled. C_k is how fast layer k would change under a random linear loss l = ηᵀz, η ~ N(0, 1), C̄ the geometric mean
    over the layers, so that a layer that changes fast gets larger weights and smaller gradients; the second line is
    repeated `rounds` times. It acts on layers with one matrix and one column (or
    filter) a channel, `dense` and `conv2d`; others stay as drawn, and the rates are left as they are where the network
    has layers that hold layers, for there r_k cannot be undone in the layer above. Undoing it is exact for ReLU and
    its like only, as in the paper. Source: Krähenbühl, Doersch, Donahue & Darrell 2015, Data-dependent Initializations
    of Convolutional Neural Networks, algorithms 1 and 2, with Gaussian weights (not its PCA or k-means).
    """

    center: Hyper = 0.0
    rounds: Annotated[int, Ge(0)] = 10

    needs_first_batch: ClassVar[bool] = True

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return draw_normal(generators, weight.shape) / np.sqrt(max(weight.fan_in, 1))

    def adjust_layer(self, layer: Layer, w: Views, x: Array) -> None:
        if "W" not in w or not drawn_weights(layer, w, x):
            return
        y = layer.forward(w, x, EVALUATION_CONTEXT)[0]
        if w["W"].shape[-1] != y.shape[-1]:  # as maxout's, whose columns are pieces and no channels
            return
        channels = y.reshape(len(y), -1, y.shape[-1])
        std = channels.std(axis=-2, keepdims=True)
        varies = std > MIN_RELATIVE_STD * np.abs(channels).max(axis=-2, keepdims=True)
        std = np.where(varies, std, 1)  # a channel that never varies keeps its weights
        w["W"] /= std
        if "b" in w:
            # With this b and W / σ the outputs become center + (y - μ) / σ.
            shift = (w["b"].reshape(len(y), 1, -1) - channels.mean(axis=-2, keepdims=True)) / std
            w["b"][...] = (lift(self.center, shift) + shift).reshape(w["b"].shape)

    def balance_layers(self, network: Chain, w: Views, x: Array, seeds: Sequence[int]) -> None:
        declaration = network.declare(x.shape[2:])
        if any(part.parts for part in declaration.parts.values()):
            return
        names = [name for name, part in declaration.parts.items() if "W" in part.weights]
        sources = make_generators(seeds, "init rates")
        grad = weight_views(declaration, np.zeros((len(seeds), declaration.weight_count)))
        for _ in range(self.rounds):
            z, backward = network.forward(w, x, EVALUATION_CONTEXT)
            backward(draw_normal(sources, z.shape[1:]), grad)
            rates = [_log_rate(w.parts[name]["W"], grad.parts[name]["W"]) for name in names]
            mean = sum(rates) / len(rates)
            for name, rate, above in zip(names, rates, [*names[1:], None], strict=True):
                r = np.exp((rate - mean) * DAMPING_EXPONENT / 2)
                for own in w.parts[name].values():
                    np.multiply(own, lift(r, own), out=own)
                if above is not None:
                    w.parts[above]["W"] /= lift(r, w.parts[above]["W"])


def _log_rate(weight: Array, slope: Array) -> Array:
    """Log C_k, (R,)."""
    c = np.sqrt(np.square(slope).reshape(len(slope), -1).mean(axis=-1))
    size = np.sqrt(np.square(weight).reshape(len(weight), -1).sum(axis=-1))
    # A layer without a gradient, or of zeros, would have a rate of minus or plus infinity, and so all the others.
    tiny = np.finfo(float).tiny
    return np.log(np.maximum(c, tiny)) - np.log(np.maximum(size, tiny))
