"""What variants are called: in as few words as tell each from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from nnexp.reports.columns import ABSENT_CELL, differs_in, list_keys
from nnexp.reports.rows import NETWORK_KIND
from nnexp.spec.problems import replace_unprintable
from nnexp.spec.yaml import format_flow

NAME_HEADERS = ("name", "variant")
"""Columns with the names of variants."""

NO_PARAMETER_HEADERS = (*NAME_HEADERS, "kind")
"""Columns that say what a variant is called, and are no parameters of it."""

NAMELESS_LABEL = "base"
"""The label of a variant without a name, in which nothing differs."""


def make_labels(variants: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each variant in as few words as tell it from the others, from its cells.

    Its name and its kind, where these differ, and of those that have both in common what tells them apart.

    >>> make_labels([{"name": "a", "lr": 0.01}, {"name": "a", "lr": 0.1}, {"name": "b", "lr": ""}])
    ['a lr=0.01', 'a lr=0.1', 'b']
    """
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for cells in variants:
        groups.setdefault(_list_names(cells), []).append(cells)
    differing = dict(zip(groups, map(_find_differing_headers, groups.values()), strict=True))
    labels = [_make_label(cells, differing[_list_names(cells)]) for cells in variants]
    uses = Counter(labels)
    for place, cells in enumerate(variants):
        # A name may contain what another's label adds to its name.
        if uses[labels[place]] > 1:
            labels[place] = _make_label(cells, cells.keys())
    return labels


def _list_names(cells: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that a variant is called by: its name, or the kind of one that is no network."""
    names = []
    for header in NAME_HEADERS:
        name = cells.get(header, ABSENT_CELL)
        if name != ABSENT_CELL:
            names.append(format_cell(name))
    # That something is a network goes without saying.
    kind = cells.get("kind", NETWORK_KIND)
    if not names and kind != NETWORK_KIND:
        return (kind,)
    return tuple(names)


def _find_differing_headers(group: Sequence[Mapping[str, Any]]) -> set[str]:
    """The headers under which not all of a group have the same."""
    return set(filter(partial(differs_in, group), list_keys(group)))


def _make_label(cells: Mapping[str, Any], headers: Collection[str]) -> str:
    """The names of a variant, and its parameters under these headers as they are written after a command."""
    words = list(_list_names(cells))
    for header, value in cells.items():
        is_parameter = header not in NO_PARAMETER_HEADERS and value != ABSENT_CELL
        if is_parameter and header in headers:
            words.append(f"{header}={format_cell(value)}")
    return " ".join(words) or NAMELESS_LABEL


def format_cell(value: Any) -> str:
    """A value in a cell."""
    if isinstance(value, str):
        return replace_unprintable(value)
    if isinstance(value, float):
        return f"{value:g}"
    return format_flow(value)
