"""The statistics of one layer before training.

R replicas, N examples, U units: the last axis, of images the channels
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
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
    """The outputs of one replica's layer for N examples, in numbers.

    between: √(mean over units of the variance over examples), the differences between examples. dead: the share of the
    units that are never positive. saturated: the share of the outputs that are. Both are None where the layer's kind
    knows no such thing. histogram: how many outputs lie in each bin, those beyond the range in the outermost ones.
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
    weight_gradient: ‖∂L/∂W‖ over all weights and biases of the layer, L the mean loss. Penalties are in neither.
    Either is None where it is not known: before the first weights, and without weights. symmetric: whether the drawn
    weights of all units are equal. low and high are the range of the histogram, whose numbers are shares.
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
    measured = []
    for row, own in enumerate(a):
        outputs = own.astype(np.float64)
        # NaN is neither dead nor alive.
        is_known = not np.isnan(outputs).any()
        measured.append(
            OutputStatistics(
                float(outputs.mean()),
                float(_compute_std(outputs.reshape(-1))),
                float(np.sqrt(np.mean(_compute_std(outputs.reshape(len(outputs), -1).T) ** 2))),
                _compute_share(dead, row, is_known=is_known),
                _compute_share(saturated, row, is_known=is_known),
                _count_bins(outputs, *find_histogram_range(layer)),
            )
        )
    return measured


def _compute_share(found: BoolArray | None, row: int, *, is_known: bool) -> float | None:
    if found is None:
        return None
    if not is_known:
        return math.nan
    return float(np.mean(found[row]))


def _count_bins(outputs: AnyArray, low: float, high: float) -> tuple[int, ...]:
    """How many finite outputs lie in each bin, those beyond the range in the outermost ones."""
    finite = outputs[np.isfinite(outputs)]
    bins = np.floor((finite - low) / (high - low) * HISTOGRAM_BINS)
    bins = np.clip(bins, 0, HISTOGRAM_BINS - 1).astype(np.int64)
    return tuple(np.bincount(bins, minlength=HISTOGRAM_BINS).tolist())


def _compute_std(rows: AnyArray) -> AnyArray:
    """The standard deviation of each row, exactly 0 of equal numbers. (..., N) -> (...)"""
    # The mean of equal numbers may be off by its last bit, and then none would be at the mean.
    return np.where(rows.max(axis=-1) == rows.min(axis=-1), 0, rows.std(axis=-1))


def measure_output_gradients(slope: Array) -> list[float]:
    """√(mean over examples of ‖∂L_n/∂a‖²) of each replica from ∂L/∂a of the mean loss, (R, N, ...).

    ∂L_n/∂a = N ∂L/∂a_n
    """
    # Of the mean loss each example has a share of 1/N.
    norms = row_norms(_flatten_replicas(slope)) * np.sqrt(slope.shape[1])
    return list(map(float, norms))


def measure_weight_gradients(slopes: Views) -> list[float]:
    """‖∂L/∂W‖ of each replica, over all weights of a layer and its parts; empty where there are none."""
    squares = [row_norms(_flatten_replicas(slope)) ** 2 for slope in _list_arrays(slopes)]
    if not squares:
        return []
    return list(map(float, np.sqrt(np.sum(squares, axis=-2))))


def _flatten_replicas(x: Array) -> AnyArray:
    """(R, ...) -> (R, P), in double precision: squares of small gradients would underflow in single precision."""
    return x.reshape(len(x), -1).astype(np.float64)


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
    outputs: Sequence[OutputStatistics],
    gradients: Sequence[float] = (),
    weight_gradients: Sequence[float] = (),
    *,
    symmetric: bool = False,
) -> LayerStatistics:
    """One layer's numbers over the seeds."""
    low, high = find_histogram_range(layer)
    mean, std, between, dead, saturated, histograms = zip(*map(astuple, outputs), strict=True)
    counts = np.sum(histograms, axis=-2)
    return LayerStatistics(
        name,
        kind_of(layer) if layer else "inputs",
        shape,
        mean=float(np.mean(mean)),
        std=float(np.mean(std)),
        between=float(np.mean(between)),
        dead=_average_known(dead),
        saturated=_average_known(saturated),
        gradient=_average_known(gradients),
        weight_gradient=_average_known(weight_gradients),
        symmetric=symmetric,
        low=low,
        high=high,
        # None of the outputs may be finite, and so in any bin.
        histogram=tuple((counts / max(1, counts.sum())).tolist()),
    )


def _average_known(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are known, None without any."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return float(np.mean(known))
