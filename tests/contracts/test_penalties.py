"""What every penalty promises, and its value by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.penalties.base import Penalty
from nnexp.nn.penalties.l1 import L1
from nnexp.nn.penalties.l2 import L2
from nnexp.nn.replicas import stack_replicas
from tests.contracts.arrays import DTYPES, away_from_kinks
from tests.contracts.examples import Example, I, R, examples, variations
from tests.contracts.gradients import check_gradient

every_penalty = pytest.mark.parametrize("example", examples("penalties"), ids=str)


@every_penalty
def test_gradient_is_central_differences(example: Example) -> None:
    penalty, weights = stack_replicas(variations(example.component)), away_from_kinks(R, I)
    check_gradient(lambda moved: penalty(moved)[0], weights, penalty(weights)[1])


@every_penalty
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_number_a_replica_and_the_precision_is_kept(example: Example, dtype: str) -> None:
    weights = away_from_kinks(R, I, dtype=dtype)
    weights.flags.writeable = False
    value, slope = stack_replicas(variations(example.component))(weights)
    assert value.shape == (R,)
    assert slope.shape == (R, I)
    assert value.dtype == slope.dtype == dtype


@pytest.mark.parametrize("example", [e for e in examples("penalties") if not e.component.has_constraint], ids=str)
def test_zero_entries_have_no_gradient(example: Example) -> None:
    weights = away_from_kinks(R, I)
    weights[:, ::2] = 0
    slope = example.component(weights)[1]
    assert not slope[:, ::2].any()
    assert slope[:, 1::2].all()


@pytest.mark.parametrize(
    ("penalty", "value", "slope"),
    [
        (L1(0.5), 3.0, [0.5, -0.5, 0.0, 0.5]),  # 0.5 (1 + 2 + 0 + 3)
        (L2(0.5), 3.5, [0.5, -1.0, 0.0, 1.5]),  # 0.25 (1 + 4 + 0 + 9)
    ],
    ids=str,
)
def test_value_by_hand(penalty: Penalty, value: float, slope: list[float]) -> None:
    found, gradient = penalty(np.array([[1.0, -2.0, 0.0, 3.0]]))
    assert found.tolist() == [value]
    assert gradient.tolist() == [slope]
