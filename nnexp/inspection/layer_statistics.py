"""What is measured of one layer.

R replicas, N examples, U units: the last axis, of images the channels
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nnexp.inspection.activation_kinds import find_histogram_range
from nnexp.nn.layers.base import Layer
from nnexp.nn.network import kind_of
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.replicas import row_norms
from nnexp.nn.unit_statistics import (
    find_dead_units,
    find_saturated_outputs,
    has_equal_units,
    list_drawn_weights,
)
from nnexp.typing import AnyArray, Array, BoolArray, Shape

HISTOGRAM_BINS = 24
"""The bars of a histogram; 24 can be drawn as 12, 8 or 6 too."""


@dataclass(frozen=True, slots=True)
class OutputStatistics:
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
class LayerStatistics:
    """One layer in numbers, each the mean over the seeds.

    gradient: √(mean over examples of ‖∂L_n/∂a‖²), L_n the loss of one example and a all outputs of the layer for it.
    weight_gradient: ‖∂L/∂W‖ over all weights and biases of the layer, L the mean loss.  Penalties are in neither.
    Either is None where it is not known: before the first weights, and without weights.  symmetric: whether the drawn
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
    symmetric: bool
    low: float
    high: float
    histogram: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return asdict(self) | {"shape": list(self.shape), "histogram": list(self.histogram)}


def measure_outputs(layer: Layer | None, z: Array, a: Array) -> list[OutputStatistics]:
    """A layer's outputs a (R or 1, N, ...) for inputs z, in numbers for each replica.

    Without a layer both are the inputs of the network.
    """
    dead, saturated = find_dead_units(layer, z), find_saturated_outputs(layer, z)
    return [_measure_replica(layer, own, _share_of(dead, row), _share_of(saturated, row)) for row, own in enumerate(a)]


def _share_of(found: BoolArray | None, row: int) -> float | None:
    return None if found is None else float(np.mean(found[row]))


def _measure_replica(layer: Layer | None, own: Array, dead: float | None, saturated: float | None) -> OutputStatistics:
    """core: (N, ..., U)"""
    a = own.astype(np.float64)
    low, high = find_histogram_range(layer)
    finite = a[np.isfinite(a)]
    place = np.clip(np.floor((finite - low) / (high - low) * HISTOGRAM_BINS), 0, HISTOGRAM_BINS - 1).astype(np.int64)
    if np.isnan(a).any():  # what is not a number is neither dead nor alive
        dead = None if dead is None else math.nan
        saturated = None if saturated is None else math.nan
    return OutputStatistics(
        float(a.mean()),
        float(_compute_std(a.reshape(-1))),
        float(np.sqrt(np.mean(_compute_std(a.reshape(len(a), -1).T) ** 2))),
        dead,
        saturated,
        tuple(np.bincount(place, minlength=HISTOGRAM_BINS).tolist()),
    )


def _compute_std(rows: AnyArray) -> AnyArray:
    """The standard deviation of each row, exactly 0 of equal numbers. (..., N) -> (...)"""
    return np.where(rows.max(axis=-1) == rows.min(axis=-1), 0, rows.std(axis=-1))


def measure_output_gradients(slope: Array) -> list[float]:
    """√(mean over examples of ‖∂L_n/∂a‖²) of each replica from ∂L/∂a of the mean loss, (R, N, ...).

    ∂L_n/∂a = N ∂L/∂a_n
    """
    flat = slope.reshape(len(slope), -1).astype(np.float64)
    return [float(size) for size in row_norms(flat) * np.sqrt(slope.shape[1])]


def measure_weight_gradients(slopes: Views) -> list[float] | None:
    """‖∂L/∂W‖ of each replica, over all weights of a layer and its parts; None where there are none."""
    squares = [row_norms(slope.reshape(len(slope), -1).astype(np.float64)) ** 2 for slope in _list_arrays(slopes)]
    return [float(size) for size in np.sqrt(np.sum(squares, axis=-2))] if squares else None


def _list_arrays(views: Views) -> Iterator[AnyArray]:
    yield from views.values()
    for part in views.parts.values():
        yield from _list_arrays(part)


def is_symmetric(declaration: Declaration, w: Views) -> bool:
    """Whether all units of a layer start with the same weights, in all replicas; not of a layer with one unit."""
    names = list_drawn_weights(declaration)
    return bool(names) and all(has_equal_units(w.array_of(name)).all() for name in names)


def average_statistics(
    name: str,
    layer: Layer | None,
    shape: Shape,
    seen: Sequence[OutputStatistics],
    slopes: Sequence[float] | None = None,
    of_weights: Sequence[float] | None = None,
    *,
    same: bool = False,
) -> LayerStatistics:
    """One layer's numbers over the seeds."""
    low, high = find_histogram_range(layer)
    counts = np.sum([one.histogram for one in seen], axis=-2)
    return LayerStatistics(
        name,
        kind_of(layer) if layer else "inputs",
        shape,
        _compute_mean([one.mean for one in seen]),
        _compute_mean([one.std for one in seen]),
        _compute_mean([one.between for one in seen]),
        _compute_mean([one.dead for one in seen if one.dead is not None]) if seen[0].dead is not None else None,
        _compute_mean([one.saturated for one in seen if one.saturated is not None])
        if seen[0].saturated is not None
        else None,
        _compute_mean(slopes) if slopes else None,
        _compute_mean(of_weights) if of_weights else None,
        same,
        low,
        high,
        tuple((counts / max(1, counts.sum())).tolist()),
    )


def _compute_mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
