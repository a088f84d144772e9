"""Derivatives from the values of a function alone.   E probes

A probe is a direction to go from one point. At a step h the function is evaluated at ±h, ±h/2 and ±h/4:

    D(h) = (f(h) - f(-h)) / 2h,  S(h) = (f(h) + f(-h) - 2 f(0)) / h
    R(h) = (4 D(h/2) - D(h)) / 3,  f' ≈ (16 R(h/2) - R(h)) / 15            error of order h⁶
    jump ≈ (16 S(h/4) - 10 S(h/2) + S(h)) / 7                              0 where f is smooth
    disagreement = 2 |R(h/2) - R(h)| + ½ |jump|

S(0) is the right derivative minus the left one. A kink anywhere between the evaluations makes the disagreement larger
than the error that the kink makes in f'; so does a step that is too large. The step with the smallest bound wins.
Source: Ridders 1982, Accurate computation of F'(x) and F'(x)F''(x), for choosing among extrapolations by their error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from nnexp.typing import AnyArray, Array, BoolArray, IntArray

ProbedFunction: TypeAlias = Callable[[IntArray, Array], Array]
"""(which probes (n), how far along each (n)) -> the function's values (n)"""

# Powers of two, which can be halved and divided by without rounding.
FIRST_STEP = 2.0**-10
SMALLER_STEPS = (2.0**-14, 2.0**-18, 2.0**-22)
"""The steps after the first, for probes that have met a kink or a strong bend."""

LARGER_STEP = 2.0**-6
"""The step for probes at which rounding drowns the differences."""

STEP_FRACTIONS = np.array([1, -1, 0.5, -0.5, 0.25, -0.25])

CONFIRM_STEP_DIVISOR = 4
"""How many times smaller the step is that confirms another."""

ERROR_NOISE_FACTOR, DISAGREEMENT_NOISE_FACTOR = 16, 64
"""Four standard deviations of the derivative's rounding error, and of the disagreement's, in units of noise / step."""

MAX_BOUND_THRESHOLDS = 30
"""A probe counts where its error bound is below so many thresholds, in units of the parameter's typical derivative."""


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Derivatives (E), bounds (E) of their errors, and which are not spoiled by a kink (E)."""

    values: Array
    bounds: Array
    smooth: BoolArray


def estimate_derivatives(f: ProbedFunction, count: int, noise: float, threshold: float) -> Derivatives:
    """The derivatives along `count` probes, each at the step that serves it best.

    `noise` is the standard deviation of the rounding errors in f; `threshold` the relative error worth seeing.
    """
    origin = float(f(np.zeros(1, np.intp), np.zeros(1))[0])
    search = _StepSearch(f, count, origin, noise)
    # A step may overflow: what is not finite is no estimate, and another step is tried.
    with np.errstate(all="ignore"):
        search.try_step(np.arange(count), FIRST_STEP)
        for step in SMALLER_STEPS:
            search.try_step(np.flatnonzero(search.is_worse_than(threshold / 8) & ~search.rounded), step)
        acceptable = ~search.rounded & ~search.is_worse_than(MAX_BOUND_THRESHOLDS * threshold)
        search.confirm_estimates(np.flatnonzero(acceptable))
        search.try_step(np.flatnonzero(search.is_worse_than(threshold / 8) & search.rounded), LARGER_STEP)
    smooth = search.rounded | ~search.is_worse_than(MAX_BOUND_THRESHOLDS * threshold)
    return Derivatives(np.where(smooth, search.values, 0), np.where(smooth, search.bounds, 0), smooth)


class _StepSearch:
    """The best derivative so far of every probe, with its error bound."""

    def __init__(self, f: ProbedFunction, count: int, origin: float, noise: float) -> None:
        self._f, self._origin = f, origin
        # No estimate of the noise is below what rounding the function's value itself makes.
        self._noise = max(noise, np.finfo(float).eps * abs(origin) / 2, np.finfo(float).tiny)
        self.values, self.bounds = np.zeros(count), np.full(count, np.inf)
        self._steps = np.zeros(count)
        self.rounded = np.zeros(count, bool)
        """Where nothing but rounding separates the estimates at a step that is not small."""

    def try_step(self, probes: IntArray, step: float) -> None:
        """Try a step with some of the probes; keep what is better than before."""
        if not len(probes):
            return
        values, disagreement = self._evaluate_step(probes, step)
        unit = self._noise / step
        bounds = np.maximum(disagreement, ERROR_NOISE_FACTOR * unit)
        # At a smaller step rounding separates every two estimates, which says nothing of the function.
        if step >= FIRST_STEP:
            self.rounded[probes] |= np.isfinite(disagreement) & (disagreement <= DISAGREEMENT_NOISE_FACTOR * unit)
        better = bounds < self.bounds[probes]
        self.values[probes[better]], self.bounds[probes[better]] = values[better], bounds[better]
        self._steps[probes[better]] = step

    def confirm_estimates(self, probes: IntArray) -> None:
        """Hold what was found among kinks against a smaller step: of many kinks, some cancel each other by chance."""
        for step in np.unique(self._steps[probes]):
            here = probes[self._steps[probes] == step]
            values, disagreement = self._evaluate_step(here, step / CONFIRM_STEP_DIVISOR)
            explained = disagreement <= DISAGREEMENT_NOISE_FACTOR * self._noise * CONFIRM_STEP_DIVISOR / step
            differences = np.abs(values - self.values[here]) + np.where(explained, 0, disagreement)
            self.bounds[here] = np.maximum(self.bounds[here], differences)

    def _evaluate_step(self, probes: IntArray, step: float) -> tuple[Array, Array]:
        """The derivatives and disagreements at a step."""
        where = np.repeat(probes, len(STEP_FRACTIONS))
        moved = self._f(where, np.tile(step * STEP_FRACTIONS, len(probes))).reshape(-1, len(STEP_FRACTIONS))
        return extrapolate_derivative(moved, self._origin, step)

    def is_worse_than(self, relative: float) -> BoolArray:
        """Where the bound is larger than this part of the typical derivative."""
        # Derivatives that are known to an eighth; among the others, noise could pass for a large one.
        sound = self.values[self.bounds <= np.abs(self.values) / 8]
        typical = float(np.sqrt(np.square(sound).mean())) if sound.size else 0.0
        return ~(self.bounds <= relative * typical)


def extrapolate_derivative(moved: AnyArray, origin: float, step: float) -> tuple[Array, Array]:
    """The derivative and the disagreement (E) from values (E, 6) at the places; infinite where one is not finite."""
    right, left = moved[:, ::2], moved[:, 1::2]
    steps = step * STEP_FRACTIONS[::2]
    central, second = (right - left) / (2 * steps), (right + left - 2 * origin) / steps
    coarse = (4 * central[:, 1] - central[:, 0]) / 3
    fine = (4 * central[:, 2] - central[:, 1]) / 3
    jump = (16 * second[:, 2] - 10 * second[:, 1] + second[:, 0]) / 7
    disagreement = 2 * np.abs(fine - coarse) + np.abs(jump) / 2
    return (16 * fine - coarse) / 15, np.where(np.isfinite(disagreement), disagreement, np.inf)


NOISE_STEPS = 2.0**-40 * np.arange(1, 33)
"""Steps so small that nothing but rounding bends the function: all to one side, because there may be a kink at 0."""


def estimate_noise(f: ProbedFunction) -> float:
    """The standard deviation of the rounding errors in f, from third differences along the first probe.

    Source: Moré & Wild 2011, Estimating Computational Noise.
    """
    with np.errstate(all="ignore"):
        differences = np.diff(f(np.zeros(len(NOISE_STEPS), np.intp), NOISE_STEPS), 3)
        noise = float(np.sqrt(np.square(differences).mean() / 20))  # 1 + 9 + 9 + 1, the squares of the coefficients
    if not np.isfinite(noise):
        return 0.0
    return noise
