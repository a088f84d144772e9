"""Evidence made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnexp.data.dataset import Description
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.runs.layer_history import LayerHistory
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.yaml import parse_yaml
from nnexp.training.layer_recorder import RecordLayout

DIGITS = """\
data: {source: digits}
architecture: {mlp: {hidden: [64, 64]}}
optimizer: {adam: {lr: 1e-3}}
training: {epochs: 10}
"""

EXAMPLES = {"train": 1437, "dev": 180, "test": 180}


def evidence(
    text: str = DIGITS,
    *,
    record: Mapping[str, Any] | None = None,
    columns: Mapping[str, Sequence[float]] | None = None,
    looked: LayerHistory | None = None,
    optimal: float = 0.0,
    examples: Mapping[str, int] = EXAMPLES,
) -> RunEvidence:
    """What a run of this spec recorded: as it is while it runs, with these rows of metrics.csv."""
    made = {"state": "running", "data": {"examples": dict(examples)}, **(record or {})}
    given = columns or {}
    rows = [dict(zip(given, values, strict=True)) for values in zip(*given.values(), strict=True)]
    source = SpecText("spec.yaml", text)
    return RunEvidence(load_network_spec(source, name="spec"), made, rows, looked, parse_yaml(source), optimal)


def final(train: float, dev: float | None, name: str = "accuracy") -> dict[str, Any]:
    """The record of a run that is done, with these accuracies."""
    metrics = {"train": {"loss": 0.1, name: train}}
    return {"state": "done", "final": metrics if dev is None else metrics | {"dev": {"loss": 0.2, name: dev}}}


def looks(
    layers: Mapping[str, Mapping[str, Sequence[float]]],
    activations: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    network: Mapping[str, Sequence[float]] | None = None,
    *,
    units: int = 64,
    steps: int = 45,
    losses: Sequence[float] = (),
) -> LayerHistory:
    """Looks after each epoch, the first before training; what is not said is as in a healthy network."""
    acting = activations or {}
    seen = RecordLayout(tuple(layers), tuple(acting), (units,) * len(acting))
    count = max((len(v) for part in (*layers.values(), *acting.values()) for v in part.values()), default=1)
    usual = {
        "step": np.arange(count) * steps,
        "loss": np.full(count, 2.3),
        "input_rms": np.ones(count),
        "input_offset": np.zeros(count),
        "input_spread": np.ones(count),
        "gradient": np.ones(count),
        "weight": np.ones(count),
        "update": np.full(count, 1e-3),
        "symmetric": np.zeros(count),
        "dead": np.zeros(count),
        "saturated": np.zeros(count),
        "rms": np.ones(count),
    }
    told = {"": network or {}, **layers, **acting}
    columns = [np.asarray(told[layer].get(name, usual[name]), float) for layer, name in seen.list_columns()]
    described = Description(0, (64,), "classes", tuple("0123456789"))
    return LayerHistory(seen, np.stack(columns, axis=-1), np.asarray(losses, float), described)


def falling(first: float, last: float, count: int = 8) -> list[float]:
    """Losses that fall in a straight line."""
    return [first + (last - first) * n / (count - 1) for n in range(count)]
