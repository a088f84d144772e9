"""nnexp list"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.options import Json

if TYPE_CHECKING:
    from rich.text import Text

    from nnexp.spec.catalogue import Entry


def list_(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="One kind, such as optimizers.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """List the components that a spec can name, with their parameters, defaults, meaning and formula."""
    from rich.text import Text

    from nnexp.cli.render import out, print_json
    from nnexp.errors import UsageError
    from nnexp.registry import KINDS
    from nnexp.spec.catalogue import entries
    from nnexp.spec.problems import nearest

    if kind is not None and kind not in KINDS:
        raise UsageError(f"unknown kind {kind!r}; {nearest(kind, KINDS)}")
    kinds = [kind] if kind else list(KINDS)
    if json:
        print_json({name: [entry.as_dict() for entry in entries(name)] for name in kinds})
        return
    width = out.width if out.is_terminal else None
    for number, name in enumerate(kinds):
        out.print(*[""] * (number > 0), Text(name, style="bold underline"), sep="\n")
        for entry in entries(name):
            out.print(_shown(entry, width))


def _shown(entry: Entry, width: int | None) -> Text:
    """An entry: its name, what it is, its parameters one to a line, and its formula."""
    from rich.text import Text

    rows = [("  ", entry.name, "bold cyan")]
    rows += [("    ", entry.summary, "")]
    rows += [("      ", parameter, "green") for parameter in entry.parameters]
    rows += [("      ", line, "dim") for line in entry.formula.splitlines()]
    return Text("\n").join(line for indent, words, style in rows for line in _wrapped(indent, words, style, width))


def _wrapped(indent: str, words: str, style: str, width: int | None) -> list[Text]:
    """A row in lines of the terminal's width, the later ones indented further; whole where there is no terminal."""
    import textwrap

    from rich.text import Text

    lines = textwrap.wrap(words, max(20, width - len(indent) - 2)) if width else [words]
    return [Text.assemble(indent + "  " * (number > 0), (line, style)) for number, line in enumerate(lines)]
