"""The home of the replica axis: lift, stack, take, join, norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.replicas import join_replicas, lift, row_norms, stack_replicas, take_replicas
from nnexp.optim.optimizers.adam import Adam
from nnexp.optim.optimizers.momentum import Momentum
from nnexp.optim.schedules.cosine import Cosine
from nnexp.spec.spec import EarlyStopping, Training
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import I, N, R


@dataclass
class Tree:
    """Something of every kind that a stack holds."""

    array: AnyArray
    entries: list[str]
    named: dict[str, AnyArray]
    both: tuple[AnyArray, list[int]]
    shared: float = 0.5


def tree(replicas: int = R) -> Tree:
    names = [f"run {r}" for r in range(replicas)]
    return Tree(normal(replicas, I), names, {"m": normal(replicas, N)}, (normal(replicas), list(range(replicas))))


def same(a: Tree, b: Tree) -> bool:
    arrays = zip((a.array, a.named["m"], a.both[0]), (b.array, b.named["m"], b.both[0]), strict=True)
    lists = (a.entries, a.both[1], a.shared) == (b.entries, b.both[1], b.shared)
    return lists and all(identical(x, y) for x, y in arrays)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(R,), (R, N), (R, N, I)])
def test_lift_has_the_rank_and_precision_of_its_model(shape: tuple[int, ...], dtype: str) -> None:
    lifted = lift(np.array([0.1, 0.2, 0.3]), np.empty(shape, dtype))
    assert lifted.shape == (R, *(1,) * (len(shape) - 1))
    assert lifted.dtype == dtype
    assert lift(0.1, np.empty(shape, dtype)).shape == (1,) * len(shape)


def test_lift_speaks_to_replicas_even_where_their_number_is_that_of_the_examples() -> None:
    square = np.ones((R, R, R))
    assert (lift(np.arange(R, dtype=float), square) * square == np.arange(R)[:, None, None]).all()


def test_stack_turns_per_replica_numbers_into_arrays_and_keeps_the_rest() -> None:
    stacked: Any = stack_replicas([Adam(lr=0.1, beta1=0.5), Adam(lr=0.2), Adam(lr=0.3, eps=1.0)])
    assert identical(stacked.lr, np.array([0.1, 0.2, 0.3]))
    assert identical(stacked.beta1, np.array([0.5, 0.9, 0.9]))
    assert identical(stacked.eps, np.array([1e-8, 1e-8, 1.0]))
    assert stacked.bias_correction is True


def test_stack_descends_into_tuples_and_sections() -> None:
    layers: Any = stack_replicas([(Dropout(rate), Dropout(0.5)) for rate in (0.1, 0.2)])
    assert layers[0].rate.tolist() == [0.1, 0.2]
    training: Any = stack_replicas([Training(early_stopping=EarlyStopping(3, min_delta=delta)) for delta in (0.1, 0.2)])
    assert training.early_stopping.min_delta.tolist() == [0.1, 0.2]
    assert training.clip_norm is None


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ([Adam(), Momentum(0.1)], "different components"),
        ([Adam(), Adam(bias_correction=False)], "differ in True"),
        ([Cosine(cycles=1), Cosine(cycles=2)], "differ in 1"),
        ([(Dropout(0.1),), (Dropout(0.1), Dropout(0.1))], "different structures"),
        ([Training(clip_value=None), Training(clip_value=1.0)], "different components"),
        ([Training(clip_value=1.0), Training(clip_value=None)], "different components"),
    ],
    ids=["kinds", "booleans", "counts", "lengths", "none and number", "number and none"],
)
def test_structural_differences_cannot_be_stacked(components: list[Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        stack_replicas(components)


@given(st.lists(st.integers(0, 4), max_size=7))
def test_take_gives_the_wanted_replicas_in_the_wanted_order(rows: list[int]) -> None:
    taken = take_replicas(tree(5), rows)
    assert identical(taken.array, tree(5).array[rows])
    assert taken.entries == [f"run {row}" for row in rows]
    assert taken.both[1] == rows


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_join_is_the_inverse_of_take(sizes: list[int]) -> None:
    ends = np.cumsum(sizes).tolist()
    whole = tree(ends[-1])
    parts = [take_replicas(whole, range(end - size, end)) for size, end in zip(sizes, ends, strict=True)]
    assert same(join_replicas(parts), whole)


def test_taken_arrays_are_copies() -> None:
    whole = tree()
    taken = take_replicas(whole, range(R))
    taken.array[...] = taken.named["m"][...] = taken.both[0][...] = 0
    assert same(whole, tree())


def test_stacked_components_can_be_taken_apart_and_joined() -> None:
    stacked: Any = stack_replicas([Adam(lr=lr) for lr in (0.1, 0.2, 0.3)])
    taken: Any = take_replicas(stacked, [2, 0])
    assert taken.lr.tolist() == [0.3, 0.1]
    again: Any = join_replicas([take_replicas(stacked, [0, 1]), take_replicas(stacked, [2])])
    assert identical(again.lr, stacked.lr)


def test_stacks_that_differ_in_a_shared_value_cannot_be_joined() -> None:
    a, b = tree(), tree()
    b.shared = 0.6
    with pytest.raises(AssertionError, match="shared value"):
        join_replicas([a, b])


def test_norm_of_each_row_by_hand() -> None:
    assert row_norms(np.array([[3.0, 4.0], [0.0, 0.0], [5.0, -12.0]])).tolist() == [5.0, 0.0, 13.0]
