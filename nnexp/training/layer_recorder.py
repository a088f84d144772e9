"""A look into the network from time to time, on the same few training examples, as a training step would go.

    R replicas, N examples, P parameters, U units: the last axis, of images the channels

A look changes no bit of the training: it draws from copies of the generators, and puts the running statistics back.
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
from nnexp.nn.parameters import Views
from nnexp.nn.random import GeneratorSnapshot
from nnexp.nn.replicas import row_norms, stack_arrays
from nnexp.spec.spec import Diagnostics
from nnexp.typing import AnyArray, Array

NETWORK_STATISTICS = ("step", "loss", "input_rms", "input_offset", "input_spread")
"""Of a look as a whole: the steps behind, the loss of the examples; and of the inputs as the network sees them √(mean
x²), the largest |mean| of a feature, and the largest standard deviation of a feature over the median one."""

WEIGHT_STATISTICS = ("gradient", "weight", "update", "alike")
"""Of a layer with weights: ‖∂L/∂W‖ without penalties, ‖W‖, ‖ΔW‖ of the last step (NaN before the first one), and
whether the drawn weights of all units are equal (NaN where there is one unit)."""

UNIT_STATISTICS = ("dead", "saturated", "rms")
"""Of an activation: the share of units that are never positive where such are dead, of outputs that are saturated where
there are such (NaN for other kinds), and √(mean z²) of what goes in."""

MIN_GAP_STEPS = 40
"""Steps between two looks, at least, where they are not asked for; one costs about as much as two."""

MAX_GAP_STEPS = 2.0**52
"""More steps than anybody makes."""

MAX_RECORDS = 200
"""Looks of a training, at most, where they are not asked for."""


def choose_gap_steps(wish: Diagnostics, steps: int, epochs: int) -> float | None:
    """Steps from one look to the next, for epochs of so many steps; None where there are none."""
    if wish.every == "never":
        return None
    if wish.every == "auto":
        return steps * max(1, math.ceil(MIN_GAP_STEPS / steps), math.ceil(epochs / MAX_RECORDS))
    return max(1.0, min(wish.every * steps, MAX_GAP_STEPS))


def is_due(step: int, gap: float) -> bool:
    """Whether one of the looks, which are `gap` steps apart, comes after this step: a multiple of it, rounded.

    >>> [step for step in range(1, 15) if is_due(step, 3.5)]
    [4, 7, 11, 14]
    """
    return math.floor(math.ceil((step - 0.5) / gap) * gap + 0.5) == step


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """What looks measure, in the order of their numbers: of the network, of layers with weights, of activations.

    layers, activations: their full names. units: how many each activation has, of images channels.
    """

    layers: tuple[str, ...]
    activations: tuple[str, ...]
    units: tuple[int, ...]

    @property
    def size(self) -> int:
        """The numbers of one look."""
        return (
            len(NETWORK_STATISTICS)
            + len(WEIGHT_STATISTICS) * len(self.layers)
            + len(UNIT_STATISTICS) * len(self.activations)
        )

    def list_columns(self) -> Iterator[tuple[str, str]]:
        """The layer, empty for the network, and the name of each number."""
        yield from (("", name) for name in NETWORK_STATISTICS)
        yield from ((layer, name) for layer in self.layers for name in WEIGHT_STATISTICS)
        yield from ((layer, name) for layer in self.activations for name in UNIT_STATISTICS)


def trace_record_layout(model: Model, x: Array) -> RecordLayout:
    """What a look at this network shows; found out by a pass of one example x (1, 1, ...)."""
    units: dict[str, int] = {}

    def record_units(layer: Layer, w: Views, z: Array) -> None:
        if isinstance(layer, Activation):
            units[w.path] = z.shape[-1]

    with np.errstate(all="ignore"):
        model.network.forward(model.w, x, Context(training=False, observe=record_units))
    return RecordLayout(tuple(model.declaration.layer_slices()), tuple(units), tuple(units.values()))


class LayerRecorder:
    """The examples, evenly spaced over the training part, and what is measured with them."""

    def __init__(self, model: Model, sources: Sequence[Part], wish: Diagnostics) -> None:
        total = len(sources[0])
        count = min(wish.examples, total)
        rows = np.arange(count) * total // count
        self._model = model
        self._x = stack_arrays([source.take_inputs(rows) for source in sources])
        self._d = stack_arrays([source.d[rows] for source in sources])
        self.layout = trace_record_layout(model, self._x[:1, :1])
        self._sections = model.declaration.layer_slices()
        self._drawn_weights = {
            section: [
                name
                for name, weight in model.declaration.iterate_weights()
                if name.rpartition(".")[0] == section and weight.is_regularized and weight.shape[-1] > 1
            ]
            for section in self._sections
        }
        self._input_statistics = _measure_inputs(self._x)

    def record(self, step: int, dropout: Sequence[np.random.Generator], before: Array | None) -> Array:
        """The numbers of one look (R, 1, n) after so many steps. `before` is theta before the last one of them."""
        model = self._model
        kept = model.buffers.copy()
        units: dict[str, AnyArray] = {}

        def record_units(layer: Layer, w: Views, z: Array) -> None:
            if isinstance(layer, Activation):
                units[w.path] = _measure_units(layer, z)

        context = Context(training=True, generators=GeneratorSnapshot(dropout), propagate=False, observe=record_units)
        loss, _ = model.backpropagate(self._x, self._d, context)
        model.buffers[...] = kept
        found = np.empty((len(model.theta), 1, self.layout.size))
        found[:, 0, 0], found[:, 0, 1], found[:, 0, 2:5] = step, loss, self._input_statistics
        at = len(NETWORK_STATISTICS)
        for column, numbers in enumerate(self._measure_weights(before)):
            found[:, 0, at + column] = numbers
        at += len(WEIGHT_STATISTICS) * len(self.layout.layers)
        for name in self.layout.activations:
            found[:, 0, at : at + len(UNIT_STATISTICS)] = units[name]
            at += len(UNIT_STATISTICS)
        return found

    def _measure_weights(self, before: Array | None) -> Iterator[Array | float]:
        """The numbers of each layer with weights in turn, each (R)."""
        model = self._model
        update = None if before is None else model.theta - before
        for section, here in self._sections.items():
            yield row_norms(model.grad[:, here])
            yield row_norms(model.theta[:, here])
            yield math.nan if update is None else row_norms(update[:, here])
            drawn = [model.w.array_of(name) for name in self._drawn_weights[section]]
            yield np.logical_and.reduce([_is_symmetric(W) for W in drawn]) if drawn else math.nan


def _is_symmetric(W: AnyArray) -> AnyArray:
    """Whether all units have the same weights. core: (..., U) -> ()"""
    return (W[..., :1] == W).reshape(len(W), -1).all(axis=-1)


def _measure_units(layer: Activation, z: Array) -> AnyArray:
    """dead, saturated and rms of an activation's inputs z (R, N, ..., U). (R, 3)"""
    flat = z.reshape(len(z), -1)
    numbers = np.full((len(z), len(UNIT_STATISTICS)), np.nan)
    if layer.can_die:
        numbers[:, 0] = 1 - (z > 0).reshape(len(z), -1, z.shape[-1]).any(axis=-2).mean(axis=-1)
    if layer.saturates_beyond is not None:
        numbers[:, 1] = (np.abs(flat) > layer.saturates_beyond).mean(axis=-1)
    numbers[:, 2] = row_norms(flat) / math.sqrt(flat.shape[-1])
    return numbers


def _measure_inputs(x: Array) -> AnyArray:
    """input_rms, input_offset and input_spread of x (R or 1, N, ..., features). (R or 1, 3)"""
    features = x.reshape(len(x), -1, x.shape[-1]).astype(np.float64)
    spread = features.std(axis=-2)
    middle = np.median(spread, axis=-1)
    return np.stack(
        [
            np.sqrt(np.square(features).mean(axis=(-2, -1))),
            np.abs(features.mean(axis=-2)).max(axis=-1),
            np.divide(spread.max(axis=-1), middle, out=np.full(len(x), np.nan), where=middle > 0),
        ],
        axis=-1,
    )
