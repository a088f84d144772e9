"""What the commands print: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nnexp.errors import Interrupted, NnexpError, SpecError
from nnexp.spec.problems import Problem
from nnexp.storage.atomic import replace_nonfinite
from nnexp.wording import format_count, shorten_text

MIN_SENTENCE_CHARACTERS = 20
"""A sentence is broken into lines no shorter than this, however narrow the terminal."""

MIN_NAME_CHARACTERS = 8
"""A name in a table is shortened to no less, however narrow the terminal."""

EDGE_CHARACTERS = 1
"""What the form of a table takes besides its columns."""

GAP_CHARACTERS = 3
"""What the form of a table takes beside each column."""

# Soft wrap: a line that is longer than the terminal is broken by the terminal alone, so that it can be copied whole.
# Rich would take 80 columns where there is no terminal; a table in a file or a pipe may be wider.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else 200)


def print_error(error: NnexpError) -> None:
    """An error that a user caused, in one place for all commands."""
    if isinstance(error, SpecError):
        for problem in error.problems:
            err.print(_render_problem(problem.format_report()), end="\n\n")
        count = len(error.problems)
        err.print(f"{format_count(count, 'problem')} found; nothing was done.", style="bold red")
    elif isinstance(error, Interrupted):
        err.print(Text(str(error), style="yellow"))
    else:
        err.print(Text.assemble(("error: ", "bold red"), str(error)))


def _render_problem(rendered: str) -> Text:
    """A problem with its place in bold, its caret in red and its suggestion in green."""
    first, *rest = rendered.split("\n")
    text = Text(first, style="bold")
    for line in rest:
        text.append(f"\n{line}", style=f"not bold {_choose_problem_style(line)}")
    return text


def _choose_problem_style(line: str) -> str:
    """The style of a line below a problem's first: a caret, the user's own line, or a suggestion."""
    if line.strip().startswith("|") and line.rstrip().endswith("^"):
        return "red"
    if " | " in line:
        return ""
    return "green"


def show_notices(notices: Sequence[Problem]) -> None:
    """What a user should know of a spec that is valid, on standard error."""
    for notice in notices:
        err.print(Text.assemble(("notice: ", "bold yellow"), _render_problem(notice.format_report())), end="\n\n")


def print_sentence(text: str | Text, indent: int = 0, console: Console = out) -> None:
    """A sentence: on a terminal broken between words, its further lines indented; elsewhere one line."""
    if not console.is_terminal:
        console.print(text, markup=False)
        return
    whole = Text.assemble(text)
    first, *others = whole.wrap(console, max(MIN_SENTENCE_CHARACTERS, console.width - indent))
    console.print(first)
    for line in others:
        console.print(Text(" " * indent) + line)


def print_json(document: Any) -> None:
    """One JSON document on standard output; numbers that JSON does not have become null."""
    print(json.dumps(replace_nonfinite(document), indent=2))


def make_table(*columns: str, title: str | None = None) -> Table:
    """An empty table in the house's form: the first column to the left, numbers to the right."""
    empty = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        empty.add_column(column, justify="right" if index else "left", no_wrap=True)
    return empty


def gather_columns(rows: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """The columns of a table by their headers, from its rows, each of which has a cell for every header."""
    columns: dict[str, list[str]] = {}
    for row in rows:
        for header, cell in row.items():
            columns.setdefault(header, []).append(cell)
    return columns


def fit_table(columns: Mapping[str, Sequence[str]], spare: Sequence[str], width: int) -> Table:
    """A table of columns by their headers, without those of the `spare` ones that find no room, the first first.

    A header is broken at its spaces; a number is never cut.
    """
    kept = dict(columns)
    for header in spare:
        if measure_table(kept) > width:
            kept.pop(header, None)
    shown = make_table(*(header.replace(" ", "\n") for header in kept))
    for row in zip(*kept.values(), strict=True):
        shown.add_row(*row)
    return shown


def measure_table(columns: Mapping[str, Sequence[str]]) -> int:
    """Characters that `fit_table` needs for all of these columns."""
    return EDGE_CHARACTERS + sum(map(_measure_column, columns, columns.values()))


def _measure_column(header: str, cells: Sequence[str]) -> int:
    return max(map(len, [*header.split(" "), *cells])) + GAP_CHARACTERS


def shorten_escaped(text: str, width: int) -> str:
    """The text, its end replaced by … where it is longer than `width`; for cells of tables, so without markup."""
    return escape(shorten_text(text, width))
