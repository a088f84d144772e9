"""What is measured of one layer.

R replicas, N examples, U units: the last axis, of images the channels
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nnexp.activations.base import Activation
from nnexp.inspection.kinds import SATURATED, bounds
from nnexp.layers.base import Layer
from nnexp.network import kind_of
from nnexp.parameters import Declaration, Views
from nnexp.replicas import norm
from nnexp.typing import AnyArray, Array, Shape

BINS = 24
"""The bars of a histogram; 24 can be drawn as 12, 8 or 6 too."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one replica's layer gives for N examples.

    between: √(mean over units of the variance over examples), what tells the examples from each other.
    dead: the share of the units that are never positive.  saturated: the share of the outputs that are.  Both are None
    where the layer's kind knows no such thing.  histogram: how many outputs lie in each bin, those beyond the range in
    the outermost ones.
    """

    mean: float
    std: float
    between: float
    dead: float | None
    saturated: float | None
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """One layer in numbers, each the mean over the seeds.

    gradient: √(mean over examples of ‖∂L_n/∂a‖²), L_n the loss of one example and a all outputs of the layer for it.
    weight_gradient: ‖∂L/∂W‖ over all weights and biases of the layer, L the mean loss.  Penalties are in neither.
    Either is None where it is not known: before the first weights, and without weights.  alike: whether the drawn
    weights of all units are equal.  low and high are the range of the histogram, whose numbers are shares.
    """

    name: str
    kind: str
    shape: Shape
    mean: float
    std: float
    between: float
    dead: float | None
    saturated: float | None
    gradient: float | None
    weight_gradient: float | None
    alike: bool
    low: float
    high: float
    histogram: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return asdict(self) | {"shape": list(self.shape), "histogram": list(self.histogram)}


def outputs(layer: Layer | None, a: Array) -> list[Outputs]:
    """A layer's outputs (R or 1, N, ...), or without a layer the network's inputs, in numbers for each replica."""
    return [_of_replica(layer, own) for own in a]


def _of_replica(layer: Layer | None, own: Array) -> Outputs:
    """core: (N, ..., U)"""
    a = own.astype(np.float64)
    low, high = bounds(layer)
    finite = a[np.isfinite(a)]
    place = np.clip(np.floor((finite - low) / (high - low) * BINS), 0, BINS - 1).astype(np.int64)
    ends = SATURATED.get(type(layer)) if layer else None
    known = math.nan if np.isnan(a).any() else 1.0  # what is not a number is neither dead nor alive
    return Outputs(
        float(a.mean()),
        float(_std(a.reshape(-1))),
        float(np.sqrt(np.mean(_std(a.reshape(len(a), -1).T) ** 2))),
        known * float(np.mean(~(a > 0).reshape(-1, a.shape[-1]).any(axis=-2)))
        if isinstance(layer, Activation) and layer.mortal
        else None,
        known * float(np.mean((a < ends[0]) | (a > ends[1]))) if ends else None,
        tuple(np.bincount(place, minlength=BINS).tolist()),
    )


def _std(rows: AnyArray) -> AnyArray:
    """The standard deviation of each row, exactly 0 of equal numbers. (..., N) -> (...)"""
    return np.where(rows.max(axis=-1) == rows.min(axis=-1), 0, rows.std(axis=-1))


def by_example(slope: Array) -> list[float]:
    """√(mean over examples of ‖∂L_n/∂a‖²) of each replica from ∂L/∂a of the mean loss, (R, N, ...).

    ∂L_n/∂a = N ∂L/∂a_n
    """
    flat = slope.reshape(len(slope), -1).astype(np.float64)
    return [float(size) for size in norm(flat) * np.sqrt(slope.shape[1])]


def by_weights(slopes: Views) -> list[float] | None:
    """‖∂L/∂W‖ of each replica, over all weights of a layer and its parts; None where there are none."""
    squares = [norm(slope.reshape(len(slope), -1).astype(np.float64)) ** 2 for slope in _arrays(slopes)]
    return [float(size) for size in np.sqrt(np.sum(squares, axis=-2))] if squares else None


def _arrays(views: Views) -> Iterator[AnyArray]:
    yield from views.values()
    for part in views.parts.values():
        yield from _arrays(part)


def alike(declaration: Declaration, w: Views) -> bool:
    """Whether all units of a layer start with the same weights, in all replicas; not of a layer with one unit."""
    drawn = [w.at(name) for name, weight in declaration.entries() if weight.regularized and weight.shape[-1] > 1]
    return bool(drawn) and all(np.array_equal(W, np.broadcast_to(W[..., :1], W.shape)) for W in drawn)


def averaged(
    name: str,
    layer: Layer | None,
    shape: Shape,
    seen: Sequence[Outputs],
    slopes: Sequence[float] | None = None,
    of_weights: Sequence[float] | None = None,
    *,
    same: bool = False,
) -> Figures:
    """One layer's numbers over the seeds."""
    low, high = bounds(layer)
    counts = np.sum([one.histogram for one in seen], axis=-2)
    return Figures(
        name,
        kind_of(layer) if layer else "inputs",
        shape,
        _mean([one.mean for one in seen]),
        _mean([one.std for one in seen]),
        _mean([one.between for one in seen]),
        _mean([one.dead for one in seen if one.dead is not None]) if seen[0].dead is not None else None,
        _mean([one.saturated for one in seen if one.saturated is not None]) if seen[0].saturated is not None else None,
        _mean(slopes) if slopes else None,
        _mean(of_weights) if of_weights else None,
        same,
        low,
        high,
        tuple((counts / max(1, counts.sum())).tolist()),
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
