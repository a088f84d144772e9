"""What a layer needs to write itself into the graph of an exported network, in ONNX's operators.   N examples

The graph itself is made in `nnexp/export/onnx`; here nothing of the library onnx is imported. Numbers that count to the
last bit are constants of the graph: attributes of ONNX's operators are in single precision.

Images are channels last, as everywhere in nnexp; ONNX's windows want channels first, and are turned round on the spot.
Matrix products are Gemm and not MatMul, into which onnxruntime draws a factor before it, in single precision always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from nnexp.nn.parameters import Views
from nnexp.typing import AnyArray, Shape


@dataclass(frozen=True, slots=True)
class GraphValue:
    """Something that is computed in a graph: its name, and its core shape, the examples' axis left out."""

    name: str
    shape: Shape


class GraphBuilder(Protocol):
    """A graph in the making, whose numbers are of one precision."""

    dtype: np.dtype[np.floating]

    def add_node(self, path: str, op: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator of the layer with this path; gives the name of what it computes."""

    def add_constant(self, name: str, value: ArrayLike, dtype: Any = None) -> str:
        """Add a constant; gives its name, which is another where this one is taken."""


@dataclass(frozen=True, slots=True)
class LayerScope:
    """Where in a graph a layer stands: what it adds is named after it, and its weights (1, ...) are at hand.

    prefix: what the names begin with, such as "member_1." of an ensemble.
    """

    graph: GraphBuilder
    w: Views
    prefix: str = ""

    @property
    def path(self) -> str:
        """The layer's full name."""
        return self.prefix + self.w.path

    def add_node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator; gives the name of what it computes."""
        return self.graph.add_node(self.path, op, *inputs, **attributes)

    def add_number(self, value: ArrayLike) -> str:
        """A number, or several, in the graph's precision."""
        # A name for all: the graph makes it a unique one.
        return self.graph.add_constant(f"{self.path}.number", value)

    def add_integers(self, values: Sequence[int]) -> str:
        """Whole numbers: axes, or sizes."""
        return self.graph.add_constant(f"{self.path}.whole", values, np.int64)

    def add_weight(self, name: str, value: AnyArray | None = None) -> str:
        """A weight or a buffer under its full name, as it is or made ready as `value`."""
        return self.graph.add_constant(f"{self.path}.{name}", self.w[name][0] if value is None else value)

    def enter_layer(self, name: str) -> LayerScope:
        """The place of a layer inside this one."""
        return LayerScope(self.graph, self.w.parts[name], self.prefix)

    def add_softplus(self, z: str) -> str:
        """Max(z, 0) + log(1 + e^-|z|), which cannot overflow, as ONNX's own operator does in some programs."""
        small = self.add_node("Exp", self.add_node("Neg", self.add_node("Abs", z)))
        above = self.add_node("Max", z, self.add_number(0))
        return self.add_node("Add", above, self.add_node("Log", self.add_node("Add", small, self.add_number(1))))

    def add_expm1(self, z: str) -> str:
        """e^z - 1 where z <= 0, as tanh(z/2) (e^z + 1), which loses no digits near 0."""
        below = self.add_node("Min", z, self.add_number(0))
        tanh = self.add_node("Tanh", self.add_node("Mul", below, self.add_number(0.5)))
        return self.add_node("Mul", tanh, self.add_node("Add", self.add_node("Exp", below), self.add_number(1)))

    def select_by_sign(self, z: str, below: str) -> str:
        """Z if z > 0 else what it is below"""
        return self.add_node("Where", self.add_node("Greater", z, self.add_number(0)), z, below)
