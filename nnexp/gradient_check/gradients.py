"""The gradient of a model, parameter by parameter.   P parameters, E probes"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import starmap
from math import prod
from typing import Any

import numpy as np

from nnexp.gradient_check.compare import GradientComparison, compare_gradient
from nnexp.gradient_check.locate_fault import find_faults
from nnexp.gradient_check.probes import EntryProbes, Probes, draw_directions
from nnexp.gradient_check.result import MAX_LEFT_OUT_SHARE, Fault, GradientCheck, ParameterCheck, Verdict, WorstEntry
from nnexp.nn.model import Model
from nnexp.nn.objective import BatchObjective
from nnexp.nn.random import make_generator
from nnexp.typing import Array, IntArray, Shape

ERROR_THRESHOLD = 1e-7
"""The lecture notes' limit for the relative error."""

MAX_EXHAUSTIVE_WEIGHTS = 10_000
"""Networks with at most so many weights are checked entry by entry, larger ones by a sample."""

SAMPLE_ENTRIES, DIRECTION_COUNT = 40, 8
"""Of a larger network: entries of each parameter, and random directions in each parameter and in all together."""

BLOCK_BYTES = 2**22
"""About how much memory the perturbed networks that are evaluated at once may take: what a core's cache holds."""

SHIFT_STDS = 2.0**-7
"""How far each weight is moved, in standard deviations, where too many sit on a kink."""


def check_model(
    model: Model,
    x: Array,
    d: Array,
    sources: Sequence[np.random.Generator],
    *,
    name: str = "model",
    seed: int = 0,
    after: int = 0,
    threshold: float = ERROR_THRESHOLD,
    entries: int | None = None,
) -> GradientCheck:
    """Hold the gradient of a model's first replica on a batch x (1, N, ...), d (1, N, O) against differences.

    `entries` of each parameter are compared, drawn by `seed`; without it all, or SAMPLE_ENTRIES where there are more
    than MAX_EXHAUSTIVE_WEIGHTS. `sources` are the generators that layers draw from: they are copied and stay as they
    are. Where too much sits on a kink, as with biases of 0 behind inputs of 0, the weights are moved a little, and the
    result says so.
    """
    names = {"name": name, "after": after}
    size = model.theta.shape[1]
    sample = entries or (size if size <= MAX_EXHAUSTIVE_WEIGHTS else SAMPLE_ENTRIES)
    with np.errstate(all="ignore"):
        found = _check_at_point(make_objective(model, x, d, sources), seed, threshold, sample, names)
        if found.verdict != "undecided":
            return found
        moved = model.copy_replicas([0], "float64")
        # The stream's name decides the numbers that are drawn, so it outlives the words around it.
        moved.theta += SHIFT_STDS * make_generator(seed, "gradcheck aside").standard_normal(moved.theta.shape)
        again = _check_at_point(make_objective(moved, x, d, sources), seed, threshold, sample, names)
        return replace(again, aside=found.undecided_names)


def make_objective(model: Model, x: Array, d: Array, sources: Sequence[np.random.Generator]) -> BatchObjective:
    """The objective of a model's first replica in double precision, as in the first step of an epoch."""
    double = model.copy_replicas([0], "float64")
    x, d = x.astype(np.float64), d.astype(np.float64)
    return BatchObjective(double, x, d, sources, new_epoch=True, block_bytes=BLOCK_BYTES)


def _check_at_point(
    objective: BatchObjective, seed: int, threshold: float, sample: int, names: dict[str, Any]
) -> GradientCheck:
    """The gradient at one point."""
    check = _ModelCheck(objective, make_generator(seed, "gradcheck"), threshold, sample)
    parameters = tuple(starmap(check.check_parameter, locate_parameters(objective.model)))
    exhaustive = all(row.directions + row.directions_left_out == 0 for row in parameters)
    result = GradientCheck(
        objective=float(objective.compute_values(0, objective.theta)[0]),
        examples=objective.x.shape[1],
        threshold=threshold,
        exhaustive=exhaustive,
        parameters=parameters,
        everywhere=None if exhaustive else check.check_directions(),
        **names,
    )
    if result.verdict != "wrong":
        return result
    return replace(result, faults=check.find_faults())


def locate_parameters(model: Model) -> Iterator[tuple[str, Shape, int]]:
    """The name and shape of each parameter, and where it begins in theta."""
    at = 0
    for name, weight in model.declaration.iterate_weights():
        yield name, weight.shape, at
        at += weight.size


class _ModelCheck:
    """The comparisons of one model."""

    def __init__(self, objective: BatchObjective, source: np.random.Generator, threshold: float, sample: int) -> None:
        self._objective, self._source, self._threshold, self._sample = objective, source, threshold, sample
        self._gradient = objective.evaluate_at(0, objective.theta)[1][0]
        self._trainable = objective.model.trainable

    def check_parameter(self, name: str, shape: Shape, start: int) -> ParameterCheck:
        """One parameter array, which begins at `start` in theta."""
        index = start + np.flatnonzero(self._trainable[start : start + prod(shape)])
        chosen = self._choose_entries(index)
        if not len(chosen):
            return ParameterCheck(name, shape, prod(shape), 0, 0, 0, 0, 0.0, 0.0, None, "frozen")
        probes: list[Probes] = [EntryProbes(chosen)]
        if len(chosen) < len(index):
            probes.append(draw_directions(index, DIRECTION_COUNT, self._source))
        return self._build_check(name, shape, probes, chosen - start)

    def check_directions(self) -> ParameterCheck:
        """Random directions over all parameters together."""
        index = np.flatnonzero(self._trainable)
        probes = draw_directions(index, DIRECTION_COUNT, self._source)
        return self._build_check("all together", (len(index),), [probes], np.zeros(0, np.intp))

    def find_faults(self) -> tuple[Fault, ...]:
        """Whatever is wrong by itself."""
        return find_faults(self._objective, self._threshold, self._source)

    def _choose_entries(self, index: IntArray) -> IntArray:
        """A sample of entries, or all, in their order."""
        if len(index) <= self._sample:
            return index
        return np.sort(self._source.choice(index, self._sample, replace=False))

    def _build_check(self, name: str, shape: Shape, probes: list[Probes], entries: IntArray) -> ParameterCheck:
        objective = self._objective
        found = compare_gradient(
            partial(objective.compute_values, 0),
            objective.theta[0].copy(),
            self._gradient,
            probes,
            objective.points_at_once,
            self._threshold,
        )
        count, smooth = len(entries), found.smooth
        return ParameterCheck(
            name=name,
            shape=shape,
            entries=prod(shape),
            checked=int(smooth[:count].sum()),
            left_out=int((~smooth[:count]).sum()),
            directions=int(smooth[count:].sum()),
            directions_left_out=int((~smooth[count:]).sum()),
            error=found.error,
            floor=found.floor,
            worst=_find_worst(found, shape, entries),
            verdict=_decide_verdict(found, self._threshold),
        )


def _find_worst(found: GradientComparison, shape: Shape, entries: IntArray) -> WorstEntry | None:
    """Where the two differ most."""
    if not found.smooth.any():
        return None
    # A gradient that is not a number is as wrong as can be.
    at = int(np.argmax(np.nan_to_num(np.abs(found.numeric - found.analytic), nan=np.inf)))
    index = None
    # What follows the entries are directions, which have no place in the array.
    if at < len(entries):
        index = tuple(map(int, np.unravel_index(entries[at], shape)))
    return WorstEntry(index, float(found.analytic[at]), float(found.numeric[at]))


def _decide_verdict(found: GradientComparison, threshold: float) -> Verdict:
    if (~found.smooth).mean() > MAX_LEFT_OUT_SHARE:
        return "undecided"
    if found.is_wrong(threshold):
        return "wrong"
    return "right"
