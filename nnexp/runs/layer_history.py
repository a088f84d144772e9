"""The statistics of a run's layers as they were recorded while it trained.   k records, n numbers of each"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnexp.data.dataset import Description
from nnexp.errors import RunError
from nnexp.nn.initialization import make_buffers
from nnexp.runs import checkpoints
from nnexp.runs.folder import read_inputs
from nnexp.runs.manifest import Manifest
from nnexp.spec.spec import Spec
from nnexp.storage.archive import DamagedArchiveError
from nnexp.training.layer_recorder import RecordLayout, trace_record_layout
from nnexp.training.model import stack_specs
from nnexp.typing import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class LayerHistory:
    """The records of a run, and the losses of the steps of its last epoch.

    numbers (k, n): see `nnexp.training.layer_recorder`.  losses (S): NaN from the step on at which a run diverged; for
    steps that have not been made yet, the losses of the epoch before.
    """

    layout: RecordLayout
    numbers: Array
    losses: Array
    description: Description

    def values_of(self, layer: str, statistic: str) -> Array:
        """A statistic of a layer, or with "" of the network, in each record. (k)"""
        return self.numbers[:, list(self.layout.list_columns()).index((layer, statistic))]

    @property
    def steps(self) -> Array:
        """The steps before each record. (k)"""
        return self.values_of("", "step")

    def build_table(self) -> pd.DataFrame:
        """One row a record and layer, a column a statistic; the layer "" is the network as a whole."""
        import pandas as pd

        columns = pd.MultiIndex.from_tuples(self.layout.list_columns(), names=["layer", None])
        numbers = pd.DataFrame(self.numbers, columns=columns).drop(columns=[("", "step")])
        numbers.index = pd.Index(self.steps.astype(np.int64), name="step")
        layers = list(dict.fromkeys(numbers.columns.get_level_values(0)))
        rows = pd.concat([numbers[layer].assign(layer=layer) for layer in layers])
        # A stable sort keeps the layers of a record in the order of the network.
        return rows.reset_index().sort_values("step", kind="stable", ignore_index=True)


def read_layer_history(folder: Path, record: Manifest, spec: Spec) -> LayerHistory | None:
    """The layers' history of the run in this folder; None where nothing was saved yet.

    Raises RunError where what it needs is damaged.
    """
    search = checkpoints.find_newest(folder, record["spec"])
    if search.newest is None and search.damaged:
        raise RunError(str(next(iter(search.damaged.values()))))
    # Before it is known whether there is a history, as every run that has begun has this file.
    try:
        description = read_inputs(folder, record["spec"]).description
    except DamagedArchiveError as error:
        raise RunError(str(error)) from None
    if search.newest is None:
        return None
    arrays, _ = search.newest
    layout = find_record_layout(spec, description)
    # Runs that began before there were records have no such entry.
    numbers = arrays.get(checkpoints.LAYER_HISTORY_ENTRY, np.zeros((1, 0, 0)))[0]
    losses = arrays["losses"][0, :, 0]
    return LayerHistory(layout, numbers.reshape(len(numbers), layout.size), losses, description)


def find_record_layout(spec: Spec, description: Description) -> RecordLayout:
    """The layout of records of the network that a spec describes."""
    network = stack_specs([spec], description)
    dtype = spec.training.dtype
    theta = np.zeros((1, network.declaration.weight_count), dtype)
    model = network.build_model(theta, make_buffers(network.declaration, 1, dtype))
    return trace_record_layout(model, np.zeros((1, 1, *description.shape), dtype))
