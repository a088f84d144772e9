"""`nnexp gradcheck --all`: every registered component is put into a network, or that is an error.

That all of them are right is tested where the command is, in tests/cli/test_gradcheck.py, since it takes its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from nnexp.errors import GradientMismatch, GradientUndecided
from nnexp.gradient_check import components
from nnexp.gradient_check.components import (
    CHECKED_KINDS,
    NoExample,
    build_examples,
    check_all_components,
    raise_if_failed,
)
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError
from nnexp.nn.parameters import Declaration, Views
from nnexp.registry import REGISTRY_BY_KIND, Registry, activations, layers
from nnexp.typing import Array, Count, Shape
from tests.contracts.examples import EXAMPLES


def test_the_kinds_without_a_gradient_are_the_others() -> None:
    assert {*CHECKED_KINDS} < {*REGISTRY_BY_KIND}
    assert not {"initializers", "optimizers", "schedules", "sources", "normalizations"} & {*CHECKED_KINDS}
    assert {*CHECKED_KINDS} <= {*EXAMPLES}


def test_options_and_shapes_are_varied() -> None:
    assert [example.setting for example in build_examples("layers", "batch_norm")] == [
        *("flat", "images"),
        *("flat, scale false", "images, scale false", "flat, shift false", "images, shift false"),
        *("flat, weighted_average", "images, weighted_average"),
    ]
    assert [example.setting for example in build_examples("layers", "max_pool")] == ["images"]
    assert {example.setting for example in build_examples("losses", "huber")} == {"values", "classes", "binary"}


@dataclass(frozen=True, slots=True)
class Wrong(Activation):
    """A hyperbolic tangent with the derivative of its output's square root."""

    def apply(self, z: Array) -> tuple[Array, Any]:
        a, _ = Tanh().apply(z)
        return a, lambda da: da * (1 - a)


@dataclass(frozen=True, slots=True)
class Obscure(Layer):
    """A layer with a parameter that nobody can make up."""

    thing: bytes

    def declare(self, x: Shape) -> Declaration:
        return Declaration(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return x, lambda dy, dw: dy


@dataclass(frozen=True, slots=True)
class Narrow(Obscure):
    """A layer that fits nowhere."""

    thing: Count = 3  # type: ignore[assignment]

    def declare(self, x: Shape) -> Declaration:
        raise ShapeError("it takes sequences only")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Registers one component, which is then the only one that is checked."""

    def only(kind: str, name: str, cls: type[Any]) -> None:
        registry: Registry = {"activations": activations, "layers": layers}[kind]
        assert name not in registry
        monkeypatch.setattr(registry, "_classes", {**registry._classes, name: cls})
        single = Registry(registry.kind, "nnexp")
        single._classes, single._loaded = {name: cls}, True
        monkeypatch.setattr(components, "CHECKED_KINDS", (kind,))
        monkeypatch.setattr(components, "REGISTRY_BY_KIND", {kind: single})

    return only


def test_a_newly_registered_component_with_a_wrong_gradient_fails(alone: Any) -> None:
    alone("activations", "wrong", Wrong)
    found = list(check_all_components())
    assert {one.name for one in found if one.verdict == "wrong"} == {"wrong"}
    with pytest.raises(GradientMismatch, match=r"wrong \(flat\): the gradient of dense_1") as caught:
        raise_if_failed(found)
    assert caught.value.layer == "wrong_1"


@pytest.mark.parametrize(("cls", "message"), [(Obscure, "`thing`"), (Narrow, "it takes sequences only")])
def test_a_component_that_fits_into_no_example_fails(alone: Any, cls: type[Any], message: str) -> None:
    alone("layers", "obscure", cls)
    with pytest.raises(NoExample, match=message):
        build_examples("layers", "obscure")
    found = [one for one in check_all_components() if one.check is None]
    assert [(one.name, one.verdict) for one in found] == [("obscure", "undecided")]
    with pytest.raises(GradientUndecided, match="obscure"):
        raise_if_failed(found)
