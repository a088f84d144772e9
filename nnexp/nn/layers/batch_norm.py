"""Batch normalisation.   N examples, D features; images N H W C are normalised per channel, over N, H and W"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.nn.replicas import lift
from nnexp.registry import layers
from nnexp.typing import Array, Fraction, Positive, Shape


@layers.register("batch_norm")
@dataclass(frozen=True, slots=True)
class BatchNorm(Layer):
    """Every feature gets zero mean and unit variance over the batch, then a learned gain and shift.

        x̂ = (x - μ) / √(σ² + ε),  y = γ x̂ + β,  μ and σ² over the batch, σ² biased (divided by N)
        dγ = Σ dy x̂,  dβ = Σ dy,  dx = γ / √(σ² + ε) · (dy - dβ/N - x̂ dγ/N)

    core: x (N, D), γ and β (1, D) -> y (N, D); or (N, H, W, C) with γ and β (1, 1, 1, C).
    Evaluation uses stored statistics. `statistics: running` keeps momentum · old + (1 - momentum) · batch, the biased
    variance too (PyTorch's momentum is 1 minus this one, and its running variance unbiased);
    `statistics: weighted_average` averages over the minibatches of the last epoch, weighted by their size.
    `scale: false` and `shift: false` leave γ and β out.
    Source: Ioffe & Szegedy 2015, Batch Normalization; lecture notes, where the backward pass is derived.
    """

    momentum: Fraction = 0.9
    epsilon: Positive = 1e-5
    scale: bool = True
    shift: bool = True
    statistics: Literal["running", "weighted_average"] = "running"

    uses_batch_statistics: ClassVar[bool] = True

    def declare(self, x: Shape) -> Declaration:
        per_feature = (1,) * len(x) + x[-1:]
        weights = {}
        if self.scale:
            weights["gain"] = Weight(per_feature, fill=1.0)
        if self.shift:
            weights["shift"] = Weight(per_feature, fill=0.0)
        buffers = {"mean": (per_feature, 0.0), "variance": (per_feature, 1.0)}
        if self.statistics == "weighted_average":
            buffers["examples"] = ((1,) * len(per_feature), 1.0)
        return Declaration(x, weights, buffers)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        axes = tuple(range(1 - x.ndim, -1))
        count = prod(x.shape[1:-1])
        if ctx.training:
            mean: Array = np.add.reduce(x, axis=axes, keepdims=True) / count
            # From the centred numbers, not as E x² - μ², in which all digits cancel where μ is much larger than σ.
            centered: Array = x - mean
            variance: Array = np.add.reduce(centered * centered, axis=axes, keepdims=True) / count
            self._update_statistics(w, mean, variance, x.shape[1], ctx.new_epoch)
        else:
            mean, variance = self._stored_statistics(w)
            centered = x - mean
        inverse = 1 / np.sqrt(variance + lift(self.epsilon, x))
        normed = centered * inverse
        y = normed
        if self.scale:
            y = y * w["gain"]
        if self.shift:
            y = y + w["shift"]

        def backward(dy: Array, dw: Views) -> Array | None:
            dshift = np.add.reduce(dy, axis=axes, keepdims=True)
            dgain = np.add.reduce(dy * normed, axis=axes, keepdims=True)
            if self.scale:
                dw["gain"][...] = dgain
            if self.shift:
                dw["shift"][...] = dshift
            if not ctx.propagate:
                return None
            gain = w["gain"] * inverse if self.scale else inverse
            if not ctx.training:  # the statistics are constants
                return dy * gain
            return gain * (dy - dshift / count - normed * (dgain / count))

        return y, backward

    def _update_statistics(self, w: Views, mean: Array, variance: Array, examples: int, new_epoch: bool) -> None:
        """Update the stored statistics with this batch's."""
        if self.statistics == "running":
            momentum = lift(self.momentum, mean)
            w["mean"][...] = momentum * w["mean"] + (1 - momentum) * mean
            w["variance"][...] = momentum * w["variance"] + (1 - momentum) * variance
            return
        if new_epoch:  # the weights have moved since the last epoch: its batches count no more
            for name in ("mean", "variance", "examples"):
                w[name][...] = 0
        w["mean"] += examples * mean
        w["variance"] += examples * variance
        w["examples"] += examples

    def _stored_statistics(self, w: Views) -> tuple[Array, Array]:
        if self.statistics == "running":
            return w["mean"], w["variance"]
        return w["mean"] / w["examples"], w["variance"] / w["examples"]

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        mean, variance = self._stored_statistics(at.w)
        factor = 1 / np.sqrt(variance[0] + np.asarray(self.epsilon, variance.dtype))
        if self.scale:
            factor = factor * at.w["gain"][0]
        centered = at.add_node("Sub", x.name, at.add_weight("mean", mean[0].reshape(-1)))
        y = at.add_node("Mul", centered, at.add_weight("factor", factor.reshape(-1)))
        if self.shift:
            y = at.add_node("Add", y, at.add_weight("shift", at.w["shift"].reshape(-1)))
        return y
