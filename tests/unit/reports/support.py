"""Run folders that look as if something had been trained, by the thousand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nnexp.reports.collect import CollectedRuns
from nnexp.reports.rows import RunRow, make_configuration
from nnexp.spec.yaml import format_yaml

PLAIN: Mapping[str, Any] = {
    "name": "fake",
    "seed": 0,
    "data": {
        "source": {"digits": {"flat": True}},
        "split": {
            "train": 0.8,
            "dev": 0.1,
            "test": 0.1,
            "seed": 0,
            "stratify": True,
            "k_fold": None,
            "bootstrap": None,
        },
        "normalize": "standard",
        "targets": "given",
        "augment": [],
    },
    "architecture": [{"dense": {"units": 64, "bias": True}}, "activation", {"output": {"bias": True}}],
    "activation": "relu",
    "init": {"he": {"fan": "in", "distribution": "normal", "bias": 0.0}},
    "loss": {"cross_entropy": {"label_smoothing": 0.0}},
    "regularization": {},
    "optimizer": {"adam": {"lr": 0.001, "beta1": 0.9, "beta2": 0.999}},
    "training": {"epochs": 40, "batch_size": 64, "early_stopping": None},
}


def plain(**changes: Any) -> dict[str, Any]:
    """A resolved spec as plain values, with these top-level keys in place of the usual ones."""
    return {**PLAIN, **changes}


def adam(lr: float, **more: Any) -> dict[str, Any]:
    return {"adam": {"lr": lr, "beta1": 0.9, "beta2": 0.999, **more}}


def split(**changes: Any) -> dict[str, Any]:
    """The data section with another split."""
    return {**PLAIN["data"], "split": {**PLAIN["data"]["split"], **changes}}


def row(run: str, spec: Mapping[str, Any] | None = None, state: str = "done", **more: Any) -> RunRow:
    """A run that is not on disk; its metrics are given by name."""
    spec = dict(spec or PLAIN)
    found, fold = make_configuration(spec, more.pop("ensemble", ""))
    about = {key: more.pop(key) for key in ("epochs", "best_epoch", "seconds", "data", "members") if key in more}
    group = more.pop("group", spec["seed"])
    return RunRow(run, Path("runs") / run, found, state, spec["seed"], group, fold, more, **about)


def collected(*rows: RunRow) -> CollectedRuns:
    return CollectedRuns(list(rows))


def write_run(
    folder: Path, spec: Mapping[str, Any], accuracy: float, epochs: int = 5, state: str = "done", data: str = "d" * 64
) -> Path:
    """The folder of a run with this resolved spec that came to this accuracy."""
    path = folder / f"{spec['name']}-{hashlib.sha256(json.dumps(spec).encode()).hexdigest()[:8]}"
    path.mkdir(parents=True)
    text = format_yaml(dict(spec))
    (path / "resolved.yaml").write_text(text)
    metrics = {"loss": 1.0 - accuracy, "accuracy": accuracy}
    record = {
        "name": spec["name"],
        "state": state,
        "seed": spec["seed"],
        "spec": "0" * 64,
        "resolved": hashlib.sha256(text.encode()).hexdigest(),
        "data": {"fingerprint": data, "examples": {"train": 1437, "dev": 180, "test": 180}},
        "began": "2026-01-01T00:00:00+00:00",
        "ended": "2026-01-01T00:00:01+00:00",
        **(_done(epochs, metrics) if state == "done" else {"diverged": {"epoch": epochs, "step": 9}}),
    }
    (path / "run.json").write_text(json.dumps(record, indent=2))
    columns = "epoch,step,lr,train_loss,train_accuracy,train_objective,dev_loss,dev_accuracy,grad_norm,seconds"
    lines = [f"{e},{23 * e},0.001,0.5,0.9,0.5,0.25,0.75,0.125,0.01" for e in range(1, epochs + 1)]
    (path / "metrics.csv").write_text("\n".join([columns, *lines]) + "\n")
    return path


def _done(epochs: int, metrics: Mapping[str, float]) -> dict[str, Any]:
    return {
        "ending": "finished",
        "epochs": epochs,
        "steps": 23 * epochs,
        "weights": {"checkpoint": "best", "epoch": epochs},
        "parameters": 1000,
        "seconds": 0.01 * epochs,
        "final": {part: dict(metrics) for part in ("train", "dev", "test")},
    }


def write_many(folder: Path, variants: int, seeds: int, epochs: int = 40) -> None:
    """Runs of many variants, which differ in the learning rate, and of many seeds."""
    for variant in range(variants):
        for seed in range(seeds):
            spec = plain(seed=seed, optimizer=adam(round(1e-4 * (variant + 1), 7)))
            write_run(folder, spec, 0.9 + 0.05 * ((variant * 7 + seed * 3) % 11) / 11, epochs)
