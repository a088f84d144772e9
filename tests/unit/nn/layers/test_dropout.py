"""What dropout drops."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.layers.base import EVALUATION_CONTEXT, Context
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.parameters import Views
from nnexp.nn.random import make_generators
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import I, N, R


def training() -> Context:
    return Context(training=True, generators=make_generators(range(R), "dropout"))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_is_the_share_of_zeros_and_the_kept_units_are_scaled_up(rate: float) -> None:
    """Of 30,000 units the share is right to within 0.015, five standard errors."""
    y, _ = Dropout(rate).forward(Views(), np.ones((1, 100, 100)), training())
    assert set(np.unique(y)) == {0.0, 1 / (1 - rate)}
    assert np.mean(y == 0) == pytest.approx(rate, abs=0.015)


def test_the_gradient_passes_the_kept_units_only() -> None:
    y, backward = Dropout(0.5).forward(Views(), np.ones((R, N, I)), training())
    dx = backward(np.ones_like(y), Views())
    assert dx is not None
    assert identical(dx, y)


def test_evaluation_is_the_identity_and_needs_no_generator() -> None:
    x = normal(R, N, I)
    y, backward = Dropout(0.5).forward(Views(), x, EVALUATION_CONTEXT)
    dx = backward(x, Views())
    assert dx is not None
    assert identical(y, x)
    assert identical(dx, x)


def test_a_rate_of_zero_drops_nothing() -> None:
    x = normal(R, N, I)
    assert identical(Dropout(0.0).forward(Views(), x, training())[0], x)
