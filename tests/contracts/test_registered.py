"""What every registered component promises, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from nnexp.registry import REGISTRY_BY_KIND, component_parameters, parse_docstring
from nnexp.spec.parameter_types import find_component_type, has_component
from nnexp.spec.validation import describe_plain_type
from tests.contracts.examples import EXAMPLES, classes

COMPONENTS = list(classes())
"""Kind, name and class of everything registered."""

SOURCED = frozenset({"activations", "initializers", "layers", "losses", "optimizers", "schedules"})
"""Kinds whose components say where their formula is from."""

OUR_OWN = frozenset({"activation", "output", "constant", "tanh", "normal", "uniform"})
"""Components of those kinds that are places in a spec, or a formula that nobody has to be named for."""


@pytest.mark.parametrize("kind", REGISTRY_BY_KIND)
def test_every_registered_component_has_an_example_and_every_example_is_registered(kind: str) -> None:
    assert set(EXAMPLES[kind]) == set(REGISTRY_BY_KIND[kind])
    assert all(EXAMPLES[kind].values())


def failing(holds: Callable[[str, str, type[Any]], bool]) -> list[str]:
    """The components of which a rule does not hold."""
    return [f"{kind}: {name}" for kind, name, cls in COMPONENTS if not holds(kind, name, cls)]


def test_the_examples_vary_every_per_replica_parameter() -> None:
    def varies(kind: str, name: str, cls: type[Any]) -> bool:
        built = [cls(**given) for given in EXAMPLES[kind][name]]
        per_replica = [parameter.name for parameter in component_parameters(cls) if parameter.is_per_replica]
        return all(any(getattr(one, parameter) != 0 for one in built) for parameter in per_replica)

    assert failing(varies) == []


def test_component_is_a_frozen_dataclass() -> None:
    def is_frozen(kind: str, name: str, cls: type[Any]) -> bool:
        return is_dataclass(cls) and cls.__dataclass_params__.frozen and cls.__eq__ is not object.__eq__  # type: ignore[attr-defined]

    assert failing(is_frozen) == []


def test_component_has_slots_and_no_dictionary() -> None:
    def is_slotted(kind: str, name: str, cls: type[Any]) -> bool:
        return "__slots__" in vars(cls) and not hasattr(cls(**EXAMPLES[kind][name][0]), "__dict__")

    assert failing(is_slotted) == []


def test_docstring_has_a_summary_of_one_line_and_a_formula() -> None:
    def is_documented(kind: str, name: str, cls: type[Any]) -> bool:
        documented = parse_docstring(cls)
        generated = documented.summary.startswith(f"{cls.__name__}(")  # by dataclass, where there is none
        return documented.summary.endswith((".", ":")) and bool(documented.formula) and not generated

    assert failing(is_documented) == []


def test_docstring_names_its_source() -> None:
    def is_sourced(kind: str, name: str, cls: type[Any]) -> bool:
        return kind not in SOURCED or name in OUR_OWN or "Source: " in parse_docstring(cls).rest

    assert failing(is_sourced) == []


def test_every_parameter_can_be_put_into_words() -> None:
    def is_worded(kind: str, name: str, cls: type[Any]) -> bool:
        return all(
            find_component_type(parameter.hint) if has_component(parameter) else describe_plain_type(parameter.hint)
            for parameter in component_parameters(cls)
        )

    assert failing(is_worded) == []


def test_parameters_are_the_fields_of_the_constructor() -> None:
    def is_its_fields(kind: str, name: str, cls: type[Any]) -> bool:
        shown = {field.name for field in fields(cls) if field.init and not field.metadata.get("hidden")}
        return {parameter.name for parameter in component_parameters(cls)} == shown

    assert failing(is_its_fields) == []
