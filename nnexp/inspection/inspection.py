"""The networks that specs describe, looked at before their training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.errors import UsageError
from nnexp.inspection.activation_kinds import select_compared_layers
from nnexp.inspection.examples import ExampleBatch, ExampleKind, prepare_examples
from nnexp.inspection.findings import InspectionFinding, collect_findings
from nnexp.inspection.layer_statistics import LayerStatistics, average_statistics, measure_outputs
from nnexp.inspection.passes import LayerMeasurements, run_passes
from nnexp.nn.parameters import Declaration
from nnexp.nn.size import count_activations, estimate_memory
from nnexp.spec.checks.memory import describe_memory_excess, memory_size
from nnexp.spec.spec import Spec
from nnexp.training.threads import limit_threads

MAX_EXAMPLES = 256
"""At most so many examples are looked at, unless another number is asked for."""

MAX_BYTES_AT_ONCE = 2**29
"""The bytes that the seeds looked at together may take; one seed takes what it takes."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """One initialiser's network, layer by layer, after the inputs; numbers are means over the seeds.

    carriers: the names of the layers that the findings compare with each other.
    """

    name: str
    init: str
    seeds: tuple[int, ...]
    data: ExampleKind
    examples: int
    loss: float
    inputs: LayerStatistics
    layers: tuple[LayerStatistics, ...]
    carriers: tuple[str, ...]
    findings: tuple[InspectionFinding, ...]

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


def inspect_networks(
    specs: Sequence[tuple[str, Spec]], *, seeds: int = 1, most: int = MAX_EXAMPLES, data: ExampleKind = "real"
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
    with limit_threads(first.training.threads):
        seen = prepare_examples(first, data, most)
        return [_inspect_network(name, spec, seen, range(spec.seed, spec.seed + seeds), data) for name, spec in specs]


def _inspect_network(init: str, spec: Spec, data: ExampleBatch, seeds: range, kind: ExampleKind) -> Inspection:
    """One initialiser's network."""
    network = spec.build_network(data.description)
    declaration = network.declare(data.description.shape)
    seen = [LayerMeasurements() for _ in network.layers]
    step = max(1, MAX_BYTES_AT_ONCE // _estimate_seed_bytes(declaration, data))
    losses = [run_passes(spec, data, seeds[start : start + step], seen) for start in range(0, len(seeds), step)]
    inputs = average_statistics("inputs", None, data.description.shape, measure_outputs(None, data.x, data.x))
    parts = declaration.parts
    layers = tuple(
        average_statistics(
            name, layer, parts[name].output, one.outputs, one.output_gradients, one.weight_gradients, same=one.symmetric
        )
        for name, layer, one in zip(network.names, network.layers, seen, strict=True)
    )
    compared = select_compared_layers(network.layers, [layer.weight_gradient is not None for layer in layers])
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
        tuple(collect_findings(layers, compared)),
    )


def _estimate_seed_bytes(declaration: Declaration, data: ExampleBatch) -> int:
    """What one seed takes. Raises UsageError where that is more than the machine has."""
    batch, itemsize = data.x.shape[1], data.x.itemsize
    taken = sum(estimate_memory(declaration.weight_count, count_activations(declaration), 0, batch, itemsize))
    if taken > memory_size():
        raise UsageError(
            f"{describe_memory_excess(f'a look at {batch:,} examples', taken)}: take fewer with --examples"
        )
    return max(1, taken)
