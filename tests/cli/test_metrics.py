"""Metrics that a spec asks for, watches, or is ranked by: measured, recorded, and refused where they do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.errors import SpecError
from nnexp.runs.metrics_csv import format_metrics, read_metrics
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.training.best_epoch import find_best_epoch
from tests.cli.inside import told

BLOBS = """
name: rare
data: {source: {blobs: {examples: 200, classes: 3, features: 4, spread: 3.0}}}
architecture: [dense: 7, relu, output]
training: {epochs: 4}
"""

BASELINE = """
name: neighbours
data: {source: {blobs: {examples: 200, classes: 3, features: 4, spread: 3.0}}}
baseline: knn
"""

TASKS = """
name: tasks
data:
  source: digits
  split: {train: 100, dev: 40, test: 30}
  targets: {tasks: {digit: given, odd: {grouped: [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]}, pixels: inputs}}
architecture: [dense: 7, output]
training: {epochs: 2}
"""


def run_of(text: str, runs: Path, *overrides: str) -> nnexp.Run:
    return nnexp.train(load_spec(SpecText("spec.yaml", text), overrides, name="spec"), runs=runs)


def problems_of(text: str, *overrides: str) -> list[tuple[str, str, str]]:
    with pytest.raises(SpecError) as raised:
        load_spec(SpecText("spec.yaml", text), overrides, name="spec")
    return [(problem.path, problem.message, problem.suggestion) for problem in raised.value.problems]


def test_the_columns_of_a_spec_that_asks_for_nothing_are_the_usual_ones(tmp_path: Path) -> None:
    assert list(run_of(BLOBS, tmp_path).metrics.columns) == [
        *("epoch", "step", "lr", "train_loss", "train_objective", "train_accuracy", "dev_loss", "dev_accuracy"),
        *("grad_norm", "seconds"),
    ]


def test_what_is_asked_for_is_measured_each_epoch_and_changes_no_other_number(tmp_path: Path) -> None:
    usual = run_of(BLOBS, tmp_path)
    asked = run_of(BLOBS, tmp_path, "metrics=[macro_f1, {recall: 1}, log_loss]")
    names = ["macro_f1", "recall_1", "log_loss"]
    added = {f"{part}_{name}" for part in ("train", "dev") for name in names}
    assert set(asked.metrics.columns) - set(usual.metrics.columns) == added
    shared = [name for name in usual.metrics.columns if name != "seconds"]
    assert asked.metrics[shared].equals(usual.metrics[shared])
    for part in ("train", "dev", "test"):
        assert list(asked.final[part]) == ["loss", "accuracy", *names]
    last = asked.metrics.iloc[-1]
    assert {name: last[f"dev_{name}"] for name in names} == {name: asked.final["dev"][name] for name in names}
    # the loss is that of the probabilities here, with no label smoothing
    assert last["dev_log_loss"] == pytest.approx(last["dev_loss"], rel=1e-5)


def test_early_stopping_keeps_the_epoch_of_the_best_metric_that_it_watches(tmp_path: Path) -> None:
    run = run_of(BLOBS, tmp_path, "training={epochs: 9, early_stopping: {patience: 9, metric: dev_recall_2}}")
    values = run.metrics["dev_recall_2"]
    assert run.record["weights"]["epoch"] == find_best_epoch("dev_recall_2", values)
    assert run.final["dev"]["recall_2"] == values.max()


def test_a_schedule_watches_a_metric_that_is_to_be_small(tmp_path: Path) -> None:
    run = run_of(BLOBS, tmp_path, "schedule={plateau: {metric: dev_calibration_error, patience: 1}}")
    assert "dev_calibration_error" in run.metrics


def test_a_baseline_is_measured_too(tmp_path: Path) -> None:
    run = run_of(BASELINE, tmp_path, "metrics=[roc_auc, calibration_error]")
    assert list(run.final["test"]) == ["accuracy", "roc_auc", "calibration_error"]
    assert run.evaluate("test").items() >= run.final["test"].items()


def test_of_tasks_each_that_fits_is_measured(tmp_path: Path) -> None:
    run = run_of(
        TASKS, tmp_path, "metrics=[macro_f1]", "training.early_stopping={patience: 2, metric: dev_odd_roc_auc}"
    )
    measured = {name for name in run.final["test"] if "macro_f1" in name or "roc_auc" in name}
    assert measured == {"digit_macro_f1", "odd_macro_f1", "digit_roc_auc", "odd_roc_auc"}
    assert run.record["weights"]["epoch"] == find_best_epoch("dev_odd_roc_auc", run.metrics["dev_odd_roc_auc"])


@pytest.mark.parametrize(
    ("override", "path", "words"),
    [
        ("metrics=[macrof1]", "metrics.0", "did you mean 'macro_f1'?"),
        ("metrics=[accuracy, rmse]", "metrics.1", "the targets are classes, for which there are accuracy, average_"),
        ("metrics=[recall]", "metrics.0", "write `recall: 0`"),
        ("metrics=[{roc_auc: 7}]", "metrics.0", "there is no class '7'"),
        ("metrics=[macro_f1, macro_f1]", "metrics.1", "macro_f1 is asked for twice"),
        ("metrics=macro_f1", "metrics", "expected a list of metrics"),
        (
            "training.early_stopping={patience: 2, metric: dev_macrof1}",
            "training.early_stopping.metric",
            "did you mean 'dev_macro_f1'?",
        ),
        (
            "training.early_stopping={patience: 2, metric: dev_rmse}",
            "training.early_stopping.metric",
            "known: dev_loss, dev_accuracy, dev_average_precision",
        ),
    ],
)
def test_a_metric_that_is_not_there_or_does_not_fit_says_which_do(override: str, path: str, words: str) -> None:
    [(found, message, suggestion)] = problems_of(BLOBS, override)
    assert found == path
    assert words in f"{message}; {suggestion}"


def test_a_metric_of_probabilities_does_not_fit_a_hinge_loss() -> None:
    [(path, message, _)] = problems_of(BLOBS, "loss=hinge", "metrics=[roc_auc, log_loss]")
    assert path == "metrics.1"
    assert "log_loss cannot be measured: it needs probabilities" in message


def test_a_sweep_is_ranked_by_a_metric_that_its_base_does_not_list(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BLOBS)
    (tmp_path / "rates.yaml").write_text(
        "base: base.yaml\ngrid: {optimizer.adam.lr: [1e-4, 0.1]}\nobjective: {maximize: dev_recall_1}\n"
    )
    told("sweep", tmp_path / "rates.yaml", "--runs", tmp_path / "runs")
    document = json.loads(told("report", "rates", "--runs", tmp_path / "runs", "--json").stdout)
    assert document["metric"] == "dev_recall_1"
    means = [variant["dev_recall_1"]["mean"] for variant in document["variants"]]
    assert means == sorted(means, reverse=True)
    for name in (tmp_path / "runs").glob("rare-*"):
        run = nnexp.Run(name)
        assert run.record["overrides"][-1] == "metrics=[{recall: {of: '1'}}]"
        again = load_spec(SpecText("spec.yaml", BLOBS), run.record["overrides"], name="spec")
        assert again == run.spec


def test_an_objective_that_would_choose_the_worst_is_refused(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BLOBS)
    (tmp_path / "rates.yaml").write_text(
        "base: base.yaml\ngrid: {optimizer.adam.lr: [1e-4, 0.1]}\nobjective: {maximize: dev_log_loss}\n"
    )
    done = told("sweep", tmp_path / "rates.yaml", "--runs", tmp_path / "runs", code=2)
    assert "write {minimize: dev_log_loss}" in done.stderr


def test_a_class_with_a_comma_is_one_column_of_metrics_csv(tmp_path: Path) -> None:
    row = {"epoch": 1, 'dev_recall_1,5 "half"': 0.5, "seconds": 0.1}
    (tmp_path / "metrics.csv").write_text(format_metrics([row]))
    assert read_metrics(tmp_path) == [row]


def test_evaluate_shows_all_that_fit(tmp_path: Path) -> None:
    run = run_of(BLOBS, tmp_path)
    shown = told("evaluate", run.path).stdout
    for words in ("balanced accuracy", "macro F1", "ROC AUC", "average precision", "log loss", "calibration error"):
        assert words in shown
    found = run.evaluate("test")
    breakdown = run.details("test")[0].as_dict()
    assert found["macro_f1"] == pytest.approx(breakdown["macro_f1"], rel=1e-14)
    recalls = [entry["recall"] for entry in breakdown["classes"]]
    assert found["balanced_accuracy"] == pytest.approx(np.nanmean(recalls), rel=1e-14)
