"""What the looks into the layers of a run showed, from its folder.   k looks, n numbers of each"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnexp.data.dataset import Description
from nnexp.errors import RunError
from nnexp.nn.model import Model, make_buffers
from nnexp.nn.network import build_network
from nnexp.nn.replicas import stack_replicas
from nnexp.runs.folder import read_inputs
from nnexp.runs.manifest import Manifest
from nnexp.spec.spec import Spec
from nnexp.storage import archive
from nnexp.storage.archive import DamagedArchiveError
from nnexp.training.layer_recorder import RecordLayout, trace_record_layout
from nnexp.typing import AnyArray, Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class LayerHistory:
    """The looks of a run, and the losses of the steps of the epoch that it stands in or ended with.

    numbers (k, n): see `nnexp.training.layer_recorder`.  losses (S): NaN from the step on at which a run diverged,
    and what the epoch before left there for steps that have not been made.
    """

    layout: RecordLayout
    numbers: Array
    losses: Array
    description: Description

    def values_of(self, layer: str, name: str) -> Array:
        """One number of a layer, or with "" of the network, at each look. (k)"""
        return self.numbers[:, list(self.layout.list_columns()).index((layer, name))]

    @property
    def steps(self) -> Array:
        """The steps behind at each look. (k)"""
        return self.values_of("", "step")

    def build_table(self) -> pd.DataFrame:
        """One row a look and layer, a column a number; the layer "" is the network as a whole."""
        import pandas as pd

        named = pd.MultiIndex.from_tuples(self.layout.list_columns(), names=["layer", None])
        numbers = pd.DataFrame(self.numbers, columns=named).drop(columns=[("", "step")])
        numbers.index = pd.Index(self.steps.astype(np.int64), name="step")
        layers = list(dict.fromkeys(numbers.columns.get_level_values(0)))
        rows = pd.concat([numbers[layer].assign(layer=layer) for layer in layers])
        return rows.reset_index().sort_values("step", kind="stable", ignore_index=True)


def read_layer_history(folder: Path, record: Manifest, spec: Spec) -> LayerHistory | None:
    """The looks of the run in this folder; None where nothing was saved yet.

    Raises RunError where what it needs is damaged.
    """
    try:
        arrays = _read_last_checkpoint(folder, record["spec"])
        description = read_inputs(folder, record["spec"])[2]
    except DamagedArchiveError as error:
        raise RunError(str(error)) from None
    if arrays is None:
        return None
    names = find_record_layout(spec, description)
    numbers = arrays.get("looks", np.zeros((1, 0, 0)))[0]
    return LayerHistory(names, numbers.reshape(len(numbers), names.size), arrays["losses"][0, :, 0], description)


def find_record_layout(spec: Spec, description: Description) -> RecordLayout:
    """What a look at the network of this spec shows."""
    network = stack_replicas([build_network(spec.architecture, spec.activation, description.output_widths)])
    declaration = network.declare(description.shape)
    loss = stack_replicas([spec.loss.with_widths(description.output_widths)])
    theta = np.zeros((1, declaration.weight_count), spec.training.dtype)
    model = Model(network, declaration, loss, (), theta, make_buffers(declaration, 1, spec.training.dtype))
    return trace_record_layout(model, np.zeros((1, 1, *description.shape), spec.training.dtype))


def _read_last_checkpoint(folder: Path, spec: str) -> dict[str, AnyArray] | None:
    """The last checkpoint that is whole, None where there is none. Raises Damaged where none is whole."""
    damaged: DamagedArchiveError | None = None
    for name in ("last", "previous"):
        path = folder / "checkpoints" / f"{name}.npz"
        if path.exists():
            try:
                return archive.load_archive(path, spec)[0]
            except DamagedArchiveError as error:
                damaged = damaged or error
    if damaged:
        raise damaged
    return None
