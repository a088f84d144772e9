"""What is wrong with a spec, and where."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML."""

MAX_LINE_CHARACTERS = 160
"""The characters of a line that are shown; of a longer one, those around the mistake."""


@dataclass(frozen=True, slots=True)
class SpecText:
    """A piece of text that a user wrote: a spec file, or one override."""

    name: str
    content: str
    override_number: int = 0
    """0 for a file, n for the n-th override: the order in which problems are shown."""
    byte_order_mark: str = ""
    """The byte-order mark, where the file begins with one; no part of the content."""

    def find_line(self, number: int) -> str:
        """The `number`-th line, counted from 1."""
        lines = LINE_END.split(self.content)
        if not 0 < number <= len(lines):
            return ""
        return lines[number - 1]

    def find_place(self, index: int) -> Place:
        """The place of the character at an index of the content."""
        before = LINE_END.split(self.content[:index])
        return Place(self, len(before), len(before[-1]) + 1)


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text; `line` and `column` count from 1, `width` in characters."""

    text: SpecText = field(repr=False)
    line: int = 1
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        if self.text.override_number:
            return f"{self.text.name}, column {self.column}"
        return f"{self.text.name}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what it concerns (a path such as "optimizer.adam.lr"), and how to mend it."""

    place: Place
    path: str
    message: str
    suggestion: str = ""
    of_data: bool = False
    """Whether it is not the spec that is wrong but the data that it names."""

    def format_report(self) -> str:
        """The place and message, the line with a caret under the mistake, and the suggestion."""
        subject = f"{self.path}: " if self.path else ""
        rows = [f"{self.place}: {subject}{self.message}", *_format_excerpt(self.place)]
        if self.suggestion:
            rows.append(f"  {self.suggestion}")
        return "\n".join(map(replace_unprintable, rows))

    def as_dict(self) -> dict[str, str | int]:
        """The problem for a program: where it is, and what was said of it."""
        return {
            "place": replace_unprintable(self.place.text.name),
            "line": self.place.line,
            "column": self.place.column,
            "path": replace_unprintable(self.path),
            "message": replace_unprintable(self.message),
            "suggestion": replace_unprintable(self.suggestion),
        }


def _format_excerpt(place: Place) -> list[str]:
    """The line of a place, and a caret under it; nothing where the line is blank."""
    line, start = _cut_line(place.text.find_line(place.line), place.column - 1)
    if not line.strip():
        return []
    # Of an override the excerpt has its number, since all are on one line of the shell.
    gutter = str(place.text.override_number or place.line)
    before, marked = line[:start], line[start : start + place.width]
    # A tab stays one, so that the caret stands under the mistake however wide the terminal makes tabs.
    blank = "".join("\t" if character == "\t" else " " * _count_cells(character) for character in before)
    carets = "^" * max(1, sum(map(_count_cells, marked)))
    return [f"  {gutter} | {line}", f"  {' ' * len(gutter)} | {blank}{carets}"]


def _cut_line(line: str, start: int) -> tuple[str, int]:
    """What is shown of a line, and where in it the mistake begins."""
    if len(line) <= MAX_LINE_CHARACTERS:
        return line, start
    first = max(0, min(start - MAX_LINE_CHARACTERS // 2, len(line) - MAX_LINE_CHARACTERS))
    end = first + MAX_LINE_CHARACTERS
    shown, offset = line[first:end], start - first
    if first:
        shown, offset = f"… {shown}", offset + len("… ")
    if end < len(line):
        shown = f"{shown} …"
    return shown, offset


def _count_cells(character: str) -> int:
    """The columns of a terminal that a character takes."""
    if unicodedata.combining(character):
        return 0
    is_wide = unicodedata.east_asian_width(character) in "WF"
    return 2 if is_wide else 1


def replace_unprintable(row: str) -> str:
    """A row with a mark in the place of every character that a terminal would obey or could not show."""
    # A spec may come from a stranger, and an escape sequence in it could rewrite what stands on the screen.
    return "".join(character if _is_shown(character) else "�" for character in row)


def _is_shown(character: str) -> bool:
    """Whether a terminal shows a character; spaces of all widths, which Python does not call printable, are."""
    return character == "\t" or character.isprintable() or unicodedata.category(character) == "Zs"


def sort_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once: the file's in the order of their places, then the overrides' in theirs."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (p.place.text.override_number, p.place.line, p.place.column))
