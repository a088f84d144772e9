"""What is measured beyond loss and metrics: by hand, and against scikit-learn's stored numbers.

tests/fixtures/make_sklearn_metrics.py made the numbers; scikit-learn is not needed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnexp.data.dataset import Description, PredictionTask
from nnexp.data.parts import Part
from nnexp.metrics.breakdown import (
    BinaryBreakdown,
    ClassBreakdown,
    ValueBreakdown,
    measure_binary,
    measure_classes,
    measure_values,
)
from nnexp.prediction.breakdown import measure_part
from nnexp.prediction.predictor import Prediction, Predictor
from nnexp.typing import AnyArray, Array
from tests.unit.metrics.test_metrics import scoring_of

STORED = json.loads((Path(__file__).parents[2] / "fixtures" / "sklearn_metrics.json").read_text(encoding="utf-8"))
NAN = float("nan")


def stored(kind: str, name: str) -> AnyArray:
    """Numbers of the fixture; null is NaN."""
    return np.array(STORED[kind][name], np.float64)


def classified(predicted: list[int], right: list[int], k: int) -> ClassBreakdown:
    """Details of these predictions, each made with certainty."""
    return measure_classes(np.eye(k)[predicted], np.eye(k)[right], [f"c{i}" for i in range(k)])


def sklearn_classes() -> ClassBreakdown:
    scores, labels = stored("classes", "scores"), np.array(STORED["classes"]["labels"])
    k = scores.shape[-1]
    return measure_classes(scores, np.eye(k)[labels], [f"c{i}" for i in range(k)])


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "confusion", "precision", "recall", "f1"])
def test_classes_are_measured_as_by_sklearn(name: str) -> None:
    np.testing.assert_allclose(getattr(sklearn_classes(), name), stored("classes", name), rtol=1e-14)


def test_top_k_is_sklearns() -> None:
    found = sklearn_classes()
    tops = [found.top_accuracy(k) for k in range(1, len(found.classes))]
    np.testing.assert_allclose(tops, stored("classes", "top"), rtol=1e-14)


def test_binary_outputs_are_measured_as_by_sklearn() -> None:
    found = measure_binary(stored("binary", "predicted"), stored("binary", "d"), "abc")
    assert found.exact_match == pytest.approx(STORED["binary"]["exact_match"], rel=1e-14)
    assert found.accuracy == pytest.approx(STORED["binary"]["accuracy"], rel=1e-14)
    np.testing.assert_allclose(found.accuracy_by_output, stored("binary", "by_output"), rtol=1e-14)


def test_values_are_measured_as_by_sklearn() -> None:
    found = measure_values(stored("values", "z"), stored("values", "d"), "abc")
    for name, values in (("rmse", found.rmse), ("mae", found.absolute_error), ("r2", found.r2)):
        np.testing.assert_allclose(values, stored("values", f"{name} by output"), rtol=1e-12)
        assert found.as_dict()[name] == pytest.approx(STORED["values"][name], rel=1e-12)


def test_classes_by_hand() -> None:
    found = classified([0, 0, 1, 1, 1], [0, 1, 1, 1, 2], 4)
    assert found.confusion.tolist() == [[1, 0, 0, 0], [1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert found.class_counts.tolist() == [1, 3, 1, 0]
    assert found.predicted_counts.tolist() == [2, 3, 0, 0]
    assert found.correct_counts.tolist() == [1, 2, 0, 0]
    np.testing.assert_allclose(found.precision, [1 / 2, 2 / 3, NAN, NAN])
    np.testing.assert_allclose(found.recall, [1, 2 / 3, 0, NAN])
    np.testing.assert_allclose(found.f1, [2 / 3, 4 / 6, 0, NAN])
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)  # the class that is nowhere does not count
    assert (found.accuracy, found.error_rate) == (0.6, 0.4)


def test_top_k_by_hand() -> None:
    scores = [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]
    found = measure_classes(scores, np.eye(3)[[0, 1, 2, 2]], "abc")
    assert [found.top_accuracy(k) for k in (1, 2, 3)] == [0.5, 0.75, 1.0]


def test_among_equal_scores_the_class_named_first_is_ahead_in_all_of_it() -> None:
    found = measure_classes([[1, 1, 1]] * 3, np.eye(3), "abc")
    assert found.confusion[:, 0].tolist() == [1, 1, 1]
    assert [found.top_accuracy(k) for k in (1, 2, 3)] == [1 / 3, 2 / 3, 1]
    assert found.top_accuracy(1) == found.accuracy


def test_a_score_that_is_no_number_is_ahead_of_every_other() -> None:
    found = measure_classes([[0.1, NAN, 0.9]], [[0, 0, 1]], "abc")
    assert [found.top_accuracy(k) for k in (1, 2, 3)] == [0, 1, 1]


def test_the_right_class_of_a_distribution_is_its_largest() -> None:
    assert measure_classes([[0, 1, 0]], [[0.2, 0.5, 0.3]], "abc").accuracy == 1


def test_no_examples_leave_everything_unknown() -> None:
    nothing = np.zeros((0, 2))
    found = measure_classes(nothing, nothing, "ab")
    assert np.isnan([found.accuracy, found.error_rate, found.macro_f1, found.top_accuracy(1)]).all()
    assert np.isnan(measure_binary(nothing, nothing, "ab").exact_match)
    assert np.isnan(measure_values(nothing, nothing, "ab").rmse).all()


def test_r2_of_an_output_that_does_not_vary_is_unknown_even_where_its_mean_is_rounded() -> None:
    d = np.full((10, 2), 0.1)
    d[0, 1] = 0.4
    found = measure_values(d + 0.1, d, "ab")
    assert np.isnan(found.r2[0])
    assert found.r2[1] == pytest.approx(1 - 0.01 / 0.0081)  # mean 0.13, variance (9 · 0.03² + 0.27²) / 10
    assert found.as_dict()["r2"] == pytest.approx(1 - 0.02 / 0.0081)


def test_values_together_are_measured_as_the_metrics_of_a_run() -> None:
    z, d = stored("values", "z"), stored("values", "d")
    scoring = scoring_of("values", z.shape[-1], "values")
    scores = np.empty((1, len(z), scoring.score_count))
    scoring.score_examples(z[None], d[None], out=scores)
    found = measure_values(z, d, "abc").as_dict()
    for name, value in scoring.summarize_scores(scores, d[None]).items():
        assert found[name] == pytest.approx(value[0], rel=1e-12)


def test_json_holds_everything_with_names() -> None:
    found = classified([0, 1, 1], [0, 0, 1], 2).as_dict()
    assert found == {
        "task": None,
        "targets": "classes",
        "accuracy": pytest.approx(2 / 3),
        "error_rate": pytest.approx(1 / 3),
        "macro_f1": pytest.approx(2 / 3),
        "top": [pytest.approx(2 / 3), 1.0],
        "classes": [
            {"name": "c0", "examples": 2, "predicted": 1, "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)},
            {"name": "c1", "examples": 1, "predicted": 2, "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3)},
        ],
        "confusion": [[1, 1], [0, 1]],
    }
    assert measure_binary([[1, 1]], [[1, 0]], "ab", "both").as_dict() == {
        "task": "both",
        "targets": "binary",
        "accuracy": 0.5,
        "error_rate": 0.5,
        "exact_match": 0.0,
        "outputs": [{"name": "a", "accuracy": 1.0}, {"name": "b", "accuracy": 0.0}],
    }


class Known(Predictor):
    """Predictions of three tasks that are known beforehand."""

    kind = "stub"
    found = (
        Prediction(
            PredictionTask("kind", "classes", ("a", "b")), np.array([1]), np.array([[0.2, 0.8]]), are_probabilities=True
        ),
        Prediction(
            PredictionTask("both", "binary", ("p", "q", "r")),
            np.array([[True, False, True]]),
            np.zeros((1, 3)),
            are_probabilities=True,
        ),
        Prediction(
            PredictionTask("size", "values", ("v",)), np.array([[3.0]]), np.array([[3.0]]), are_probabilities=False
        ),
    )

    def __init__(self) -> None:
        classes = ("kind_a", "kind_b", "both_p", "both_q", "both_r", "size_v")
        description = Description(1, (1,), "tasks", classes, tuple(one.task for one in self.found))
        super().__init__(description, np.zeros(1), np.ones(1), "float64", 1)

    def _compute_block(self, x: Array) -> Array:
        raise NotImplementedError

    def probabilities(self, x: AnyArray) -> Array:
        raise NotImplementedError

    def predictions(self, x: AnyArray) -> list[Prediction]:
        return list(self.found)

    def evaluate(self, part: Part, *, everything: bool = False) -> dict[str, float]:
        raise NotImplementedError


def test_each_task_is_held_against_its_own_columns() -> None:
    found: list[Any] = measure_part(Known(), np.zeros((1, 1)), np.array([[0, 1.0, 1, 1, 0, 5.0]]))
    assert [type(one) for one in found] == [ClassBreakdown, BinaryBreakdown, ValueBreakdown]
    assert [one.task for one in found] == ["kind", "both", "size"]
    kind, both, size = found
    assert kind.confusion.tolist() == [[0, 0], [0, 1]]
    assert both.accuracy_by_output.tolist() == [1, 0, 0]  # decided by `predicted`, whatever the scores mean
    assert (size.rmse.tolist(), size.absolute_error.tolist()) == ([2], [2])
