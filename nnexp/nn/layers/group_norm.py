"""Group normalisation.   N examples, H W C image, G groups of channels"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError
from nnexp.nn.layers.standardize import add_scale_and_shift, add_standardization, standardize
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.registry import layers
from nnexp.typing import Array, Count, Positive, Shape


@layers.register("group_norm")
@dataclass(frozen=True, slots=True)
class GroupNorm(Layer):
    """Each group of an example's channels gets zero mean and unit variance, then each channel a learned gain and shift.

        x̂ = (x - μ) / √(σ² + ε),  y = γ x̂ + β,  μ and σ² over H, W and C/G channels of one example, σ² biased
        dγ = Σ dy x̂,  dβ = Σ dy,  dx̂ = dy γ,  dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / √(σ² + ε)

    core: x (N, H, W, C), γ and β (1, 1, 1, C) -> y (N, H, W, C); or x (N, D) with groups of its features. Neighbouring
    channels are in one group; `groups` divides their number. One group a channel is instance normalisation.
    Source: Wu & He 2018, Group Normalization.
    """

    groups: Count
    epsilon: Positive = 1e-5

    def declare(self, x: Shape) -> Declaration:
        channels = x[-1]
        if channels % self.groups:
            divisors = [str(groups) for groups in range(1, channels + 1) if channels % groups == 0]
            message = f"{channels} channels cannot be cut into {self.groups} equal groups"
            raise ShapeError(f"group_norm: {message}: {', '.join(divisors)} are possible")
        if prod(x) == self.groups:
            raise ShapeError("group_norm needs more than one number in a group: a single one always becomes 0")
        per_channel = (1,) * len(x) + x[-1:]  # gains are of channels, not of groups, as in the paper
        return Declaration(x, {"gain": Weight(per_channel, fill=1.0), "shift": Weight(per_channel, fill=0.0)})

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        grouped, back = standardize(self._split_groups(x), self.epsilon)
        normed = self._join_groups(grouped, x.shape[2:])
        axes = tuple(range(1 - x.ndim, -1))

        def backward(dy: Array, dw: Views) -> Array | None:
            np.add.reduce(dy * normed, axis=axes, keepdims=True, out=dw["gain"])
            np.add.reduce(dy, axis=axes, keepdims=True, out=dw["shift"])
            if not ctx.propagate:
                return None
            dgrouped = back(self._split_groups(dy * w["gain"]))
            return self._join_groups(dgrouped, dy.shape[2:])

        return normed * w["gain"] + w["shift"], backward

    def _split_groups(self, x: Array) -> Array:
        """(N, H, W, C) -> (N, G, H W C/G)"""
        cut = x.reshape(*x.shape[:2], -1, self.groups, x.shape[-1] // self.groups)
        return np.moveaxis(cut, -2, -3).reshape(*x.shape[:2], self.groups, -1)

    def _join_groups(self, grouped: Array, shape: Shape) -> Array:
        """(N, G, H W C/G) -> (N, H, W, C)"""
        cut = grouped.reshape(*grouped.shape[:-1], -1, shape[-1] // self.groups)
        return np.moveaxis(cut, -3, -2).reshape(*grouped.shape[:2], *shape)

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        *sides, channels = x.shape
        shape = [-1, *sides, self.groups, channels // self.groups]
        grouped = at.add_node("Reshape", x.name, at.add_integers(shape))
        others = [*range(1, 1 + len(sides)), 2 + len(sides)]
        normed = add_standardization(at, grouped, others, self.epsilon)
        return add_scale_and_shift(at, at.add_node("Reshape", normed, at.add_integers([-1, *x.shape])))
