"""What the looks into the layers of a run showed, from its folder.   k looks, n numbers of each"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnexp import archives
from nnexp.archives import Damaged
from nnexp.data.base import Description
from nnexp.errors import RunError
from nnexp.model import Model, initial_buffers
from nnexp.network import assemble
from nnexp.replicas import stack
from nnexp.runs.folder import read_inputs
from nnexp.runs.manifest import Manifest
from nnexp.spec.sections import Spec
from nnexp.training.probe import Seen, seen
from nnexp.typing import AnyArray, Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """The looks of a run, and the losses of the steps of the epoch that it stands in or ended with.

    numbers (k, n): see `nnexp.training.probe`.  losses (S): NaN from the step on at which a run diverged, and what the
    epoch before left there for steps that have not been made.
    """

    seen: Seen
    numbers: Array
    losses: Array
    description: Description

    def of(self, layer: str, name: str) -> Array:
        """One number of a layer, or with "" of the network, at each look. (k)"""
        return self.numbers[:, list(self.seen.columns()).index((layer, name))]

    @property
    def steps(self) -> Array:
        """The steps behind at each look. (k)"""
        return self.of("", "step")

    def table(self) -> pd.DataFrame:
        """One row a look and layer, a column a number; the layer "" is the network as a whole."""
        import pandas as pd

        named = pd.MultiIndex.from_tuples(self.seen.columns(), names=["layer", None])
        numbers = pd.DataFrame(self.numbers, columns=named).drop(columns=[("", "step")])
        numbers.index = pd.Index(self.steps.astype(np.int64), name="step")
        layers = list(dict.fromkeys(numbers.columns.get_level_values(0)))
        rows = pd.concat([numbers[layer].assign(layer=layer) for layer in layers])
        return rows.reset_index().sort_values("step", kind="stable", ignore_index=True)


def looked(folder: Path, record: Manifest, spec: Spec) -> Looked | None:
    """The looks of the run in this folder; None where nothing was saved yet.

    Raises RunError where what it needs is damaged.
    """
    try:
        arrays = _state(folder, record["spec"])
        description = read_inputs(folder, record["spec"])[2]
    except Damaged as error:
        raise RunError(str(error)) from None
    if arrays is None:
        return None
    names = seen_of(spec, description)
    numbers = arrays.get("looks", np.zeros((1, 0, 0)))[0]
    return Looked(names, numbers.reshape(len(numbers), names.size), arrays["losses"][0, :, 0], description)


def seen_of(spec: Spec, description: Description) -> Seen:
    """What a look at the network of this spec shows."""
    network = stack([assemble(spec.architecture, spec.activation, description.widths)])
    declaration = network.declare(description.shape)
    loss = stack([spec.loss.fitted(description.widths)])
    theta = np.zeros((1, declaration.size), spec.training.dtype)
    model = Model(network, declaration, loss, (), theta, initial_buffers(declaration, 1, spec.training.dtype))
    return seen(model, np.zeros((1, 1, *description.shape), spec.training.dtype))


def _state(folder: Path, spec: str) -> dict[str, AnyArray] | None:
    """The last checkpoint that is whole, None where there is none. Raises Damaged where none is whole."""
    damaged: Damaged | None = None
    for name in ("last", "previous"):
        path = folder / "checkpoints" / f"{name}.npz"
        if path.exists():
            try:
                return archives.load(path, spec)[0]
            except Damaged as error:
                damaged = damaged or error
    if damaged:
        raise damaged
    return None
