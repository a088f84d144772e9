"""What a run recorded, as a diagnosis looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nnexp.runs import manifest
from nnexp.runs.looked import Looked, looked
from nnexp.runs.manifest import Manifest
from nnexp.runs.receipts import history
from nnexp.runs.trained import spec_of
from nnexp.spec.sections import Spec
from nnexp.typing import Array, Row


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that the rules look at: the spec, run.json, metrics.csv, and the looks into the layers, if any."""

    spec: Spec
    record: Manifest
    history: list[Row]
    looked: Looked | None

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


def evidence(folder: Path, record: Manifest | None = None) -> Evidence | None:
    """What the run in this folder recorded; None of a baseline or an ensemble, which have nothing to look into.

    Raises RunError where the folder is none of a run, or is damaged.
    """
    record = record or manifest.read(folder)
    spec = spec_of(folder, record)
    if not isinstance(spec, Spec) or manifest.is_ensemble(record):
        return None
    return Evidence(spec, record, history(folder), looked(folder, record, spec))
