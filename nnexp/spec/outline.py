"""The network of a spec in numbers, without data and without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.nn.size import LayerSize, count_network, estimate_memory
from nnexp.registry import optimizers
from nnexp.spec.locate import count_train_examples
from nnexp.spec.read import load_network_spec
from nnexp.spec.sizes import AssumedSizes
from nnexp.spec.spec import Spec
from nnexp.typing import Shape


@dataclass(frozen=True, slots=True)
class Outline:
    """A network's layers counted for inputs of shape `input_shape`, and the batches that training would take."""

    spec: Spec
    input_shape: Shape
    network: LayerSize
    batch_size: int

    def estimate_memory(self, part: LayerSize) -> tuple[int, int]:
        """The bytes that training takes about for a part of the network: its parameters, its activations in a batch."""
        itemsize, slots = np.dtype(self.spec.training.dtype).itemsize, len(self.spec.optimizer.slots)
        return estimate_memory(part.parameters, part.activations, slots, self.batch_size, itemsize)

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return {
            "name": self.spec.name,
            "input": list(self.input_shape),
            "outputs": prod(self.network.output),
            "optimizer": optimizers.name_of(self.spec.optimizer),
            "dtype": self.spec.training.dtype,
            "batch_size": self.batch_size,
            **self._count_part(self.network),
        }

    def _count_part(self, part: LayerSize) -> dict[str, Any]:
        parameters, activations = self.estimate_memory(part)
        return {
            "parameters": part.parameters,
            "weights": part.weights,
            "biases": part.biases,
            "connections": part.connections,
            "multiply_adds": part.multiply_adds,
            "parameter_bytes": parameters,
            "activation_bytes": activations,
            "receptive_field": list(part.field.size) if part.field else None,
            "layers": [self._layer_as_dict(inner) for inner in part.parts],
        }

    def _layer_as_dict(self, part: LayerSize) -> dict[str, Any]:
        return {"name": part.name, "output": list(part.output), **self._count_part(part)}


def outline_network(path: str | Path, overrides: Sequence[str] = (), sizes: AssumedSizes | None = None) -> Outline:
    """The outline of the network in a spec file, at the sizes of its data or at others.

    Raises SpecError where the layers do not fit, DataError where the data are needed and cannot be described.
    """
    sizes = sizes or AssumedSizes()
    spec = load_network_spec(path, overrides, sizes=sizes)
    description = sizes.describe_data(spec.data)
    network = spec.build_network(description)
    size = spec.training.batch_size
    batch = count_train_examples(spec, description) if size == "full" else size
    return Outline(spec, description.shape, count_network(network, description.shape), batch or 1)
