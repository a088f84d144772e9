"""nnexp as a library: load, train and Run."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.data.splits import PART_NAMES
from tests.faults.support import only_run

CONFIGS = Path(__file__).parents[2] / "configs"


def test_the_public_api_is_this() -> None:
    errors = {
        "DataError",
        "Diverged",
        "GradientMismatch",
        "GradientUndecided",
        "Interrupted",
        "NnexpError",
        "ResumeError",
        "RunError",
        "SpecError",
        "UsageError",
    }
    functions = {"compare", "gradcheck", "load", "report", "sweep", "train"}
    assert set(nnexp.__all__) == {"BaselineSpec", "Run", "Spec", "Sweep"} | functions | errors


def test_a_sweep_ends_in_a_report_and_a_verdict(spec: Path, tmp_path: Path) -> None:
    made = nnexp.sweep(spec, ["activation=relu,tanh", "seed=0..2", "training.epochs=2"], runs=tmp_path, jobs=1)
    report = nnexp.report(made.path, runs=tmp_path, metric="dev_loss", filter='activation == "tanh" or n > 2')
    means = made.table.groupby("activation")["dev_loss"].mean()
    assert list(report.table["dev_loss"]) == pytest.approx(sorted(means))
    assert list(report.table["dev_loss_n"]) == [3, 3]
    assert any("3 seeds" in sentence for sentence in report.sentences)
    compared = nnexp.compare(made.path, runs=tmp_path, metric="dev_loss")
    [verdict] = compared.verdicts
    assert [variant.cells["activation"] for variant in compared.variants.values()] == ["relu", "tanh"]
    assert verdict.difference.mean == pytest.approx(means["tanh"] - means["relu"])


def test_what_the_layers_showed_is_a_table(digits: nnexp.Run) -> None:
    looks = digits.layer_history
    assert set(looks["layer"]) >= {"", "dense_1", "relu_1", "output"}
    first = {str(row["layer"]): row for row in looks[looks["step"] == 0].to_dict("records")}
    assert first["dense_1"]["gradient"] > 0
    assert np.isnan(first["dense_1"]["update"])
    assert np.isnan(first["dense_1"]["dead"])
    assert 0 <= first["relu_1"]["dead"] <= 1
    assert looks["step"].is_monotonic_increasing


def test_the_metrics_are_the_csv(digits: nnexp.Run) -> None:
    with (digits.path / "metrics.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(digits.metrics.columns) == list(lines[0])
    for name in lines[0]:
        assert digits.metrics[name].tolist() == [float(line[name]) for line in lines]


def test_predictions_on_raw_inputs_have_the_accuracy_of_the_record(digits: nnexp.Run) -> None:
    data, split = digits.spec.data.source.load(), digits.spec.data.split
    test = split.choose_indices(len(data.x), data.labels)["test"]
    right = digits.predictor.predict(data.x[test]) == data.y[test]
    assert right.mean() == digits.final["test"]["accuracy"] == digits.evaluate("test")["accuracy"]


def test_evaluating_gives_the_record_to_the_last_bit(digits: nnexp.Run, sine: nnexp.Run) -> None:
    for run in (digits, sine):
        for part in PART_NAMES:
            assert run.evaluate(part).items() >= run.final[part].items()


def test_a_loaded_spec_with_overrides_is_trained(spec: Path, tmp_path: Path) -> None:
    run = nnexp.train(nnexp.load(spec, ["training.epochs=1"]), runs=tmp_path)
    assert (run.state, len(run.metrics), run.path.parent) == ("done", 1, tmp_path)
    assert repr(run) == f"Run({str(run.path)!r}, done)"


def test_a_resolved_spec_is_the_spec(digits: nnexp.Run) -> None:
    assert nnexp.load(digits.path / "resolved.yaml") == digits.spec


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(nnexp.RunError, match=r"is no run folder: it has no run\.json"):
        nnexp.Run(tmp_path)


def test_inputs_of_another_shape_are_refused(digits: nnexp.Run) -> None:
    with pytest.raises(nnexp.DataError, match=r"takes examples of .* numbers"):
        digits.predictor.predict(np.zeros((2, 3)))


def test_no_examples_give_no_predictions(digits: nnexp.Run) -> None:
    shape = digits.predictor.description.shape
    assert digits.predictor.probabilities(np.zeros((0, *shape))).shape == (0, 10)


def test_an_error_in_the_watch_is_not_swallowed_and_the_run_goes_on_from_there(spec: Path, tmp_path: Path) -> None:
    seen = 0

    def watch(event: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 9:
            raise ZeroDivisionError

    loaded = nnexp.load(spec)
    with pytest.raises(ZeroDivisionError):
        nnexp.train(loaded, runs=tmp_path / "runs", watch=watch, checkpoint_seconds=0)
    assert nnexp.Run(only_run(tmp_path / "runs")).state == "failed"
    assert nnexp.train(loaded, runs=tmp_path / "runs").state == "done"


def test_the_spec_in_the_folder_is_the_users_byte_for_byte(tmp_path: Path) -> None:
    written = b"\xef\xbb\xbf# \xce\xa3\r\ndata: {source: {moons: {examples: 60}}}\r\narchitecture: [output]\r\n"
    (tmp_path / "own.yaml").write_bytes(written)
    run = nnexp.train(nnexp.load(tmp_path / "own.yaml", ["training.epochs=1"]), runs=tmp_path)
    assert (run.path / "spec.yaml").read_bytes() == written
    assert run.record["overrides"] == ["training.epochs=1"]


def test_a_sweep_is_made_and_its_table_and_runs_are_read(tmp_path: Path) -> None:
    values = ["optimizer.adam.lr=1e-3,1e-2", "seed=0..1", "training.epochs=3", "training.early_stopping=null"]
    made = nnexp.sweep(CONFIGS / "adam_bn.yaml", values, runs=tmp_path, jobs=1)
    assert list(made.table["state"]) == ["done"] * 4
    assert list(made.table["optimizer.adam.lr"]) == [1e-3, 1e-3, 1e-2, 1e-2]
    assert [run.final["test"]["accuracy"] for run in made.runs] == list(made.table["test_accuracy"])
    assert nnexp.Sweep(made.path).table.equals(made.table)


def test_a_folder_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(nnexp.RunError, match="holds no sweep"):
        nnexp.Sweep(tmp_path)
