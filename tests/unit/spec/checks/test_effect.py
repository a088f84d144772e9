"""What a spec may say, each part by itself allowed, that could have no effect or make no sense."""

from __future__ import annotations

import pytest

from nnexp.errors import SpecError
from nnexp.spec.problems import Problem, SpecText
from nnexp.spec.read import load_spec

PLAIN = "data: {source: digits}\narchitecture: [dense: 8, activation, output]\n"
TASKS = (
    "data: {source: digits, targets: {tasks: {digit: given, parity: {grouped: {groups: "
    "[[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]}}}}}\n"
)


def problems_of(text: str) -> list[Problem]:
    """Everything that is wrong with a spec."""
    try:
        load_spec(SpecText("s.yaml", text), name="s")
    except SpecError as error:
        return list(error.problems)
    return []


def only_problem(text: str) -> Problem:
    """The one thing that is wrong with a spec."""
    [problem] = problems_of(text)
    return problem


@pytest.mark.parametrize("smoothing", [0.9, 0.95, 0.999])
def test_a_smoothing_that_leaves_the_class_no_larger_target_is_refused(smoothing: float) -> None:
    problem = only_problem(f"{PLAIN}loss: {{cross_entropy: {{label_smoothing: {smoothing}}}}}\n")
    assert problem.path == "loss.cross_entropy.label_smoothing"
    assert problem.place.line == 3
    assert "with 10 classes it must be less than 0.9" in problem.message


def test_a_smoothing_that_is_large_but_means_something_is_accepted() -> None:
    assert not problems_of(f"{PLAIN}loss: {{cross_entropy: {{label_smoothing: 0.89}}}}\n")


def test_each_task_has_its_own_limit_of_smoothing() -> None:
    smoothed = "{loss: {cross_entropy: {label_smoothing: 0.6}}}"
    problem = only_problem(
        f"{TASKS}architecture: [dense: 8, output]\nloss: {{tasks: {{digit: {smoothed}, parity: {smoothed}}}}}\n"
    )
    assert problem.path == "loss.tasks.parity.loss.cross_entropy.label_smoothing"
    assert "with 2 classes it must be less than 0.5" in problem.message


@pytest.mark.parametrize(
    ("after", "named"),
    [
        ("dropout: 0.1", "dropout follows it"),
        ("dense: 10", "dense follows it"),
        ("dense: 32", "dense follows it"),
        ("relu, dense: 16, relu, dense: 10", "dense follow it"),
        ("batch_norm, dense: 10", "batch_norm, dense follow it"),
    ],
)
def test_layers_after_the_output_are_named(after: str, named: str) -> None:
    problem = only_problem(f"data: {{source: digits}}\narchitecture: [dense: 8, output, {after}]\n")
    assert problem.path == "architecture.1"
    assert named in problem.message
    assert "write `dense: 10` in its place" in problem.suggestion


def test_an_activation_may_follow_the_output() -> None:
    for activation in ("tanh", "activation", "softplus"):
        text = f"data: {{source: xor}}\narchitecture: [dense: 8, output, {activation}]\nloss: squared_error\n"
        assert not problems_of(text)


def test_layers_after_the_output_of_a_head_are_named() -> None:
    heads = "{heads: {digit: [output, dropout: 0.1], parity: [output]}}"
    problem = only_problem(f"{TASKS}architecture: [dense: 8, {heads}]\n")
    assert problem.path == "architecture.1.heads.digit.0"
    assert "dropout follows it" in problem.message


def membership(groups: str) -> str:
    """A spec that asks about groups of classes."""
    return f"data: {{source: digits, targets: {{membership: {{groups: {groups}}}}}}}\narchitecture: [output]\n"


def test_a_class_twice_in_a_group_is_refused_where_it_stands() -> None:
    problem = only_problem(membership("[[0, 2, 4, 2], [5, 6]]"))
    assert (problem.path, problem.place.column) == ("data.targets.membership.groups.0.3", 66)
    assert problem.message == "the class 2 is in the list twice"


def test_a_group_that_asks_the_same_as_another_is_refused() -> None:
    problem = only_problem(membership("[[5, 6], [1, 2], [6, 5]]"))
    assert problem.path == "data.targets.membership.groups.2"
    assert "[6, 5] is the same group as [5, 6]" in problem.message


def test_groups_may_overlap() -> None:
    assert not problems_of(membership("[[5, 6], [6, 7]]"))


def test_a_class_twice_in_a_group_of_a_task_is_refused() -> None:
    tasks = "{tasks: {digit: given, sizes: {membership: {groups: [[5, 5]]}}}}"
    text = f"data: {{source: digits, targets: {tasks}}}\narchitecture: [output]\n"
    assert only_problem(text).path == "data.targets.tasks.sizes.membership.groups.0.1"


def test_a_class_twice_in_a_group_is_refused_for_a_baseline_too() -> None:
    text = "data: {source: digits, targets: {membership: {groups: [[5, 6, 5]]}}}\nbaseline: least_squares\n"
    assert only_problem(text).path == "data.targets.membership.groups.0.2"


def test_a_layer_named_twice_among_the_frozen_is_refused() -> None:
    problem = only_problem(f"{PLAIN}training: {{freeze: [dense_1, dense_1]}}\n")
    assert (problem.path, problem.message) == ("training.freeze.1", "'dense_1' is in the list twice")


@pytest.mark.parametrize("blank", ["''", '" "'])
@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("{csv: {target: y, path: BLANK}}", "a text that names a file or folder"),
        ("{csv: {path: a.csv, target: y, test: BLANK}}", "a text that names a file or folder"),
        ("{npz: {path: BLANK}}", "a text that names a file or folder"),
        ("{npz: {path: a.npz, x: BLANK}}", "a text that names an array"),
        ("{npz: {path: a.npz, y: BLANK}}", "a text that names an array"),
        ("{image_folder: {path: BLANK}}", "a text that names a file or folder"),
        ("{image_folder: {path: photos, test: BLANK}}", "a text that names a file or folder"),
        ("{mnist: {path: BLANK}}", "a text that names a file or folder"),
        ("{cifar10: {path: BLANK}}", "a text that names a file or folder"),
    ],
)
def test_a_blank_text_is_no_name_of_a_file_or_array(source: str, wanted: str, blank: str) -> None:
    problem = only_problem(f"data:\n  source: {source.replace('BLANK', blank)}\narchitecture: [output]\n")
    assert (problem.place.line, problem.suggestion) == (2, "write the name between the quotes")
    assert f"expected {wanted}, found ' " in problem.message.replace("''", "' '")


@pytest.mark.parametrize("init", ["{from_run: {run: ''}}", "{from_run: ' '}"])
def test_a_blank_text_is_no_name_of_a_run(init: str) -> None:
    problem = only_problem(f"{PLAIN}init: {init}\n")
    assert (problem.path, problem.place.line) == ("init.from_run.run", 3)
    assert "expected a text that names the folder of a run" in problem.message
