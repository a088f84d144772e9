"""One root is not drowned in what follows from it; runs that tell little are no error."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import nnexp
from nnexp.diagnosis.diagnosis import collect_findings, diagnose_run
from nnexp.errors import RunError
from nnexp.execution.run import train_run
from tests.unit.diagnosis.support import DIGITS, evidence, looks

SMALL = "data: {source: {moons: {examples: 100}}}\narchitecture: {mlp: {hidden: [4]}}\n"


def run(folder: Path, text: str) -> Path:
    (folder / "spec.yaml").write_text(text)
    return nnexp.train(nnexp.load(folder / "spec.yaml"), runs=folder / "runs").path


def test_zeros_are_named_once() -> None:
    zeros: dict[str, list[float]] = {"gradient": [0, 0], "symmetric": [1, 1], "weight": [0, 0], "update": [math.nan, 0]}
    looked = looks({"dense_1": zeros, "dense_2": zeros, "output": {"weight": [0, 0.1]}}, {"relu_1": {"dead": [1, 1]}})
    rows = {"train_loss": [2.3, 2.3], "train_objective": [2.3, 2.3], "train_accuracy": [0.1, 0.1]}
    assert [f.cause for f in collect_findings(evidence(DIGITS + "init: zeros\n", columns=rows, looked=looked))] == [
        "symmetric_units"
    ]


def test_units_that_died_of_large_steps_are_not_the_cause() -> None:
    weights = {"weight": [1, 8, 8]}
    looked = looks({"dense_1": weights, "output": {}}, {"relu_1": {"dead": [0, 1, 1]}})
    rows = {"train_loss": [9.0, 2.3], "train_objective": [9.0, 2.3], "train_accuracy": [0.1, 0.1]}
    assert [f.cause for f in collect_findings(evidence(columns=rows, looked=looked))] == ["lr_too_high"]


def test_a_remedy_does_not_contradict_one_above_it() -> None:
    losses = [3.0, 2.5, 2.2, 1.9, 1.6, 1.4, 1.2, 1.0]
    rows = {
        "train_loss": losses,
        "train_objective": losses,
        "dev_loss": [3.0, 2.6] + [2.7] * 6,
        "train_accuracy": [0.7] * 8,
    }
    found = collect_findings(evidence(columns=rows | {"dev_accuracy": [0.4] * 8}, examples={"train": 40, "dev": 400}))
    assert [finding.cause for finding in found] == ["still_improving", "high_bias", "high_variance"]
    overrides = [remedy.override for finding in found for remedy in finding.remedies]
    assert "training.epochs=30" in overrides
    assert not any("early_stopping" in override for override in overrides)
    assert found[2].remedies[0].text == "more data"


def test_a_run_without_looks_says_what_metrics_show(tmp_path: Path) -> None:
    text = SMALL + "optimizer: {sgd: {lr: 1e-5}}\ndiagnostics: {every: never}\ntraining: {epochs: 8, batch_size: 10}\n"
    said = diagnose_run(run(tmp_path, text))
    assert not said.has_layer_history
    assert [finding.cause for finding in said.findings] == ["lr_too_low"]
    assert said.balance.startswith("error: train")


def test_a_run_that_diverged_in_its_first_epoch(tmp_path: Path) -> None:
    text = "data: {source: sine}\narchitecture: {mlp: {hidden: [8]}}\noptimizer: {sgd: {lr: 1e4}}\n"
    said = diagnose_run(run(tmp_path, text))
    assert [finding.cause for finding in said.findings] == ["diverged"]
    assert said.balance == ""
    assert json.loads(json.dumps(said.as_dict()))["findings"][0]["epoch"] == 1


class Stop(Exception):
    """What cuts a run off."""


def test_a_run_that_was_cut_off_in_its_first_epoch(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SMALL)

    def stop(event: object) -> None:
        raise Stop

    with pytest.raises(Stop):
        train_run(
            nnexp.load(tmp_path / "spec.yaml"), tmp_path / "runs", restart=False, watch=stop, checkpoint_seconds=5.0
        )
    [folder] = (tmp_path / "runs").glob("spec-*")
    said = diagnose_run(folder)
    assert said.is_healthy
    assert said.balance == ""


def test_a_baseline_has_nothing_to_look_into(tmp_path: Path) -> None:
    said = diagnose_run(run(tmp_path, "data: {source: moons}\nbaseline: knn\n"))
    assert (said.is_healthy, said.has_layer_history, said.balance) == (True, False, "")


def test_the_optimal_error_is_what_bias_is_judged_by(tmp_path: Path) -> None:
    text = (
        "data: {source: {gaussians: {examples: 900, separation: 2}}}\narchitecture: [output]\ntraining: {epochs: 60}\n"
    )
    folder = run(tmp_path, text.replace("training", "optimizer: {adam: {lr: 0.01}}\ntraining"))
    assert [finding.cause for finding in diagnose_run(folder).findings] == ["high_bias"]
    assert diagnose_run(folder, 0.3).is_healthy


def test_a_folder_that_is_no_run_is_said() -> None:
    with pytest.raises(RunError, match="is no run folder"):
        diagnose_run(Path("nowhere"))


def test_a_spec_that_is_gone_leaves_remedies_without_overrides(tmp_path: Path) -> None:
    folder = run(tmp_path, SMALL + "optimizer: {sgd: {lr: 1e-5}}\ntraining: {epochs: 8, batch_size: 10}\n")
    (folder / "spec.yaml").unlink()
    [finding] = diagnose_run(folder).findings
    assert [remedy.override for remedy in finding.remedies] == [""]
