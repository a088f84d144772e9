"""Optimizers that look at the objective in several places: by hand, and against NumPy's least squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from nnexp.nn.layers.base import Context
from nnexp.nn.objective import BatchObjective
from nnexp.nn.parameters import weight_views
from nnexp.nn.random import copy_generators, make_generators
from nnexp.optim.optimizers.lbfgs import LBFGS
from nnexp.optim.optimizers.newton import Newton, compute_hessian
from nnexp.optim.optimizers.normal_equations import NormalEquations
from nnexp.optim.optimizers.solver import Solver
from nnexp.typing import AnyArray, BoolArray
from tests.contracts.arrays import identical
from tests.laws.stacks import spec_of, stack_of

ONE = np.ones((2, 1))


@dataclass
class Function:
    """An objective given as a formula; the same for every replica."""

    formula: Callable[[AnyArray], tuple[AnyArray, AnyArray]]
    theta: AnyArray
    trainable: BoolArray = field(default_factory=lambda: np.ones(2, bool))

    def evaluate_at(self, row: int, places: AnyArray) -> tuple[AnyArray, AnyArray]:
        return self.formula(places)


def parabola(p: AnyArray) -> tuple[AnyArray, AnyArray]:
    """f = a² + ab + 3b² - 4a - 2b: gradient (2a + b - 4, a + 6b - 2), zero at (2, 0), H = [[2, 1], [1, 6]]."""
    a, b = p.T
    return a * a + a * b + 3 * b * b - 4 * a - 2 * b, np.stack([2 * a + b - 4, a + 6 * b - 2], axis=-1)


def rosenbrock(p: AnyArray) -> tuple[AnyArray, AnyArray]:
    a, b = p.T
    slope = np.stack([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)], axis=-1)
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, slope


def test_the_hessian_of_a_parabola() -> None:
    found = compute_hessian(Function(parabola, np.zeros((1, 2))), 0, np.array([5.0, -3.0]))
    np.testing.assert_allclose(found, [[2, 1], [1, 6]], atol=1e-9)


@pytest.mark.parametrize("solver", [Newton(), NormalEquations(), LBFGS()], ids=lambda s: type(s).__name__)
def test_one_update_finds_the_lowest_point_of_a_parabola(solver: Solver) -> None:
    function = Function(parabola, np.array([[5.0, -3.0], [1.0, 1.0]]))
    solver.solve(function, ONE)
    np.testing.assert_allclose(function.theta, [[2, 0], [2, 0]], atol=1e-6)


@pytest.mark.parametrize("solver", [Newton(), NormalEquations(), LBFGS()], ids=lambda s: type(s).__name__)
def test_the_learning_rate_goes_part_of_the_way_for_each_replica(solver: Solver) -> None:
    function = Function(parabola, np.array([[6.0, -4.0], [6.0, -4.0]]))
    solver.solve(function, np.array([[0.5], [0.25]]))
    np.testing.assert_allclose(function.theta, [[4, -2], [5, -3]], atol=1e-6)


@pytest.mark.parametrize("solver", [Newton(), NormalEquations(), LBFGS()], ids=lambda s: type(s).__name__)
def test_what_is_frozen_stays_and_the_rest_is_solved_for_it(solver: Solver) -> None:
    function = Function(parabola, np.array([[6.0, 2.0]]), np.array([True, False]))
    solver.solve(function, ONE[:1])
    np.testing.assert_allclose(function.theta, [[1, 2]], atol=1e-6)  # 2a + 2 - 4 = 0


def test_newton_with_damping_by_hand() -> None:
    function = Function(parabola, np.zeros((1, 2)))
    Newton(damping=1.0).solve(function, ONE[:1])
    np.testing.assert_allclose(function.theta, [[26 / 20, 2 / 20]], atol=1e-8)  # [[3, 1], [1, 7]]⁻¹ (4, 2)


def test_newton_takes_the_shortest_step_where_the_hessian_is_singular() -> None:
    def valley(p: AnyArray) -> tuple[AnyArray, AnyArray]:
        total = p.sum(axis=-1) - 2
        return total**2 / 2, np.stack([total, total], axis=-1)

    function = Function(valley, np.zeros((1, 2)))
    Newton().solve(function, ONE[:1])
    np.testing.assert_allclose(function.theta, [[1, 1]], atol=1e-8)


def test_lbfgs_finds_the_end_of_rosenbrocks_valley() -> None:
    function = Function(rosenbrock, np.array([[-1.2, 1.0]]))
    LBFGS(iterations=100).solve(function, ONE[:1])
    np.testing.assert_allclose(function.theta, [[1, 1]], atol=1e-4)


LINEAR = """
data: {source: digits, split: {train: 300, dev: 0, test: 100}}
architecture: [output]
loss: squared_error
init: zeros
optimizer: normal_equations
training: {epochs: 1, batch_size: full, dtype: float64}
"""


def solved(*overrides: str) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray]:
    """X, D and the W and b that a training of the linear network ends with."""
    stack = stack_of([spec_of(LINEAR, *overrides)])
    for _ in range(stack.training.epochs):
        stack.begin_epoch()
        for batch in stack.remaining_batches():
            stack.train_step(batch)
        stack.end_epoch()
    w = weight_views(stack.model.declaration, stack.state.theta).parts["output"]
    return stack.parts[0].train.x, stack.parts[0].train.d, w["W"][0], w["b"][0]


def test_normal_equations_are_least_squares() -> None:
    """Three of the 64 pixels are always white, so XᵀX is singular: the shortest solution counts, biases included."""
    x, d, weights, bias = solved()
    best = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), d, rcond=None)[0]
    np.testing.assert_allclose(np.vstack([weights, bias]), best, rtol=1e-6, atol=1e-8)
    assert (np.abs(x).max(axis=0) == 0).any()


def test_normal_equations_with_a_penalty_are_ridge_regression() -> None:
    x, d, weights, bias = solved("regularization={l2: 0.1}")
    centred = x - x.mean(axis=0)
    ridge = np.linalg.solve(centred.T @ centred + len(x) * 0.1 * np.eye(64), centred.T @ d)
    np.testing.assert_allclose(weights, ridge, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(bias[0], d.mean(axis=0) - x.mean(axis=0) @ ridge, rtol=1e-8)


def test_descent_comes_to_the_normal_equations() -> None:
    penalty = "regularization={l2: 0.1}"
    *_, weights, bias = solved(penalty)
    *_, found, shift = solved(penalty, "optimizer={nesterov: {lr: 0.05}}", "training.epochs=400")
    np.testing.assert_allclose(found, weights, atol=1e-8)
    np.testing.assert_allclose(shift, bias, atol=1e-8)


NOISY = """
data: {source: {moons: {examples: 101}}}
architecture: [{dense: 5}, tanh, {dropout: 0.5}, batch_norm, output]
training: {epochs: 1, batch_size: 17, dtype: float64}
regularization: {l2: 0.1}
"""


def test_the_objective_of_a_batch_is_the_models_with_the_same_dropout_everywhere() -> None:
    stack = stack_of([spec_of(NOISY, f"seed={seed}") for seed in range(3)])
    stack.begin_epoch()
    batch = next(stack.remaining_batches())
    sources = make_generators(range(3), "dropout")
    objective = BatchObjective(stack.model, batch.x, batch.d, sources)
    loss, penalty, _ = stack.model.compute_gradient(
        batch.x, batch.d, Context(training=True, generators=copy_generators(sources, range(3)))
    )
    for row in range(3):
        values, slopes = objective.evaluate_at(row, np.repeat(stack.model.theta[row : row + 1], 7, axis=0))
        assert identical(values, np.repeat(loss[row] + penalty[row], 7))
        assert identical(slopes, np.repeat(stack.model.grad[row : row + 1], 7, axis=0))


def test_many_places_are_evaluated_in_blocks() -> None:
    stack = stack_of([spec_of(NOISY)])
    stack.begin_epoch()
    batch = next(stack.remaining_batches())
    places = np.random.default_rng(0).standard_normal((11, stack.model.theta.shape[1]))
    sources = make_generators([0], "dropout")
    whole = BatchObjective(stack.model, batch.x, batch.d, sources).evaluate_at(0, places)
    one_by_one = BatchObjective(stack.model, batch.x, batch.d, sources, block_bytes=1).evaluate_at(0, places)
    assert all(identical(a, b) for a, b in zip(whole, one_by_one, strict=True))
