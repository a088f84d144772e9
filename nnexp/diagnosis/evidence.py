"""What a run recorded, as a diagnosis looks at it.   k looks"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nnexp.errors import SpecError, UsageError
from nnexp.optimizers.solver import Solver
from nnexp.parameters import matches
from nnexp.runs import manifest
from nnexp.runs.looked import Looked, looked
from nnexp.runs.manifest import Manifest
from nnexp.runs.receipts import history
from nnexp.runs.trained import spec_of
from nnexp.spec import overrides
from nnexp.spec.load import read
from nnexp.spec.sections import Spec
from nnexp.spec.text import Node, parse
from nnexp.typing import Array, Row


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that the rules look at: the spec, run.json, metrics.csv, and the looks into the layers, if any.

    written: the spec as the user wrote it, overrides put in, to which a remedy's override has to fit.
    optimal: the error that cannot be avoided, a share of the examples, of values of the variance.
    """

    spec: Spec
    record: Manifest
    history: list[Row]
    looked: Looked | None
    written: Node | None = None
    optimal: float = 0.0

    def column(self, name: str) -> Array:
        """A column of metrics.csv, one number an epoch; empty where there is none of the name."""
        return np.array([row[name] for row in self.history if name in row])

    @cached_property
    def steps(self) -> int:
        """Steps of an epoch."""
        size, examples = self.spec.training.batch_size, self.examples
        return 1 if size == "full" else -(-examples // size)

    @property
    def examples(self) -> int:
        """Training examples."""
        return int(self.record["data"]["examples"]["train"])

    @property
    def has_diverged(self) -> bool:
        """Whether the loss stopped being finite."""
        return bool(self.record["state"] == "diverged")

    @property
    def descends(self) -> bool:
        """Whether it takes ordinary steps against the gradient, whose length says something."""
        return not isinstance(self.spec.optimizer, Solver)

    @cached_property
    def looks(self) -> Looked | None:
        """The looks into the layers, where there is one at least."""
        return self.looked if self.looked is not None and len(self.looked.numbers) else None

    def epoch(self, look: int) -> int:
        """The epoch that a look was in; 0 before training."""
        return 0 if self.looks is None else math.ceil(self.looks.steps[look] / self.steps)

    @cached_property
    def start(self) -> float:
        """The loss before training, as far as it is known: of the look then, or else of the first epoch."""
        if self.looks is not None and math.isfinite(loss := float(self.looks.of("", "loss")[0])):
            return loss
        return float(self.column("train_loss")[0]) if self.history else math.nan

    @cached_property
    def weighted(self) -> tuple[str, ...]:
        """The layers with drawn weights that are trained, the output layers last."""
        if self.looks is None:
            return ()
        frozen = self.spec.training.freeze
        drawn = [n for n in self.looks.seen.layers if "norm" not in n.rpartition(".")[2] and "prelu" not in n]
        return tuple(name for name in drawn if not any(matches(f"{name}.W", pattern) for pattern in frozen))

    @cached_property
    def hidden(self) -> tuple[str, ...]:
        """Those of them that are no output layers."""
        last = self.weighted[-1:]
        return tuple(n for n in self.weighted if n not in last and not n.rpartition(".")[2].startswith("output"))

    @cached_property
    def pace(self) -> Array:
        """‖ΔW‖/‖W‖ of all these weights together at each look but the first, ΔW of one step. (k - 1)"""
        if self.looks is None or not self.weighted:
            return np.zeros(0)
        update, weight = (np.linalg.norm([self.looks.of(n, what) for n in self.weighted], axis=-2) for what in _PACE)
        return np.divide(update, weight, out=np.full(len(weight), np.inf), where=weight > 0)[1:]


_PACE = ("update", "weight")


def evidence(folder: Path, record: Manifest | None = None, optimal: float = 0.0) -> Evidence | None:
    """What the run in this folder recorded; None of a baseline or an ensemble, which have nothing to look into.

    Raises RunError where the folder is none of a run, or is damaged.
    """
    record = record or manifest.read(folder)
    spec = spec_of(folder, record)
    if not isinstance(spec, Spec) or manifest.is_ensemble(record):
        return None
    return Evidence(spec, record, history(folder), looked(folder, record, spec), _written(folder, record), optimal)


def _written(folder: Path, record: Manifest) -> Node | None:
    """The spec that the user wrote; None where it cannot be read any more."""
    try:
        root = parse(read(folder / "spec.yaml"))
    except (SpecError, UsageError):
        return None
    return None if overrides.apply(root, record.get("overrides", [])) else root
