"""Several things to predict at once, and targets other than those that the data come with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.data.dataset import Description
from nnexp.data.targets.base import TargetError
from nnexp.data.targets.given import Given
from nnexp.data.targets.grouped import Grouped
from nnexp.data.targets.inputs import Inputs
from nnexp.data.targets.membership import Membership
from nnexp.data.targets.tasks import Tasks
from nnexp.errors import SpecError, UsageError
from nnexp.metrics.outputs import list_task_outputs
from nnexp.metrics.tasks import TaskMetrics
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.losses.tasks import TaskLosses, WeightedLoss
from nnexp.nn.named import Named
from nnexp.prediction.files import make_prediction_table
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from tests.contracts.arrays import identical, normal, targets
from tests.contracts.examples import N, O, R
from tests.laws.stacks import spec_of, stack_of

CLASSES = Description(100, (2, 2), "classes", ("a", "b", "c"))
BOTH = Tasks(Named(("kind", "pixels"), (Given(), Inputs())))


def test_classes_are_one_hot_and_values_are_as_they_are() -> None:
    x, labels = np.zeros((3, 2, 2), np.float32), np.array([2, 0, 1])
    d = Given().make_targets(CLASSES, x, labels)
    assert d.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert d.dtype == np.float32
    assert Given().make_targets(Description(9, (4,), "values", ("v",)), x, np.array([[1.5]])).tolist() == [[1.5]]


def test_inputs_as_targets_are_flat() -> None:
    x = normal(5, 2, 2)
    assert identical(Inputs().make_targets(CLASSES, x, np.zeros(5, int)), x.reshape(5, 4))
    assert Inputs().describe(CLASSES).classes == ("x0", "x1", "x2", "x3")
    assert Inputs().describe(CLASSES).targets == "values"


def test_groups_by_hand() -> None:
    grouped = Grouped(((2, 0), (1,)))
    assert grouped.describe(CLASSES).classes == ("c/a", "b")
    assert grouped.make_targets(CLASSES, np.zeros((3, 4)), np.array([0, 1, 2])).tolist() == [[1, 0], [0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (((0, 1),), "class 2 is in none"),
        (((0, 1), (1, 2)), "some are in several, or are not there"),
        (((0, 1), (2, 3)), "some are in several, or are not there"),
    ],
)
def test_groups_that_are_no_partition_are_refused(groups: tuple[tuple[int, ...], ...], words: str) -> None:
    with pytest.raises(TargetError, match=words):
        Grouped(groups).describe(CLASSES)


def test_membership_by_hand() -> None:
    membership = Membership(((2, 0), (1, 2)))
    assert membership.describe(CLASSES).classes == ("c/a", "b/c")
    assert membership.describe(CLASSES).targets == "binary"
    assert membership.make_targets(CLASSES, np.zeros((3, 4)), np.array([0, 1, 2])).tolist() == [[1, 0], [0, 1], [1, 1]]


@pytest.mark.parametrize("group", [(), (3,), (0, 1, 2)])
def test_a_group_of_none_or_all_of_the_classes_asks_nothing(group: tuple[int, ...]) -> None:
    with pytest.raises(TargetError, match="some of the classes 0 to 2 and not all"):
        Membership(((0,), group)).describe(CLASSES)


def test_tasks_stand_side_by_side() -> None:
    description = BOTH.describe(CLASSES)
    assert description.output_widths == {"kind": 3, "pixels": 4}
    assert description.output_count == 7
    assert description.classes[:4] == ("kind_a", "kind_b", "kind_c", "pixels_x0")
    x, y = normal(5, 2, 2), np.array([0, 1, 2, 0, 1])
    d = BOTH.make_targets(CLASSES, x, y)
    assert identical(d, np.concatenate([np.eye(3)[y], x.reshape(5, 4)], axis=-1))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Named(("a",), (Given(),)), "two or more"),
        (Named(("a", "b"), (Given(), BOTH)), "not tasks again"),
        (Named(("a b", "c"), (Given(), Inputs())), "letters, digits and _"),
    ],
)
def test_tasks_that_make_no_sense_are_refused(given: Named[Given | Inputs | Tasks], words: str) -> None:
    with pytest.raises(TargetError, match=words):
        Tasks(given).describe(CLASSES)  # type: ignore[arg-type]


def test_a_description_is_the_same_after_json() -> None:
    for description in (CLASSES, BOTH.describe(CLASSES)):
        again = Description.from_dict(description.as_dict())
        assert again.output_widths == description.output_widths
        assert (again.shape, again.targets, again.classes) == (
            description.shape,
            description.targets,
            description.classes,
        )


def test_the_loss_of_tasks_is_the_weighted_sum_of_their_losses() -> None:
    loss = TaskLosses(
        Named(("b", "a"), (WeightedLoss(SquaredError(), np.array([0.3, 1.0, 0.0])), WeightedLoss(CrossEntropy(0.2))))
    ).with_widths({"a": 4, "b": O - 4})
    z, d = normal(R, N, O), targets("tasks")[0]
    first, dz_first = CrossEntropy(0.2)(z[..., :4], d[..., :4])
    second, dz_second = SquaredError()(z[..., 4:], d[..., 4:])
    value, dz = loss(z, d)
    weights = np.array([0.3, 1.0, 0.0])
    np.testing.assert_allclose(value, first + weights * second, rtol=1e-14)
    np.testing.assert_allclose(dz, np.concatenate([dz_first, weights[:, None, None] * dz_second], axis=-1), rtol=1e-14)


def test_predictions_of_tasks_are_each_losses_own() -> None:
    loss = TaskLosses(Named(("a", "b"), (WeightedLoss(CrossEntropy()), WeightedLoss(SquaredError())))).with_widths(
        {"a": 4, "b": 7}
    )
    z = normal(R, N, O)
    p = loss.predict(z)
    assert identical(p[..., 4:], z[..., 4:])
    np.testing.assert_allclose(p[..., :4].sum(axis=-1), 1, rtol=1e-14)


def test_metrics_of_tasks_are_those_of_each_alone_with_its_name() -> None:
    description = BOTH.describe(CLASSES)
    loss = TaskLosses(Named(("kind", "pixels"), (WeightedLoss(CrossEntropy()), WeightedLoss(SquaredError()))))
    scoring = TaskMetrics(list_task_outputs(description, loss))
    z, d = normal(R, N, 7), np.concatenate([np.eye(3)[np.zeros((R, N), int)], normal(R, N, 4, seed=1)], axis=-1)
    scores = np.zeros((R, N, scoring.score_count))
    scoring.score_examples(z, d, scores)
    right = z[..., :3].argmax(axis=-1) == d[..., :3].argmax(axis=-1)
    found = scoring.summarize_scores(scores, d)
    assert list(found) == ["kind_accuracy", "pixels_rmse", "pixels_mae", "pixels_r2"]
    assert identical(found["kind_accuracy"], right.mean(axis=-1))
    rmse = np.sqrt(np.square(z[..., 3:] - d[..., 3:]).mean(axis=(-1, -2)))
    np.testing.assert_allclose(found["pixels_rmse"], rmse, rtol=1e-12)


TEXT = """
data:
  source: {blobs: {examples: 90, classes: 3, features: 4}}
  targets: {tasks: {kind: given, first: {grouped: [[0], [1, 2]]}, pixels: inputs}}
architecture:
  - dense: 7
  - tanh
  - heads: {pixels: [output], kind: [dense: 5, activation, output], first: [output]}
loss: {tasks: {first: {loss: hinge}, kind: {loss: cross_entropy}, pixels: {loss: squared_error, weight: 0.1}}}
training: {epochs: 3, early_stopping: {patience: 2, metric: dev_kind_accuracy}}
"""


def test_the_order_in_which_tasks_are_written_means_nothing() -> None:
    line = "  targets: {tasks: {kind: given, first: {grouped: [[0], [1, 2]]}, pixels: inputs}}"
    turned = "  targets: {tasks: {pixels: inputs, first: {grouped: [[0], [1, 2]]}, kind: given}}"
    assert line in TEXT
    assert spec_of(TEXT.replace(line, turned)) == spec_of(TEXT)


def test_heads_stand_in_the_order_of_the_tasks_however_they_are_written() -> None:
    network = stack_of([spec_of(TEXT)]).model.network
    heads = network.layers[-1]
    assert heads.heads.names == ("first", "kind", "pixels")  # type: ignore[attr-defined]
    assert [head.declare((7,)).output for head in heads.heads.values] == [(2,), (3,), (4,)]  # type: ignore[attr-defined]


def test_a_head_has_its_own_weights_under_its_name() -> None:
    entries = dict(stack_of([spec_of(TEXT)]).model.declaration.iterate_weights())
    assert entries["heads_1.kind.dense_1.W"].shape == (7, 5)
    assert entries["heads_1.pixels.output.W"].shape == (7, 4)


def test_a_run_with_tasks_from_beginning_to_prediction(tmp_path: Path) -> None:
    run = nnexp.train(spec_of(TEXT), runs=tmp_path)
    assert {"train_kind_accuracy", "dev_first_accuracy", "dev_pixels_rmse"} <= set(run.metrics.columns)
    assert run.evaluate("test").items() >= run.final["test"].items()
    x = run.spec.data.source.load().x[:5]
    shown = make_prediction_table(run.predictor, x)
    assert list(shown.columns[:3]) == ["first_class", "first_score_0", "first_score_1/2"]
    assert {"kind_class", "kind_p_0", "pixels_x3"} <= set(shown.columns)
    with pytest.raises(UsageError, match="predicts several tasks"):
        run.predictor.predict(x)
    assert [found.task.name for found in run.predictor.predictions(x)] == ["first", "kind", "pixels"]


def test_each_task_has_the_usual_loss_where_none_is_named() -> None:
    spec = spec_of("\n".join(line for line in TEXT.splitlines() if not line.startswith("loss")))
    assert {name: type(task.loss).__name__ for name, task in spec.loss.tasks.items()} == {  # type: ignore[attr-defined]
        "kind": "CrossEntropy",
        "first": "CrossEntropy",
        "pixels": "SquaredError",
    }


@pytest.mark.parametrize(
    ("override", "path", "words"),
    [
        ("architecture.2.heads.kind=[dense: 5]", "architecture.2", "the head kind gives 5 numbers for 3: end it with"),
        ("architecture.2={heads: {kind: [output], first: [output]}}", "architecture.2", "the task pixels has no head"),
        ("architecture.2.heads.colour=[output]", "architecture.2.heads.colour", "there is no task 'colour'"),
        ("architecture.1={heads: {kind: [output], first: [output], pixels: [output]}}", "architecture.1", "last layer"),
        ("architecture.1={residual_block: [heads: {kind: [output]}]}", "architecture.1", "must be the last layer"),
        ("data.targets=given", "architecture.2", "there is one thing to predict"),
        ("loss.tasks.pixels.loss=hinge", "loss.tasks.pixels.loss", "hinge does not fit the task pixels"),
        ("loss={tasks: {kind: {loss: hinge}, first: {loss: hinge}}}", "loss.tasks", "the task pixels has no loss"),
        ("loss.tasks.pixel={loss: huber}", "loss.tasks.pixel", "there is no task 'pixel'"),
        ("loss=cross_entropy", "loss", "cross_entropy does not fit blobs, whose targets are tasks"),
        ("loss.tasks.kind.weight=-1", "loss.tasks.kind.weight", "expected a number ≥ 0"),
        ("loss.tasks.kind=cross_entropy", "loss.tasks.kind", "expected a mapping with the keys loss, weight"),
        ("data.targets={tasks: {a: given}}", "data.targets", "tasks are two or more"),
        ("data.targets={tasks: given}", "data.targets.tasks", "expected a mapping of names, each to a target"),
        ("data.targets={grouped: [[0], [1]]}", "data.targets", "class 2 is in none"),
        ("data.targets={membership: [[0], [5]]}", "data.targets", "each group holds some of the classes 0 to 2"),
        ("data.targets=input", "data.targets", "unknown target 'input'"),
        ("training.early_stopping.metric=dev_accuracy", "training.early_stopping.metric", "there is no metric"),
    ],
)
def test_what_does_not_fit_is_said_in_its_place(override: str, path: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        load_network_spec(SpecText("spec.yaml", TEXT), [override], name="s")
    found = {problem.path: problem.message for problem in raised.value.problems}
    assert path in found, found
    assert words in found[path]
