"""Weights that are frozen, and weights that are kept within a limit, through whole trainings."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.parameters import weight_views
from nnexp.nn.penalties.max_norm import MaxNorm
from nnexp.registry import optimizers
from nnexp.training.stack import Stack
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import EXAMPLES
from tests.laws.stacks import spec_of, stack_of, trained

TEXT = """
data: {source: {moons: {examples: 60}}, split: {train: 40, dev: 20, test: 0}}
architecture:
  - dense: 7
  - prelu
  - parallel: [[dense: 3, relu], [dense: 2]]
  - output
regularization: {l2: 0.1, l1: 0.01}
training: {epochs: 2, batch_size: full}
"""


def after(*overrides: str) -> tuple[Stack, AnyArray, AnyArray]:
    """A stack, and its theta before and after training."""
    specs = [spec_of(TEXT, *overrides)]
    stack = stack_of(specs)
    return stack, stack.state.theta.copy(), trained(specs)[0][1].theta


def moved(pattern: str, *overrides: str) -> set[str]:
    """The names of the weights that training with some layers frozen changes."""
    stack, before, theta = after(f"training.freeze=[{pattern}]", *overrides)
    declaration = stack.model.declaration
    a, b = weight_views(declaration, before), weight_views(declaration, theta)
    return {name for name, _ in declaration.iterate_weights() if not identical(a.array_of(name), b.array_of(name))}


ALL = {
    "dense_1.W",
    "dense_1.b",
    "prelu_1.slope",
    "parallel_1.branch_1.dense_1.W",
    "parallel_1.branch_1.dense_1.b",
    "parallel_1.branch_2.dense_1.W",
    "parallel_1.branch_2.dense_1.b",
    "output.W",
    "output.b",
}


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("", set()),
        ("dense_1", {"dense_1.W", "dense_1.b"}),
        ("'*.b'", {name for name in ALL if name.endswith(".b")}),
        ("parallel_1", {name for name in ALL if name.startswith("parallel_1")}),
        ("'*branch_2*', prelu_1.slope", {"prelu_1.slope"} | {name for name in ALL if "branch_2" in name}),
    ],
)
def test_what_a_pattern_names_keeps_every_bit_and_the_rest_learns(pattern: str, kept: set[str]) -> None:
    assert moved(pattern, "init={he: {bias: 0.1}}") == ALL - kept


@pytest.mark.parametrize("name", [n for n in optimizers if n != "normal_equations"])
def test_no_optimizer_moves_what_is_frozen(name: str) -> None:
    given = ", ".join(f"{key}: {value}" for key, value in EXAMPLES["optimizers"][name][-1].items()).lower()
    assert "dense_1.W" not in moved("dense_1", f"optimizer={{{name}: {{{given}}}}}")


def test_frozen_weights_add_nothing_to_the_penalty_and_nothing_to_the_norm_of_the_gradient() -> None:
    stack, *_ = after("training.freeze=[dense_1]")
    stack.begin_epoch()
    stack.train_step(next(stack.remaining_batches()))
    loss, objective, norm = stack.state.losses[0, 0]
    start = stack_of([spec_of(TEXT)])
    start_views = weight_views(start.model.declaration, start.model.theta)
    weights = np.concatenate([start_views.array_of(n).ravel() for n in ALL if n.endswith(".W") and n != "dense_1.W"])
    assert len(weights) == 7 * 3 + 7 * 2 + 5 * 2
    assert objective - loss == pytest.approx(0.05 * np.square(weights).sum() + 0.01 * np.abs(weights).sum(), rel=1e-5)
    start.begin_epoch()
    start.train_step(next(start.remaining_batches()))
    assert norm < start.state.losses[0, 0, 2]


@pytest.mark.parametrize("limit", [0.3, 1.0])
def test_the_weights_into_every_unit_are_never_longer_than_the_limit(limit: float) -> None:
    stack, _, theta = after(f"regularization={{max_norm: {limit}}}", "optimizer={sgd: {lr: 1.0}}")
    views = weight_views(stack.model.declaration, theta)
    lengths = np.concatenate([np.linalg.norm(views.array_of(n), axis=-2).ravel() for n in ALL if n.endswith(".W")])
    assert lengths.max() <= limit * (1 + 1e-6)
    assert (np.abs(lengths - limit) < 1e-6).any()
    assert (lengths < limit * 0.99).any()


def test_a_limit_by_hand() -> None:
    weight = np.array([[[3.0, 0.3], [4.0, 0.4]], [[3.0, 0.0], [4.0, 0.0]]])
    MaxNorm(np.array([1.0, 2.0])).constrain_weight(weight)
    np.testing.assert_allclose(weight, [[[0.6, 0.3], [0.8, 0.4]], [[1.2, 0.0], [1.6, 0.0]]], rtol=1e-12)


def test_the_limit_of_a_filter_is_on_all_of_it() -> None:
    weight = normal(1, 3 * 3 * 2, 5)
    MaxNorm(0.1).constrain_weight(weight)
    np.testing.assert_allclose(np.linalg.norm(weight[0], axis=0), 0.1, rtol=1e-12)
