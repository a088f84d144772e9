"""The JSON Schema says of a spec what the program says, as far as a schema can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from nnexp import registry
from nnexp.registry import parse_docstring
from nnexp.spec.parameter_types import REGISTRIES_BY_TYPE
from nnexp.spec.problems import SpecText
from nnexp.spec.schema import build_schema
from nnexp.spec.starter import STARTER_SPEC
from nnexp.spec.yaml import parse_yaml
from tests.cli.mutations import BASE, BOUNDS, MISSING, NAMES, STRUCTURE, TYPES
from tests.strategies import Plain, specs

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.yaml"))
VALIDATOR = Draft202012Validator(build_schema())

BEYOND = {"lr: .nan", "lr: .inf", "lr: 1e999", "seed: 1e3", 'name: "a\\nb"', "name: '  '"}
"""What a schema cannot refuse: JSON has no such numbers, 1e3 is whole to it, and a text is any text."""


def plain(content: str) -> Any:
    return parse_yaml(SpecText("s.yaml", content)).make_plain()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(build_schema())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_satisfies_it(path: Path) -> None:
    VALIDATOR.validate(plain(path.read_text(encoding="utf-8")))


def test_the_starter_satisfies_it() -> None:
    VALIDATOR.validate(plain(STARTER_SPEC.format(name="name: starter", schema="schema.json")))


@given(specs())
@settings(deadline=None, max_examples=60)
def test_every_valid_spec_satisfies_it(spec: Plain) -> None:
    VALIDATOR.validate(spec)


@pytest.mark.parametrize("mutation", [*NAMES, *TYPES, *BOUNDS, *MISSING, *STRUCTURE], ids=lambda m: m[1].strip()[:50])
def test_a_wrong_spec_does_not_satisfy_it(mutation: tuple[str, ...]) -> None:
    old, new, *_ = mutation
    if "#" in new:
        new = "training:\n  - epochs: 40\n"
        old = BASE[BASE.index("training:") :]
    refused = not VALIDATOR.is_valid(plain(BASE.replace(old, new, 1)))
    assert refused == (new not in BEYOND)


@pytest.mark.parametrize("kind", registry.REGISTRY_BY_KIND)
def test_every_component_is_described_by_its_summary(kind: str) -> None:
    [base] = [base for base, known in REGISTRIES_BY_TYPE.items() if known[0] is registry.REGISTRY_BY_KIND[kind]]
    full = build_schema()["$defs"][base.__name__]["anyOf"][-1]["properties"]
    for name in registry.REGISTRY_BY_KIND[kind]:
        assert full[name]["description"] == parse_docstring(registry.REGISTRY_BY_KIND[kind][name]).summary


def test_defaults_and_bounds_are_those_of_the_signature() -> None:
    lr = _parameter(build_schema(), "Optimizer", "adam", "lr")
    assert (lr["default"], lr["exclusiveMinimum"]) == (0.001, 0)
    rate = _parameter(build_schema(), "Layer", "dropout", "rate")
    assert (rate["minimum"], rate["exclusiveMaximum"]) == (0, 1)
    assert _parameter(build_schema(), "Layer", "dense", "units")["type"] == "integer"


def _parameter(document: Plain, kind: str, name: str, parameter: str) -> Plain:
    full = document["$defs"][kind]["anyOf"][-1]["properties"][name]["anyOf"][0]
    found: Plain = full["properties"][parameter]
    return found
