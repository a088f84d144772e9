"""nnexp evaluate and nnexp predict, as programs."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.data.splits import PartName
from nnexp.storage.atomic import replace_nonfinite
from tests.cli.inside import told
from tests.faults.support import program


def raw(run: nnexp.Run, count: int) -> np.ndarray:
    """The first examples of a run's data, as the source gives them, flat."""
    return run.spec.data.source.load().x[:count].reshape(count, -1)


def write_csv(path: Path, x: np.ndarray) -> Path:
    pd.DataFrame(x).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_evaluate_gives_the_metrics_of_the_record_and_all_others_that_fit(part: PartName, digits: nnexp.Run) -> None:
    done = program("evaluate", digits.path, "--split", part, "--json", OPENBLAS_NUM_THREADS="2")
    document = json.loads(done.stdout)
    assert done.stderr == ""
    details = document.pop("details")
    recorded = {"run": str(digits.path), "split": part, **digits.record["final"][part]}
    assert document.items() >= recorded.items()
    assert document.keys() - recorded.keys() == {
        "average_precision",
        "balanced_accuracy",
        "calibration_error",
        "log_loss",
        "macro_f1",
        "roc_auc",
    }
    assert details == replace_nonfinite([entry.as_dict() for entry in digits.details(part)])


def test_evaluate_looks_at_the_test_part_and_finds_a_run_by_the_beginning_of_its_name(
    runs: Path, sine: nnexp.Run
) -> None:
    done = told("evaluate", "short_s", "--runs", runs)
    for name, value in sine.final["test"].items():
        assert re.search(rf"{name} +{re.escape(f'{value:.4f}')}", done.stdout)


def test_evaluate_of_an_unknown_run_suggests_one(runs: Path) -> None:
    done = told("evaluate", "short_sinus", "--runs", runs, code=2)
    assert "there is no run 'short_sinus'; did you mean 'short_sine" in done.stderr


def test_evaluate_of_an_ambiguous_beginning_names_them_all(runs: Path, digits: nnexp.Run, sine: nnexp.Run) -> None:
    done = told("evaluate", "short", "--runs", runs, code=2)
    assert f"{digits.path.name} or {sine.path.name}" in done.stderr


def test_evaluate_of_an_unknown_part_is_wrong_usage(digits: nnexp.Run) -> None:
    assert "'train'" in told("evaluate", digits.path, "--split", "banana", code=2).stderr


def test_evaluate_of_a_part_that_the_run_has_not_is_wrong_usage(spec: Path, tmp_path: Path) -> None:
    words = ("data.split.train=0.9", "data.split.dev=0.1", "data.split.test=0.0", "training={epochs: 1}")
    run = json.loads(told("train", spec, *words, "--runs", tmp_path / "runs", "--json").stdout)["run"]
    assert "has no test part" in told("evaluate", run, code=2).stderr


def test_predict_gives_classes_and_probabilities(digits: nnexp.Run, tmp_path: Path) -> None:
    x = raw(digits, 23)
    done = told("predict", digits.path, write_csv(tmp_path / "x.csv", x))
    table = pd.read_csv(io.StringIO(done.stdout))
    assert done.stderr == ""
    assert list(table.columns) == ["class", *(f"p_{digit}" for digit in range(10))]
    probabilities = table.iloc[:, 1:].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert (table["class"] == probabilities.argmax(axis=1)).all()
    assert (table["class"] == digits.predictor.predict(x.reshape(23, *digits.predictor.description.shape))).all()


def test_predict_reads_npz_and_csv_alike_and_writes_a_file(digits: nnexp.Run, tmp_path: Path) -> None:
    x = raw(digits, 11)
    np.savez(tmp_path / "x.npz", x=x.reshape(11, *digits.predictor.description.shape), other=np.zeros(3))
    np.savez(tmp_path / "one.npz", anything=x.reshape(11, *digits.predictor.description.shape))
    outputs = [
        told("predict", digits.path, source).stdout
        for source in (write_csv(tmp_path / "x.csv", x), tmp_path / "x.npz", tmp_path / "one.npz")
    ]
    done = told("predict", digits.path, tmp_path / "x.npz", "-o", tmp_path / "out.csv")
    assert done.stdout == ""
    assert {*outputs} == {(tmp_path / "out.csv").read_text()}


def test_predict_gives_values_for_a_sine(sine: nnexp.Run, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x\n-1.5\n0\n1.5\n")
    table = pd.read_csv(io.StringIO(told("predict", sine.path, tmp_path / "x.csv").stdout))
    assert list(table.columns) == ["y"]
    expected = sine.predictor.predict(np.array([[-1.5], [0], [1.5]]))
    np.testing.assert_allclose(table.to_numpy(), expected, rtol=1e-6)


def test_predict_says_where_a_csv_is_wrong(sine: nnexp.Run, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("x\n1\nbanana\n")
    done = told("predict", sine.path, tmp_path / "x.csv", code=6)
    assert done.stderr.endswith("x.csv: line 3, column 'x': 'banana' is not a finite number\n")
    assert done.stdout == ""


def test_predict_says_which_shape_it_wants(digits: nnexp.Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 5)))
    wanted = " x ".join(map(str, digits.predictor.description.shape))
    done = told("predict", digits.path, tmp_path / "x.npz", code=6)
    assert f"expected an array of N x {wanted}, found 3 x 5" in done.stderr


def test_predict_refuses_a_file_that_is_not_there(digits: nnexp.Run, tmp_path: Path) -> None:
    assert "there is no file" in told("predict", digits.path, tmp_path / "no.csv", code=6).stderr


def test_predict_into_a_place_that_cannot_be_written(digits: nnexp.Run, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "x.csv", raw(digits, 2))
    assert "Is a directory" in told("predict", digits.path, source, "-o", tmp_path, code=1).stderr
