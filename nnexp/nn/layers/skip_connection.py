"""A skip connection by concatenation.   N examples, I inputs, G linear and C nonlinear units"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.parallel import Parallel
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import layers
from nnexp.typing import Array, Count, Shape


@layers.register("skip_connection")
@dataclass(frozen=True, slots=True)
class SkipConnection(Layer):
    """A linear and a nonlinear embedding of the input, side by side.

        y = [x G + g, φ(x C + c)]

    core: x (N, I), G (I, G), C (I, C) -> y (N, G + C); the sizes may differ. φ is `activation`, or the spec's where
    none is named. Source: lecture notes on two-layer networks.
    """

    linear: Count
    nonlinear: Count
    activation: Activation | None = None

    def declare(self, x: Shape) -> Declaration:
        return self._make_parallel().declare(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return self._make_parallel().forward(w, x, ctx)

    def _make_parallel(self) -> Parallel:
        """The same layer, written with branches."""
        assert self.activation is not None, "the spec's activation is put here when the network is built"
        linear = Chain(("dense",), (Dense(self.linear),))
        nonlinear = Chain(("dense", "activation"), (Dense(self.nonlinear), self.activation))
        return Parallel((linear, nonlinear))

    def add_to_graph(self, at: LayerScope, x: GraphValue) -> str:
        return self._make_parallel().add_to_graph(at, x)
