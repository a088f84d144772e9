"""What is wrong with a spec, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text that a user wrote: a spec file, or one override."""

    name: str
    content: str
    rank: int = 0
    """0 for a file, n for the n-th override: the order in which problems are shown."""

    def line(self, number: int) -> str:
        """The `number`-th line, counted from 1."""
        lines = self.content.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text; `line` and `column` count from 1, `width` in characters."""

    text: Text = field(repr=False)
    line: int = 1
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        return f"{self.text.name}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what it concerns (a path such as "optimizer.adam.lr"), and how to mend it."""

    place: Place
    path: str
    message: str
    suggestion: str = ""

    def render(self) -> str:
        """The place and message, the line with a caret under the mistake, and the suggestion."""
        line = self.place.text.line(self.place.line)
        subject = f"{self.path}: " if self.path else ""
        rows = [f"{self.place}: {subject}{self.message}"]
        if line.strip():
            number = str(self.place.line)
            pad = line[: self.place.column - 1].replace("\t", " ")
            blank = "".join(character if character == "\t" else " " for character in line[: len(pad)])
            width = max(1, min(self.place.width, len(line) - len(pad)))
            rows += [f"  {number} | {line}", f"  {' ' * len(number)} | {blank}{'^' * width}"]
        if self.suggestion:
            rows.append(f"  {self.suggestion}")
        return "\n".join(rows)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once: the file's in the order of their places, then the overrides' in theirs."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (p.place.text.rank, p.place.line, p.place.column))


def nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion: the known name that is like `name`, or else what there is to choose from."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known)}" if known else ""
