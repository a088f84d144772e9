"""N1, "Activation functions", N2's list of them, and N4's derivative of the sigmoid; where the notes slip, by how much.

Each activation's values are held against the standard library in tests/unit/test_activations.py.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np
import pytest

from nnexp.registry import activations
from nnexp.typing import AnyArray
from tests.notes.networks import close

Z = np.linspace(-6, 6, 242)
"""No zero among them, where some of these have a kink."""


def apply(name: str, z: AnyArray = Z, **given: Any) -> tuple[AnyArray, AnyArray]:
    """f(z) and f'(z)."""
    a, back = activations[name](**given).apply(z[None, None])
    return a[0, 0], back(np.ones_like(a))[0, 0]


def sigmoid(z: AnyArray) -> AnyArray:
    return 1 / (1 + np.exp(-z))


FORMULAS: dict[str, tuple[dict[str, Any], Callable[[AnyArray], AnyArray], Callable[[AnyArray], AnyArray]]] = {
    "sigmoid": ({}, sigmoid, lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),  # N2, N4
    "tanh": ({}, lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)), lambda z: 1 - np.tanh(z) ** 2),  # N2
    "relu": ({}, lambda z: np.maximum(0, z), lambda z: (z > 0).astype(float)),
    "softplus": ({}, lambda z: np.log(1 + np.exp(z)), sigmoid),  # N1: S' = σ
    "leaky_relu": ({"slope": 0.01}, lambda z: np.maximum(0.01 * z, z), lambda z: np.where(z > 0, 1, 0.01)),
    "elu": (
        {"alpha": 0.7},
        lambda z: np.where(z > 0, z, 0.7 * (np.exp(z) - 1)),
        lambda z: np.where(z > 0, 1, 0.7 * np.exp(z)),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_values_and_derivatives_are_the_notes_formulas(name: str) -> None:
    given, f, slope = FORMULAS[name]
    a, derivative = apply(name, **given)
    close(a, f(Z), rtol=1e-9)
    close(derivative, slope(Z), rtol=1e-9)


def test_relu_lets_nothing_back_at_zero() -> None:
    """N1: the derivative is 1 for x > 0 and 0 for x <= 0."""
    assert apply("relu", np.array([-1.0, 0.0, 1e-300]))[1].tolist() == [0, 0, 1]


def test_elu_as_a_maximum_is_wrong_below_zero_for_alpha_over_1() -> None:
    """N1 writes max(α (e^x - 1), x), which is ELU only for α up to 1; N2 writes it by cases."""
    for alpha, same in ((0.7, True), (1.0, True), (2.0, False)):
        printed = np.where(Z < 0, np.maximum(alpha * (np.exp(Z) - 1), Z), Z)
        assert np.allclose(apply("elu", alpha=alpha)[0], printed, atol=1e-12) == same


def test_the_first_notes_tanh_is_that_of_half_the_number() -> None:
    """N1 writes (1 - e^-x)/(1 + e^-x) = 2 σ(x) - 1: tanh(x/2), whose derivative is half of the printed 1 - tanh²."""
    printed = (1 - np.exp(-Z)) / (1 + np.exp(-Z))
    half, slope = apply("tanh", Z / 2)
    close(half, printed, rtol=1e-9)
    close(printed, 2 * apply("sigmoid")[0] - 1, rtol=1e-9)
    close(np.gradient(printed, Z)[1:-1], slope[1:-1] / 2, rtol=2e-3)
    assert np.abs(apply("tanh")[0] - printed).max() > 0.3


def test_a_sigmoid_is_a_softmax_of_two_classes() -> None:
    p, _ = activations["softmax"]().apply(np.stack([Z, 0 * Z], axis=-1)[None])
    close(p[0, :, 0], apply("sigmoid")[0])


def test_saturation_in_numbers() -> None:
    """N1 has a slope near 1 at 0: it is 1/4, and for tanh 1. N2 asks what happens for |s| > 5: 0.0066 and less."""
    ends = np.array([0.0, 5.0, -5.0, 10.0])
    np.testing.assert_allclose(apply("sigmoid", ends)[1], [0.25, 0.006648, 0.006648, 4.54e-5], rtol=1e-4)
    np.testing.assert_allclose(apply("tanh", ends)[1], [1, 1.816e-4, 1.816e-4, 8.24e-9], rtol=1e-3)
    assert apply("sigmoid", ends)[1][1] == pytest.approx(exp(-5) / (1 + exp(-5)) ** 2, rel=1e-12)
