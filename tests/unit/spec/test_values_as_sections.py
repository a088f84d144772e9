"""A section with one parameter may be written as the value of it: in a spec, its schema, and what it resolves to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nnexp.data.dataset import Source
from nnexp.data.formats.csv.features import CategoryLevels
from nnexp.nn.layers.base import Layer
from nnexp.nn.named import Named
from nnexp.spec import resolved
from nnexp.spec.build import Builder
from nnexp.spec.parameter_types import find_only_parameter
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.spec.schema import build_schema
from nnexp.spec.spec import EarlyStopping
from nnexp.spec.yaml import parse_yaml

SPEC = """\
data: {{source: {{csv: {{path: {path}, target: y, categorical: {levels}}}}}}}
baseline: knn
"""

LONG, SHORT = "{c: {levels: [u, 2]}}", "{c: [u, 2]}"


@dataclass(frozen=True, slots=True)
class One:
    """A section with a single number."""

    number: int


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with a column of categories."""
    path = tmp_path / "t.csv"
    path.write_text("a,c,y\n" + "1,u,p\n2,2,q\n" * 10)
    return path


def built(value: str) -> tuple[Any, list[str]]:
    """The source with these levels, and what is wrong with them."""
    text = SpecText("s.yaml", f"source: {{csv: {{path: t.csv, target: y, categorical: {value}}}}}")
    builder, root = Builder(), parse_yaml(text)
    assert isinstance(root.value, dict)
    source = builder.build_component(Source, root.value["source"], "source")
    return source, [f"{p.place.column}: {p.path}: {p.message}" for p in builder.problems]


def test_the_value_and_the_mapping_mean_the_same() -> None:
    short, long = built(SHORT)[0], built(LONG)[0]
    assert short == long
    assert short.categorical == Named(("c",), (CategoryLevels(("u", 2)),))


def test_the_resolved_spec_has_the_value_and_is_itself_a_spec(table: Path) -> None:
    specs = [
        load_spec(SpecText("s.yaml", SPEC.format(path=table, levels=levels)), name="s") for levels in (SHORT, LONG)
    ]
    assert resolved.make_plain_spec(specs[0])["data"]["source"]["csv"]["categorical"] == {"c": ["u", 2]}
    assert resolved.hash_spec(specs[0]) == resolved.hash_spec(specs[1])
    assert load_spec(SpecText("resolved.yaml", resolved.format_spec(specs[1])), name="s") == specs[0]


@pytest.mark.parametrize(
    ("levels", "valid"),
    [
        (SHORT, True),
        (LONG, True),
        ("{}", True),
        ("{c: [u], d: {levels: [v]}}", True),
        ("{c: u}", False),
        ("{c: [1.5]}", False),
        ("{c: {}}", True),
        ("{c: {levels: [u], more: 1}}", False),
        ("{c: null}", False),
        ("[c]", False),
    ],
)
def test_the_schema_takes_what_the_program_takes(levels: str, valid: bool) -> None:
    text = SPEC.format(path="t.csv", levels=levels)
    assert Draft202012Validator(build_schema()).is_valid(parse_yaml(SpecText("s.yaml", text)).make_plain()) == valid
    assert (built(levels)[1] == []) == valid


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (
            "{c: 5}",
            "57: source.csv.categorical.c.levels: expected auto or a list, each entry a text or a whole",
        ),
        ("{c: [u, 1.5]}", "61: source.csv.categorical.c.levels.1: expected a text or a whole number, found 1.5"),
        ("{c: {levels: [u], more: 1}}", "71: source.csv.categorical.c.more: unknown key 'more'"),
        (
            "[c]",
            "53: source.csv.categorical: expected a mapping of names, each to auto or a list, each entry a tex",
        ),
    ],
)
def test_what_is_wrong_is_said_in_its_place(levels: str, message: str) -> None:
    assert [found[: len(message)] for found in built(levels)[1]] == [message]


def test_a_mapping_of_names_may_be_empty_where_it_has_a_default_and_only_there() -> None:
    assert built("{}")[0].categorical == Named((), ())
    builder, root = Builder(), parse_yaml(SpecText("s.yaml", "[heads: {}]"))
    builder.build_several(Layer, root, "architecture")
    assert [p.message for p in builder.problems] == [
        "expected a mapping of names, each to a list of layers, found a mapping"
    ]


def test_a_section_with_several_parameters_stays_a_mapping() -> None:
    builder, root = Builder(), parse_yaml(SpecText("s.yaml", "7"))
    assert builder.build_section(EarlyStopping, root, "early_stopping") is None
    assert find_only_parameter(EarlyStopping) is None
    [problem] = builder.problems
    assert problem.message.startswith("expected a mapping with the keys patience,")


def test_any_section_with_one_parameter_has_this_form() -> None:
    builder = Builder()
    assert builder.build_section(One, parse_yaml(SpecText("s.yaml", "7")), "one") == One(7)
    assert builder.build_section(One, parse_yaml(SpecText("s.yaml", "{number: 7}")), "one") == One(7)
    assert resolved.make_plain_value(One(7)) == 7
    assert builder.problems == []


@pytest.mark.parametrize(("target", "kept"), [("y", "y"), ("[y, z]", ("y", "z")), ("[y]", ("y",))])
def test_the_target_is_a_text_or_a_list_of_them(target: str, kept: Any) -> None:
    text = SpecText("s.yaml", f"csv: {{path: t.csv, target: {target}}}")
    builder = Builder()
    assert builder.build_component(Source, parse_yaml(text), "source").target == kept
    assert builder.problems == []
