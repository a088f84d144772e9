"""What a document shows of a command's output, beside what the command prints on this machine.

The last bits of a trained network depend on the CPU and on the BLAS, and training makes more of them: an example of
a part of 180 is decided otherwise, a mean over five seeds moves by a tenth of a point. So words are compared to the
letter and counts to the digit; measured numbers have room, each as much as its kind needs; times are not compared.
"""

from __future__ import annotations

import math
import re
from itertools import zip_longest

POINTS = 1.5
"""How far percentages and differences of percentages may be off: three examples of a part of 180."""

P_VALUE = 0.1
"""The words beside a p-value say on which side of 0.05 it is, and they are compared to the letter."""

SHARE = 0.25
"""How far any other measured number may be off: losses, norms, mean epochs."""

IGNORED = (
    (r"\bseconds +[0-9.]+", "seconds"),
    (r"[0-9]+\.[0-9]+ s\b", "s"),
    (r"best run: (\S+)-[0-9a-f]{6}", r"best run: \1"),  # the best of five seeds may be another
    (r"about [0-9]+ more seeds would", "about _ more seeds would"),  # as the square of a small difference
    (r"─+", "─"),  # as wide as the times make the table
)

NUMBER = re.compile(r"(?<![\w.=/:-])(?:p [=<] )?-?[0-9][0-9,]*(?:\.[0-9]+)?(?:e[-+][0-9]+)?(?![\w/:-]|\.[0-9])")
IN_POINTS = re.compile(r"\s*(?:±\s*[0-9.]+\s*)?(?:%|points)")


def shows(shown: str, printed: str) -> bool:
    """Whether a line of a document is what was printed, but for what differs between machines."""
    shown, printed = _without_ignored(shown), _without_ignored(printed)
    if _words(shown) != _words(printed):
        return False
    pairs = zip_longest(NUMBER.finditer(shown), NUMBER.finditer(printed))
    return all(_close(one, other) for one, other in pairs)


def missing(shown: str, printed: str) -> list[str]:
    """The lines of a document that were not printed; `...` stands for any number of lines."""
    lines = [line for line in printed.splitlines() if line.strip()]
    expected = [line for line in shown.splitlines() if line.strip() and line.strip() != "..."]
    return [line for line in expected if not any(shows(line, candidate) for candidate in lines)]


def _without_ignored(line: str) -> str:
    for pattern, replacement in IGNORED:
        line = re.sub(pattern, replacement, line)
    return line


def _words(line: str) -> list[str]:
    return NUMBER.sub(_form_of_number, line).split()


def _form_of_number(match: re.Match[str]) -> str:
    """A number as it is written: its sign, exponent and decimals, without the digits."""
    decimals = re.search(r"\.[0-9]+", match[0])
    return "p" if match[0].startswith("p ") else "#" + "#" * len(decimals[0] if decimals else "")


def _close(one: re.Match[str], other: re.Match[str]) -> bool:
    a, b = _value(one), _value(other)
    if one[0].startswith("p "):
        return abs(a - b) <= P_VALUE
    if IN_POINTS.match(one.string, one.end()):
        return abs(a - b) <= POINTS
    measured = "." in one[0] or one.string[: one.start()].endswith("weights of epoch ")
    return math.isclose(a, b, rel_tol=SHARE) if measured else a == b


def _value(match: re.Match[str]) -> float:
    return float(match[0].removeprefix("p = ").removeprefix("p < ").replace(",", ""))
