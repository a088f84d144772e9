"""Columns of texts as a table of Markdown or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MIN_RULE_CHARACTERS = 3
"""Markdown takes a row of fewer hyphens for no rule below a header."""

MARKDOWN_SIGNS = re.compile(r"([|\\`*_<>\[\]])")
"""What Markdown would take for something else."""

LATEX_REPLACEMENTS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "±": r"$\pm$",
        "…": r"\dots{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
    }
)
"""What LaTeX would take for something else."""


def format_markdown_table(columns: Mapping[str, Sequence[str]], left_count: int) -> str:
    """The lines of a table of Markdown: the first columns flush left, the others flush right."""
    aligned = []
    for place, (header, cells) in enumerate(columns.items()):
        texts = list(map(escape_markdown, (header.strip(), *cells)))
        width = max(MIN_RULE_CHARACTERS, *map(len, texts))
        side = "<" if place < left_count else ">"
        aligned.append(_align_column(texts, width, side))
    return "\n".join(f"| {' | '.join(line)} |" for line in zip(*aligned, strict=True))


def _align_column(texts: Sequence[str], width: int, side: str) -> list[str]:
    """A column, its header first and then its rule, whose colon tells Markdown of the right side."""
    header, *cells = [f"{text:{side}{width}}" for text in texts]
    rule = "-" * width
    if side == ">":
        rule = f"{rule[1:]}:"
    return [header, rule, *cells]


def escape_markdown(text: str) -> str:
    """A text as Markdown shows it."""
    return MARKDOWN_SIGNS.sub(r"\\\1", text)


def format_latex_table(columns: Mapping[str, Sequence[str]], left_count: int) -> str:
    """The lines of a tabular with the rules of booktabs: the first columns and the last one flush left."""
    # The last column has the states, which are words.
    alignment = "l" * left_count + "r" * (len(columns) - left_count - 1) + "l"
    head, *body = map(_format_latex_row, (tuple(columns), *zip(*columns.values(), strict=True)))
    begin, end = rf"\begin{{tabular}}{{{alignment}}}", r"\end{tabular}"
    return "\n".join([begin, r"\toprule", head, r"\midrule", *body, r"\bottomrule", end])


def _format_latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(escape_latex, cells)) + r" \\"


def escape_latex(text: str) -> str:
    """A text as LaTeX shows it."""
    # All at once: a replacement has signs that are replaced themselves.
    return text.strip().translate(LATEX_REPLACEMENTS)
