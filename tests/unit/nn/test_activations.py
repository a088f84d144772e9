"""Activations against formulas of the standard library, at points, kinks and extremes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

from nnexp.nn.activations.selu import SELU_ALPHA, SELU_LAMBDA
from nnexp.registry import activations
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES
from tests.contracts.examples import EXAMPLES

POINTS = (-20.0, -3.0, -1.5, -0.5, -1e-3, 0.0, 1e-3, 0.5, 1.5, 3.0, 20.0)


def phi(z: float) -> float:
    """The distribution function of the standard normal, whose lower tail keeps its digits by erfc."""
    return math.erfc(-z / math.sqrt(2)) / 2


TRUTHS: dict[str, tuple[dict[str, float], Callable[[float], float]]] = {
    "identity": ({}, lambda z: z),
    "sigmoid": ({}, lambda z: 1 / (1 + math.exp(-z))),
    "tanh": ({}, lambda z: (math.exp(2 * z) - 1) / (math.exp(2 * z) + 1) if abs(z) > 0.1 else math.tanh(z)),
    "relu": ({}, lambda z: max(z, 0.0)),
    "leaky_relu": ({"slope": 0.1}, lambda z: max(z, 0.1 * z)),
    "prelu": ({"slope": 0.1}, lambda z: max(z, 0.1 * z)),
    "elu": ({"alpha": 0.7}, lambda z: z if z > 0 else 0.7 * math.expm1(z)),
    "selu": ({}, lambda z: SELU_LAMBDA * (z if z > 0 else SELU_ALPHA * math.expm1(z))),
    "softplus": ({}, lambda z: math.log1p(math.exp(z))),
    "gelu": ({}, lambda z: z * phi(z)),
    "silu": ({}, lambda z: z / (1 + math.exp(-z))),
    "mish": ({}, lambda z: z * math.tanh(math.log1p(math.exp(z)))),
    "hard_tanh": ({}, lambda z: sorted((-1.0, z, 1.0))[1]),
}

KINKS = {
    "relu": ({}, {0.0: 0.0}),
    "leaky_relu": ({"slope": 0.3}, {0.0: 0.3}),
    "prelu": ({"slope": 0.3}, {0.0: 0.3}),
    "hard_tanh": ({}, {-1.0: 0.0, 1.0: 0.0, 0.999: 1.0}),
    "elu": ({"alpha": 0.7}, {0.0: 0.7}),
}
"""The derivative where there are two to choose from."""


def apply(name: str, z: AnyArray, **given: Any) -> tuple[AnyArray, AnyArray]:
    """f(z) and f'(z)."""
    a, backward = activations[name](**given).apply(z)
    return a, backward(np.ones_like(a))


def test_every_element_wise_activation_has_a_formula_here() -> None:
    assert set(TRUTHS) == set(activations) - {"softmax"}


@pytest.mark.parametrize("name", TRUTHS)
def test_values_equal_the_formula(name: str) -> None:
    given, truth = TRUTHS[name]
    a, _ = apply(name, np.array([[POINTS]]), **given)
    np.testing.assert_allclose(a[0, 0], [truth(z) for z in POINTS], rtol=1e-13, atol=1e-300)


def test_softmax_equals_scipys() -> None:
    z = np.array([[POINTS, POINTS[::-1]]])
    np.testing.assert_allclose(activations["softmax"]().apply(z)[0], special.softmax(z, axis=-1), rtol=1e-13)


def test_gelu_equals_the_error_function() -> None:
    z = np.linspace(-3, 3, 13)[None, None]
    np.testing.assert_allclose(apply("gelu", z)[0], z * (1 + special.erf(z / math.sqrt(2))) / 2, rtol=1e-12, atol=1e-17)


@pytest.mark.parametrize("name", KINKS)
def test_derivative_at_the_kinks_is_as_documented(name: str) -> None:
    given, slopes = KINKS[name]
    _, slope = apply(name, np.array([[list(slopes)]]), **given)
    assert slope[0, 0].tolist() == pytest.approx(list(slopes.values()))


@pytest.mark.parametrize("name", EXAMPLES["activations"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e4, 1e15])
def test_extreme_inputs_do_not_overflow(name: str, dtype: str, size: float) -> None:
    """Nor do they warn: a warning is an error here."""
    a, slope = apply(name, np.array([[[-size, 0.0, size]]], dtype))
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()


@pytest.mark.parametrize(("name", "ends"), [("sigmoid", [0.0, 0.5, 1.0]), ("tanh", [-1.0, 0.0, 1.0])])
def test_saturating_activations_reach_their_ends_exactly(name: str, ends: list[float]) -> None:
    a, slope = apply(name, np.array([[[-1e4, 0.0, 1e4]]]))
    assert a[0, 0].tolist() == ends
    assert slope[0, 0, [0, 2]].tolist() == [0.0, 0.0]


def test_selu_constants_are_the_fixed_point_of_mean_zero_and_variance_one() -> None:
    """Under a standard normal input the output's mean is 0 and its second moment 1."""
    half = np.linspace(0, 12, 200_001)
    density = np.exp(-half * half / 2) / math.sqrt(2 * math.pi)
    upper, lower = apply("selu", half[None, None])[0][0, 0], apply("selu", -half[None, None])[0][0, 0]
    assert np.trapezoid((upper + lower) * density, half) == pytest.approx(0, abs=1e-8)
    assert np.trapezoid((upper**2 + lower**2) * density, half) == pytest.approx(1, abs=1e-8)
