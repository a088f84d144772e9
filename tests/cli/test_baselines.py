"""Baselines through the commands: the same run folder, listed, evaluated and used like a network's."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.baselines.base import Baseline, FitError
from nnexp.baselines.least_squares import LeastSquares
from nnexp.errors import Interrupted, RunError, SpecError
from nnexp.registry import baselines
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.training.events import Event, FitStarted, Notice
from tests.cli.inside import told
from tests.faults.support import events, only_run, program

KNN = """
name: near
data: {source: digits, split: {train: 200, dev: 60, test: 50}, normalize: none}
baseline: {knn: {k: 3}}
"""

GAUSSIAN = KNN.replace("near", "bell").replace("{knn: {k: 3}}", "{gaussian_classifier: {ridge: 0.1}}")

LINE = """
name: line
data: {source: {sine: {examples: 80}}, split: {train: 60, dev: 10, test: 10}}
baseline: least_squares
"""

TEXTS = {"near": KNN, "bell": GAUSSIAN, "line": LINE}


def fitted(text: str, runs: Path, *overrides: str) -> nnexp.Run:
    return nnexp.train(load_spec(SpecText("spec.yaml", text), overrides, name="spec"), runs=runs)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baselines")
    for text in TEXTS.values():
        fitted(text, folder)
    return folder


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "near.yaml"
    path.write_text(KNN)
    return path


def run_of(runs: Path, name: str) -> nnexp.Run:
    [path] = runs.glob(f"{name}-*")
    return nnexp.Run(path)


def test_train_fits_and_says_what_came_out_and_the_second_time_does_nothing(spec: Path, tmp_path: Path) -> None:
    words = ("train", spec, "--runs", tmp_path / "runs")
    done = told(*words)
    assert done.stderr == "fitting knn to 200 examples\n"
    assert "near: knn fitted and evaluated in " in done.stdout
    assert " s, 14,800 numbers\n" in done.stdout
    record = json.loads((only_run(tmp_path / "runs") / "run.json").read_bytes())
    percent = f"{100 * record['final']['test']['accuracy']:.2f} %"
    assert re.search(rf"\n  test +50 +{percent}", done.stdout)
    again = told(*words)
    assert again.stderr == "already trained; --restart trains it again\n"
    assert again.stdout == done.stdout
    assert told(*words, "--restart").stderr == done.stderr
    assert json.loads((only_run(tmp_path / "runs") / "run.json").read_bytes())["final"] == record["final"]


def test_json_is_the_record(spec: Path, tmp_path: Path) -> None:
    done = told("train", spec, "--runs", tmp_path / "runs", "--json")
    record = json.loads(done.stdout)
    assert done.stderr == ""
    assert (record["state"], record["ending"], record["baseline"]) == ("done", "fitted", "knn")
    assert (record["epochs"], record["steps"], record["seed"], record["parameters"]) == (0, 0, 0, 200 * 74)
    assert record["data"]["examples"] == {"train": 200, "dev": 60, "test": 50}
    assert {*record["final"]} == {"train", "dev", "test"}
    assert {*record["versions"]} == {"nnexp", "numpy", "python", "scipy"}


@pytest.mark.parametrize(("name", "metrics"), [("near", ["accuracy"]), ("line", ["rmse", "mae", "r2"])])
def test_the_folder_holds_the_files_of_any_run(name: str, metrics: list[str], runs: Path) -> None:
    run = run_of(runs, name)
    files = {str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()}
    expected = {"spec.yaml", "resolved.yaml", "run.json", "metrics.csv", "inputs.npz", "checkpoints/last.npz"}
    assert files - {"lock"} == expected
    assert (run.path / "spec.yaml").read_text() == TEXTS[name]
    columns = [f"{part}_{metric}" for part in ("train", "dev") for metric in metrics]
    assert list(run.metrics.columns) == ["epoch", "step", *columns, "seconds"]
    [row] = run.metrics.to_dict("records")
    assert (row["epoch"], row["step"]) == (0, 0)
    assert row[f"dev_{metrics[0]}"] == run.final["dev"][metrics[0]]
    assert list(run.final["test"]) == metrics


@pytest.mark.parametrize("name", TEXTS)
def test_the_resolved_spec_runs_itself_to_the_same_run(name: str, runs: Path, tmp_path: Path) -> None:
    run = run_of(runs, name)
    again = nnexp.train(nnexp.load(run.path / "resolved.yaml"), runs=tmp_path)
    assert again.path.name == run.path.name
    assert again.final == run.final
    for file in ("checkpoints/last.npz", "inputs.npz", "resolved.yaml"):
        assert (again.path / file).read_bytes() == (run.path / file).read_bytes()


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_evaluate_gives_the_final_metrics_of_the_record(part: str, name: str, runs: Path) -> None:
    run = run_of(runs, name)
    assert run.evaluate(part).items() >= run.final[part].items()


def test_evaluate_prints_what_there_is(runs: Path) -> None:
    line = program("evaluate", "line", "--runs", runs, OPENBLAS_NUM_THREADS="2")
    assert "loss" not in line.stdout
    assert f"rmse     {run_of(runs, 'line').final['test']['rmse']:.4f}" in line.stdout
    done = told("evaluate", "near", "--runs", runs, "--json")
    assert json.loads(done.stdout)["accuracy"] == run_of(runs, "near").final["test"]["accuracy"]


def test_runs_shows_them_by_accuracy_or_the_error_of_values(runs: Path) -> None:
    done = told("runs", "--runs", runs, "--json")
    shown = {row["run"].partition("-")[0]: row["test"] for row in json.loads(done.stdout)}
    assert {name: list(test) for name, test in shown.items()} == {
        "bell": ["accuracy"],
        "line": ["rmse"],
        "near": ["accuracy"],
    }
    assert " rmse" in told("runs", "--runs", runs).stdout


def test_predict_writes_shares_probabilities_or_values(runs: Path, tmp_path: Path) -> None:
    x = run_of(runs, "near").spec.data.source.load().x[:23].reshape(23, -1)
    pd.DataFrame(x).to_csv(tmp_path / "x.csv", index=False)
    for name in ("near", "bell"):
        table = pd.read_csv(io.StringIO(told("predict", name, tmp_path / "x.csv", "--runs", runs).stdout))
        assert list(table.columns) == ["class", *(f"p_{k}" for k in range(10))]
        np.testing.assert_allclose(table.iloc[:, 1:].sum(axis="columns"), 1)
        assert (table["class"] == run_of(runs, name).predictor.predict(x)).all()
    pd.DataFrame([[0.0], [0.5]]).to_csv(tmp_path / "t.csv", index=False)
    table = pd.read_csv(io.StringIO(told("predict", "line", tmp_path / "t.csv", "--runs", runs).stdout))
    np.testing.assert_array_equal(table, run_of(runs, "line").predictor.predict(np.array([[0.0], [0.5]])))


def test_predictions_of_least_squares_for_classes_are_scores_and_no_probabilities(tmp_path: Path) -> None:
    run = fitted(KNN, tmp_path, "baseline=least_squares")
    x = run.spec.data.source.load().x[:5].reshape(5, -1)
    assert not run.predictor.predictions(x)[0].are_probabilities
    assert told("predict", run.path, save(tmp_path, x)).stdout.startswith("class,score_0,")


def save(folder: Path, x: np.ndarray) -> Path:
    np.savez(folder / "x.npz", x=x)
    return folder / "x.npz"


def test_the_library_gives_the_methods_of_a_network(runs: Path) -> None:
    baseline = run_of(runs, "bell").predictor
    assert baseline.classes == tuple("0123456789")
    assert baseline.description.shape == (64,)
    x = run_of(runs, "bell").spec.data.source.load().x[:300].reshape(300, -1)
    z, p = baseline.outputs(x), baseline.probabilities(x)
    np.testing.assert_allclose(p, np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True), atol=1e-12)
    assert (baseline.predict(x) == p.argmax(axis=-1)).all()
    assert baseline.outputs(x[:0]).shape == (0, 10)


def test_examples_of_another_shape_or_not_finite_are_data_errors(runs: Path) -> None:
    baseline = run_of(runs, "near").predictor
    with pytest.raises(nnexp.DataError, match="the baseline takes examples of 64 numbers, and these have 3"):
        baseline.predict(np.zeros((2, 3)))
    with pytest.raises(nnexp.DataError, match="not finite, or too large"):
        baseline.predict(np.full((2, 64), np.nan))
    with pytest.raises(nnexp.DataError, match="not finite, or too large"):
        run_of(runs, "bell").predictor.predict(np.full((2, 64), 1e200))


def test_images_are_flattened(tmp_path: Path) -> None:
    flat = fitted(KNN, tmp_path)
    images = fitted(KNN, tmp_path, "data.source={digits: {flat: false}}")
    assert images.predictor.description.shape == (8, 8, 1)
    assert images.final == flat.final


@pytest.mark.parametrize("part", ["dev", "test"])
def test_a_part_without_examples_is_left_out(part: str, tmp_path: Path) -> None:
    run = fitted(KNN, tmp_path, f"data.split.{part}=0")
    assert part not in run.final
    assert [name for name in run.metrics.columns if name.startswith(part)] == []


def test_a_class_without_training_examples_is_told_of_and_never_named(tmp_path: Path) -> None:
    heard: list[Event] = []
    few = "data.split={train: 12, dev: 100, test: 100, stratify: false}"
    for baseline in ("knn", "gaussian_classifier", "least_squares"):
        heard.clear()
        loaded = load_spec(SpecText("s.yaml", KNN), [few, f"baseline={baseline}"], name="s")
        run = nnexp.train(loaded, runs=tmp_path, watch=heard.append)
        fitting, notice = heard
        assert fitting == FitStarted(baseline, 12)
        assert isinstance(notice, Notice)
        [event] = events(run.path)
        absent = event["classes"]
        assert notice.text.startswith(f"the training part has no example of {', '.join(absent)}: ")
        named = run.predictor.predict(run.spec.data.source.load().x.reshape(-1, 64))
        assert absent
        assert not {*np.array(run.predictor.classes)[named]} & {*absent}


def test_a_singular_covariance_is_an_error_in_words_and_the_run_has_failed(spec: Path, tmp_path: Path) -> None:
    words = ("train", spec, "baseline={gaussian_classifier: {ridge: 0}}", "--runs", tmp_path / "runs")
    done = told(*words, code=1)
    assert "error: near: the covariance of class 0 is singular: a feature never varies" in done.stderr
    assert nnexp.Run(only_run(tmp_path / "runs")).state == "failed"
    assert told(*words, code=1).stderr == done.stderr
    assert [event["event"] for event in events(only_run(tmp_path / "runs"))] == ["failed"]


class Stopped(Exception):
    """What stands in for a bug."""


def test_a_bug_in_a_fit_leaves_a_failed_run_that_can_be_fitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(LeastSquares, "fit", broken)
        with pytest.raises(Stopped):
            fitted(LINE, tmp_path)
    assert nnexp.Run(only_run(tmp_path)).state == "failed"
    assert fitted(LINE, tmp_path).state == "done"


def test_a_signal_during_the_fit_ends_it_and_the_same_call_fits_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = LeastSquares.fit

    def slow(self: LeastSquares, *arguments: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return fit(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(LeastSquares, "fit", slow)
        with pytest.raises(Interrupted, match="stopped; the fit will begin again"):
            fitted(LINE, tmp_path)
    assert nnexp.Run(only_run(tmp_path)).state == "interrupted"
    assert not (only_run(tmp_path) / "checkpoints" / "last.npz").exists()
    assert fitted(LINE, tmp_path).state == "done"


def test_a_damaged_file_is_said_and_a_restart_mends_it(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(run_of(runs, "line").path, copy := tmp_path / run_of(runs, "line").path.name)
    content = (copy / "checkpoints" / "last.npz").read_bytes()
    (copy / "checkpoints" / "last.npz").write_bytes(content[:-40])
    with pytest.raises(RunError, match="--restart` trains the run again"):
        nnexp.Run(copy).evaluate()
    loaded = load_spec(SpecText("s.yaml", LINE), name="s")
    mended = nnexp.train(loaded, runs=tmp_path, restart=True)
    assert mended.evaluate().items() >= run_of(runs, "line").final["test"].items()


@pytest.mark.parametrize("command", ["describe", "gradcheck"])
def test_commands_that_need_a_network_say_that_there_is_none(command: str, spec: Path) -> None:
    done = told(command, spec, code=2)
    assert done.stdout == ""
    assert "baseline" in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_validate_says_what_it_is(spec: Path) -> None:
    assert told("validate", spec).stdout == f"{spec}: valid, the baseline knn of 14,800 numbers\n"
    [found] = json.loads(told("validate", spec, "--json").stdout)
    shown = {"spec": str(spec), "valid": True, "name": "near", "baseline": "knn", "parameters": 14_800, "notices": []}
    assert found == shown
    assert "6:" not in told("validate", spec, "optimizer=adam", code=2).stderr


def test_a_wrong_spec_starts_nothing(spec: Path, tmp_path: Path) -> None:
    done = told("train", spec, "baseline.knn.k=201", "--runs", tmp_path / "runs", code=2)
    assert "baseline.knn.k: 201 neighbours are asked for, and the training part has 200" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_list_shows_them(tmp_path: Path) -> None:
    found = json.loads(told("list", "baselines", "--json").stdout)
    assert [entry["name"] for entry in found["baselines"]] == ["gaussian_classifier", "knn", "least_squares"]
    assert "k: 5 (a whole number ≥ 1)" in told("list", "knn").stdout


def test_no_network_can_start_from_a_baseline(runs: Path) -> None:
    text = f"data: {{source: digits}}\narchitecture: [output]\ninit: {{from_run: {run_of(runs, 'near').path}}}\n"
    with pytest.raises(SpecError, match="is a knn: it has no layers to start from"):
        load_spec(SpecText("s.yaml", text), name="s")


def test_every_baseline_is_one_of_the_kind() -> None:
    assert all(issubclass(baselines[name], Baseline) for name in baselines)
    assert issubclass(FitError, ValueError)
