"""nnexp list"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.text import Text

from nnexp.cli.console import out, print_json
from nnexp.cli.options import Json
from nnexp.errors import UsageError
from nnexp.registry import REGISTRY_BY_KIND
from nnexp.spec.aliases import COMPONENT_ALIASES, find_component
from nnexp.spec.catalogue import list_entries
from nnexp.wording import find_closest, suggest_nearest

if TYPE_CHECKING:
    from nnexp.spec.catalogue import CatalogueEntry

    EntriesByKind: TypeAlias = dict[str, list[CatalogueEntry]]

MIN_TEXT_CHARACTERS = 20
"""A text is broken into lines no shorter than this, however narrow the terminal."""


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="KIND|NAME", help="A kind, such as optimizers, or a component.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """List the components that a spec can name.

    Each has its parameters, their defaults and meaning, and its formula.
    """
    everything = {name: list(list_entries(name)) for name in REGISTRY_BY_KIND}
    chosen = everything if kind is None else _choose_entries(everything, kind)
    if json:
        documents = {}
        for name, entries in chosen.items():
            documents[name] = [entry.as_dict() for entry in entries]
        print_json(documents)
        return
    width = out.width if out.is_terminal else None
    for number, (name, entries) in enumerate(chosen.items()):
        if number:
            out.print()
        out.print(Text(name, style="bold underline"))
        for entry in entries:
            out.print(_render_entry(entry, width))


def _choose_entries(everything: EntriesByKind, wanted: str) -> EntriesByKind:
    """The components of a kind, or those of a name, which may be of several kinds. Raises UsageError for neither."""
    if wanted in everything:
        return {wanted: everything[wanted]}
    chosen: EntriesByKind = {}
    names = list(REGISTRY_BY_KIND)
    for kind, entries in everything.items():
        for entry in entries:
            names.append(entry.name)
            if entry.name == wanted:
                chosen.setdefault(kind, []).append(entry)
    if not chosen:
        ours = find_component(wanted, COMPONENT_ALIASES)
        if ours:
            raise UsageError(f"unknown kind or component {wanted!r}; did you mean {ours.partition(':')[0]!r}?")
        closest = find_closest(wanted, names)
        # Without a name that is like it, only the kinds are listed: the components are too many for a message.
        suggestion = suggest_nearest(wanted, [closest] if closest else REGISTRY_BY_KIND)
        raise UsageError(f"unknown kind or component {wanted!r}; {suggestion}")
    return chosen


def _render_entry(entry: CatalogueEntry, width: int | None) -> Text:
    """An entry: its name, what it is, its parameters one to a line, and its formula."""
    lines = _wrap_row("  ", entry.name, "bold cyan", width)
    lines += _wrap_row("    ", entry.summary, "", width)
    for parameter in entry.parameters:
        lines += _wrap_row("      ", parameter.summary_line, "green", width)
    for formula in entry.formula.splitlines():
        lines += _wrap_row("      ", formula, "dim", width)
    return Text("\n").join(lines)


def _wrap_row(indent: str, words: str, style: str, width: int | None) -> list[Text]:
    """A row in lines of the terminal's width, the later ones indented further; whole where there is no terminal."""
    lines = [words]
    if width:
        lines = textwrap.wrap(words, max(MIN_TEXT_CHARACTERS, width - len(indent) - 2))
    wrapped, start = [], indent
    for line in lines:
        wrapped.append(Text.assemble(start, (line, style)))
        start = f"{indent}  "
    return wrapped
