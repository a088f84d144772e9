"""N0, "Gradient checking": Δθ_approx = (f(θ + ε) - f(θ - ε))/2ε, ‖Δθ_approx - Δθ‖/(‖Δθ_approx‖ + ‖Δθ‖) ≤ 10⁻⁷.

What the checker itself sees and blames is in tests/unit/checks/.
"""

from __future__ import annotations

import numpy as np
import pytest

import nnexp
from nnexp.gradient_check.compare import GradientComparison
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.dense import Dense
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.model import Model
from nnexp.nn.penalties.l2 import L2
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.typing import AnyArray
from tests.notes.networks import draw, gradients, model_of, one_hot

THRESHOLD = 1e-7
X, D = draw(6, 3), one_hot([0, 1, 2, 2, 1, 0], 3)


def ratio(approx: AnyArray, exact: AnyArray) -> float:
    return float(np.linalg.norm(approx - exact) / (np.linalg.norm(approx) + np.linalg.norm(exact)))


def approximate(model: Model, eps: float = 1e-5) -> AnyArray:
    """One parameter after another, up and down by ε; the penalty is in f."""
    theta, found = model.theta[0], np.empty(model.theta.shape[1])
    for l, value in enumerate(theta.copy()):
        theta[l] = value + eps
        up, _ = gradients(model, X, D)
        theta[l] = value - eps
        down, _ = gradients(model, X, D)
        theta[l] = value
        found[l] = (up - down) / (2 * eps)
    return found


def test_a_model_passes_the_notes_check_and_a_part_in_a_million_does_not() -> None:
    """If the exact gradient is (1 + s) times the right one, the ratio is s/(2 + s): 10⁻⁶ gives 5 · 10⁻⁷."""
    model = model_of((3,), [Dense(4), Tanh(), Dense(3)], CrossEntropy(), (L2(0.1),))
    approx = approximate(model)
    gradients(model, X, D)
    exact = model.grad[0].copy()
    assert ratio(approx, exact) <= THRESHOLD / 100
    assert ratio(approx, exact * (1 + 1e-6)) == pytest.approx(5e-7, rel=0.01)
    assert ratio(approx, exact * (1 + 1e-6)) > THRESHOLD


def test_a_forgotten_penalty_does_not_pass() -> None:
    """N0, point 3: "keep in mind the regularization term"."""
    with_penalty, without = (
        model_of((3,), [Dense(4), Tanh(), Dense(3)], CrossEntropy(), penalties) for penalties in ((L2(0.1),), ())
    )
    approx = approximate(with_penalty)
    gradients(without, X, D)
    assert ratio(approx, without.grad[0]) > 1e-2


CASES = [
    ([3.0, 0.0], [0.0, 4.0], 5 / 7),
    ([1.0, 2.0], [1.0, 2.0], 0.0),
    ([2.0, 0.0], [-2.0, 0.0], 1.0),  # a wrong sign
    ([1.0, 0.0], [2.0, 0.0], 1 / 3),
    ([0.0, 0.0], [0.0, 0.0], 0.0),
]


@pytest.mark.parametrize(("approx", "exact", "wanted"), CASES, ids=str)
def test_the_checkers_error_is_the_notes_ratio(approx: list[float], exact: list[float], wanted: float) -> None:
    found = GradientComparison(np.array(approx), np.array(exact), np.zeros(2), np.ones(2, bool))
    assert found.error == pytest.approx(wanted, rel=1e-15)
    assert found.is_wrong(THRESHOLD) == (wanted > THRESHOLD)


SPEC = """
data: {source: {moons: {examples: 40}}}
architecture: [dense: 5, tanh, dropout: 0.3, output]
regularization: {l2: 0.1, l1: 0.01}
training: {epochs: 2, batch_size: 16}
"""


@pytest.mark.parametrize("after", [0, 3])
def test_a_spec_is_checked_at_10_to_the_minus_7_from_random_weights_and_after_some_training(after: int) -> None:
    """N0, points 3 to 5: with the penalties, dropout's masks held, at a random start; and where w and b have moved."""
    found = nnexp.gradcheck(load_network_spec(SpecText("s.yaml", SPEC), name="s"), after=after)
    assert found.threshold == THRESHOLD
    assert found.passed
    assert 0 < found.error <= THRESHOLD
