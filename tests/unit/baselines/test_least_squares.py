"""Least squares against NumPy's, the normal equations, and numbers worked by hand; and its two known faults."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.baselines.least_squares import LeastSquares
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.typing import Array
from tests.unit.baselines.data import digits_accuracy, outputs

X, Y = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [4.0]])


def drawn() -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(53, 7)) + 3, rng.normal(size=(53, 3)) - 2, rng.normal(size=(11, 7))


@pytest.mark.parametrize(
    ("l2", "w", "b"),
    [
        (0.0, 3 / 2, 8 / 3 - 3 / 2),  # w = Σ(x - 1)(y - 8/3) / Σ(x - 1)² = 3/2
        (1 / 3, 1, 8 / 3 - 1),  # w = 3 / (2 + 3 l2)
    ],
)
def test_a_line_worked_by_hand(l2: float, w: float, b: float) -> None:
    kept = LeastSquares(l2).fit(X, Y, ["y"])
    np.testing.assert_allclose(kept["W"], [[w]])
    np.testing.assert_allclose(kept["b"], [b])


def test_it_is_numpys_with_a_column_of_ones() -> None:
    x, d, new = drawn()
    expected, *_ = np.linalg.lstsq(np.hstack([x, np.ones((53, 1))]), d)
    found = outputs(LeastSquares(), x, d, new)
    np.testing.assert_allclose(found, np.hstack([new, np.ones((11, 1))]) @ expected, rtol=1e-10)


def test_with_l2_the_gradient_of_the_same_loss_and_penalty_of_a_network_is_0() -> None:
    x, d, _ = drawn()
    kept = LeastSquares(0.3).fit(x, d, "abc")
    _, dz = SquaredError()((x @ kept["W"] + kept["b"])[None], d[None])
    np.testing.assert_allclose(x.T @ dz[0] + 0.3 * kept["W"], 0, atol=1e-12)
    np.testing.assert_allclose(dz[0].sum(axis=-2), 0, atol=1e-12)


def test_of_many_best_maps_it_is_the_shortest() -> None:
    x, d, _ = drawn()
    doubled = np.hstack([x, x, np.full((53, 1), 0.1)])
    w, twice = (LeastSquares().fit(inputs, d, "abc")["W"] for inputs in (x, doubled))
    np.testing.assert_allclose(twice, np.vstack([w / 2, w / 2, np.zeros((1, 3))]), atol=1e-12)


def test_more_features_than_examples_are_met_exactly() -> None:
    x, d, _ = drawn()
    np.testing.assert_allclose(outputs(LeastSquares(), x[:5], d[:5], x[:5]), d[:5], atol=1e-10)


def test_of_three_classes_in_a_row_the_middle_one_is_masked() -> None:
    x = np.linspace(-1, 1, 99)[:, None]
    labels = np.repeat([0, 1, 2], 33)
    found = outputs(LeastSquares(), x, np.eye(3)[labels], x).argmax(axis=-1)
    assert set(found.tolist()) == {0, 2}


def test_examples_far_on_their_right_side_tilt_the_boundary() -> None:
    x, labels = np.array([[-1.0], [-0.5], [0.5], [1.0]]), np.array([0, 0, 1, 1])
    near = outputs(LeastSquares(), x, np.eye(2)[labels], x).argmax(axis=-1)
    assert (near == labels).all()
    far, more = np.vstack([x, [[40.0]] * 3]), np.append(labels, [1] * 3)
    tilted = outputs(LeastSquares(), far, np.eye(2)[more], far).argmax(axis=-1)
    assert (tilted == more).tolist() == [True, True, False, True, True, True, True]


def test_the_outputs_of_a_class_without_examples_are_never_the_largest() -> None:
    x, _, new = drawn()
    d = np.eye(4)[np.arange(53) % 3]
    z = outputs(LeastSquares(), x, d, new)
    np.testing.assert_allclose(z[:, 3], 0, atol=1e-12)
    assert (z.argmax(axis=-1) != 3).all()


def test_the_digits_are_read() -> None:
    assert digits_accuracy(LeastSquares()) >= 0.93
