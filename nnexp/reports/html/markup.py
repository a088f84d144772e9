"""HTML that is safe because only this module writes it: every text is escaped unless it is `Html` already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import TypeAlias

VOID_ELEMENTS = ("meta", "img", "br")
"""Elements that hold nothing."""


class Html(str):
    """A piece of a page as it stands there."""

    __slots__ = ()


Piece: TypeAlias = str | None
"""What an element may hold: `Html` as it is, any other text escaped, None not at all."""


def tag(name: str, /, *children: Piece, **attributes: str | bool | None) -> Html:
    """An element. An attribute's name is given with _ for -, and a last _ where Python has the word.

    >>> tag("p", "1 < 2 ", tag("b", "&"), class_="note")
    '<p class="note">1 &lt; 2 <b>&amp;</b></p>'
    """
    given = "".join(_format_attribute(key, value) for key, value in attributes.items())
    if name in VOID_ELEMENTS:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{join_pieces(children)}</{name}>")


def _format_attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(escape_controls(value))}"'


def join_pieces(pieces: Iterable[Piece]) -> Html:
    """Pieces one after the other."""
    return Html("".join(p if isinstance(p, Html) else escape(escape_controls(p)) for p in pieces if p is not None))


def escape_controls(text: str) -> str:
    r"""A text with its control characters, and what turns the direction of writing, made visible.

    >>> escape_controls("a" + chr(27) + "b")
    'a\\x1bb'
    """
    return "".join(c if c.isprintable() or c in "\n\t " else c.encode("unicode_escape").decode() for c in text)


def render_code(text: str) -> Html:
    """A word or line as it is typed."""
    return tag("code", text)


def render_code_block(text: str) -> Html:
    """Lines as they stand in a file."""
    return tag("pre", tag("code", text))


def render_fold(summary: Piece, *body: Piece) -> Html:
    """What is shown only when it is asked for."""
    return tag("details", tag("summary", summary), *body)


def render_list(items: Iterable[Piece]) -> Html | None:
    """A list, or nothing where there is nothing to list."""
    entries = [tag("li", item) for item in items]
    return tag("ul", *entries) if entries else None


MAX_CELL_CHARACTERS = 48
"""Characters of a cell that is broken into lines."""


def render_table(headers: Sequence[Piece], rows: Iterable[Sequence[Piece]], left: int | Collection[int] = 1) -> Html:
    """A table whose first `left` columns, or those at these places, are words, and the others numbers, to the right."""
    words = range(left) if isinstance(left, int) else left
    sides = ["left" if at in words else "right" for at in range(len(headers))]
    head = tag("tr", *(tag("th", cell, class_=side, scope="col") for cell, side in zip(headers, sides, strict=True)))
    body = [
        tag(
            "tr",
            *(tag("td", cell, class_=_choose_cell_classes(cell, side)) for cell, side in zip(row, sides, strict=True)),
        )
        for row in rows
    ]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="scroll")


def _choose_cell_classes(cell: Piece, side: str) -> str:
    """The classes of a cell."""
    return (
        f"{side} long" if cell is not None and not isinstance(cell, Html) and len(cell) > MAX_CELL_CHARACTERS else side
    )
