"""A spec with each of several initialisers in the place of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnexp.errors import SpecError, UsageError
from nnexp.nn.initializers.base import Initializer
from nnexp.registry import component_parameters, initializers
from nnexp.spec import overrides as overriding
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.conflicts import is_within
from nnexp.spec.overrides import parse_value, put_value
from nnexp.spec.problems import Place, Problem, SpecText, sort_problems
from nnexp.spec.read import build_spec, load_spec, read_spec_text
from nnexp.spec.resolved import make_plain_value
from nnexp.spec.spec import Origin, Spec
from nnexp.spec.yaml import Node, format_flow
from nnexp.spec.yaml import parse_yaml_with_problems as parse

OPTION_NAME = "--init"


def load_variants(path: str | Path, overrides: Sequence[str] = (), inits: str | None = None) -> list[tuple[str, Spec]]:
    """The spec in a file with each initialiser of a list such as "xavier, normal: {std: 0.01}"; with its own without.

    Each by the initialiser's name, written as in a spec. Raises SpecError with everything that is wrong, UsageError
    where there is no such file, no network in it, or an initialiser twice.
    """
    if inits is None:
        spec = _check_network(load_spec(path, overrides))
        return [(_format_initializer(spec.init), spec)]
    _check_only_option(overrides)
    nodes: dict[str, Node] = {}
    for node in _parse_initializers(inits, len(overrides) + 1):
        name = _format_value(node.make_plain())
        if name in nodes:
            raise UsageError(f"{OPTION_NAME} names {name} twice")
        nodes[name] = node
    specs: dict[str, Spec] = {}
    problems: dict[str, Problem] = {}
    for name, node in nodes.items():
        try:
            specs[name] = _load_with_initializer(path, overrides, node)
        except SpecError as error:
            # By their text: what is wrong with the spec itself is wrong with each initialiser.
            problems |= {problem.format_report(): problem for problem in error.problems}
    if problems:
        raise SpecError(sort_problems(list(problems.values())))
    return list(specs.items())


def _check_only_option(overrides: Sequence[str]) -> None:
    """Raises SpecError where an override gives an initialiser, which those of the option would replace."""
    for number, override in enumerate(overrides, start=1):
        path = override.partition("=")[0]
        if is_within(path, "init"):
            place = Place(SpecText(f"override {number}", override, number), 1, 1, len(path))
            message = f"{OPTION_NAME} takes the place of every initialiser, so that this one would be lost"
            raise SpecError([Problem(place, path, message, f"write it in {OPTION_NAME}, or leave {OPTION_NAME} out")])


def _parse_initializers(inits: str, rank: int) -> list[Node]:
    """The initialisers of a list, which may be written with its brackets or without."""
    bare = inits.strip()
    is_list = bare.startswith("[") and bare.endswith("]")
    text = bare if is_list else f"[{inits}]"
    found = parse_value(SpecText(OPTION_NAME, text, rank), "init", text).value
    if not isinstance(found, list) or not found:
        raise UsageError(f"{OPTION_NAME} takes initialisers with commas between them, such as xavier,he")
    return found


def _load_with_initializer(path: str | Path, overrides: Sequence[str], init: Node) -> Spec:
    """The spec with an initialiser in the place of its own."""
    text = read_spec_text(path)
    root, problems = parse(text)
    if not isinstance(root.value, dict):
        return _check_network(load_spec(path, overrides))  # raises an error that names every problem
    problems += overriding.apply_overrides(root, overrides)
    try:
        put_value(root, "init", init.copy(), init.place, init.raw)
    except SpecError as error:
        raise SpecError(sort_problems([*problems, *error.problems])) from None
    origin = Origin(text.byte_order_mark + text.content, tuple(overrides))
    return _check_network(build_spec(root, origin, problems, name=Path(path).stem))


def _check_network(spec: Spec | BaselineSpec) -> Spec:
    if isinstance(spec, BaselineSpec):
        raise UsageError(f"{spec.name} is a baseline, which has no layers to inspect: name the spec of a network")
    return spec


def _format_initializer(init: Initializer) -> str:
    """An initialiser with those of its parameters that are not at their defaults."""
    name = initializers.name_of(init)
    given = {}
    for parameter in component_parameters(type(init)):
        value = getattr(init, parameter.name)
        if value != parameter.default:
            given[parameter.name] = make_plain_value(value)
    return _format_value({name: given} if given else name)


def _format_value(value: object) -> str:
    """An initialiser as it is written in a spec: he, or normal: {std: 0.01}."""
    text = format_flow(value)
    if text.startswith("{") and text.endswith("}"):
        return text[1:-1]
    return text
