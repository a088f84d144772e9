"""Radial basis functions.   N examples, I inputs, U units"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer, check_flat_width
from nnexp.nn.layers.radial import KERNEL_FUNCTIONS
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.nn.random import make_generators
from nnexp.nn.replicas import dot_rows, lift
from nnexp.registry import layers
from nnexp.typing import Array, Count, Positive, Shape


@layers.register("rbf")
@dataclass(frozen=True, slots=True)
class RBF(Layer):
    """How near the input is to each of some centres.

        d² = ‖x - μ‖²
        gaussian y = exp(-d²/2h²),  multiquadric y = √(d² + h²),  inverse multiquadric y = 1/√(d² + h²)
        dμ_u = Σ_n 2 g_nu (μ_u - x_n),  dx_n = Σ_u 2 g_nu (x_n - μ_u),  g = dy ∂y/∂d²

    core: x (N, I), centers μ (U, I), widths h (1, U) -> y (N, U); both are learned unless they are frozen. At the
    start `centers` are found by k-means on the training inputs as they reach this layer (`kmeans`), are training
    examples (`sample`), or are drawn from N(0, 1) (`normal`); all widths are spread · d_max / √U, d_max the largest
    distance between centres, or the inputs' root mean square distance from the centre where there is but one. The
    lecture notes write β for the width of the multiquadrics. Penalties leave centres and widths alone. Trained in two
    phases, this is the layer frozen (`training: {freeze: [rbf_1]}`), so that only what follows learns.
    Source: Broomhead & Lowe 1988, Multivariable functional interpolation and adaptive networks; lecture notes on
    two-layer networks, whose gradient of the multiquadric is wrong (its ∂y/∂μ is -(x - μ)/y and its ∂y/∂β is β/y).
    """

    units: Count
    kernel: Literal["gaussian", "multiquadric", "inverse_multiquadric"] = "gaussian"
    centers: Literal["kmeans", "sample", "normal"] = "kmeans"
    spread: Positive = 1.0

    needs_training_inputs: ClassVar[bool] = True
    unregularized_weights: ClassVar[tuple[str, ...]] = ("centers",)

    def declare(self, x: Shape) -> Declaration:
        n_in = check_flat_width(x, "rbf")
        weights = {"centers": Weight((self.units, n_in), fill=0.0), "widths": Weight((1, self.units), fill=1.0)}
        return Declaration((self.units,), weights)

    def initialize_from_inputs(self, w: Views, x: Array, seeds: Sequence[int]) -> None:
        inputs = np.broadcast_to(x, (len(seeds), *x.shape[1:]))
        sources = make_generators(seeds, f"init {w.path}.centers")
        for mu, own, source in zip(w["centers"], inputs, sources, strict=True):
            mu[...] = self._find_centers(own, source)
        farthest = _compute_max_distance(w["centers"], inputs)
        w["widths"][...] = lift(self.spread, w["widths"]) * farthest / np.sqrt(self.units)

    def _find_centers(self, x: Array, source: np.random.Generator) -> Array:
        """The centres for inputs x. (N, I) -> (U, I)"""
        if self.centers == "normal":
            return source.standard_normal((self.units, x.shape[-1]))
        if self.centers == "sample":
            return x[source.choice(len(x), self.units, replace=False)]
        from scipy.cluster.vq import kmeans2

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a cluster that loses its last example stays where it was
            return kmeans2(x, self.units, iter=50, minit="++", seed=source)[0]

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        mu, kernel = w["centers"], KERNEL_FUNCTIONS[self.kernel]
        # ‖x‖² - 2 x·μ + ‖μ‖²: one product of matrices in place of all differences, an array (N, U, I).
        squares = dot_rows(x, x)[..., None] - 2 * (x @ mu.mT) + dot_rows(mu, mu)[..., None, :]
        squares = np.maximum(squares, 0)  # rounding can make a distance of nothing negative
        y, by_square, by_width = kernel(squares, w["widths"])

        def backward(dy: Array, dw: Views) -> Array | None:
            # Σ g μ and Σ g x apart from each other, again without the differences.
            g = 2 * dy * by_square
            np.subtract(g.sum(axis=-2)[..., None] * mu, g.mT @ x, out=dw["centers"])
            np.sum(dy * by_width, axis=-2, keepdims=True, out=dw["widths"])
            return g.sum(axis=-1, keepdims=True) * x - g @ mu if ctx.propagate else None

        return y, backward

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        # d² = ‖x‖² - 2 x·μ + ‖μ‖², which rounding may make negative.
        mu, h = at.w["centers"][0], at.w["widths"][0, 0]
        own = at.add_node("ReduceSum", at.add_node("Mul", x.name, x.name), at.add_integers([-1]), keepdims=1)
        mixed = at.add_node("Gemm", x.name, at.add_weight("twice_centers", 2 * mu.T))
        centers = at.add_weight("squared_centers", np.vecdot(mu, mu))
        squares = at.add_node("Add", at.add_node("Sub", own, mixed), centers)
        squares = at.add_node("Max", squares, at.add_number(0))
        if self.kernel == "gaussian":
            return at.add_node("Exp", at.add_node("Div", squares, at.add_weight("squared_widths", -2 * h * h)))
        y = at.add_node("Sqrt", at.add_node("Add", squares, at.add_weight("squared_widths", h * h)))
        if self.kernel == "multiquadric":
            return y
        return at.add_node("Reciprocal", y)


def _compute_max_distance(mu: Array, x: Array) -> Array:
    """The largest distance between centres (U, I), or where there is none, of the inputs (N, I) from the first."""
    largest = np.sqrt(np.square(mu[..., :, None, :] - mu[..., None, :, :]).sum(axis=-1).max(axis=(-2, -1)))
    typical = np.sqrt(np.square(x - mu[..., :1, :]).sum(axis=-1).mean(axis=-1))
    # Where even the inputs are all one point, any width will do but 0, by which the kernels divide.
    typical = np.where(typical > 0, typical, 1)
    return np.where(largest > 0, largest, typical)[..., None, None]
