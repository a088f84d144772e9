"""A valid spec says the same in every form: as written, resolved, and with its keys given as overrides."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp import registry
from nnexp.errors import SpecError
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec
from nnexp.spec.checks.check import declare_network
from nnexp.spec.problems import LINE_END, SpecText, replace_unprintable
from nnexp.spec.read import load_spec
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import format_yaml, parse_yaml, walk_nodes
from tests.config_files import make_files
from tests.strategies import Plain, component, loaded, specs

FOREIGN = {"transfer_digits.yaml"}
"""Configs that begin with another run, which is not there."""

CONFIGS = [p for p in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml")) if p.name not in FOREIGN]


def reloaded(spec: AnySpec) -> AnySpec:
    return load_spec(SpecText("resolved.yaml", resolved.format_spec(spec)), name="another")


@given(specs())
@settings(deadline=None, max_examples=60)
def test_the_resolved_spec_is_the_same_spec_and_a_fixed_point(written: Plain) -> None:
    spec = loaded(written)
    again = reloaded(spec)
    assert isinstance(again, Spec)
    assert again == spec
    assert resolved.hash_spec(again) == resolved.hash_spec(spec)
    assert resolved.format_spec(again) == resolved.format_spec(spec)
    assert declare_network(again).weight_count == declare_network(spec).weight_count > 0


@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_resolves_to_itself(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_files(path)
    spec = load_spec(SpecText(path.name, path.read_text()), name=path.stem)
    assert reloaded(spec) == spec
    assert resolved.hash_spec(reloaded(spec)) == resolved.hash_spec(spec)


@pytest.mark.parametrize("kind", registry.REGISTRY_BY_KIND)
@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_every_kind_of_component_is_drawn_with_parameters_that_its_constructor_takes(
    kind: str, data: st.DataObject
) -> None:
    found = data.draw(component(registry.REGISTRY_BY_KIND[kind]))
    name = found if isinstance(found, str) else next(iter(found))
    assert name in registry.REGISTRY_BY_KIND[kind]


@given(specs())
@settings(deadline=None, max_examples=60)
def test_the_digest_depends_on_every_field(written: Plain) -> None:
    spec = loaded(written)
    other = loaded({**written, "seed": spec.seed + 1})
    assert other != spec
    assert resolved.hash_spec(other) != resolved.hash_spec(spec)


def inline(value: Any) -> str:
    """A value on one line, as the command line takes it."""
    return json.dumps(value, ensure_ascii=False)


def without(written: Plain, path: str) -> Plain:
    """The spec without what stands at a path; in a list, with nothing there."""
    left = copy.deepcopy(written)
    *above, last = path.split(".")
    at: Any = left
    for key in above:
        at = at[int(key)] if isinstance(at, list) else at[key]
    if isinstance(at, list):
        at[int(last)] = None
    else:
        del at[last]
    return left


@given(specs(), st.data())
@settings(deadline=None, max_examples=60)
def test_an_override_is_the_same_as_the_key_in_the_file(written: Plain, data: st.DataObject) -> None:
    tree = parse_yaml(SpecText("spec.yaml", format_yaml(written)))
    overridable = [path for path, _ in walk_nodes(tree) if path]
    path = data.draw(st.sampled_from(overridable))
    value = next(node.make_plain() for at, node in walk_nodes(tree) if at == path)
    overridden = loaded(without(written, path), f"{path}={inline(value)}")
    assert overridden == loaded(written)
    assert resolved.hash_spec(overridden) == resolved.hash_spec(loaded(written))


@given(specs(), st.integers(1, 99), st.integers(1, 99))
@settings(deadline=None, max_examples=60)
def test_two_overrides_of_one_key_are_refused_and_one_counts(written: Plain, first: int, second: int) -> None:
    with pytest.raises(SpecError, match="given twice"):
        loaded(written, f"seed={first}", f"seed={second}")
    assert loaded(written, f"seed={second}").seed == second


EDITS = ("delete", "double", "swap", "insert")
CHARACTERS = st.sampled_from("-:{}[],'\"#&*!|>%@` \t\n\r0919.eE~<\\") | st.characters()


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """A text after a few edits of its lines or characters."""
    for _ in range(draw(st.integers(1, 4))):
        pieces = draw(st.sampled_from([list(text), text.splitlines(keepends=True)]))
        edit, at = draw(st.sampled_from(EDITS)), draw(st.integers(0, max(0, len(pieces) - 1)))
        other = draw(st.integers(0, max(0, len(pieces) - 1)))
        if edit == "insert" or not pieces:
            pieces.insert(at, draw(st.text(CHARACTERS, min_size=1, max_size=3)))
        elif edit == "swap":
            pieces[at], pieces[other] = pieces[other], pieces[at]
        else:
            pieces[at] *= 2 if edit == "double" else 0
        text = "".join(pieces)
    return text


@pytest.mark.parametrize("path", CONFIGS[:3], ids=lambda path: path.stem)
@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_a_damaged_file_is_a_valid_spec_or_a_spec_error_and_nothing_else(path: Path, data: st.DataObject) -> None:
    text = data.draw(damaged(path.read_text(encoding="utf-8")))
    try:
        spec = load_spec(SpecText("damaged.yaml", text), name="damaged")
    except SpecError as error:
        check_problems(error, text)
    else:
        assert reloaded(spec) == spec


@given(st.text(st.characters() | CHARACTERS) | st.builds("{}={}".format, st.text("architecurs.0123lyp"), st.text()))
@settings(deadline=None, max_examples=300)
def test_any_override_is_applied_or_a_spec_error_and_nothing_else(override: str) -> None:
    path = CONFIGS[0]
    try:
        load_spec(SpecText(path.name, path.read_text(encoding="utf-8")), [override], name="spec")
    except SpecError as error:
        check_problems(error, override)


def check_problems(error: SpecError, text: str) -> None:
    """Each problem has a place in the text, and they are in the text's order."""
    places = [problem.place for problem in error.problems]
    order = [(place.text.override_number, place.line, place.column) for place in places]
    assert order == sorted(order)
    assert order
    lines = LINE_END.split(text)
    for place in places:
        if place.text.content == text:
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    assert all(row == replace_unprintable(row) for row in str(error).split("\n"))
