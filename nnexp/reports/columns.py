"""The columns of a table of variants: what tells them apart, in as few and as short columns as possible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from nnexp.reports.layer_lists import get_component_name, is_number, shorten_layer_lists
from nnexp.reports.rows import VariantConfiguration
from nnexp.spec.yaml import format_flow
from nnexp.sweeps.planning.labels import flatten_value, shorten_names

ARCHITECTURE_KEY = "architecture"

ABSENT_CELL = ""
"""The cell of a parameter that a variant does not have."""


def build_columns(variants: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Cells by short header, one for each variant; what is the same in all is left out.

    Parameters of the same name that no variant has two of, as the rates of different optimizers, share a column.

    >>> build_columns([{"optimizer": "sgd", "optimizer.sgd.lr": 1}, {"optimizer": "adam", "optimizer.adam.lr": 0.1}])
    {'optimizer': ['sgd', 'adam'], 'lr': [1, 0.1]}
    """
    names = list_keys(variants)
    # In a single variant nothing is the same in all: everything is shown.
    if len(variants) > 1:
        names = [name for name in names if has_different_values(variant.get(name) for variant in variants)]
    groups = _group_exclusive_names(variants, names)
    headers = shorten_names(groups)
    columns = {}
    for key, members in groups.items():
        columns[headers[key]] = [_find_cell(variant, members) for variant in variants]
    return columns


def _group_exclusive_names(variants: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[str]]:
    """The names that share a column, by the last word that they have in common; others alone, by the whole name."""
    groups: dict[str, list[str]] = {}
    for name in names:
        word = name.rpartition(".")[2]
        together = {*groups.get(word, []), name}
        is_exclusive = all(len(together & variant.keys()) <= 1 for variant in variants)
        groups.setdefault(word if is_exclusive else name, []).append(name)
    named = {}
    for word, members in groups.items():
        named[word if len(members) > 1 else members[0]] = members
    return named


def _find_cell(variant: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The value under the one of these names that a variant has."""
    for name in names:
        if name in variant:
            return variant[name]
    return ABSENT_CELL


def list_keys(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """All keys of several rows, each once, in the order in which they first appear."""
    return list(dict.fromkeys(chain.from_iterable(rows)))


def has_different_values(values: Iterable[Any]) -> bool:
    """Whether not all values are the same."""
    # By `repr`: 1, 1.0 and True are equal in Python, and are different settings.
    return len(set(map(repr, values))) > 1


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
    """Cells by header of the variants of one sweep: what its file varies, as `nnexp sweep` shows it."""
    short_lists = _shorten_varied_layers(configurations, values)
    rows = []
    for configuration in configurations:
        row = {"kind": configuration.kind, **values.get(configuration.key, {})}
        if ARCHITECTURE_KEY in row:
            layers = configuration.spec[ARCHITECTURE_KEY]
            row[ARCHITECTURE_KEY] = short_lists.get(repr(layers), row[ARCHITECTURE_KEY])
        rows.append(row)
    return _choose_columns(rows, [configuration.spec["name"] for configuration in configurations])


def _shorten_varied_layers(
    configurations: Sequence[VariantConfiguration], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """The layers of the variants whose architecture varies, as texts; nothing where there is nothing to compare."""
    varied = [each for each in configurations if ARCHITECTURE_KEY in values.get(each.key, {})]
    if len(varied) < 2:
        return {}
    lists = []
    for configuration in varied:
        layers = configuration.spec[ARCHITECTURE_KEY]
        # A preset is a name with its parameters: only lists can be shortened against each other.
        if isinstance(layers, list):
            lists.append(layers)
    return shorten_layer_lists(lists)


def build_cells(variants: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Cells by header of variants of any origin, by their parameters: what differs between those that have it.

    What only tells that another parameter differs, such as the betas that only one optimizer has, is left out, unless
    variants cannot be told apart without it.
    """
    expanded = _expand_layers(variants)
    shown = _list_shown_names(expanded)
    optional = [name for name in shown if any(variant.get(name) is None for variant in expanded)]
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
    if not set(shown).isdisjoint(inside):
        return ""
    for name in inside:
        if is_number(variant[name]):
            return f"{name.rpartition('.')[2]} {format_flow(variant[name])}"
    return ""


def _choose_columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """The columns of what differs, the names of the specs where nothing does."""
    if len(rows) == 1 and "variant" in rows[0]:
        return {"variant": [rows[0]["variant"]]}
    columns = build_columns(rows) if len(rows) > 1 else {}
    return columns or {"name": list(names)}


def _list_shown_names(variants: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the parameters that are shown, in the order of the specs."""
    names = list_keys(variants)
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_find_shared_word(name), []).append(name)
    shown: set[str] = set()
    for group in groups.values():
        if has_different_values(_collect_values(variants, group)):
            shown.update(group)
    shown |= _find_needed_names(variants, shown, names)
    # Sorted: the order of a set of words is another one in each process.
    return sorted(shown, key=names.index)


def _find_shared_word(name: str) -> str:
    """What a parameter has in common with those of other components: `optimizer.lr` of `optimizer.adam.lr`."""
    section, _, rest = name.partition(".")
    if section == ARCHITECTURE_KEY:
        return name
    return f"{section}.{rest.rpartition('.')[2]}"


def _collect_values(variants: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Any]:
    """All values that variants have under these names; to lack one is no value."""
    values = []
    for variant in variants:
        values += [variant[name] for name in names if name in variant]
    return values


def _find_needed_names(variants: Sequence[Mapping[str, Any]], shown: Collection[str], names: Sequence[str]) -> set[str]:
    """Further names, the outermost first, without which variants would look the same."""
    needed: set[str] = set()
    groups = _group_equal_variants(variants, shown)
    # In what is shown the variants of a group do not differ.
    for name in sorted(names, key=lambda name: name.count(".")):
        if any(differs_in(group, name) for group in groups):
            needed.add(name)
            groups = _split_groups(groups, name)
    return needed


def differs_in(group: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether not all variants of a group have the same under this name."""
    return has_different_values(variant.get(name, ABSENT_CELL) for variant in group)


def _split_groups(groups: Sequence[Sequence[Mapping[str, Any]]], name: str) -> list[list[Mapping[str, Any]]]:
    """The groups of variants that are the same under one more name."""
    parts = []
    for group in groups:
        parts += _group_equal_variants(group, [name])
    return parts


def _group_equal_variants(
    variants: Sequence[Mapping[str, Any]], names: Collection[str]
) -> list[list[Mapping[str, Any]]]:
    """Groups of several variants that have the same under these names."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for variant in variants:
        values = [variant.get(name, ABSENT_CELL) for name in names]
        groups.setdefault(repr(values), []).append(variant)
    return [group for group in groups.values() if len(group) > 1]


def _expand_layers(variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parameters with those of the layers: by layer where all have the same layers, else as a short text."""
    lists = [variant[ARCHITECTURE_KEY] for variant in variants if ARCHITECTURE_KEY in variant]
    has_same_kinds = not has_different_values(list(map(get_component_name, layers)) for layers in lists)
    texts = {} if has_same_kinds else shorten_layer_lists(lists)
    expanded = []
    for variant in variants:
        parameters = dict(variant)
        layers = parameters.pop(ARCHITECTURE_KEY, None)
        if layers is not None and texts:
            parameters[ARCHITECTURE_KEY] = texts[repr(layers)]
        elif layers is not None:
            parameters |= _flatten_layers(layers)
        expanded.append(parameters)
    return expanded


def _flatten_layers(layers: Sequence[Any]) -> dict[str, Any]:
    """The parameters of the layers of a list by their dotted names."""
    parameters: dict[str, Any] = {}
    for number, layer in enumerate(layers):
        parameters.update(flatten_value(f"{ARCHITECTURE_KEY}.{number}", layer))
    return parameters
