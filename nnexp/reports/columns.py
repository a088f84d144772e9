"""What tells variants from one another, in short columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nnexp.reports.layer_lists import get_layer_name, is_number, shorten_layer_lists
from nnexp.reports.rows import VariantConfiguration
from nnexp.spec.yaml import format_flow
from nnexp.sweeps.planning.columns import ABSENT_CELL, build_columns
from nnexp.sweeps.planning.plan import flatten_value

ARCHITECTURE_KEY = "architecture"


def list_parameters(configuration: VariantConfiguration) -> dict[str, Any]:
    """All parameters of a variant by their dotted names; the architecture as a list."""
    spec = dict(configuration.spec)
    layers = spec.pop(ARCHITECTURE_KEY, None)
    parameters = {"name": spec.pop("name"), "kind": configuration.kind, **flatten_value("", spec)}
    if layers is not None:
        parameters[ARCHITECTURE_KEY] = layers
    return parameters


def build_sweep_cells(
    configurations: Sequence[VariantConfiguration], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Any]]:
    """Cells by header of the variants of one sweep: what it says that varies, as `nnexp sweep` shows it."""
    has_kinds = len({configuration.kind for configuration in configurations}) > 1
    short_lists = _shorten_varied_layers(configurations, values)
    rows = []
    for configuration in configurations:
        row = {"kind": configuration.kind} if has_kinds else {}
        row.update(values.get(configuration.key, {}))
        if ARCHITECTURE_KEY in row:
            layers = configuration.spec[ARCHITECTURE_KEY]
            row[ARCHITECTURE_KEY] = short_lists.get(repr(layers), row[ARCHITECTURE_KEY])
        rows.append(row)
    return _choose_columns(rows, [configuration.spec["name"] for configuration in configurations])


def _shorten_varied_layers(
    configurations: Sequence[VariantConfiguration], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """The layers of the variants whose architecture varies, as texts; nothing where there is nothing to compare."""
    varied = [each.spec[ARCHITECTURE_KEY] for each in configurations if ARCHITECTURE_KEY in values.get(each.key, {})]
    if len(varied) < 2:
        return {}
    return shorten_layer_lists([layers for layers in varied if isinstance(layers, list)])


def build_cells(variants: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Cells by header of variants of any origin, by their parameters: what differs between those that have it.

    What only tells that another parameter differs, such as the betas that only one optimizer has, is left out, unless
    variants cannot be told apart without it.
    """
    expanded = _expand_layers(variants)
    names = list(dict.fromkeys(name for variant in expanded for name in variant))
    shown = _find_differing_names(expanded, names)
    # A list in the order of the specs: the order of a set of words is another one in each process.
    optional = [name for name in names if name in shown and any(v.get(name) is None for v in expanded)]
    rows = [_build_row(variant, shown, optional) for variant in expanded]
    return _choose_columns(rows, [variant["name"] for variant in variants])


def _build_row(variant: Mapping[str, Any], shown: Collection[str], optional: Collection[str]) -> dict[str, Any]:
    """The parameters of a variant that are shown; of one that only others have, what its section holds here."""
    row = {}
    for name in variant:
        if name in shown:
            row[name] = _format_parameter(variant, name, shown, optional)
    for name in optional:
        section = _describe_section(variant, name, shown)
        if name not in variant and section:
            row[name] = section
    return row


def _format_parameter(variant: Mapping[str, Any], name: str, shown: Collection[str], optional: Collection[str]) -> Any:
    """The value of a parameter; of a component that other variants lack, with its first number: `l2 0.001`."""
    value = variant[name]
    if value is None:
        return "null"
    if name not in optional:
        return value
    section = _describe_section(variant, f"{name}.{value}", shown)
    return f"{value} {section.partition(' ')[2]}" if section else value


def _describe_section(variant: Mapping[str, Any], section: str, shown: Collection[str]) -> str:
    """The first number of a section of which nothing has a column of its own: `patience 10`."""
    inside = [name for name in variant if name.startswith(f"{section}.")]
    if any(name in shown for name in inside):
        return ""
    for name in inside:
        if is_number(variant[name]):
            return f"{name.rpartition('.')[2]} {format_flow(variant[name])}"
    return ""


def _choose_columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """The columns of what differs, the names of the specs where nothing does."""
    if len(rows) == 1 and "variant" in rows[0]:
        return {"variant": [rows[0]["variant"]]}
    # Of one row `build_columns` would show everything, as nothing in it is the same in all.
    columns = build_columns(rows) if len(rows) > 1 else {}
    return columns or {"name": list(names)}


def _find_differing_names(variants: Sequence[Mapping[str, Any]], names: Sequence[str]) -> set[str]:
    """The names of the parameters that are shown."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_find_shared_word(name), []).append(name)
    shown: set[str] = set()
    for group in groups.values():
        if _count_values(variants, group) > 1:
            shown.update(group)
    return shown | _find_needed_names(variants, shown, names)


def _find_shared_word(name: str) -> str:
    """What a parameter has in common with those of other components: `optimizer.lr` of `optimizer.adam.lr`."""
    section, _, rest = name.partition(".")
    if section == ARCHITECTURE_KEY:
        return name
    return f"{section}.{rest.rpartition('.')[2]}"


def _count_values(variants: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int:
    """How many different values variants have under these names; to lack one is no value."""
    values: set[str] = set()
    for variant in variants:
        values.update(repr(variant[name]) for name in names if name in variant)
    return len(values)


def _find_needed_names(variants: Sequence[Mapping[str, Any]], shown: Collection[str], names: Sequence[str]) -> set[str]:
    """Further names, the outermost first, without which variants would look the same."""
    needed: set[str] = set()
    groups = _group_equal_variants(variants, [name for name in names if name in shown])
    hidden = [name for name in names if name not in shown]
    for name in sorted(hidden, key=lambda name: name.count(".")):
        if any(_differs_in(group, name) for group in groups):
            needed.add(name)
            groups = _split_groups(groups, name)
    return needed


def _differs_in(group: Sequence[Mapping[str, Any]], name: str) -> bool:
    return len({repr(variant.get(name, ABSENT_CELL)) for variant in group}) > 1


def _split_groups(groups: Sequence[Sequence[Mapping[str, Any]]], name: str) -> list[list[Mapping[str, Any]]]:
    """The groups of variants that are the same under one more name."""
    parts = []
    for group in groups:
        parts += _group_equal_variants(group, [name])
    return parts


def _group_equal_variants(variants: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[list[Mapping[str, Any]]]:
    """Groups of several variants that have the same under these names."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for variant in variants:
        groups.setdefault(repr([variant.get(name, ABSENT_CELL) for name in names]), []).append(variant)
    return [group for group in groups.values() if len(group) > 1]


def _expand_layers(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parameters with those of the layers: by layer where all have the same layers, else as a short text."""
    lists = [variant[ARCHITECTURE_KEY] for variant in variants if ARCHITECTURE_KEY in variant]
    has_same_kinds = len({repr(list(map(get_layer_name, layers))) for layers in lists}) <= 1
    texts = {} if has_same_kinds else shorten_layer_lists(lists)
    expanded = []
    for variant in variants:
        parameters = {name: value for name, value in variant.items() if name != ARCHITECTURE_KEY}
        if ARCHITECTURE_KEY in variant:
            layers = variant[ARCHITECTURE_KEY]
            parameters |= {ARCHITECTURE_KEY: texts[repr(layers)]} if texts else _flatten_layers(layers)
        expanded.append(parameters)
    return expanded


def _flatten_layers(layers: Sequence[Any]) -> dict[str, Any]:
    """The parameters of the layers of a list by their dotted names."""
    parameters: dict[str, Any] = {}
    for number, layer in enumerate(layers):
        parameters.update(flatten_value(f"{ARCHITECTURE_KEY}.{number}", layer))
    return parameters
