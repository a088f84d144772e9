"""k nearest neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from nnexp.baselines.base import Baseline, FittedArrays
from nnexp.nn.losses.base import Targets
from nnexp.registry import baselines
from nnexp.typing import Array, Count, IntArray

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

NORM_ORDERS: dict[str, float] = {"euclidean": 2.0, "manhattan": 1.0, "chebyshev": np.inf}
"""The p of each metric's norm."""


@baselines.register("knn")
@dataclass(frozen=True, slots=True)
class KNearestNeighbors(Baseline):
    """The most common class among the k nearest training examples; of values, their mean.

        z(x) = 1/k Σ_{n ∈ N_k(x)} d_n

    d_n are the one-hot rows of classes, zeros and ones, or values. So the outputs for classes are shares of the votes.
    shapes: x (N, I), d (N, O) -> z (N, O). Of two classes with equal votes the one that is named first wins; of two
    training examples at equal distance the one that stands first in the training part is the nearer one. A training
    example is its own nearest neighbour. `metric` is the norm of the difference of the normalised inputs: euclidean
    √Σ|Δ|², manhattan Σ|Δ|, chebyshev max|Δ|. The neighbours are found by SciPy's kd-tree, fast in few dimensions.

    Source: lecture notes; Fix and Hodges 1951.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("classes", "binary", "values")
    gives_probabilities: ClassVar[bool] = True

    k: Count = 5
    metric: Literal["euclidean", "manhattan", "chebyshev"] = "euclidean"

    def count_numbers(self, examples: int, inputs: int, outputs: int) -> int:
        return examples * (inputs + outputs)

    def find_problem(self, examples: int) -> tuple[str, str] | None:
        if self.k <= examples:
            return None
        return "k", f"{self.k} neighbours are asked for, and the training part has {examples}"

    def fit(self, x: Array, d: Array, classes: Sequence[str]) -> FittedArrays:
        return {"x": x, "d": d}

    def make_output_function(self, kept: FittedArrays) -> Callable[[Array], Array]:
        from scipy.spatial import cKDTree

        tree, d, p = cKDTree(kept["x"]), kept["d"], NORM_ORDERS[self.metric]

        def compute_outputs(x: Array) -> Array:
            shares: Array = d[find_nearest(tree, x, self.k, p)].sum(axis=-2) / self.k
            return shares

        return compute_outputs


def find_nearest(tree: cKDTree, x: Array, k: int, p: float, look: int = 0) -> IntArray:
    """The k nearest points of a tree in order, those at one distance by their number. core: (N, I) -> (N, k)

    The tree gives points at one distance in any order, and of those at the k-th distance any. So it is asked for more
    than k, twice as many each time, until the last of them is farther away.
    """
    look = min(look or k + 1, tree.n)
    # The numbers 1 to `look`, not `look`: for a single neighbour SciPy would leave the last axis out.
    distances, found = map(np.asarray, tree.query(x, np.arange(1, look + 1), p=p))
    order = np.lexsort((found, distances), axis=-1)[:, :k]
    chosen: IntArray = np.take_along_axis(found, order, axis=-1)
    unsettled = distances[:, -1] <= distances[:, k - 1]
    if look < tree.n and unsettled.any():
        chosen[unsettled] = find_nearest(tree, x[unsettled], k, p, 2 * look)
    return chosen
