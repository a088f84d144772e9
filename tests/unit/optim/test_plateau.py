"""The plateau schedule by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.optim.schedules.plateau import Plateau
from nnexp.typing import MetricsRow

STEPS = 3


def rows(name: str, *values: float) -> list[MetricsRow]:
    return [{name: value} for value in values]


@pytest.mark.parametrize(
    ("given", "values", "factor"),
    [
        ({}, (), 1),
        ({}, (3, 2, 1), 1),
        ({}, (1, 2), 1),
        ({}, (1, 2, 2), 0.1),  # two epochs in a row no better than 1
        ({}, (1, 2, 2, 0.5, 0.6, 0.6), 0.01),
        ({}, (1, 2, 2, 2), 0.1),  # counted anew after the lowering
        ({}, (1, 2, 2, 2, 2), 0.01),
        ({"least": 0.05}, (1, 2, 2, 2, 2), 0.05),
        ({"factor": 0.5}, (1, 1, 1), 0.5),  # as good is not better
        ({"min_delta": 0.5}, (2, 1.8, 1.6), 0.1),
        ({"min_delta": 0.5}, (2, 1.8, 1.4), 1),
        ({}, (1, np.nan, np.nan), 0.1),
        ({"warmup_epochs": 2}, (1, 2, 2), 1),  # the first two do not count
        ({"warmup_epochs": 1.5}, (1, 2, 2, 2, 2), 0.1),
    ],
)
def test_factor_by_hand(given: dict[str, Any], values: tuple[float, ...], factor: float) -> None:
    schedule = Plateau(patience=2, **given)
    found = schedule.compute_factors(9, STEPS, 20, [rows("dev_loss", *values)])
    np.testing.assert_allclose(np.broadcast_to(found, (1, STEPS)), np.full((1, STEPS), factor), rtol=1e-14)


def test_a_metric_that_is_to_grow_is_watched_the_other_way_round() -> None:
    schedule = Plateau(patience=1, metric="dev_accuracy")
    falling, growing = rows("dev_accuracy", 0.9, 0.8), rows("dev_accuracy", 0.8, 0.9)
    assert schedule.compute_factors(9, 1, 20, [falling, growing]).tolist() == [[0.1], [1.0]]


def test_each_replica_has_its_own_numbers() -> None:
    schedule = Plateau(patience=1, factor=np.array([0.5, 0.1]), least=np.array([0.0, 0.2]))
    assert schedule.compute_factors(9, 1, 20, [rows("dev_loss", 1, 1)] * 2).tolist() == [[0.5], [0.2]]
