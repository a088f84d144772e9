"""HTML that is safe because only this module writes it: every text is escaped unless it is `Html` already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from html import escape
from itertools import starmap
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
    given = "".join(starmap(_format_attribute, attributes.items()))
    if name in VOID_ELEMENTS:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{join_pieces(children)}</{name}>")


def _format_attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{escape(escape_controls(value))}"'


def join_pieces(pieces: Iterable[Piece]) -> Html:
    """Pieces one after the other."""
    return Html("".join(map(_escape_piece, pieces)))


def _escape_piece(piece: Piece) -> str:
    if piece is None or isinstance(piece, Html):
        return piece or ""
    return escape(escape_controls(piece))


def escape_controls(text: str) -> str:
    r"""A text with its control characters, and what turns the direction of writing, made visible.

    >>> escape_controls("a" + chr(27) + "b")
    'a\\x1bb'
    """
    if text.isprintable():
        return text  # nearly all are: a page has hundreds of thousands of letters
    return "".join(map(_escape_control, text))


def _escape_control(character: str) -> str:
    # Lines and tabs are layout, which a page may keep.
    if character.isprintable() or character in "\n\t ":
        return character
    return character.encode("unicode_escape").decode()


def render_code(text: str) -> Html:
    """A word or line as it is typed."""
    return tag("code", text)


def render_code_block(text: str) -> Html:
    """Lines as they stand in a file."""
    return tag("pre", tag("code", text))


def render_fold(summary: Piece, body: Piece) -> Html | None:
    """What is shown only when it is asked for; nothing where there is nothing to show."""
    if body is None:
        return None
    return tag("details", tag("summary", summary), body)


def render_list(items: Iterable[Piece]) -> Html | None:
    """A list, or nothing where there is nothing to list."""
    entries = list(map(partial(tag, "li"), items))
    if not entries:
        return None
    return tag("ul", *entries)


def render_warning(sentence: str) -> Html:
    """What keeps the rest from being right, or whole."""
    return tag("p", sentence, class_="bad")


MAX_CELL_CHARACTERS = 48
"""Characters of a cell that is broken into lines."""


def render_table(headers: Sequence[Piece], rows: Iterable[Sequence[Piece]], left: int | Collection[int] = 1) -> Html:
    """A table whose first `left` columns, or those at these places, are words, and the others numbers, to the right."""
    words = range(left) if isinstance(left, int) else left
    sides = ["left" if at in words else "right" for at in range(len(headers))]
    # `scope` tells a screen reader that a header is that of its column.
    head = [tag("th", cell, class_=side, scope="col") for cell, side in zip(headers, sides, strict=True)]
    body = map(partial(_render_row, sides=sides), rows)
    return tag("div", tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body)), class_="scroll")


def _render_row(row: Sequence[Piece], sides: Sequence[str]) -> Html:
    cells = []
    for cell, side in zip(row, sides, strict=True):
        # `Html` counts its tags too, and is broken where it may be by itself.
        is_long = cell is not None and not isinstance(cell, Html) and len(cell) > MAX_CELL_CHARACTERS
        cells.append(tag("td", cell, class_=f"{side} long" if is_long else side))
    return tag("tr", *cells)
