"""One pass through a network at the start of training, and one back, layer by layer.

R replicas, N examples, P parameters, O outputs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nnexp.beginning import begin
from nnexp.inspection.examples import Examples
from nnexp.inspection.figures import Outputs, alike, by_example, by_weights, outputs
from nnexp.layers.base import Backward, Context
from nnexp.layers.chain import Chain
from nnexp.losses.base import Loss
from nnexp.network import assemble
from nnexp.parameters import Declaration, layer_views, weight_views
from nnexp.replicas import generators, stack
from nnexp.spec.sections import Spec
from nnexp.typing import Array


@dataclass(slots=True)
class Seen:
    """One layer's numbers, an entry a seed."""

    outputs: list[Outputs] = field(default_factory=list)
    slopes: list[float] = field(default_factory=list)
    of_weights: list[float] = field(default_factory=list)
    alike: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The network of a spec and its loss, one replica."""

    chain: Chain
    declaration: Declaration
    loss: Loss
    spec: Spec


def network_of(spec: Spec, data: Examples) -> Network:
    """The network that a spec describes."""
    widths = data.description.widths
    chain = assemble(spec.architecture, spec.activation, widths)
    return Network(chain, chain.declare(data.description.shape), spec.loss.fitted(widths), spec)


def passes(network: Network, data: Examples, seeds: Sequence[int], seen: Sequence[Seen]) -> Array:
    """Note what each layer shows at the start with each of the seeds, and give the losses (R,).

    As in training: batch norm takes the statistics of these examples, dropout drops. As there, nothing comes back
    further than to the first weights.
    """
    spec, copies = network.spec, len(seeds)
    chain, loss, init = stack([(network.chain, network.loss, spec.init)] * copies)
    declaration = network.declaration
    theta, buffers = begin(chain, declaration, init, seeds, data.beginning, spec.training.dtype)
    w, grad = layer_views(declaration, theta, buffers), np.zeros_like(theta)
    dw, dropout = weight_views(declaration, grad), generators(seeds, "dropout")
    backwards: list[Backward] = []
    first = _first_weights(declaration)
    x = data.x
    for index, (name, layer) in enumerate(zip(chain.names, chain.layers, strict=True)):
        ctx = Context(training=True, generators=dropout, new_epoch=True, propagate=index > first)
        x, backward = layer.forward(w.parts[name], x, ctx)
        backwards.append(backward)
        seen[index].outputs += outputs(layer, x)
        seen[index].alike &= alike(declaration.parts[name], w.parts[name])
    losses, dz = loss(x, data.d)
    slope: Array | None = dz
    for index in reversed(range(first, len(chain.layers))):
        of_layer = dw.parts[chain.names[index]]
        assert slope is not None, "only the first layer with weights may hand nothing back"
        seen[index].slopes += by_example(slope)
        slope = backwards.pop()(slope, of_layer)
        seen[index].of_weights += by_weights(of_layer) or []
    return losses


def _first_weights(declaration: Declaration) -> int:
    """The place of the first layer with weights, or where there are none of the last layer."""
    sizes = [part.size for part in declaration.parts.values()]
    return next((index for index, size in enumerate(sizes) if size), len(sizes) - 1)
