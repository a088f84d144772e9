"""The networks that specs describe, looked at before their training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nnexp.counting import activations, memory
from nnexp.errors import UsageError
from nnexp.inspection.examples import Examples, Kind, examples
from nnexp.inspection.figures import Figures, averaged, outputs
from nnexp.inspection.kinds import carriers
from nnexp.inspection.passing import Network, Seen, network_of, passes
from nnexp.inspection.words import Finding, findings
from nnexp.spec.memory import memory_size, too_much
from nnexp.spec.sections import Spec

EXAMPLES = 256
"""At most so many examples are looked at, unless another number is asked for."""

AT_ONCE = 2**29
"""The bytes that the seeds looked at together may take; one seed takes what it takes."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """One initialiser's network, layer by layer, after the inputs; numbers are means over the seeds.

    carriers: the names of the layers that the findings compare with each other.
    """

    name: str
    init: str
    seeds: tuple[int, ...]
    data: Kind
    examples: int
    loss: float
    inputs: Figures
    layers: tuple[Figures, ...]
    carriers: tuple[str, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return {
            "name": self.name,
            "init": self.init,
            "seeds": list(self.seeds),
            "data": self.data,
            "examples": self.examples,
            "loss": self.loss,
            "inputs": self.inputs.as_dict(),
            "layers": [layer.as_dict() for layer in self.layers],
            "carriers": list(self.carriers),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def inspect(
    specs: Sequence[tuple[str, Spec]], *, seeds: int = 1, most: int = EXAMPLES, data: Kind = "real"
) -> list[Inspection]:
    """Look at the networks of specs that differ in nothing but the initialiser, each with its name.

    The weights are those that training would begin with, by `seeds` seeds from the spec's own on. All see the same
    examples, `most` of them or fewer. Raises DataError where the data cannot be read, UsageError for wrong numbers and
    where the pass does not fit into memory.
    """
    for name, number in {"seeds": seeds, "examples": most}.items():
        if number < 1:
            raise UsageError(f"{name} must be at least 1, and is {number}")
    first = specs[0][1]
    with threadpool_limits(first.training.threads, "blas"), np.errstate(all="ignore"):
        seen = examples(first, data, most)
        return [_one(name, spec, seen, range(spec.seed, spec.seed + seeds), data) for name, spec in specs]


def _one(init: str, spec: Spec, data: Examples, seeds: range, kind: Kind) -> Inspection:
    """One initialiser's network."""
    network = network_of(spec, data)
    seen = [Seen() for _ in network.chain.layers]
    step = max(1, AT_ONCE // _bytes(network, data))
    losses = [passes(network, data, seeds[start : start + step], seen) for start in range(0, len(seeds), step)]
    inputs = averaged("inputs", None, data.description.shape, outputs(None, data.x))
    parts = network.declaration.parts
    layers = tuple(
        averaged(name, layer, parts[name].output, one.outputs, one.slopes, one.of_weights, same=one.alike)
        for name, layer, one in zip(network.chain.names, network.chain.layers, seen, strict=True)
    )
    compared = carriers(network.chain.layers, [layer.weight_gradient is not None for layer in layers])
    return Inspection(
        spec.name,
        init,
        tuple(seeds),
        kind,
        data.x.shape[1],
        float(np.mean(np.concatenate(losses))),
        inputs,
        layers,
        tuple(layers[index].name for index in compared),
        tuple(findings(layers, compared)),
    )


def _bytes(network: Network, data: Examples) -> int:
    """What one seed takes. Raises UsageError where that is more than the machine has."""
    batch, itemsize = data.x.shape[1], data.x.itemsize
    taken = sum(memory(network.declaration.size, activations(network.declaration), 0, batch, itemsize))
    if taken > memory_size():
        raise UsageError(f"{too_much(f'a look at {batch:,} examples', taken)}: take fewer with --examples")
    return max(1, taken)
