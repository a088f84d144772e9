"""N1, "Least squares solution" and the first homework: the gradient, and θ = (XᵀX)⁻¹ Xᵀ y by the inverse itself.

A singular XᵀX, a penalty, and descent that comes to the same place are in tests/contracts/test_solvers.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.layers.dense import Dense
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.typing import AnyArray
from tests.notes.networks import begun, close, draw, gradients, model_of, weights, weights_of

LINE = """
data: {source: {sine: {examples: 40}}, split: {train: 30, dev: 0, test: 10}, normalize: none}
architecture: linear_regression
init: zeros
loss: squared_error
optimizer: normal_equations
training: {epochs: 1, batch_size: full, dtype: float64}
"""

MANY = "data={source: digits, targets: {grouped: {groups: GROUPS}}, split: {train: 300, dev: 0, test: 100}}".replace(
    "GROUPS", "[[0, 1, 2], [3, 4, 5, 6], [7, 8, 9]]"
)


def solved(*overrides: str) -> tuple[AnyArray, AnyArray, AnyArray]:
    """X with a column of ones, Y, and θ, the biases in its last row, after one update."""
    stack = begun(LINE, *overrides)
    stack.begin_epoch()
    [batch] = stack.remaining_batches()
    stack.train_step(batch)
    train, w = stack.parts[0].train, weights_of(stack)
    return np.column_stack([train.x, np.ones(len(train))]), train.d, np.vstack([w["output.W"], w["output.b"]])


def test_a_line_is_the_inverse_of_x_transposed_x_times_x_transposed_y() -> None:
    """ŷ = θᵀ x̂ with θ = (a, b) and x̂ = (x, 1), the inverse of the 2 x 2 matrix written out."""
    x, y, theta = solved()
    [[p, q], [r, s]] = x.T @ x
    inverse = np.array([[s, -q], [-r, p]]) / (p * s - q * r)
    close(theta, inverse @ x.T @ y, rtol=1e-9)
    slope, shift = np.polyfit(x[:, 0], y[:, 0], 1)
    close(theta[:, 0], np.array([slope, shift]), rtol=1e-9)


def test_several_outputs_in_the_homeworks_columns() -> None:
    """W = (Y Xᵀ)(X Xᵀ)⁻¹, examples in columns. Constant pixels, which are zeros, are left out to have the inverse."""
    x, y, theta = solved(MANY)
    used = np.abs(x).max(axis=0) > 0
    columns = x[:, used].T
    w = (y.T @ columns.T) @ np.linalg.inv(columns @ columns.T)
    np.testing.assert_allclose(theta[used], w.T, rtol=1e-6, atol=1e-8)
    assert used.sum() < x.shape[1]
    np.testing.assert_allclose(theta[~used], 0, atol=1e-12)


def test_the_gradient_is_minus_x_transposed_y_plus_x_transposed_x_theta() -> None:
    """∂L/∂θ = -Xᵀy + XᵀXθ for the sum over examples; ours is the mean's."""
    x, y = draw(9, 3), draw(9, 2, seed=1)
    model = model_of((3,), [Dense(2)], SquaredError())
    w = weights(model)
    ones, theta = np.column_stack([x, np.ones(9)]), np.vstack([w["dense_1.W"], w["dense_1.b"]])
    loss, found = gradients(model, x, y)
    close(np.vstack([found["dense_1.W"], found["dense_1.b"]]), (-ones.T @ y + ones.T @ ones @ theta) / 9)
    residuals = y.T - theta.T @ ones.T  # the homework's Y - W X: L is half the trace of its square
    assert loss == pytest.approx(np.trace(residuals.T @ residuals) / 2 / 9, rel=1e-13)


def test_newtons_method_is_there_in_one_step() -> None:
    """N1: θ ← θ - H⁻¹ g; of a parabola H is XᵀX/N, so one step from anywhere ends at the normal equations' θ."""
    *_, exact = solved()
    *_, found = solved("optimizer=newton", "init={normal: {std: 3.0, bias: 2.0}}")
    np.testing.assert_allclose(found, exact, rtol=1e-7)


def test_the_error_of_the_back_propagation_sheet_is_the_root_mean_square_times_the_root_of_n() -> None:
    """N4 calls E = √(Σ (y - ŷ)²) the mean square error and leaves out 1/N; from zeros ŷ is 0."""
    stack = begun(LINE, "optimizer={sgd: {lr: 0.1}}")
    stack.begin_epoch()
    [batch] = stack.remaining_batches()
    stack.train_step(batch)
    [row] = stack.end_epoch()
    error = np.sqrt(sum(y * y for y in stack.parts[0].train.d[:, 0]))
    assert row["train_rmse"] == pytest.approx(error / np.sqrt(30), rel=1e-12)
    assert row["train_loss"] == pytest.approx(error**2 / 2 / 30, rel=1e-12)
