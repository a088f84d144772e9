"""The evidence of a diagnosis: everything that a run recorded.   k records of the layers' history"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.errors import SpecError, UsageError
from nnexp.nn.parameters import matches_any_pattern
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
    """The spec, run.json, metrics.csv, and the layers' history of a run, None where nothing was saved yet.

    written_spec: the spec as the user wrote it, with the overrides; remedies must fit it. optimal_error: the error that
    nobody can avoid, a share of the examples, of values of their variance.
    """

    spec: Spec
    record: Manifest
    metric_rows: list[MetricsRow]
    layer_history: LayerHistory | None
    written_spec: Node | None = None
    optimal_error: float = 0.0

    def collect_column(self, name: str) -> Array:
        """A column of metrics.csv, one number an epoch; empty where there is no such column."""
        return np.array([row[name] for row in self.metric_rows if name in row])

    @cached_property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch."""
        size = self.spec.training.batch_size
        if size == "full":
            return 1
        return math.ceil(self.train_examples / size)

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
        """Whether it takes steps along a gradient; the length of a solver's steps is no sign of its learning rate."""
        return not isinstance(self.spec.optimizer, Solver)

    @cached_property
    def recorded_history(self) -> LayerHistory | None:
        """The layers' history, None where it has no record."""
        if self.layer_history is None or not len(self.layer_history.numbers):
            return None
        return self.layer_history

    def find_epoch(self, record: int) -> int:
        """The epoch of a record, by its index; 0 before training."""
        if self.recorded_history is None:
            return 0
        return math.ceil(self.recorded_history.steps[record] / self.steps_per_epoch)

    def locate_tasks(self) -> Iterator[tuple[PredictionTask, slice]]:
        """Each task of the data, and where its outputs are; of other data their only one, which has no name."""
        if self.layer_history is None:
            return
        description = self.layer_history.description
        start = 0
        for task in description.tasks or (PredictionTask("", description.targets, description.classes),):
            stop = start + len(task.classes)
            yield task, slice(start, stop)
            start = stop

    @cached_property
    def initial_loss(self) -> float:
        """The loss before training, or where it was not recorded that of the first epoch; NaN without either."""
        if self.recorded_history is not None:
            loss = float(self.recorded_history.values_of("", "loss")[0])
            # First weights may be so large that the loss overflows, and training still goes well.
            if math.isfinite(loss):
                return loss
        if not self.metric_rows:
            return math.nan
        return float(self.collect_column("train_loss")[0])

    @cached_property
    def weighted_layers(self) -> tuple[str, ...]:
        """The layers with drawn weights that are trained, the output layers last."""
        if self.recorded_history is None:
            return ()
        return tuple(filter(self._has_trained_weights, self.recorded_history.layout.layers))

    def _has_trained_weights(self, layer: str) -> bool:
        """Whether a layer has drawn weights, unlike norms and prelu, and they are not frozen."""
        if "norm" in layer.rpartition(".")[2] or "prelu" in layer:
            return False
        return not matches_any_pattern(f"{layer}.W", self.spec.training.freeze)

    @cached_property
    def hidden_layers(self) -> tuple[str, ...]:
        """Those of them that are no output layers."""
        # The last one has the outputs, also where it is no `output`; where there are several heads, each has one.
        candidates = self.weighted_layers[:-1]
        return tuple(name for name in candidates if not name.rpartition(".")[2].startswith("output"))

    @cached_property
    def update_ratios(self) -> Array:
        """‖ΔW‖/‖W‖ of all these weights together in each record but the first, ΔW of one step. (k - 1)"""
        if self.recorded_history is None or not self.weighted_layers:
            return np.zeros(0)
        update, weight = self.combine_norms("update"), self.combine_norms("weight")
        # The first record comes before any step.
        return np.divide(update, weight, out=np.full(len(weight), np.inf), where=weight > 0)[1:]

    def combine_norms(self, statistic: str) -> Array:
        """The norm over all weighted layers of a statistic that is a norm in each. (k)"""
        return np.asarray(np.linalg.norm(self.stack_values(self.weighted_layers, statistic), axis=-2))

    def stack_values(self, layers: Sequence[str], statistic: str) -> Array:
        """A statistic of several layers in each record. (L, k)"""
        assert self.recorded_history is not None, "without records there are no layers"
        return np.stack([self.recorded_history.values_of(name, statistic) for name in layers])


def read_evidence(folder: Path, record: Manifest | None = None, optimal: float = 0.0) -> RunEvidence | None:
    """The evidence in this folder; None of a baseline or an ensemble, which have no layers of their own.

    Raises RunError where it is no folder of a run, or is damaged.
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
    """The spec as the user wrote it, with the overrides; None where it cannot be read any more."""
    try:
        root = parse_yaml(read_spec_text(folder / "spec.yaml"))
    except (SpecError, UsageError):
        return None  # the diagnosis needs the resolved spec alone; only the overrides of its remedies are lost
    if overrides.apply_overrides(root, record.get("overrides", [])):
        return None
    return root
