"""What nnexp evaluate says besides loss and metrics: classes, outputs, tasks, and tables that fit."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console, RenderableType

import nnexp
from nnexp.cli.commands.evaluate import _render_summary
from nnexp.cli.tables.confusion import MAX_LISTED_CONFUSIONS, render_classes, render_confusions
from nnexp.cli.tables.outputs import MAX_FULL_OUTPUTS, MAX_WORST_OUTPUTS, render_outputs
from nnexp.metrics.breakdown import (
    BinaryBreakdown,
    ClassBreakdown,
    ValueBreakdown,
    measure_binary,
    measure_classes,
    measure_values,
)
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.storage.atomic import replace_nonfinite
from tests.cli.conftest import trained
from tests.cli.inside import told

TASKS = """
name: short_tasks
data:
  source: digits
  split: {train: 100, dev: 30, test: 30}
  targets: {tasks: {digit: given, odd: {grouped: [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]}, pixels: inputs}}
architecture: [{dense: {units: 16}}, activation, output]
loss:
  tasks: {digit: {loss: cross_entropy}, odd: {loss: cross_entropy}, pixels: {loss: squared_error, weight: 0.01}}
training: {epochs: 1}
"""

KNN = """
name: short_knn
data: {source: digits, split: {train: 100, dev: 30, test: 30}}
baseline: {knn: {k: 3}}
"""


@pytest.fixture(scope="session")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> nnexp.Run:
    return trained(TASKS, tmp_path_factory.mktemp("runs"))


def printed(shown: RenderableType, width: int) -> str:
    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def random_classes(names: list[str], examples: int = 900) -> ClassBreakdown:
    rng, k = np.random.default_rng(0), len(names)
    right = rng.integers(0, k, examples)
    return measure_classes(rng.standard_normal((examples, k)) + np.eye(k)[right], np.eye(k)[right], names)


def test_details_have_the_accuracy_of_the_record_and_the_targets_counts(digits: nnexp.Run) -> None:
    for part in ("train", "dev", "test"):
        [found] = digits.details(part)
        assert isinstance(found, ClassBreakdown)
        assert found.accuracy == pytest.approx(digits.final[part]["accuracy"], rel=1e-12)
        assert found.top_accuracy(1) == found.accuracy
        assert found.class_counts.tolist() == digits.parts[part].d.sum(axis=0).tolist()


def test_details_of_values_are_those_of_the_record(sine: nnexp.Run) -> None:
    [found] = sine.details("dev")
    for name, value in sine.final["dev"].items():
        assert name == "loss" or found.as_dict()[name] == pytest.approx(value, rel=1e-5)


def test_details_of_tasks_are_those_of_the_record(tasks: nnexp.Run) -> None:
    found = {entry.task: entry.as_dict() for entry in tasks.details("test")}
    assert list(found) == ["digit", "odd", "pixels"]
    for name, value in tasks.final["test"].items():
        task, _, metric = name.partition("_")
        assert name == "loss" or found[task][metric] == pytest.approx(value, rel=1e-5)


def test_details_of_a_baseline_have_the_accuracy_of_its_record(tmp_path: Path) -> None:
    run = nnexp.train(load_spec(SpecText("spec.yaml", KNN), name="spec"), runs=tmp_path)
    [found] = run.details("test")
    assert isinstance(found, ClassBreakdown)
    assert found.accuracy == pytest.approx(run.final["test"]["accuracy"], rel=1e-12)
    assert re.search(r"top 3 +\d", told("evaluate", run.path).stdout)


def test_classes_are_shown_with_error_rate_macro_f1_and_top_3(digits: nnexp.Run) -> None:
    shown = told("evaluate", digits.path, "--split", "dev").stdout
    [found] = digits.details("dev")
    assert isinstance(found, ClassBreakdown)
    for name, value in (
        ("error rate", found.error_rate),
        ("macro F1", found.macro_f1),
        ("top 3", found.top_accuracy(3)),
    ):
        assert re.search(rf"{name} +{100 * value:.2f} %", shown)
    assert "rows:" not in shown


def test_another_k_is_asked_for_by_name(digits: nnexp.Run) -> None:
    shown = told("evaluate", digits.path, "--top", "7").stdout
    [found] = digits.details("test")
    assert isinstance(found, ClassBreakdown)
    assert re.search(rf"top 7 +{100 * found.top_accuracy(7):.2f} %", shown)
    assert "top 3" not in shown


def test_the_confusion_matrix_is_shown_row_by_row(digits: nnexp.Run) -> None:
    lines = told("evaluate", digits.path, "--confusion").stdout.splitlines()
    [found] = digits.details("test")
    assert isinstance(found, ClassBreakdown)
    start = lines.index("rows: the right class; columns: the predicted one")
    rows = [line.replace(".", "0").split() for line in lines[start + 4 : start + 14]]
    assert rows == [[str(digit), *map(str, row)] for digit, row in enumerate(found.confusion.tolist())]
    assert re.search(rf"^ +3 +{found.class_counts[3]} +{found.predicted_counts[3]} ", "\n".join(lines), re.MULTILINE)


def test_each_task_has_a_section_and_tables_with_its_name(tasks: nnexp.Run) -> None:
    shown = told("evaluate", tasks.path, "--confusion").stdout
    labels = [label.strip() for label in re.findall(r"^  ([a-z]\S*(?: \S+){0,4}?)  +\S", shown, re.MULTILINE)]
    others = ["average precision", "balanced accuracy", "calibration error", "log loss", "macro F1", "ROC AUC"]
    expected = ["metric", "loss"]
    expected += [f"digit {name}" for name in ("accuracy", "error rate", "top 3", *others)]
    # of two classes the right one is always among three, and the second is that which precision and recall are of
    named = {name: f"{name} of 1/3/5/7/9" for name in ("average precision", "f1", "precision", "recall")}
    of_two = ["accuracy", "error rate", *others[:3], "f1", *others[3:5], "precision", "recall", others[5]]
    expected += [f"odd {named.get(name, name)}" for name in of_two]
    expected += ["pixels rmse", "pixels mae", "pixels r2"]
    assert labels[: len(expected)] == expected
    assert "\ndigit, rows: " in shown
    assert "\nodd, rows: " in shown
    assert f"\npixels, the {MAX_WORST_OUTPUTS} outputs of largest RMSE, of 64; --json has all" in shown


def test_json_has_all_tasks(tasks: nnexp.Run) -> None:
    document = json.loads(told("evaluate", tasks.path, "--json").stdout)
    assert document["details"] == replace_nonfinite([entry.as_dict() for entry in tasks.details()])


def test_a_k_that_says_nothing_is_refused(digits: nnexp.Run) -> None:
    done = told("evaluate", digits.path, "--top", "10", code=2)
    assert "--top 10: with 10 classes, the right one is always among so many" in done.stderr


def test_a_k_below_1_is_refused(digits: nnexp.Run) -> None:
    assert "--top" in told("evaluate", digits.path, "--top", "0", code=2).stderr


@pytest.mark.parametrize("arguments", [("--top", "2"), ("--confusion",)])
def test_classes_are_not_to_be_had_of_values(sine: nnexp.Run, arguments: tuple[str, ...]) -> None:
    done = told("evaluate", sine.path, *arguments, code=2)
    assert f"{arguments[0]} is for classes, and this run predicts none" in done.stderr


ANIMALS = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@pytest.mark.parametrize("width", [60, 80, 110])
@pytest.mark.parametrize("names", [ANIMALS, ["a", "[b]"], [f"a long name, number {i}" for i in range(50)]], ids=len)
def test_tables_of_classes_fit(names: list[str], width: int) -> None:
    found = random_classes(names)
    for shown in (render_confusions(found, width)[1], render_classes(found, width)):
        assert shown is not None
        text = printed(shown, 500)
        assert max(len(line.rstrip()) for line in text.splitlines()) <= width
        assert text == printed(shown, width) or width == 110


def test_the_matrix_has_names_where_they_fit_and_numbers_where_they_do_not() -> None:
    found = random_classes(ANIMALS)
    wide, narrow = (printed(render_confusions(found, width)[1] or "", width).splitlines() for width in (110, 60))
    assert wide[1].split() == ANIMALS
    assert narrow[1].split() == list("0123456789")
    assert [line.split()[:2] for line in narrow[3:13]] == [[str(i), name] for i, name in enumerate(ANIMALS)]


def test_a_matrix_that_finds_no_room_becomes_a_list_of_the_largest_confusions() -> None:
    found = random_classes([f"k{i}" for i in range(50)])
    off = found.confusion - np.diag(found.confusion.diagonal())
    legend, shown = render_confusions(found, 80)
    assert (
        legend
        == f"the {MAX_LISTED_CONFUSIONS} largest of {np.count_nonzero(off)} confusions; --json has the whole matrix"
    )
    rows = [line.split() for line in printed(shown or "", 80).splitlines() if line.startswith("  k")]
    counts = [int(row[2]) for row in rows]
    assert counts == np.sort(off, axis=None)[::-1][:MAX_LISTED_CONFUSIONS].tolist()
    for right, predicted, count, share, _ in rows:
        i, j = int(right[1:]), int(predicted[1:])
        assert int(count) == off[i, j]
        assert float(share) == pytest.approx(100 * off[i, j] / found.class_counts[i], abs=0.005)


def test_without_a_mistake_the_list_says_so() -> None:
    d = np.eye(50)
    assert render_confusions(measure_classes(d, d, [f"k{i}" for i in range(50)]), 60) == (
        "every example is right",
        None,
    )


def test_a_share_of_nothing_is_a_dash() -> None:
    found = measure_classes([[1, 0, 0], [1, 0, 0]], [[1, 0, 0], [0, 1, 0]], "abc")
    rows = [line.split() for line in printed(render_classes(found, 110), 110).splitlines() if line.strip()][2:]
    assert rows[1] == ["b", "1", "0", "-", "0.00", "%", "0.00", "%"]
    assert rows[2] == ["c", "0", "0", "-", "-", "-"]


def test_yes_or_no_outputs_are_shown_one_by_one() -> None:
    found = measure_binary([[1, 0], [1, 1], [0, 0]], [[1, 0], [1, 0], [1, 0]], ["warm", "wet"])
    legend, shown = render_outputs(found, 60)
    rows = [line.split() for line in printed(shown, 60).splitlines() if line.strip()]
    assert legend == "each output by itself"
    assert rows[0] == ["output", "accuracy"]
    assert rows[2:] == [["warm", "66.67", "%"], ["wet", "66.67", "%"]]
    summary = printed(_render_summary("dev", {"loss": 0.5, "accuracy": 2 / 3, "exact_match": 1 / 3}, [found], 3), 60)
    assert [line.split()[0] for line in summary.splitlines() if line.strip()][2:] == ["loss", "accuracy", "exact"]


@pytest.mark.parametrize("kind", ["binary", "values"])
def test_of_many_outputs_the_worst_are_shown(kind: str) -> None:
    count = MAX_FULL_OUTPUTS + 3
    wrong = np.tril(np.ones((count, count)))[::-1]  # output 0 is wrong most often
    names = [f"o{i}" for i in range(count)]
    zeros = np.zeros_like(wrong)
    found: BinaryBreakdown | ValueBreakdown
    found = measure_binary(wrong, zeros, names) if kind == "binary" else measure_values(wrong, zeros, names)
    legend, shown = render_outputs(found, 80)
    rows = [line.split()[0] for line in printed(shown, 80).splitlines() if line.startswith("  o")]
    assert rows == ["output", *names[:MAX_WORST_OUTPUTS]]
    assert legend.startswith(f"the {MAX_WORST_OUTPUTS} outputs of ")
