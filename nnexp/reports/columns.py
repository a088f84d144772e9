"""What tells variants from one another, in short columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.reports.rows import NETWORK_KIND, VariantConfiguration
from nnexp.spec.problems import replace_unprintable
from nnexp.spec.yaml import format_flow
from nnexp.sweeps.planning.columns import ABSENT_CELL, build_columns
from nnexp.sweeps.planning.plan import flatten_value

ARCHITECTURE_KEY = "architecture"


def list_parameters(configuration: VariantConfiguration) -> dict[str, Any]:
    """All parameters of a variant by their dotted names; the architecture as a list."""
    spec = dict(configuration.spec)
    layers = spec.pop(ARCHITECTURE_KEY, None)
    found = {"name": spec.pop("name"), "kind": configuration.kind, **flatten_value("", spec)}
    return found | ({} if layers is None else {ARCHITECTURE_KEY: layers})


def build_sweep_cells(
    configurations: Sequence[VariantConfiguration], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Any]]:
    """Cells by header of the variants of one sweep: what it says that varies, as `nnexp sweep` shows it."""
    kinds = {configuration.kind for configuration in configurations}
    given = [found.spec[ARCHITECTURE_KEY] for found in configurations if ARCHITECTURE_KEY in values.get(found.key, {})]
    short = _shorten_layer_lists([layers for layers in given if isinstance(layers, list)]) if len(given) > 1 else {}
    rows = [
        {**({"kind": found.kind} if len(kinds) > 1 else {}), **values.get(found.key, {})} for found in configurations
    ]
    for row, found in zip(rows, configurations, strict=True):
        if ARCHITECTURE_KEY in row:
            row[ARCHITECTURE_KEY] = short.get(repr(found.spec[ARCHITECTURE_KEY]), row[ARCHITECTURE_KEY])
    return _choose_columns(rows, [{"name": found.spec["name"]} for found in configurations])


def build_cells(variants: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Cells by header of variants of any origin, by their parameters: what differs between those that have it.

    What only tells that another parameter differs, such as the betas that only one optimizer has, is left out, unless
    variants cannot be told apart without it.
    """
    expanded = _expand_layers(variants)
    kept = _find_differing_names(expanded)
    optional = {name for name in kept if any(variant.get(name) is None for variant in expanded)}
    rows = [
        {name: _format_parameter(variant, name, kept, optional) for name in variant if name in kept}
        for variant in expanded
    ]
    for variant, row in zip(expanded, rows, strict=True):
        row |= {
            name: section
            for name in optional
            if name not in variant and (section := _describe_section(variant, name, kept))
        }
    return _choose_columns(rows, variants)


def _format_parameter(variant: Mapping[str, Any], name: str, kept: set[str], optional: set[str]) -> Any:
    """The value of a parameter; of a component that other variants lack, with its first number: `l2 0.001`."""
    value = variant[name]
    inside = _describe_section(variant, f"{name}.{value}", kept) if name in optional else ""
    if value is None:
        return "null"
    return f"{value} {inside.partition(' ')[2]}" if inside else value


def _describe_section(variant: Mapping[str, Any], section: str, kept: set[str]) -> str:
    """The first parameter of a section that has no column of its own: `patience 10`."""
    inside = [name for name in variant if name.startswith(f"{section}.")]
    first = next((name for name in inside if is_number(variant[name])), "")
    return "" if not first or kept & set(inside) else f"{first.rpartition('.')[2]} {format_flow(variant[first])}"


def is_number(value: Any) -> bool:
    """Whether a value is a number, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _choose_columns(rows: list[dict[str, Any]], variants: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The columns, the names where nothing differs."""
    if len(rows) == 1 or not any(rows):
        only = {name: value for name, value in rows[0].items() if name == "variant"} if rows else {}
        return {name: [value] for name, value in only.items()} or {"name": [v["name"] for v in variants]}
    return build_columns(rows) or {"name": [variant["name"] for variant in variants]}


def _find_differing_names(variants: Sequence[Mapping[str, Any]]) -> set[str]:
    """The names of the parameters that are shown."""
    names = list(dict.fromkeys(name for variant in variants for name in variant))
    groups: dict[str, list[str]] = {}
    for name in names:
        section, _, rest = name.partition(".")
        word = name if section == ARCHITECTURE_KEY else f"{section}.{rest.rpartition('.')[2]}"
        groups.setdefault(word, []).append(name)
    kept: set[str] = set()
    for group in groups.values():
        values = {repr(variant[name]) for variant in variants for name in group if name in variant}
        if len(values) > 1:
            kept |= set(group)
    return kept | _find_needed_names(variants, kept, names)


def _find_needed_names(variants: Sequence[Mapping[str, Any]], kept: set[str], names: Sequence[str]) -> set[str]:
    """Further names, the outermost first, without which variants would look the same."""
    added: set[str] = set()
    left = sorted((name for name in names if name not in kept), key=lambda name: name.count("."))
    alike = _group_equal_variants(variants, [name for name in names if name in kept])
    for name in left:
        if not alike:
            break
        if any(len({repr(v.get(name, ABSENT_CELL)) for v in group}) > 1 for group in alike):
            added.add(name)
            alike = [part for group in alike for part in _group_equal_variants(group, [name])]
    return added


def _group_equal_variants(variants: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[list[Mapping[str, Any]]]:
    """Groups of several variants that have the same under these names."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for variant in variants:
        groups.setdefault(repr([variant.get(name, ABSENT_CELL) for name in names]), []).append(variant)
    return [group for group in groups.values() if len(group) > 1]


def _expand_layers(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parameters with those of the layers: by layer where all have the same layers, else as a short text."""
    given = [variant[ARCHITECTURE_KEY] for variant in variants if ARCHITECTURE_KEY in variant]
    flattened = {repr(layers): _flatten_layers(layers) for layers in given}
    same = len({tuple(name for name in found if name.endswith(ARCHITECTURE_KEY)) for found in flattened.values()}) <= 1
    skeletons = {repr([_layer_name(layer) for layer in layers]) for layers in given}
    short = {} if same and len(skeletons) <= 1 else _shorten_layer_lists(given)
    found = []
    for variant in variants:
        plain = {name: value for name, value in variant.items() if name != ARCHITECTURE_KEY}
        if ARCHITECTURE_KEY in variant:
            key = repr(variant[ARCHITECTURE_KEY])
            plain |= {ARCHITECTURE_KEY: short[key]} if short else flattened[key]
        found.append(plain)
    return found


def _flatten_layers(layers: Sequence[Any]) -> dict[str, Any]:
    """The parameters of the layers of a list by their dotted names."""
    found: dict[str, Any] = {}
    for number, layer in enumerate(layers):
        found |= flatten_value(f"{ARCHITECTURE_KEY}.{number}", layer)
    return found


def _shorten_layer_lists(lists: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Each list of layers as a text; what all begin or end with is left out, its place marked with …."""
    words = {repr(layers): [describe_layer(layer) for layer in layers] for layers in lists}
    every = list(words.values())
    least = min(map(len, every))
    head = _count_common_entries(every, least)
    tail = _count_common_entries([found[::-1] for found in every], least - head)
    found = {}
    for key, layers in words.items():
        middle = layers[head : len(layers) - tail]
        found[key] = ", ".join([*["…"] * (head > 0), *(middle or ["nothing"]), *["…"] * (tail > 0)])
    return found


def _count_common_entries(lists: Sequence[Sequence[str]], most: int) -> int:
    """How many entries all lists begin with."""
    return next((at for at in range(most) if len({found[at] for found in lists}) > 1), most)


def describe_layer(layer: Any) -> str:
    """A layer in a word or two: its name and its first number.

    >>> describe_layer({"dense": {"units": 64, "bias": True}})
    'dense 64'
    """
    if not isinstance(layer, dict):
        return str(layer)
    [(name, given)] = layer.items()
    values = given.values() if isinstance(given, dict) else [given]
    if any(isinstance(value, list) and any(isinstance(v, dict) for v in value) for value in values):
        counts = Counter(_layer_name(part) for value in values if isinstance(value, list) for part in value)
        return f"{name} of {', '.join(counts)}"
    first = next((value for value in values if is_number(value)), None)
    return name if first is None else f"{name} {format_flow(first)}"


def _layer_name(layer: Any) -> str:
    return str(next(iter(layer))) if isinstance(layer, dict) else str(layer)


def make_labels(variants: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each variant in as few words as tell it from the others, from its cells.

    Its name and its kind, where these differ, and of those that have both in common what tells them apart.

    >>> make_labels([{"name": "a", "lr": 0.01}, {"name": "a", "lr": 0.1}, {"name": "b", "lr": ""}])
    ['a lr=0.01', 'a lr=0.1', 'b']
    """
    names = [_list_variant_names(cells) for cells in variants]
    found = []
    for own, cells in zip(names, variants, strict=True):
        alike = [other for name, other in zip(names, variants, strict=True) if name == own]
        telling = [header for header in cells if len({repr(other.get(header, ABSENT_CELL)) for other in alike}) > 1]
        found.append(" ".join([*own, *_format_values(cells, telling)]) or "base")
    counts = Counter(found)
    whole = [" ".join([*own, *_format_values(cells, list(cells))]) for own, cells in zip(names, variants, strict=True)]
    return [short if counts[short] == 1 else long or "base" for short, long in zip(found, whole, strict=True)]


def _list_variant_names(cells: Mapping[str, Any]) -> list[str]:
    """The words that a variant is called by, where they are told at all."""
    said = [format_cell(cells[header]) for header in NAME_HEADERS if cells.get(header, ABSENT_CELL) != ABSENT_CELL]
    kind = cells.get("kind", NETWORK_KIND)
    return [*said, *([kind] if kind != NETWORK_KIND and not said else [])]


NAME_HEADERS = ("name", "variant")


def _format_values(cells: Mapping[str, Any], headers: Sequence[str]) -> list[str]:
    """Parameters as they are written after a command."""
    shown = [header for header in headers if header not in (*NAME_HEADERS, "kind") and cells[header] != ABSENT_CELL]
    return [f"{header}={format_cell(cells[header])}" for header in shown]


def format_cell(value: Any) -> str:
    """A value in a cell."""
    if isinstance(value, str):
        return replace_unprintable(value)
    return f"{value:g}" if isinstance(value, float) else format_flow(value)
