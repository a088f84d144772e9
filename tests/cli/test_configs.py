"""Every spec in configs/ trains, shortened, and learns."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnexp

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


def test_there_are_configs() -> None:
    assert "adam_bn.yaml" in [path.name for path in CONFIGS]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_config_trains_and_its_loss_falls(path: Path, tmp_path: Path) -> None:
    run = nnexp.train(nnexp.load(path, ["training.epochs=6"]), runs=tmp_path)
    assert run.state == "done"
    assert run.metrics["train_loss"].iloc[-1] < run.metrics["train_loss"].iloc[0]
    assert set(run.final) == {"train", "dev", "test"}


def test_adam_with_batch_norm_reaches_97_percent_on_digits_as_the_mean_of_five_seeds(tmp_path: Path) -> None:
    path = next(path for path in CONFIGS if path.name == "adam_bn.yaml")
    runs = [nnexp.train(nnexp.load(path, [f"seed={seed}"]), runs=tmp_path) for seed in range(5)]
    assert sum(run.final["test"]["accuracy"] for run in runs) / len(runs) >= 0.97
