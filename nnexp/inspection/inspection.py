"""`nnexp inspect`: the networks of specs before their training, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

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
"""Examples, at most, unless the user asks for another number: shares are then known to 3 points, √(1/4 / 256)."""

MAX_BYTES_AT_ONCE = 2**29
"""The bytes of the seeds that are stacked into one pass; a single seed may take more."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """One initialiser's network, layer by layer; numbers are means over the seeds.

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

    @property
    def rows(self) -> tuple[LayerStatistics, ...]:
        """The inputs, and every layer."""
        return (self.inputs, *self.layers)

    def has_share(self, field: Literal["dead", "saturated"]) -> bool:
        """Whether it has layers of a kind whose units can be dead, or saturated."""
        return any(getattr(layer, field) is not None for layer in self.layers)

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
            "layers": list(map(LayerStatistics.as_dict, self.layers)),
            "carriers": list(self.carriers),
            "findings": list(map(asdict, self.findings)),
        }


def inspect_networks(
    specs: Sequence[tuple[str, Spec]], *, seeds: int = 1, most: int = MAX_EXAMPLES, data: ExampleKind = "real"
) -> list[Inspection]:
    """Inspect the networks of specs that differ in nothing but the initialiser, each with its name.

    The weights are those that training would begin with, by `seeds` seeds from the spec's own on. All see the same
    examples, `most` of them or fewer. Raises DataError where the data cannot be read, UsageError for wrong numbers and
    where the pass does not fit into memory.
    """
    for name, number in {"seeds": seeds, "examples": most}.items():
        if number < 1:
            raise UsageError(f"{name} must be at least 1, and is {number}")
    first = specs[0][1]
    # As in training: with another number of threads products may have other last bits.
    with limit_threads(first.training.threads):
        # Once for all: what differs between the networks is then the initialisers'.
        examples = prepare_examples(first, data, most)
        inspections = []
        for name, spec in specs:
            seed_range = range(spec.seed, spec.seed + seeds)
            inspections.append(_inspect_network(name, spec, examples, seed_range, data))
        return inspections


def _inspect_network(init: str, spec: Spec, data: ExampleBatch, seeds: range, kind: ExampleKind) -> Inspection:
    """One initialiser's network."""
    network = spec.build_network(data.description)
    declaration = network.declare(data.description.shape)
    measured = [LayerMeasurements() for _ in network.layers]
    # Several seeds in one pass, as many as fit: a stack is much faster than one network after the other.
    step = max(1, MAX_BYTES_AT_ONCE // _estimate_seed_bytes(declaration, data))
    losses = [run_passes(spec, data, seeds[start : start + step], measured) for start in range(0, len(seeds), step)]
    layers = []
    for name, layer, of_layer in zip(network.names, network.layers, measured, strict=True):
        shape, gradients = declaration.parts[name].output, (of_layer.output_gradients, of_layer.weight_gradients)
        layers.append(
            average_statistics(name, layer, shape, of_layer.outputs, *gradients, symmetric=of_layer.symmetric)
        )
    # What has a gradient of its weights has weights.
    compared = select_compared_layers(network.layers, [layer.weight_gradient is not None for layer in layers])
    return Inspection(
        spec.name,
        init,
        seeds=tuple(seeds),
        data=kind,
        examples=data.x.shape[1],
        loss=float(np.mean(np.concatenate(losses))),
        inputs=average_statistics("inputs", None, data.description.shape, measure_outputs(None, data.x, data.x)),
        layers=tuple(layers),
        carriers=tuple(layers[index].name for index in compared),
        findings=tuple(collect_findings(layers, compared)),
    )


def _estimate_seed_bytes(declaration: Declaration, data: ExampleBatch) -> int:
    """The bytes of one seed. Raises UsageError where they are more than the machine has."""
    batch, itemsize = data.x.shape[1], data.x.itemsize
    taken = sum(estimate_memory(declaration.weight_count, count_activations(declaration), 0, batch, itemsize))
    if taken > memory_size():
        excess = describe_memory_excess(f"a look at {batch:,} examples", taken)
        raise UsageError(f"{excess}: take fewer with --examples")
    return max(1, taken)
