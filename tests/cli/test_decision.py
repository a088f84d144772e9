"""The threshold of a decision: given, or chosen on the dev part, and the same in every command."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.data.dataset import PredictionTask
from nnexp.errors import SpecError
from nnexp.metrics.breakdown import ClassBreakdown, measure_classes
from nnexp.metrics.components.macro_f1 import MacroF1
from nnexp.metrics.components.recall import Recall
from nnexp.metrics.outputs import TaskOutputs
from nnexp.metrics.tasks import TaskMetrics
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.typing import AnyArray
from tests.cli.inside import told

RARE = """
name: rare
data:
  source: {csv: {path: FOLDER/rare.csv, target: fraud}}
  split: {train: 150, dev: 100, test: 150}
architecture: [dense: 5, relu, output]
optimizer: {adam: {lr: 0.02}}
training: {epochs: 3}
decision: {maximize: macro_f1}
"""

OUTPUTS = """
name: outputs
data: {source: digits, split: {train: 100, dev: 60, test: 40}, targets: {membership: [[0, 1], [2], [3, 4, 5, 6, 7]]}}
architecture: [dense: 7, output]
training: {epochs: 2}
decision: {maximize: f1}
"""


def write_table(folder: Path) -> pd.DataFrame:
    """One row in seven is a fraud."""
    draw = np.random.default_rng(1)
    fraud = draw.random(400) < 1 / 7
    table = pd.DataFrame({"a": draw.normal(size=400) + fraud, "b": draw.normal(size=400) - fraud})
    table["fraud"] = np.where(fraud, "yes", "no")
    table.to_csv(folder / "rare.csv", index=False)
    return table


def run_of(text: str, folder: Path, *overrides: str) -> nnexp.Run:
    if "FOLDER" in text and not (folder / "rare.csv").exists():
        write_table(folder)
    spec = load_spec(SpecText("spec.yaml", text.replace("FOLDER", str(folder))), overrides, name="spec")
    return nnexp.train(spec, runs=folder / "runs")


def part_of(run: nnexp.Run, part: str) -> tuple[AnyArray, AnyArray]:
    """The probability of the second class, and whether that is right."""
    data = run.spec.data
    rows = data.choose_rows()[part]  # type: ignore[index]
    raw = data.load()
    return run.predictor.probabilities(raw.x[rows])[:, 1], raw.y[rows] == 1


def macro_f1(p: AnyArray, right: AnyArray, threshold: float) -> float:
    predicted = (p > threshold).astype(int)
    return measure_classes(np.eye(2)[predicted], np.eye(2)[right.astype(int)], ["no", "yes"]).macro_f1


def test_no_other_threshold_is_better_on_dev(tmp_path: Path) -> None:
    run = run_of(RARE, tmp_path)
    [threshold] = run.record["thresholds"][""]
    assert threshold != 0.5
    p, right = part_of(run, "dev")
    chosen = macro_f1(p, right, threshold)
    assert chosen == max(macro_f1(p, right, other) for other in [*np.linspace(0, 1, 1001), *p])
    assert chosen > macro_f1(p, right, 0.5)


def test_the_test_part_does_not_choose(tmp_path: Path) -> None:
    # not by class, so that other labels leave every example in its part
    split = "data.split={train: 150, dev: 100, test: 150, stratify: false}"
    run = run_of(RARE, tmp_path, split)
    turned = tmp_path / "turned"
    turned.mkdir()
    table = write_table(turned)
    rows = run.spec.data.choose_rows()["test"]
    table.loc[rows, "fraud"] = np.where(table.loc[rows, "fraud"] == "yes", "no", "yes")
    table.to_csv(turned / "rare.csv", index=False)
    other = run_of(RARE, turned, split)
    assert other.record["thresholds"] == run.record["thresholds"]
    assert other.final["dev"] == run.final["dev"]
    assert other.final["test"] != run.final["test"]


def test_every_command_decides_alike(tmp_path: Path) -> None:
    run = run_of(RARE, tmp_path)
    [threshold] = run.record["thresholds"][""]
    p, right = part_of(run, "test")
    predicted = p > threshold
    assert 0 < predicted.sum() != (p > 0.5).sum()
    assert run.final["test"]["accuracy"] == (predicted == right).mean()
    assert run.evaluate("test").items() >= run.final["test"].items()
    [details] = run.details("test")
    assert isinstance(details, ClassBreakdown)
    assert details.predicted_counts.tolist() == [(~predicted).sum(), predicted.sum()]
    assert details.accuracy == run.final["test"]["accuracy"] == details.top_accuracy(1)
    assert run.record["classes"]["test"]["predicted"] == details.predicted_counts.tolist()
    rows = run.spec.data.choose_rows()["test"]
    write_table(tmp_path).iloc[rows].to_csv(tmp_path / "test.csv", index=False)
    answers = pd.read_csv(StringIO(told("predict", run.path, tmp_path / "test.csv").stdout))
    assert (answers["class"] == "yes").tolist() == predicted.tolist()
    shown = told("evaluate", run.path, tmp_path / "test.csv", "--json").stdout
    assert json.loads(shown)["accuracy"] == run.final["test"]["accuracy"]
    assert f"predicted above a probability of {threshold:.4f}: yes" in told("evaluate", run.path).stdout


def test_a_run_in_a_stack_chooses_as_it_does_alone(tmp_path: Path) -> None:
    alone = [run_of(RARE, tmp_path, f"seed={seed}") for seed in range(3)]
    (tmp_path / "rare.yaml").write_text(RARE.replace("FOLDER", str(tmp_path)))
    told("sweep", tmp_path / "rare.yaml", "seed=0..2", "--runs", tmp_path / "sweep")
    assert len({run.record["thresholds"][""][0] for run in alone}) > 1
    for run in alone:
        stacked = nnexp.Run(tmp_path / "sweep" / run.path.name)
        for key in ("thresholds", "final", "classes"):
            assert stacked.record[key] == run.record[key]


def test_a_given_threshold_holds_in_training_too(tmp_path: Path) -> None:
    run = run_of(RARE, tmp_path, "decision={threshold: 0.2}")
    assert run.record["thresholds"] == {"": [0.2]}
    p, right = part_of(run, "dev")
    assert run.metrics["dev_accuracy"].iloc[-1] == ((p > 0.2) == right).mean()


def test_the_usual_decision_is_recorded_as_none(tmp_path: Path) -> None:
    run = run_of(RARE, tmp_path, "decision=null")
    assert "thresholds" not in run.record
    p, right = part_of(run, "dev")
    assert run.final["dev"]["accuracy"] == ((p > 0.5) == right).mean()


def test_each_yes_or_no_output_has_a_threshold_of_its_own(tmp_path: Path) -> None:
    run = run_of(OUTPUTS, tmp_path)
    thresholds = np.array(run.record["thresholds"][""])
    assert thresholds.shape == (3,)
    rows = run.spec.data.choose_rows()["test"]
    x = run.spec.data.load().x[rows]
    predicted = run.predictor.predict(x)
    assert (predicted == (run.predictor.probabilities(x) > thresholds)).all()
    right = predicted == (run.parts.test.d > 0.5)
    assert run.final["test"]["exact_match"] == right.all(axis=-1).mean()


def test_outputs_are_chosen_one_by_one_and_those_that_do_not_fit_stay_at_a_half() -> None:
    task = PredictionTask("", "binary", ("a", "b"))
    scoring = TaskMetrics([TaskOutputs(task, "logits", np.asarray, are_probabilities=True)])
    p = np.array([[[0.1, 0.9], [0.2, 0.3], [0.6, 0.2]]])
    d = np.array([[[0, 1], [1, 1], [1, 0]]])
    # between 0.1 and 0.2, and between 0.2 and 0.3
    [found] = scoring.choose_thresholds(p, d, MacroF1())
    np.testing.assert_allclose(found[""], [0.15, 0.25], rtol=1e-14)
    [found] = scoring.choose_thresholds(p, d, Recall("b"))
    np.testing.assert_allclose(found[""], [0.5, 0.25], rtol=1e-14)


def test_of_equally_good_thresholds_the_one_nearest_a_half_is_chosen() -> None:
    task = PredictionTask("", "classes", ("no", "yes"))
    scoring = TaskMetrics([TaskOutputs(task, "logits", np.asarray, are_probabilities=True)])
    p = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.4, 0.6], [0.2, 0.8]], [[np.nan, np.nan], [0.2, 0.8]]])
    d = np.eye(2)[[[0, 1]]]
    found = scoring.choose_thresholds(p, d, MacroF1())
    np.testing.assert_allclose([entry[""][0] for entry in found], [0.5, 0.7, 0.5], rtol=1e-14)


@pytest.mark.parametrize(
    ("overrides", "path", "words"),
    [
        (["decision={maximize: roc_auc}"], "decision.maximize", "metrics that do: accuracy, balanced_accuracy, f1"),
        (["decision={}"], "decision", "expected either `maximize` or `threshold`"),
        (["decision={maximize: f1, threshold: 0.2}"], "decision", "expected either `maximize` or `threshold`"),
        (["decision={maximize: {recall: maybe}}"], "decision.maximize", "there is no class 'maybe'"),
        (["decision={threshold: 1.2}"], "decision.threshold", "expected a number ≥ 0 and ≤ 1"),
        (["loss=hinge"], "decision", "nothing here is of that kind"),
        (["data.split={train: 300, dev: 0, test: 100}"], "decision.maximize", "chosen on the dev part, and data.split"),
    ],
)
def test_a_decision_that_cannot_be_made_is_refused(tmp_path: Path, overrides: list[str], path: str, words: str) -> None:
    write_table(tmp_path)
    with pytest.raises(SpecError) as raised:
        load_spec(SpecText("spec.yaml", RARE.replace("FOLDER", str(tmp_path))), overrides, name="spec")
    found = {problem.path: f"{problem.message}; {problem.suggestion}" for problem in raised.value.problems}
    assert words in found[path]


def test_an_ensemble_has_no_threshold(tmp_path: Path) -> None:
    write_table(tmp_path)
    (tmp_path / "rare.yaml").write_text(RARE.replace("FOLDER", str(tmp_path)))
    (tmp_path / "several.yaml").write_text("base: rare.yaml\nensemble: {members: 3}\n")
    done = told("sweep", tmp_path / "several.yaml", "--runs", tmp_path / "runs", code=2)
    assert "a threshold of one member is none of their average" in done.stderr
