"""Every layer and activation in ONNX gives what it gives here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nnexp import registry
from nnexp.errors import UsageError
from nnexp.export.onnx.graph import OnnxGraph
from nnexp.nn.activations.base import Activation
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Layer
from nnexp.nn.network import kind_of
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES, Bound, away_from_kinks, bind
from tests.contracts.examples import PLACEHOLDERS, Example, N, chained, layer_examples
from tests.unit.export.answers import answers

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
"""Beside the largest output."""


def exported(bound: Bound, shape: tuple[int, ...]) -> bytes:
    graph, x = OnnxGraph(bound.theta.dtype), GraphValue("inputs", shape)
    y = bound.layer.add_to_graph(LayerScope(graph, bound.views()), x)
    outputs = GraphValue(y, bound.layer.declare(shape).output)
    return graph.encode_model(x, {"outputs": outputs}, {}, "0")


def check(layer: Layer, x: AnyArray) -> None:
    """Hold a layer with random weights, in the precision of x (N, ...), against its own forward pass."""
    bound = bind(chained(layer), x.shape[1:], x.dtype.name, replicas=1)
    wanted = bound.layer.forward(bound.views(), x[None], EVALUATION_CONTEXT)[0][0]
    found = answers(exported(bound, x.shape[1:]), x)["outputs"]
    assert found.dtype == x.dtype
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE[x.dtype.name] * np.abs(wanted).max())


@pytest.mark.parametrize("example", layer_examples(), ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_layer_gives_in_onnx_what_it_gives_here(example: Example, dtype: str) -> None:
    check(example.component, away_from_kinks(N, *example.shape, dtype=dtype))


def test_every_registered_layer_and_activation_has_a_form() -> None:
    known = {reg[name] for reg in (registry.layers, registry.activations) for name in reg if name not in PLACEHOLDERS}
    assert not [layer.__name__ for layer in known if layer.add_to_graph is Layer.add_to_graph]


@pytest.mark.parametrize(
    "layer", [registry.activations[name]() for name in registry.activations if name not in PLACEHOLDERS], ids=kind_of
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_activation_is_the_same_at_its_kinks_and_far_out(layer: Layer, dtype: str) -> None:
    z = np.array([[0.0, -0.0, 1.0, -1.0], [1e-9, -1e-9, 90.0, -90.0], [1e4, -1e4, 3e-3, -3e-3]])
    check(layer, z.astype(dtype))


@pytest.mark.parametrize("name", ["elu", "selu"])
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-6), ("float64", 1e-14)])
def test_the_exponential_units_lose_no_digits_near_0(name: str, dtype: str, rtol: float) -> None:
    z = np.array([[-1e-3, -1e-5, -1e-7]], dtype)
    bound = bind(chained(registry.activations[name]()), (3,), dtype, replicas=1)
    wanted = bound.layer.forward(bound.views(), z[None], EVALUATION_CONTEXT)[0][0]
    np.testing.assert_allclose(answers(exported(bound, (3,)), z)["outputs"], wanted, rtol=rtol)


class Unheard(Activation):
    """A layer without a form in ONNX."""

    def apply(self, z: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], AnyArray]]:
        return z, lambda da: da


def test_a_layer_without_a_form_is_refused_by_name() -> None:
    graph, bound = OnnxGraph(np.dtype("float32")), bind(chained(), (3,), "float32", replicas=1)
    with pytest.raises(UsageError, match="cannot be exported to ONNX: there is no translation of the layer Unheard"):
        Unheard().add_to_graph(LayerScope(graph, bound.views()), GraphValue("inputs", (3,)))


def test_weights_too_large_for_the_format_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnexp.export.onnx.graph.MAX_CONSTANT_BYTES", 7)
    graph = OnnxGraph(np.dtype("float32"))
    graph.add_constant("W", [1.0, 2.0])
    with pytest.raises(UsageError, match="holds at most 2"):
        graph.encode_model(GraphValue("inputs", (2,)), {}, {}, "0")
