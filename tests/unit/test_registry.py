"""Names, schemas and documentation of components."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nnexp.nn.layers.dense import Dense
from nnexp.optim.optimizers.adamw import AdamW
from nnexp.registry import Registry, component_parameters, initializers, layers, optimizers, parse_docstring, schedules
from nnexp.spec.spec import Spec, Training


@dataclass(frozen=True, slots=True)
class Thing:
    """What it is.

    More of it.

        y = x

    Source: nobody.
    """

    size: int = 3


@dataclass(frozen=True, slots=True)
class Bare:
    """What it is."""


@dataclass(frozen=True, slots=True)
class Plain:
    """What it is.

    Only more of it.
    """


def registry() -> Registry:
    return Registry("thing", "nnexp.nn.penalties")


def test_a_name_is_given_once() -> None:
    things = registry()
    things.register("thing")(Thing)
    with pytest.raises(ValueError, match="thing 'thing' is registered already, by Thing"):
        things.register("thing")(Bare)
    assert things["thing"] is Thing


def test_a_component_is_found_by_name_and_a_name_by_component() -> None:
    assert layers["dense"] is Dense
    assert layers.name_of(Dense(3)) == "dense"
    assert "dense" in layers
    assert "danse" not in layers
    assert list(layers) == sorted(layers)


def test_unknown_names_and_components_are_key_errors() -> None:
    with pytest.raises(KeyError, match="danse"):
        layers["danse"]
    with pytest.raises(KeyError, match="Thing is no registered layer"):
        layers.name_of(Thing())


def test_a_subclass_does_not_answer_to_its_parents_name() -> None:
    assert optimizers.name_of(AdamW()) == "adamw"


def test_required_parameters_come_first() -> None:
    found = component_parameters(initializers["constant"])
    assert [(p.name, p.is_required, p.is_per_replica) for p in found] == [("value", True, True), ("bias", False, True)]


def test_defaults_and_replica_marks_are_read_from_the_signature() -> None:
    found = {p.name: p for p in component_parameters(AdamW)}
    assert list(found) == ["lr", "beta1", "beta2", "eps", "bias_correction", "decay"]
    assert found["decay"].default == 0.01
    assert [name for name, p in found.items() if not p.is_per_replica] == ["bias_correction"]


def test_optional_per_replica_parameters_are_seen_through_their_union() -> None:
    marks = {p.name for p in component_parameters(Training) if p.is_per_replica}
    assert marks == {"clip_norm", "clip_value"}


def test_hidden_fields_are_no_parameters() -> None:
    assert "origin" not in {p.name for p in component_parameters(Spec)}
    assert {p.name: p.default for p in component_parameters(Spec)}["training"] == Training()


def test_documentation_has_summary_formula_and_rest() -> None:
    found = parse_docstring(Thing)
    assert (found.summary, found.formula, found.rest) == ("What it is.", "y = x", "More of it.\n\nSource: nobody.")


@pytest.mark.parametrize(("cls", "rest"), [(Bare, ""), (Plain, "Only more of it.")])
def test_documentation_without_a_formula(cls: type, rest: str) -> None:
    found = parse_docstring(cls)
    assert (found.summary, found.formula, found.rest) == ("What it is.", "", rest)


@pytest.mark.parametrize(
    ("registry", "name", "first"),
    [(schedules, "exponential", "base"), (initializers, "normal", "std"), (optimizers, "adam", "lr")],
)
def test_the_first_parameter_is_the_components_own_and_not_an_inherited_one(
    registry: Registry, name: str, first: str
) -> None:
    assert component_parameters(registry[name])[0].name == first
