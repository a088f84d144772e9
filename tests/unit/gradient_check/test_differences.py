"""Derivatives from values alone: how near they come, and what they know of their own error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.gradient_check.differences import Derivatives, ProbedFunction, estimate_derivatives, estimate_noise
from nnexp.typing import AnyArray, Array, IntArray

Curve = Callable[[Array], AnyArray]


def along(*curves: Curve) -> ProbedFunction:
    """Each probe has a curve of its own; all begin with the same value."""

    def f(which: IntArray, steps: Array) -> Array:
        return np.array([float(curves[w](s)) for w, s in zip(which, steps, strict=True)])

    return f


def found(*curves: Curve) -> Derivatives:
    noise = max(estimate_noise(along(curve)) for curve in curves)
    return estimate_derivatives(along(*curves), len(curves), noise, 1e-7)


SMOOTH: dict[str, tuple[Curve, float]] = {
    "line": (lambda t: 3 * t + 2, 3),
    "parabola": (lambda t: t * t + 5 * t, 5),
    "sine": (lambda t: np.sin(t + 1), np.cos(1)),
    "steep sine": (lambda t: np.sin(300 * t + 1), 300 * np.cos(1)),
    "exponential": (lambda t: np.exp(20 * t), 20),
    "root near its end": (lambda t: np.sqrt(t + 2e-3 + 0j).real, 0.5 / np.sqrt(2e-3)),
    "narrow bell": (lambda t: np.exp(-((t / 1e-4 - 1) ** 2)), 2e4 / np.e),
    "large constant": (lambda t: 1e6 + 1e3 * t, 1e3),
    "constant": (lambda t: t * 0 + 7, 0),
}


@pytest.mark.parametrize(("curve", "derivative"), SMOOTH.values(), ids=SMOOTH)
def test_a_smooth_curves_derivative_is_found_within_its_bound_and_the_threshold(
    curve: Curve, derivative: float
) -> None:
    result = found(curve)
    assert result.smooth.all()
    assert abs(result.values[0] - derivative) <= result.bounds[0]
    assert result.bounds[0] <= max(1e-7 * abs(derivative), 1e-9)


@pytest.mark.parametrize("jump", [1e3, 1.0, 1e-3, -1e-3, 1e-5])
def test_a_kink_where_we_stand_is_left_out(jump: float) -> None:
    result = found(lambda t: np.sin(t) + jump * np.maximum(t, 0), np.sin)
    assert result.smooth.tolist() == [False, True]


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("away", 10.0 ** np.arange(-6, -1, 0.25))
def test_a_kink_nearby_is_stepped_around(away: float, side: int) -> None:
    result = found(lambda t: np.sin(t) + np.maximum(side * t - away, 0), np.sin, np.tan)
    assert result.smooth.all()
    assert result.values[0] == pytest.approx(1, rel=2e-7)


def test_a_kink_beyond_the_smallest_step_is_left_out_or_within_the_bound() -> None:
    distances = 10.0 ** np.arange(-12, -7, 0.1)
    result = found(*[lambda t, away=away: t + np.maximum(t - away, 0) for away in distances])
    assert not result.smooth[distances < 1e-8].any()
    assert (np.abs(result.values - 1) <= np.maximum(result.bounds, 1e-9))[result.smooth].all()


@given(
    st.lists(st.tuples(st.floats(-3e-3, 3e-3), st.floats(-2, 2)), max_size=4),
    st.tuples(st.floats(-2, 2), st.floats(0, 6), st.floats(0, 30)),
)
@settings(max_examples=200)
def test_what_is_not_left_out_is_within_its_bound(
    kinks: list[tuple[float, float]], wave: tuple[float, float, float]
) -> None:
    size, phase, speed = wave

    def curve(t: Array) -> AnyArray:
        return t + size * np.sin(speed * t + phase) + sum(jump * np.maximum(t - at, 0) for at, jump in kinks)

    exact = 1 + size * speed * np.cos(phase) + sum(jump for at, jump in kinks if at < 0)
    result = found(curve)
    if result.smooth[0] and not any(at == 0 for at, _ in kinks):
        assert abs(result.values[0] - exact) <= result.bounds[0] + 1e-12 * abs(exact)
    standing = sum(jump for at, jump in kinks if at == 0)
    assert not (result.smooth[0] and abs(standing) > 1e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_left_out(value: float) -> None:
    assert found(lambda t: np.where(t == 0, 0, value), np.sin).smooth.tolist() == [False, True]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nothing_is_known_where_the_function_is_not_finite(value: float) -> None:
    assert not found(lambda t: t * 0 + value, np.sin).smooth.any()


def test_rounding_errors_are_measured() -> None:
    draw = np.random.default_rng(0)
    estimates = [estimate_noise(along(lambda t: 1 + 3 * t + draw.normal(0, 1e-11))) for _ in range(50)]
    assert np.mean(estimates) == pytest.approx(1e-11, rel=0.1)


def test_rounding_errors_are_no_kinks_and_the_bound_holds_them() -> None:
    draw = np.random.default_rng(0)
    curves = [lambda t: 1e-6 * np.sin(t) + draw.normal(0, 1e-11)] * 200
    result = estimate_derivatives(along(*curves), len(curves), 1e-11, 1e-7)
    assert result.smooth.all()
    assert (np.abs(result.values - 1e-6) <= result.bounds).mean() == 1
    assert result.bounds.max() < 1e-7


def test_a_kink_at_zero_does_not_count_as_noise() -> None:
    assert estimate_noise(along(lambda t: 1 + np.abs(t))) < 1e-15
