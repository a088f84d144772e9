"""One pass through a network at the start of training, and one back, layer by layer.

R replicas, N examples, P parameters, O outputs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nnexp.inspection.examples import ExampleBatch
from nnexp.inspection.layer_statistics import (
    OutputStatistics,
    is_symmetric,
    measure_output_gradients,
    measure_outputs,
    measure_weight_gradients,
)
from nnexp.nn.layers.base import Backward, Context
from nnexp.nn.parameters import Declaration
from nnexp.nn.random import make_generators
from nnexp.spec.spec import Spec
from nnexp.training.model import stack_specs
from nnexp.typing import Array


@dataclass(slots=True)
class LayerMeasurements:
    """One layer's numbers, an entry a seed."""

    outputs: list[OutputStatistics] = field(default_factory=list)
    output_gradients: list[float] = field(default_factory=list)
    weight_gradients: list[float] = field(default_factory=list)
    symmetric: bool = True


def run_passes(spec: Spec, data: ExampleBatch, seeds: Sequence[int], seen: Sequence[LayerMeasurements]) -> Array:
    """Measure each layer at the start with each of the seeds, and return the losses (R,).

    As in training: batch norm takes the statistics of these examples, dropout drops, and gradients go back no further
    than to the first weights.
    """
    copies = len(seeds)
    network = stack_specs([spec] * copies, data.description)
    inits, dtype = [spec.init] * copies, spec.training.dtype
    theta, buffers = network.initialize_parameters(inits, seeds, data.initial_inputs, dtype)
    model = network.build_model(theta, buffers, class_weights=data.class_weights)
    chain, declaration = network.network, network.declaration
    dropout = make_generators(seeds, "dropout")
    backwards: list[Backward] = []
    first = _find_first_weights(declaration)
    x = data.x
    for index, (name, layer) in enumerate(zip(chain.names, chain.layers, strict=True)):
        ctx = Context(training=True, generators=dropout, new_epoch=True, propagate=index > first)
        outputs, backward = layer.forward(model.w.parts[name], x, ctx)
        backwards.append(backward)
        seen[index].outputs += measure_outputs(layer, x, outputs)
        x = outputs
        seen[index].symmetric &= is_symmetric(declaration.parts[name], model.w.parts[name])
    losses, dz = model.compute_loss(x, data.d)
    slope: Array | None = dz
    for index in reversed(range(first, len(chain.layers))):
        of_layer = model.dw.parts[chain.names[index]]
        assert slope is not None, "only the first layer with weights may hand nothing back"
        seen[index].output_gradients += measure_output_gradients(slope)
        # Each backward is called once, and freed: it holds the arrays of its forward.
        slope = backwards.pop()(slope, of_layer)
        seen[index].weight_gradients += measure_weight_gradients(of_layer)
    return losses


def _find_first_weights(declaration: Declaration) -> int:
    """The place of the first layer with weights, or where there are none of the last layer."""
    for index, part in enumerate(declaration.parts.values()):
        if part.weight_count:
            return index
    return len(declaration.parts) - 1
