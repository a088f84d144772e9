"""The catalogue: parameters as data, and the page that is made of it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nnexp.registry import REGISTRY_BY_KIND, component_parameters
from nnexp.spec.catalogue import list_entries
from nnexp.spec.catalogue_page import _escape_prose, _make_anchor, render_catalogue
from nnexp.spec.problems import SpecText
from nnexp.spec.yaml import Node, parse_yaml

PAGE = Path(__file__).parents[3] / "docs" / "catalogue.md"


def parameter(kind: str, component: str, name: str) -> Any:
    [entry] = [entry for entry in list_entries(kind) if entry.name == component]
    [found] = [found for found in entry.parameters if found.name == name]
    return found


@pytest.mark.parametrize(
    ("place", "type_", "bounds", "choices", "nullable", "default", "per_replica"),
    [
        (("layers", "dropout", "rate"), "a number", {"minimum": 0, "exclusive_maximum": 1}, (), False, None, True),
        (("optimizers", "adam", "lr"), "a number", {"exclusive_minimum": 0}, (), False, 0.001, True),
        (("initializers", "he", "fan"), "a text", {}, ("in", "out", "average"), False, "in", False),
        (("architectures", "vgg", "depth"), "a whole number", {}, (11, 13, 16, 19), False, 16, False),
        (
            ("layers", "conv2d", "padding"),
            "a text or a whole number",
            {"minimum": 0},
            ("valid", "same"),
            False,
            "valid",
            False,
        ),
        (("layers", "max_pool", "stride"), "a whole number", {"minimum": 1}, (), True, None, False),
        (("layers", "residual", "activation"), "an activation", {}, (), True, None, False),
        (("initializers", "from_run", "rest"), "an initializer", {}, (), False, "he", False),
        (("schedules", "piecewise", "values"), "a list, each entry a number > 0", {}, (), False, None, False),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) and len(value) == 3 else None,
)
def test_a_parameter_as_data(
    place: tuple[str, str, str],
    type_: str,
    bounds: dict[str, float],
    choices: tuple[Any, ...],
    nullable: bool,
    default: Any,
    per_replica: bool,
) -> None:
    found = parameter(*place)
    assert (found.type, found.bounds, found.choices) == (type_, bounds, choices)
    assert (found.nullable, found.default, found.per_replica) == (nullable, default, per_replica)


@pytest.mark.parametrize("kind", REGISTRY_BY_KIND)
def test_every_default_on_one_line_is_read_back_from_a_spec_as_what_it_is(kind: str) -> None:
    for entry in list_entries(kind):
        for found in entry.parameters:
            assert found.required or read_value(found.default_text) == found.default, (entry.name, found.name)


def read_value(text: str) -> Any:
    """What a spec means that has this text behind a key."""
    node = parse_yaml(SpecText("spec.yaml", f"key: {text}"))
    assert isinstance(node.value, dict)
    return plain(node.value["key"])


def plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    return [plain(child) for child in node.value] if isinstance(node.value, list) else node.value


def test_required_parameters_are_those_without_a_default() -> None:
    for kind, registry in REGISTRY_BY_KIND.items():
        for entry in list_entries(kind):
            known = component_parameters(registry[entry.name])
            assert [found.name for found in entry.parameters] == [p.name for p in known]
            assert [found.required for found in entry.parameters] == [p.is_required for p in known]


def test_the_page_in_the_docs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_catalogue(), (
        "docs/catalogue.md is not current: `make catalogue` renews it"
    )


def test_the_page_has_every_component_with_all_that_its_docstring_says() -> None:
    shown = {word for line in render_catalogue().splitlines() for word in line.replace("\\", "").split()}
    for kind in REGISTRY_BY_KIND:
        for entry in list_entries(kind):
            assert f"### {entry.name}\n" in render_catalogue()
            assert {*entry.summary.split(), *entry.formula.split(), *entry.notes.split()} <= shown, entry.name


def test_every_link_of_the_contents_leads_to_its_heading() -> None:
    text = render_catalogue()
    links = re.findall(r"\[([a-z0-9_]+)\]\(#([a-z0-9_-]+)\)", text)
    headings = re.findall(r"^##+ (\S+)$", text, re.MULTILINE)
    assert [title for title, _ in links] == headings
    assert len({anchor for _, anchor in links}) == len(links)


def test_a_heading_that_comes_again_is_counted() -> None:
    seen: Counter[str] = Counter()
    anchors = [_make_anchor(title, seen) for title in ("a", "tasks", "b", "tasks", "tasks")]
    assert anchors == ["a", "tasks", "b", "tasks-1", "tasks-2"]


def test_prose_means_nothing_in_markdown_but_for_its_code() -> None:
    assert _escape_prose("a * b <c> _d_ x_n \\ and `e * _f_`") == r"a \* b \<c> \_d\_ x_n \\ and `e * _f_`"
