"""Metrics by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.better import is_better
from nnexp.metrics.choose import DEFAULT_METRICS
from nnexp.metrics.outputs import TaskOutputs
from nnexp.metrics.tasks import TaskMetrics
from nnexp.nn.losses.base import Outputs, Targets
from tests.contracts.arrays import normal
from tests.contracts.examples import I, O, R


def measured(targets: Targets, z: Any, d: Any, outputs: Outputs = "logits") -> dict[str, list[float]]:
    z, d = np.asarray(z, float), np.asarray(d, float)
    scoring = scoring_of(targets, z.shape[-1], outputs)
    scores = np.empty((*z.shape[:2], scoring.score_count))
    scoring.score_examples(z, d, out=scores)
    return {name: value.tolist() for name, value in scoring.summarize_scores(scores, d).items()}


def scoring_of(targets: Targets, width: int, outputs: Outputs = "logits") -> TaskMetrics:
    """The usual metrics of one task."""
    task = PredictionTask("", targets, tuple(map(str, range(width))))
    return TaskMetrics([TaskOutputs(task, outputs, np.asarray, are_probabilities=False)])


def test_accuracy_counts_right_classes_and_the_first_wins_a_tie() -> None:
    z = [[[0, 1, 0], [5, -1, 2], [1, 1, 0], [0, 2, 2]]]  # classes 1, 0, 0 (tie), 1 (tie)
    d = np.eye(3)[None, [1, 2, 0, 2]]
    assert measured("classes", z, d) == {"accuracy": [0.5]}


def test_binary_accuracy_counts_outputs_and_exact_match_examples() -> None:
    z = [[[1, -1], [2, 3], [-1, -1]]]
    d = [[[1, 0], [1, 0], [1, 1]]]  # right outputs: 2, 1, 0
    assert measured("binary", z, d) == {"accuracy": [0.5], "exact_match": [pytest.approx(1 / 3)]}


@pytest.mark.parametrize(("outputs", "right"), [("logits", 0.5), ("scores", 0.5), ("values", 1.0)])
def test_binary_outputs_are_yes_above_zero_as_logits_or_scores_and_above_a_half_as_values(
    outputs: Outputs, right: float
) -> None:
    assert measured("binary", [[[0.3], [0.7]]], [[[0], [1]]], outputs)["accuracy"] == [right]


def test_regression_metrics_by_hand() -> None:
    found = measured("values", [[[1.0], [2.0], [6.0]]], [[[1.0], [4.0], [4.0]]])
    assert found["rmse"] == [pytest.approx((8 / 3) ** 0.5)]  # errors 0, -2, 2
    assert found["mae"] == [pytest.approx(4 / 3)]
    assert found["r2"] == [pytest.approx(1 - 8 / 6)]  # spread about 3: 4 + 1 + 1


def test_regression_metrics_average_over_outputs() -> None:
    found = measured("values", [[[1.0, 0.0], [3.0, 0.0]]], [[[0.0, 0.0], [0.0, 2.0]]])  # errors 1 0, 3 -2
    assert found["rmse"] == [pytest.approx((14 / 4) ** 0.5)]
    assert found["mae"] == [1.5]
    assert found["r2"] == [pytest.approx(1 - 14 / 2)]  # spreads 0 and 1 + 1


def test_r2_is_one_for_the_targets_zero_for_their_mean_and_nan_where_they_do_not_vary() -> None:
    d = normal(R, O, I)
    mean = np.broadcast_to(d.mean(axis=-2, keepdims=True), d.shape)
    assert measured("values", d, d)["r2"] == [1.0] * R
    np.testing.assert_allclose(measured("values", mean, d)["r2"], 0, atol=1e-14)
    assert np.isnan(measured("values", d, np.ones_like(d))["r2"]).all()


@pytest.mark.parametrize("targets", DEFAULT_METRICS)
def test_shared_targets_are_every_replicas_targets(targets: Targets) -> None:
    z, d = normal(R, 5, O), np.abs(np.sign(normal(1, 5, O, seed=1).round()))
    scoring = scoring_of(targets, O)
    scores, same = (np.empty((R, 5, scoring.score_count)) for _ in range(2))
    scoring.score_examples(z, d, out=scores)
    scoring.score_examples(z, d.repeat(R, axis=0), out=same)
    assert np.array_equal(scores, same)
    found = scoring.summarize_scores(scores, d)
    assert list(found) == [metric.name for metric in DEFAULT_METRICS[targets]]
    assert {value.shape for value in found.values()} == {(R,)}


@pytest.mark.parametrize(
    ("metric", "value", "best", "min_delta", "better"),
    [
        ("dev_loss", 0.9, 1.0, 0.0, True),
        ("dev_loss", 1.0, 1.0, 0.0, False),
        ("dev_loss", 0.9, 1.0, 0.2, False),
        ("dev_accuracy", 0.9, 1.0, 0.0, False),
        ("dev_accuracy", 1.0, 0.9, 0.0, True),
        ("dev_r2", 1.0, 0.9, 0.2, False),
        ("dev_rmse", 0.9, 1.0, 0.0, True),
        ("dev_mae", 0.9, 1.0, 0.0, True),
        ("dev_exact_match", 0.9, 1.0, 0.0, False),
        ("dev_log_loss", 0.9, 1.0, 0.0, True),
        ("dev_calibration_error", 0.9, 1.0, 0.0, True),
        ("dev_parity_recall_high loss", 1.0, 0.9, 0.0, True),
        ("dev_loss", np.nan, 1.0, 0.0, False),
        ("dev_loss", 1e9, np.nan, 0.0, True),
        ("dev_loss", np.nan, np.nan, 0.0, False),
    ],
)
def test_what_is_better(metric: str, value: float, best: float, min_delta: float, better: bool) -> None:
    arrays = [np.array([number]) for number in (value, best, min_delta)]
    assert is_better(metric, *arrays).tolist() == [better]
