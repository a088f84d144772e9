"""Statistics of the layers, recorded from time to time as a run trains.

    R replicas, N examples, P parameters, U units: the last axis, of images the channels

A record is measured on the same few training examples each time, by a forward and a backward pass as a training step
would make them. It changes no bit of the training: it draws from copies of the generators, and puts the running
statistics back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.data.parts import Part
from nnexp.nn.activations.base import Activation
from nnexp.nn.layers.base import Context, Layer
from nnexp.nn.model import Model
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.random import GeneratorSnapshot
from nnexp.nn.replicas import row_norms, stack_arrays
from nnexp.nn.unit_statistics import (
    find_dead_units,
    find_saturated_outputs,
    has_equal_units,
    list_drawn_weights,
)
from nnexp.spec.spec import Diagnostics
from nnexp.typing import AnyArray, Array

NETWORK_STATISTICS = ("step", "loss", "input_rms", "input_offset", "input_spread")
"""Of the network: the steps before the record, and the loss of the examples. Of its inputs, normalised: √(mean x²),
the largest |mean| of a feature, and the largest standard deviation of a feature over the median one."""

WEIGHT_STATISTICS = ("gradient", "weight", "update", "symmetric")
"""Of a layer with weights: ‖∂L/∂W‖ without penalties, ‖W‖, ‖ΔW‖ of the last step (NaN before the first one), and
whether the drawn weights of all units are equal (NaN where there is one unit)."""

UNIT_STATISTICS = ("dead", "saturated", "rms")
"""Of an activation: the share of dead units and of saturated outputs (NaN where its kind has none), and √(mean z²) of
its inputs."""

MIN_GAP_STEPS = 40
"""Steps from one record to the next, at least, with `every: auto`: a record costs about as much as two steps, and so
takes up to a twentieth of the time."""

MAX_GAP_STEPS = 2.0**52
"""Where `is_due` still counts exactly: above, a double has no halves to round. No training has so many steps."""

MAX_RECORDS = 200
"""Records of a training, at most, with `every: auto`, so that checkpoints of a long one do not grow with its epochs."""


def choose_gap_steps(wish: Diagnostics, steps: int, epochs: int) -> float | None:
    """Steps from one record to the next, for epochs of so many steps; None without records."""
    if wish.every == "never":
        return None
    if wish.every == "auto":
        # Whole epochs, so that every record stands beside a row of metrics.csv.
        return steps * max(1, math.ceil(MIN_GAP_STEPS / steps), math.ceil(epochs / MAX_RECORDS))
    return max(1.0, min(wish.every * steps, MAX_GAP_STEPS))


def is_due(step: int, gap: float) -> bool:
    """Whether a record comes after this step: whether it is a multiple of `gap`, rounded.

    >>> [step for step in range(1, 15) if is_due(step, 3.5)]
    [4, 7, 11, 14]
    """
    # The first multiple that rounds to `step` or more, rounded half up: `round` would round to even numbers.
    return math.floor(math.ceil((step - 0.5) / gap) * gap + 0.5) == step


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """The order of the numbers in a record: of the network, of layers with weights, of activations.

    layers, activations: their full names. units: how many each activation has, of images channels.
    """

    layers: tuple[str, ...]
    activations: tuple[str, ...]
    units: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many numbers a record has."""
        of_weights = len(WEIGHT_STATISTICS) * len(self.layers)
        of_units = len(UNIT_STATISTICS) * len(self.activations)
        return len(NETWORK_STATISTICS) + of_weights + of_units

    def list_columns(self) -> Iterator[tuple[str, str]]:
        """The layer, empty for the network, and the statistic of each number."""
        for statistic in NETWORK_STATISTICS:
            yield "", statistic
        for layer in self.layers:
            for statistic in WEIGHT_STATISTICS:
                yield layer, statistic
        for activation in self.activations:
            for statistic in UNIT_STATISTICS:
                yield activation, statistic


def trace_record_layout(model: Model, x: Array) -> RecordLayout:
    """The layout of records of this model, found by a forward pass of one example x (1, 1, ...)."""
    units: dict[str, int] = {}

    def note_units(layer: Layer, w: Views, z: Array) -> None:
        if isinstance(layer, Activation):
            units[w.path] = z.shape[-1]

    # Only shapes are wanted: it does not matter what overflows or is divided by 0.
    with np.errstate(all="ignore"):
        model.network.forward(model.w, x, Context(training=False, observe=note_units))
    return RecordLayout(tuple(model.declaration.layer_slices()), tuple(units), tuple(units.values()))


def make_recorder(
    model: Model, parts: Sequence[Part], wish: Diagnostics, steps: int, epochs: int
) -> LayerRecorder | None:
    """What records the layers of a training of so many epochs and steps each; None where the spec wants no records."""
    gap = choose_gap_steps(wish, steps, epochs)
    return None if gap is None else LayerRecorder(model, parts, wish.examples, gap)


class LayerRecorder:
    """Measures records on examples that are evenly spaced over the training part."""

    def __init__(self, model: Model, parts: Sequence[Part], examples: int, gap_steps: float) -> None:
        part_size = len(parts[0])
        count = min(examples, part_size)
        rows = np.arange(count) * part_size // count
        self._model, self._gap_steps = model, gap_steps
        self._x = stack_arrays([part.take_inputs(rows) for part in parts])
        self._d = stack_arrays([part.d[rows] for part in parts])
        self.layout = trace_record_layout(model, self._x[:1, :1])
        self._layer_slices = model.declaration.layer_slices()
        self._drawn_weights = _group_drawn_weights(model.declaration)
        self._input_statistics = _measure_inputs(self._x)

    def is_due(self, step: int) -> bool:
        """Whether a record comes after this step of the training, counted from 1."""
        return is_due(step, self._gap_steps)

    def record(self, step: int, dropout: Sequence[np.random.Generator], theta_before: Array | None) -> Array:
        """A record (R, 1, n) after so many steps; `theta_before` is theta as it was before the last of them."""
        loss, units = self._run_passes(dropout)
        record = np.empty((len(self._model.theta), 1, self.layout.size))
        record[:, 0, 0], record[:, 0, 1], record[:, 0, 2:5] = step, loss, self._input_statistics
        start = len(NETWORK_STATISTICS)
        for column, values in enumerate(self._measure_weights(theta_before), start):
            record[:, 0, column] = values
        start += len(WEIGHT_STATISTICS) * len(self.layout.layers)
        for name in self.layout.activations:
            record[:, 0, start : start + len(UNIT_STATISTICS)] = units[name]
            start += len(UNIT_STATISTICS)
        return record

    def _run_passes(self, dropout: Sequence[np.random.Generator]) -> tuple[Array, dict[str, AnyArray]]:
        """Forward and backward as in training: the loss (R,) and each activation's statistics; fills the gradient."""
        model = self._model
        units: dict[str, AnyArray] = {}

        def measure_activation(layer: Layer, w: Views, z: Array) -> None:
            if isinstance(layer, Activation):
                units[w.path] = _measure_units(layer, z)

        generators = GeneratorSnapshot(dropout)
        context = Context(training=True, generators=generators, propagate=False, observe=measure_activation)
        # The pass updates the running statistics of batch norm, which are the training's alone.
        buffers = model.buffers.copy()
        loss, _ = model.backpropagate(self._x, self._d, context)
        model.buffers[...] = buffers
        return loss, units

    def _measure_weights(self, theta_before: Array | None) -> Iterator[Array | float]:
        """The `WEIGHT_STATISTICS` of each layer in turn, each (R)."""
        model = self._model
        update = None if theta_before is None else model.theta - theta_before
        for layer, columns in self._layer_slices.items():
            yield row_norms(model.grad[:, columns])
            yield row_norms(model.theta[:, columns])
            yield math.nan if update is None else row_norms(update[:, columns])
            yield self._compare_units(layer)

    def _compare_units(self, layer: str) -> Array | float:
        """1 where all units of the layer have the same drawn weights, else 0 (R); NaN where nothing is drawn."""
        names = self._drawn_weights.get(layer)
        if not names:
            return math.nan
        return np.logical_and.reduce([has_equal_units(self._model.w.array_of(name)) for name in names])


def _group_drawn_weights(declaration: Declaration) -> dict[str, list[str]]:
    """The drawn weights of more than one unit, by the layer that they are in."""
    found: dict[str, list[str]] = {}
    for name in list_drawn_weights(declaration):
        found.setdefault(name.rpartition(".")[0], []).append(name)
    return found


def _measure_units(layer: Activation, z: Array) -> AnyArray:
    """`UNIT_STATISTICS` of an activation's inputs z (R, N, ..., U). (R, 3)"""
    flat = z.reshape(len(z), -1)
    numbers = np.full((len(z), len(UNIT_STATISTICS)), np.nan)
    dead, saturated = find_dead_units(layer, z), find_saturated_outputs(layer, z)
    if dead is not None:
        # Not `dead.mean()`, which has other last bits: a run that is resumed keeps to the numbers that it began with.
        numbers[:, 0] = 1 - (~dead).mean(axis=-1)
    if saturated is not None:
        numbers[:, 1] = saturated.mean(axis=-1)
    numbers[:, 2] = row_norms(flat) / math.sqrt(flat.shape[-1])
    return numbers


def _measure_inputs(x: Array) -> AnyArray:
    """input_rms, input_offset and input_spread of x (R or 1, N, ..., features). (R or 1, 3)"""
    features = x.reshape(len(x), -1, x.shape[-1]).astype(np.float64)
    stds = features.std(axis=-2)
    # The median: a feature of another size, which this is to find, hardly moves it.
    median_std = np.median(stds, axis=-1)
    return np.stack(
        [
            np.sqrt(np.square(features).mean(axis=(-2, -1))),
            np.abs(features.mean(axis=-2)).max(axis=-1),
            np.divide(stds.max(axis=-1), median_std, out=np.full(len(x), np.nan), where=median_std > 0),
        ],
        axis=-1,
    )
