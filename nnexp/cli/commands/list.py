"""nnexp list"""

from __future__ import annotations

import textwrap
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from nnexp.cli.console import out, print_json
from nnexp.cli.options import Json
from nnexp.errors import UsageError
from nnexp.registry import REGISTRY_BY_KIND
from nnexp.spec.catalogue import list_entries
from nnexp.wording import find_closest, suggest_nearest

if TYPE_CHECKING:
    from rich.text import Text

    from nnexp.spec.catalogue import CatalogueEntry


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
    chosen = {kind: everything[kind]} if kind in everything else everything
    if kind is not None and kind not in everything:
        named = {name: [entry for entry in found if entry.name == kind] for name, found in everything.items()}
        chosen = {name: found for name, found in named.items() if found}
    if not chosen:
        components = [entry.name for entry in chain.from_iterable(everything.values())]
        like = find_closest(str(kind), [*REGISTRY_BY_KIND, *components])
        suggestion = suggest_nearest(str(kind), [like] if like else REGISTRY_BY_KIND)
        raise UsageError(f"unknown kind or component {kind!r}; {suggestion}")
    if json:
        print_json({name: [entry.as_dict() for entry in found] for name, found in chosen.items()})
        return
    width = out.width if out.is_terminal else None
    for number, (name, found) in enumerate(chosen.items()):
        out.print(*[""] * (number > 0), Text(name, style="bold underline"), sep="\n")
        for entry in found:
            out.print(_render_entry(entry, width))


def _render_entry(entry: CatalogueEntry, width: int | None) -> Text:
    """An entry: its name, what it is, its parameters one to a line, and its formula."""
    rows = [("  ", entry.name, "bold cyan")]
    rows += [("    ", entry.summary, "")]
    rows += [("      ", parameter.summary_line, "green") for parameter in entry.parameters]
    rows += [("      ", line, "dim") for line in entry.formula.splitlines()]
    lines: list[Text] = []
    for indent, words, style in rows:
        lines += _wrap_row(indent, words, style, width)
    return Text("\n").join(lines)


def _wrap_row(indent: str, words: str, style: str, width: int | None) -> list[Text]:
    """A row in lines of the terminal's width, the later ones indented further; whole where there is no terminal."""
    lines = textwrap.wrap(words, max(20, width - len(indent) - 2)) if width else [words]
    return [Text.assemble(indent + "  " * (number > 0), (line, style)) for number, line in enumerate(lines)]
