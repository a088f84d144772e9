"""What to write for a key or a component that a spec does not know, ready to paste.

`root` is the tree of the whole spec, None where only a part of one is read; `path` is the dotted path of what is wrong.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from nnexp import registry
from nnexp.registry import component_parameters
from nnexp.spec.aliases import KEY_ALIASES, find_component, find_ours, fold_name
from nnexp.spec.key_homes import find_homes
from nnexp.spec.locate import find_node
from nnexp.spec.parameter_types import REGISTRIES_BY_TYPE, add_article, find_component_classes, find_component_type
from nnexp.spec.problems import Place
from nnexp.spec.yaml import Node, format_flow, join_path
from nnexp.wording import find_closest, shorten_text, suggest_nearest


def suggest_key(root: Node | None, path: str, known: Sequence[str], value: Node, place: Place) -> str:
    """How to mend a key that is not among the `known` ones of its section or component."""
    above, _, name = path.rpartition(".")
    suggestion = _suggest_sibling(root, name, above, value, place) if root is not None else ""
    if not suggestion and root is not None:
        suggestion = suggest_home(root, path, place, value)
    ours = [key for key in find_ours(name, KEY_ALIASES) if key in known]
    if not suggestion and ours:
        suggestion = f"did you mean {ours[0]!r}?"
    if suggestion or known:
        return suggestion or suggest_nearest(name, known)
    return "it takes no parameters"


def suggest_home(root: Node, path: str, place: Place, value: Node) -> str:
    """Where a value belongs whose path leads nowhere; "" where nothing is like its last word.

    `place` is where the path is written: in the spec, in an override or an argument, or in a sweep file.
    """
    text, written = place.text, format_flow(value.make_plain())
    # An override may go on below the key that is unknown: early_stopping.patience=3.
    whole, _, raw = text.content.partition("=")
    if text.override_number and place.column <= len(whole):
        path, written = whole, raw
    homes = find_homes(root, path)
    if not homes:
        return ""
    if text == root.place.text:
        return _suggest_move(path, homes[0], value)
    forms = homes
    if text.override_number:
        forms = [shlex.quote(f"{home}={written}") for home in homes]
    return f"did you mean {' or '.join(forms)}?"


def _suggest_move(path: str, home: str, value: Node) -> str:
    """How to write a value of the spec's own text at its home, or else as an override."""
    above, _, last = home.rpartition(".")
    if above == path.rpartition(".")[0]:
        return f"did you mean {last!r}?"
    override = shlex.quote(f"{home}={shorten_text(format_flow(value.make_plain()))}")
    keys = home.split(".")
    if any(key.isdecimal() for key in keys):
        return f"did you mean {override}, after the spec?"
    nested = value.make_plain()
    for key in reversed(keys[1:]):
        nested = {key: nested}
    return f"write `{keys[0]}: {shorten_text(format_flow(nested))}`, or {override} after the spec"


def _suggest_sibling(root: Node, name: str, above: str, value: Node, place: Place) -> str:
    """How to name a component where other libraries make it a parameter of another: optimizer.sgd.momentum=0.9."""
    outer, _, current = above.rpartition(".")
    for components in registry.REGISTRY_BY_KIND.values():
        if name in components and current in components:
            known = [parameter.name for parameter in component_parameters(components[name])]
            found = find_node(root, above)
            # What both have in common is kept, such as the learning rate.
            parameters = {key: one.make_plain() for key, one in _list_entries(found) if key in known}
            for key in find_ours(name, KEY_ALIASES):
                if key in known and not isinstance(value.value, bool):
                    parameters[key] = value.make_plain()
            whole = format_flow({name: parameters})
            form = shlex.quote(f"{outer}={whole}") if place.text.override_number else f"`{outer}: {whole}`"
            return f"{name} is {add_article(components.kind)} of its own: write {form}"
    return ""


def _list_entries(node: Node | None) -> list[tuple[str, Node]]:
    if node is None or not isinstance(node.value, dict):
        return []
    return list(node.value.items())


def suggest_component(root: Node | None, path: str, base: type[Any], name: str, node: Node, place: Place) -> str:
    """What to write for a component of an unknown name at a path."""
    known = find_component_classes(base)
    same = next((own for own in known if fold_name(own) == fold_name(name)), None)
    ours = same or find_component(name, [components.kind for components in REGISTRIES_BY_TYPE[base]])
    # An argument of a sweep may have other values besides.
    if ours and place.text.override_number and place.text.content.endswith(f"={name}"):
        value = f"{{{ours}}}" if ":" in ours else ours
        return f"did you mean {shlex.quote(f'{path}={value}')}?"
    if ours and ours != same:
        return f"here it is called `{ours}`"
    other = describe_other_kind(name)
    if not other and root is not None and isinstance(node.value, dict) and find_closest(name, known) is None:
        # What stands there may be a parameter of the component by default, as in optimizer.lr=0.1.
        other = suggest_home(root, join_path(path, name), place, node.value[name])
    return other or suggest_nearest(name, known)


def suggest_single_name(root: Node | None, path: str, known: Mapping[str, type[Any]], node: Node, place: Place) -> str:
    """How to mend a mapping of several names where one component belongs."""
    if not isinstance(node.value, dict) or not node.value:
        return ""
    first, *others = node.value
    if place.text.override_number and others:
        return _suggest_replacement(root, path, known, {others[-1]: node.value[others[-1]]}, place)
    if first in known:
        parameters = [parameter.name for parameter in component_parameters(known[first])]
        if set(others) <= set(parameters):
            return f"indent {' and '.join(others)} further, as parameters of {first}"
    # How other libraries write a component: {name: adam, lr: 0.1}.
    if first in ("name", "type", "kind"):
        parameters = [f"{other}: ..." for other in others]
        return f"write `{node.value[first].raw}: {{{', '.join(parameters)}}}`"
    return "keep one of them"


def _suggest_replacement(
    root: Node | None, path: str, known: Mapping[str, type[Any]], added: dict[str, Node], place: Place
) -> str:
    """How to write what an override added beside the component of the file: in it, or in its stead."""
    [(name, value)] = added.items()
    # A misspelt name of the component that is there is no wish for another.
    if name not in known and root is not None:
        home = suggest_home(root, join_path(path, name), place, value)
        if home:
            return home
    if value.value is None:
        return f"to replace the whole value: {path}={name}"
    whole = shlex.quote(f"{path}={shorten_text(format_flow({name: value.make_plain()}))}")
    return f"to replace the whole value, in quotes: {whole}"


def suggest_section(cls: type[Any], path: str, node: Node) -> str:
    """How to write a section of which only the component in it is given: `data: digits`."""
    for parameter in component_parameters(cls):
        base = find_component_type(parameter.hint)
        if parameter.is_required and base in REGISTRIES_BY_TYPE and node.value in find_component_classes(base):
            return f"write `{path}: {{{parameter.name}: {node.value}}}`"
    return ""


def suggest_images(root: Node) -> str:
    """How to have the images of a source that gives them flat where nothing else is asked; "" for other sources."""
    node = find_node(root, "data.source")
    name = next(iter(node.value), None) if node and isinstance(node.value, dict) else node and node.value
    if not isinstance(name, str) or name not in registry.sources:
        return ""
    known = {parameter.name for parameter in component_parameters(registry.sources[name])}
    if "flat" in known:
        return f"write `source: {{{name}: {{flat: false}}}}`, or data.source.{name}.flat=false after the spec"
    if "reshape" in known:
        return f"if they are pixels, say how they lie: 'data.source.{name}.reshape=[HEIGHT, WIDTH, CHANNELS]'"
    return ""


def describe_other_kind(name: str) -> str:
    """Of what other kind a component of this name is."""
    for components in registry.REGISTRY_BY_KIND.values():
        if name in components:
            return f"{name} is {add_article(components.kind)}"
    return ""
