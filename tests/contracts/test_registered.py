"""What every registered component promises, whatever its kind."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from nnexp.registry import REGISTRY_BY_KIND, component_parameters, parse_docstring
from nnexp.spec.parameter_types import find_component_type, has_component
from nnexp.spec.validation import describe_plain_type
from tests.contracts.examples import EXAMPLES, classes

CLASSES = [pytest.param(cls, id=f"{kind}-{name}") for kind, name, cls in classes()]

SOURCED = frozenset({"activations", "initializers", "layers", "losses", "optimizers", "schedules"})
"""Kinds whose components say where their formula is from."""

OUR_OWN = frozenset({"activation", "output", "constant", "tanh", "normal", "uniform"})
"""Components of those kinds that are places in a spec, or a formula that nobody has to be named for."""


@pytest.mark.parametrize("kind", REGISTRY_BY_KIND)
def test_every_registered_component_has_an_example_and_every_example_is_registered(kind: str) -> None:
    assert set(EXAMPLES[kind]) == set(REGISTRY_BY_KIND[kind])
    assert all(EXAMPLES[kind].values())


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in REGISTRY_BY_KIND for name in REGISTRY_BY_KIND[kind]]
)
def test_the_examples_vary_every_per_replica_parameter(kind: str, name: str) -> None:
    built = [REGISTRY_BY_KIND[kind][name](**given) for given in EXAMPLES[kind][name]]
    for parameter in component_parameters(REGISTRY_BY_KIND[kind][name]):
        assert not parameter.is_per_replica or any(getattr(one, parameter.name) != 0 for one in built), parameter.name


@pytest.mark.parametrize("cls", CLASSES)
def test_component_is_a_frozen_dataclass(cls: type[Any]) -> None:
    assert is_dataclass(cls)
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert cls.__eq__ is not object.__eq__


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in REGISTRY_BY_KIND for name in REGISTRY_BY_KIND[kind]]
)
def test_component_has_slots_and_no_dictionary(kind: str, name: str) -> None:
    component = REGISTRY_BY_KIND[kind][name](**EXAMPLES[kind][name][0])
    assert "__slots__" in vars(type(component))
    assert not hasattr(component, "__dict__")


@pytest.mark.parametrize("cls", CLASSES)
def test_docstring_has_a_summary_of_one_line_and_a_formula(cls: type[Any]) -> None:
    documented = parse_docstring(cls)
    assert documented.summary.endswith((".", ":"))
    assert documented.formula
    assert not documented.summary.startswith(f"{cls.__name__}(")  # what dataclass writes where there is none


@pytest.mark.parametrize("cls", [pytest.param(c, id=f"{k}-{n}") for k, n, c in classes() if k in SOURCED - {n}])
def test_docstring_names_its_source(cls: type[Any]) -> None:
    name = next(name for kind, name, known in classes() if known is cls)
    assert name in OUR_OWN or "Source: " in parse_docstring(cls).rest


@pytest.mark.parametrize("cls", CLASSES)
def test_every_parameter_can_be_put_into_words(cls: type[Any]) -> None:
    for parameter in component_parameters(cls):
        assert (
            describe_plain_type(parameter.hint) if not has_component(parameter) else find_component_type(parameter.hint)
        )


@pytest.mark.parametrize("cls", CLASSES)
def test_parameters_are_the_fields_of_the_constructor(cls: type[Any]) -> None:
    assert {parameter.name for parameter in component_parameters(cls)} == {
        field.name for field in fields(cls) if field.init and not field.metadata.get("hidden")
    }
