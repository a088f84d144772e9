"""What is known of a component stands in its own class: one from outside counts, exports and is inspected like ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.export.onnx.graph import OnnxGraph
from nnexp.inspection.activation_kinds import find_histogram_range
from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain, make_chain
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.size import count_network
from nnexp.nn.unit_statistics import find_dead_units, find_saturated_outputs
from nnexp.typing import AnyArray
from tests.contracts.arrays import bind


@dataclass(frozen=True, slots=True)
class CappedReLU(Activation):
    """min(1, max(0, z)), a component that nnexp has not."""

    can_die: ClassVar[bool] = True
    saturates_beyond: ClassVar[float | None] = 1.0
    usual_range: ClassVar[tuple[float, float] | None] = (0.0, 1.0)

    def apply(self, z: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], AnyArray]]:
        return np.clip(z, 0, 1), lambda da: da * ((z > 0) & (z < 1))

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return at.add_node("Clip", x.name, at.add_number(0), at.add_number(1))


@dataclass(frozen=True, slots=True)
class TwiceDense(Dense):
    """A dense layer that multiplies with each weight twice, to be counted so."""

    weight_uses: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class WideConv2D(Conv2D):
    """A convolution that says that its window is one pixel wider than it is."""

    def describe_window(self) -> tuple[int, int]:
        return self.kernel + 1, self.stride


def named(*layers: Layer) -> Chain:
    """Layers without names in the registry, in a chain."""
    return make_chain(layers, ["layer"] * len(layers))


def test_its_units_die_and_saturate_and_its_histogram_has_its_range() -> None:
    z = np.array([[[-2.0, 0.5], [-0.5, 2.0]]])
    dead, saturated = find_dead_units(CappedReLU(), z), find_saturated_outputs(CappedReLU(), z)
    assert dead is not None
    assert dead.tolist() == [[True, False]]
    assert saturated is not None
    assert saturated.tolist() == [[True, False, False, True]]
    assert find_histogram_range(CappedReLU()) == (0.0, 1.0)


def test_its_multiply_adds_and_its_window_are_counted_as_it_says() -> None:
    def count(*layers: Layer) -> tuple[int, int]:
        size = count_network(named(*layers), (8, 8, 1) if isinstance(layers[0], Conv2D) else (8,))
        assert size.field is None or size.field.size[0] == size.field.size[1]
        return size.multiply_adds, size.field.size[0] if size.field else 0

    assert count(TwiceDense(4))[0] == 2 * count(Dense(4))[0] == 2 * 8 * 4
    assert (count(WideConv2D(2, 3))[1], count(Conv2D(2, 3))[1]) == (4, 3)


def test_its_form_goes_into_the_graph_that_is_exported() -> None:
    bound = bind(named(CappedReLU()), (3,), "float32", replicas=1)
    graph = OnnxGraph(np.dtype("float32"))
    name = bound.layer.add_to_graph(LayerScope(graph, bound.views()), GraphValue("inputs", (3,)))
    assert [node.op_type for node in graph.nodes] == ["Clip"]
    assert graph.encode_model(GraphValue("inputs", (3,)), {"outputs": GraphValue(name, (3,))}, {}, "0")
