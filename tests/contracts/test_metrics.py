"""What every metric promises: per replica, batch by batch, defined where nothing is known, and as scikit-learn has it.

tests/fixtures/make_sklearn_metrics.py made the numbers; scikit-learn is not needed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnexp import registry
from nnexp.data.dataset import PredictionTask
from nnexp.metrics.choose import DEFAULT_METRICS, choose_task_metrics, find_metric, find_misfit
from nnexp.metrics.components.base import Metric
from nnexp.metrics.components.calibration_error import CalibrationError
from nnexp.metrics.components.macro_f1 import MacroF1
from nnexp.metrics.components.recall import Recall
from nnexp.metrics.components.roc_auc import RocAuc
from nnexp.metrics.outputs import TaskOutputs
from nnexp.metrics.tasks import TaskMetrics
from nnexp.nn.losses.base import Outputs, Targets
from nnexp.nn.losses.binary_cross_entropy import BinaryCrossEntropy
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal, row
from tests.contracts.examples import Example, N, O, R, examples

STORED = json.loads((Path(__file__).parents[1] / "fixtures" / "sklearn_metrics.json").read_text(encoding="utf-8"))

LOSSES: dict[Targets, Any] = {"classes": CrossEntropy(), "binary": BinaryCrossEntropy(), "values": SquaredError()}

NUMBERS_OF_CASE = ("p", "labels", "d")


def outputs_of(targets: Targets, width: int) -> TaskOutputs:
    """The outputs of one task with its usual loss, whose classes are called 0, 1, ..."""
    loss = LOSSES[targets]
    task = PredictionTask("", targets, tuple(map(str, range(width))))
    return TaskOutputs(task, loss.outputs, loss.predict, loss.outputs == "logits")


def given_probabilities(targets: Targets, width: int) -> TaskOutputs:
    """Outputs that are probabilities themselves."""
    task = PredictionTask("", targets, tuple(map(str, range(width))))
    return TaskOutputs(task, "values", np.asarray, are_probabilities=True)


def measure(metric: Metric, outputs: TaskOutputs, z: AnyArray, d: AnyArray, batch: int = N) -> AnyArray:
    """The metric (R,) of outputs z (R, N, O), taken in batches."""
    scoring = TaskMetrics([outputs], [metric])
    scores = np.full((*z.shape[:2], scoring.score_count), np.nan)
    for start in range(0, z.shape[1], batch):
        here = slice(start, start + batch)
        scoring.score_examples(z[:, here], d[:, here], out=scores[:, here])
    return scoring.summarize_scores(scores, d)[metric.name]


def draw(targets: Targets, examples: int = 29) -> tuple[AnyArray, AnyArray]:
    """Outputs and targets of R replicas; those of classes leave out the last class."""
    z = normal(R, examples, O)
    generator = np.random.default_rng(3)
    if targets == "classes":
        return z, np.eye(O)[generator.integers(0, O - 1, (1, examples))]
    if targets == "binary":
        return z, generator.integers(0, 2, (1, examples, O)).astype(float)
    return z, normal(1, examples, O, seed=1)


CASES = [(example, targets) for example in examples("metrics") for targets in example.component.targets]
each_case = pytest.mark.parametrize(("example", "targets"), CASES, ids=str)


@each_case
def test_replica_r_of_a_stack_is_measured_as_alone(example: Example, targets: Targets) -> None:
    z, d = draw(targets)
    outputs = outputs_of(targets, O)
    together = measure(example.component, outputs, z, d)
    assert together.shape == (R,)
    for r in range(R):
        assert identical(row(together, r), measure(example.component, outputs, row(z, r), d))


@each_case
def test_nan_in_one_replica_changes_no_other_and_raises_nothing(example: Example, targets: Targets) -> None:
    z, d = draw(targets)
    outputs = outputs_of(targets, O)
    clean = measure(example.component, outputs, z, d)
    z[1] = np.nan
    assert identical(measure(example.component, outputs, z, d)[[0, 2]], clean[[0, 2]])


@each_case
def test_batches_change_no_bit(example: Example, targets: Targets) -> None:
    z, d = draw(targets)
    outputs = outputs_of(targets, O)
    whole = measure(example.component, outputs, z, d, batch=29)
    assert identical(measure(example.component, outputs, z, d, batch=7), whole)


@each_case
def test_the_order_of_the_examples_does_not_matter(example: Example, targets: Targets) -> None:
    z, d = draw(targets)
    order = np.random.default_rng(5).permutation(z.shape[1])
    outputs = outputs_of(targets, O)
    found = measure(example.component, outputs, z[:, order], d[:, order])
    np.testing.assert_allclose(found, measure(example.component, outputs, z, d), rtol=1e-12)


@each_case
def test_perfect_outputs_are_the_best_there_are(example: Example, targets: Targets) -> None:
    z, d = draw(targets)
    # far enough from each other that probabilities are 0 and 1 to the last bit
    perfect = np.broadcast_to(d if targets == "values" else 200 * (d - 0.5), z.shape)
    if isinstance(example.component, Recall) and example.component.of == 0:
        assert d[..., 0].any()
    best = measure(example.component, outputs_of(targets, O), perfect, d)
    np.testing.assert_allclose(best, float(example.component.higher_is_better), atol=1e-12)
    other = measure(example.component, outputs_of(targets, O), z, d)
    assert (other < best if example.component.higher_is_better else other > best).all()


@each_case
def test_it_is_found_by_its_name(example: Example, targets: Targets) -> None:
    outputs = outputs_of(targets, O)
    found = find_metric(example.component.name, [outputs])
    assert found is not None
    assert found.name == example.component.name


@pytest.mark.parametrize("kind", ["two classes", "probabilities", "outputs"])
def test_it_is_as_in_sklearn(kind: str) -> None:
    case = STORED[kind]
    p = np.array(case["p"])
    width = p.shape[-1]
    if "labels" in case:
        targets: Targets = "classes"
        d = np.eye(width)[case["labels"]]
    else:
        targets, d = "binary", np.array(case["d"], float)
    outputs = given_probabilities(targets, width)
    names = [name for name in case if name not in NUMBERS_OF_CASE]
    assert len(names) >= 8
    for name in names:
        metric = find_metric(name, [outputs])
        assert metric is not None, name
        found = measure(metric, outputs, p[None], d[None])
        np.testing.assert_allclose(found, [case[name]], rtol=1e-12, err_msg=name)


def test_every_metric_of_classes_stands_beside_sklearns() -> None:
    compared = set().union(*(STORED[kind] for kind in ("two classes", "probabilities", "outputs", "classes", "binary")))
    of_classes = {name for name in registry.metrics if "values" not in registry.metrics[name].targets}
    assert of_classes <= compared


@pytest.mark.parametrize(
    ("name", "all_tied", "one_class"),
    [
        ("balanced_accuracy", 0.5, 1.0),
        ("macro_f1", 1 / 3, 1.0),  # F1 of the first class: 2 · 2 / (2 + 4), of the second: 0
        ("recall", 0.0, np.nan),
        ("precision", np.nan, np.nan),
        ("f1", 0.0, np.nan),
        ("roc_auc", 0.5, np.nan),
        ("average_precision", 0.5, np.nan),
        ("log_loss", np.log(2), np.log(2)),
        ("calibration_error", 0.0, 0.5),
    ],
)
def test_ties_and_a_class_without_examples(name: str, all_tied: float, one_class: float) -> None:
    outputs = outputs_of("classes", 2)
    metric = find_metric(name, [outputs])
    assert metric is not None
    z = np.zeros((1, 4, 2))  # probabilities of ½, so that the first class is predicted
    half, first = np.eye(2)[[[0, 1, 0, 1]]], np.eye(2)[[[0, 0, 0, 0]]]
    np.testing.assert_allclose(measure(metric, outputs, z, half), [all_tied], rtol=1e-12)
    np.testing.assert_allclose(measure(metric, outputs, z, first), [one_class], rtol=1e-12)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "log_loss", "calibration_error"])
@pytest.mark.parametrize("targets", ["classes", "binary"])
def test_what_is_made_of_probabilities_is_unknown_where_one_is(name: str, targets: Targets) -> None:
    z, d = draw(targets)
    z[0, 4, 2] = np.nan
    found = measure(registry.metrics[name](), outputs_of(targets, O), z, d)
    assert np.isnan(found).tolist() == [True, False, False]


@pytest.mark.parametrize("outputs", ["scores", "values"])
def test_two_classes_without_probabilities_are_ranked_by_their_difference(outputs: Outputs) -> None:
    task = PredictionTask("", "classes", ("no", "yes"))
    z = normal(1, 29, 2)
    d = np.eye(2)[np.random.default_rng(3).integers(0, 2, (1, 29))]
    given = TaskOutputs(task, outputs, np.asarray, are_probabilities=False)
    softmax = TaskOutputs(task, "logits", CrossEntropy().predict, are_probabilities=True)
    for name in ("roc_auc", "average_precision"):
        metric = registry.metrics[name]()
        assert identical(measure(metric, given, z, d), measure(metric, softmax, z, d))


def test_one_sigmoid_is_measured_as_two_classes_are() -> None:
    z = normal(R, 29, 1)
    d = np.random.default_rng(3).integers(0, 2, (1, 29, 1)).astype(float)
    both, one_hot = np.concatenate([np.zeros_like(z), z], axis=-1), np.concatenate([1 - d, d], axis=-1)
    for name in registry.metrics:
        if {"classes", "binary"} <= set(registry.metrics[name].targets):
            metric = registry.metrics[name]()
            alone = measure(metric, outputs_of("binary", 1), z, d)
            np.testing.assert_allclose(alone, measure(metric, outputs_of("classes", 2), both, one_hot), rtol=1e-12)


def test_metrics_of_the_same_scores_share_them() -> None:
    outputs = outputs_of("classes", O)
    alone = TaskMetrics([outputs], [MacroF1()]).score_count
    assert TaskMetrics([outputs], [MacroF1(), Recall("1"), Recall("2")]).score_count == alone == 1 + 2


@pytest.mark.parametrize("targets", DEFAULT_METRICS)
def test_a_spec_that_asks_for_nothing_scores_what_it_always_did(targets: Targets) -> None:
    scoring = TaskMetrics([outputs_of(targets, O)])
    assert scoring.score_count == {"classes": 1, "binary": 2, "values": 2}[targets]


def test_a_metric_that_is_usual_anyway_is_measured_once() -> None:
    outputs = outputs_of("classes", O)
    assert choose_task_metrics(outputs, DEFAULT_METRICS["classes"]) == list(DEFAULT_METRICS["classes"])


HINGED = TaskOutputs(PredictionTask("", "classes", ("a", "b")), "scores", np.asarray, are_probabilities=False)


@pytest.mark.parametrize(
    ("metric", "outputs", "words"),
    [
        (RocAuc(), outputs_of("values", 2), "the targets are values, for which there are mae, r2, rmse"),
        (RocAuc("3"), outputs_of("classes", 3), "there is no class '3'"),
        (Recall(), outputs_of("classes", 3), "3 classes, and it is measured of one of them; write `recall: 0`"),
        (Recall(), outputs_of("binary", 3), "there are 3 outputs"),
        (CalibrationError(), HINGED, "it needs probabilities"),
    ],
)
def test_a_metric_says_why_it_does_not_fit(metric: Metric, outputs: TaskOutputs, words: str) -> None:
    assert words in find_misfit(metric, outputs)
