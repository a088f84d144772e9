"""The network of a spec in numbers, without data and without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.counting import Count, count, memory
from nnexp.network import assemble
from nnexp.registry import optimizers
from nnexp.spec.load import load
from nnexp.spec.places import train_size
from nnexp.spec.sections import Spec
from nnexp.spec.sizes import Sizes
from nnexp.typing import Shape


@dataclass(frozen=True, slots=True)
class Outline:
    """A network's layers counted for inputs of shape `x`, and the batches that training would take."""

    spec: Spec
    x: Shape
    network: Count
    batch: int

    def memory(self, part: Count) -> tuple[int, int]:
        """The bytes that training takes about for a part of the network: its parameters, its activations in a batch."""
        itemsize, slots = np.dtype(self.spec.training.dtype).itemsize, len(self.spec.optimizer.slots)
        return memory(part.parameters, part.activations, slots, self.batch, itemsize)

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return {
            "name": self.spec.name,
            "input": list(self.x),
            "outputs": prod(self.network.output),
            "optimizer": optimizers.name_of(self.spec.optimizer),
            "dtype": self.spec.training.dtype,
            "batch_size": self.batch,
            **{key: value for key, value in self._part(self.network).items() if key not in ("name", "output")},
        }

    def _part(self, part: Count) -> dict[str, Any]:
        parameters, activations = self.memory(part)
        return {
            "name": part.name,
            "output": list(part.output),
            "parameters": part.parameters,
            "weights": part.weights,
            "biases": part.biases,
            "connections": part.connections,
            "multiply_adds": part.multiply_adds,
            "parameter_bytes": parameters,
            "activation_bytes": activations,
            "receptive_field": list(part.field.size) if part.field else None,
            "layers": [self._part(inner) for inner in part.parts],
        }


def outline(path: str | Path, overrides: Sequence[str] = (), sizes: Sizes | None = None) -> Outline:
    """The outline of the network in a spec file, at the sizes of its data or at others.

    Raises SpecError where the layers do not fit, DataError where the data are needed and cannot be described.
    """
    sizes = sizes or Sizes()
    spec = load(path, overrides, sizes)
    description = sizes.described(spec.data)
    network = assemble(spec.architecture, spec.activation, description.widths)
    size = spec.training.batch_size
    batch = train_size(spec, description) if size == "full" else size
    return Outline(spec, description.shape, count(network, description.shape), batch or 1)
