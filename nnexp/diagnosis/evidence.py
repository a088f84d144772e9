"""What a run recorded, as a diagnosis looks at it.   k looks"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nnexp.errors import SpecError, UsageError
from nnexp.nn.parameters import matches_pattern
from nnexp.optim.optimizers.solver import Solver
from nnexp.runs import manifest
from nnexp.runs.layer_history import LayerHistory, read_layer_history
from nnexp.runs.manifest import Manifest, load_run_spec
from nnexp.runs.metrics_csv import read_metrics
from nnexp.spec import overrides
from nnexp.spec.read import read_spec_text
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node, parse_yaml
from nnexp.typing import Array, MetricsRow


@dataclass(frozen=True, eq=False)
class RunEvidence:
    """Everything that the rules look at: the spec, run.json, metrics.csv, and the looks into the layers, if any.

    written: the spec as the user wrote it, overrides put in, to which a remedy's override has to fit.
    optimal: the error that cannot be avoided, a share of the examples, of values of the variance.
    """

    spec: Spec
    record: Manifest
    metric_rows: list[MetricsRow]
    layer_history: LayerHistory | None
    written_spec: Node | None = None
    optimal_error: float = 0.0

    def collect_column(self, name: str) -> Array:
        """A column of metrics.csv, one number an epoch; empty where there is none of the name."""
        return np.array([row[name] for row in self.metric_rows if name in row])

    @cached_property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch."""
        size, examples = self.spec.training.batch_size, self.train_examples
        return 1 if size == "full" else -(-examples // size)

    @property
    def train_examples(self) -> int:
        """Training examples."""
        return int(self.record["data"]["examples"]["train"])

    @property
    def has_diverged(self) -> bool:
        """Whether the loss stopped being finite."""
        return bool(self.record["state"] == "diverged")

    @property
    def is_gradient_descent(self) -> bool:
        """Whether it takes ordinary steps against the gradient, whose length says something."""
        return not isinstance(self.spec.optimizer, Solver)

    @cached_property
    def recorded_history(self) -> LayerHistory | None:
        """The looks into the layers, where there is one at least."""
        return self.layer_history if self.layer_history is not None and len(self.layer_history.numbers) else None

    def find_epoch(self, look: int) -> int:
        """The epoch that a look was in; 0 before training."""
        return (
            0 if self.recorded_history is None else math.ceil(self.recorded_history.steps[look] / self.steps_per_epoch)
        )

    @cached_property
    def initial_loss(self) -> float:
        """The loss before training, as far as it is known: of the look then, or else of the first epoch."""
        if self.recorded_history is not None and math.isfinite(
            loss := float(self.recorded_history.values_of("", "loss")[0])
        ):
            return loss
        return float(self.collect_column("train_loss")[0]) if self.metric_rows else math.nan

    @cached_property
    def weighted_layers(self) -> tuple[str, ...]:
        """The layers with drawn weights that are trained, the output layers last."""
        if self.recorded_history is None:
            return ()
        frozen = self.spec.training.freeze
        drawn = [
            n for n in self.recorded_history.layout.layers if "norm" not in n.rpartition(".")[2] and "prelu" not in n
        ]
        return tuple(name for name in drawn if not any(matches_pattern(f"{name}.W", pattern) for pattern in frozen))

    @cached_property
    def hidden_layers(self) -> tuple[str, ...]:
        """Those of them that are no output layers."""
        last = self.weighted_layers[-1:]
        return tuple(n for n in self.weighted_layers if n not in last and not n.rpartition(".")[2].startswith("output"))

    @cached_property
    def update_ratios(self) -> Array:
        """‖ΔW‖/‖W‖ of all these weights together at each look but the first, ΔW of one step. (k - 1)"""
        if self.recorded_history is None or not self.weighted_layers:
            return np.zeros(0)
        update, weight = (
            np.linalg.norm([self.recorded_history.values_of(n, what) for n in self.weighted_layers], axis=-2)
            for what in _RATIO_STATISTICS
        )
        return np.divide(update, weight, out=np.full(len(weight), np.inf), where=weight > 0)[1:]


_RATIO_STATISTICS = ("update", "weight")


def read_evidence(folder: Path, record: Manifest | None = None, optimal: float = 0.0) -> RunEvidence | None:
    """What the run in this folder recorded; None of a baseline or an ensemble, which have nothing to look into.

    Raises RunError where the folder is none of a run, or is damaged.
    """
    record = record or manifest.read_manifest(folder)
    spec = load_run_spec(folder, record)
    if not isinstance(spec, Spec) or manifest.is_ensemble(record):
        return None
    return RunEvidence(
        spec,
        record,
        read_metrics(folder),
        read_layer_history(folder, record, spec),
        _read_written_spec(folder, record),
        optimal,
    )


def _read_written_spec(folder: Path, record: Manifest) -> Node | None:
    """The spec that the user wrote; None where it cannot be read any more."""
    try:
        root = parse_yaml(read_spec_text(folder / "spec.yaml"))
    except (SpecError, UsageError):
        return None
    return None if overrides.apply_overrides(root, record.get("overrides", [])) else root
