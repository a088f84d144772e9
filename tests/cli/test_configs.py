"""Every spec in configs/ trains, shortened, and learns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import nnexp
from nnexp.metrics.choose import DEFAULT_METRICS
from nnexp.registry import REGISTRY_BY_KIND
from nnexp.spec import resolved
from tests.config_files import make_files

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


def test_there_are_configs() -> None:
    assert "adam_bn.yaml" in [path.name for path in CONFIGS]


BASELINES = [path for path in CONFIGS if "\nbaseline:" in path.read_text(encoding="utf-8")]

BEFORE = {"transfer_digits": "autoencoder"}
"""Configs that begin with the weights of another's run."""

FEW = ("training.epochs=3", "data.split={train: 300, dev: 50, test: 50}")

SHORTER: dict[str, tuple[str, ...]] = {
    path.stem: ("data.source.cifar_like.examples=400", *FEW) for path in CONFIGS if "_cifar_like" in path.stem
}
SHORTER |= {f"{network}_digits": FEW for network in ("alexnet", "vgg", "zfnet")}
"""Overrides of configs whose six epochs would take long."""


@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("path", [path for path in CONFIGS if path not in BASELINES], ids=lambda path: path.stem)
def test_the_config_trains_and_its_loss_falls(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_files(path)
    if path.stem in BEFORE:
        nnexp.train(nnexp.load(path.with_stem(BEFORE[path.stem]), ["training.epochs=2"]))
    run = nnexp.train(nnexp.load(path, SHORTER.get(path.stem, ("training.epochs=6",))))
    assert run.state == "done"
    assert run.metrics["train_loss"].iloc[-1] < run.metrics["train_loss"].iloc[0]
    assert set(run.final) == {"train", "dev", "test"}


@pytest.mark.parametrize("path", BASELINES, ids=lambda path: path.stem)
def test_the_baseline_is_fitted(path: Path, tmp_path: Path) -> None:
    run = nnexp.train(nnexp.load(path), runs=tmp_path)
    assert run.state == "done"
    assert set(run.final) == {"train", "dev", "test"}


def words(value: Any) -> Iterator[str]:
    """Every key and every word of a spec."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield str(key)
            yield from words(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from words(entry)
    elif isinstance(value, str):
        yield value


@pytest.mark.usefixtures("fetched")
def test_every_component_is_used_in_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, or in the layers that a preset there stands for."""
    monkeypatch.chdir(tmp_path)
    for path in CONFIGS:
        make_files(path)
    used = {word for path in CONFIGS for word in words(yaml.safe_load(path.read_text(encoding="utf-8")))}
    loaded = [nnexp.load(path) for path in CONFIGS if path.stem not in BEFORE and path not in BASELINES]
    used |= {word for spec in loaded for word in words(resolved.make_plain_spec(spec))}
    for measured in DEFAULT_METRICS.values():  # of every spec, without being named
        used |= set(map(REGISTRY_BY_KIND["metrics"].name_of, measured))
    assert not {f"{kind}: {name}" for kind, known in REGISTRY_BY_KIND.items() for name in known if name not in used}


def test_adam_with_batch_norm_reaches_97_percent_on_digits_as_the_mean_of_five_seeds(tmp_path: Path) -> None:
    path = next(path for path in CONFIGS if path.name == "adam_bn.yaml")
    runs = [nnexp.train(nnexp.load(path, [f"seed={seed}"]), runs=tmp_path) for seed in range(5)]
    assert sum(run.final["test"]["accuracy"] for run in runs) / len(runs) >= 0.97
