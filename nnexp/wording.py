"""Words for people: numbers, shares, lists of layers, and the known name that is nearest to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import floor, isfinite, log10

MAX_COMPARED_CHARACTERS = 160
"""A longer word is compared with known names by its beginning: matching takes time with the square of the length."""

MAX_DIGITS = 8
"""The digits that single precision has, rounded up."""


def format_percents(shares: Collection[float]) -> str:
    """The least and the largest share.

    >>> format_percents([0.5, 0.917]), format_percents([0.5])
    ('50 to 92 %', '50 %')
    """
    low, high = (round(100 * share) for share in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low} to {high} %"


def format_number(value: float) -> str:
    """A number that may be very small or very large.

    >>> [format_number(value) for value in (0.22, 511.2, 2.8e-7)]
    ['0.22', '511', '2.8e-07']
    """
    if 100 <= value < 1e4:
        return f"{value:.0f}"
    return f"{value:.2g}" if 1e-3 <= value < 100 else f"{value:.1e}"


def format_numbers(*values: float) -> tuple[str, ...]:
    """Numbers with as many digits as tell each from the one before.

    >>> format_numbers(2.998, 2.964), format_numbers(2.3, 0.4)
    (('3.00', '2.96'), ('2.3', '0.4'))
    >>> format_numbers(2.3021, 2.3019, 0.5), format_numbers(1.0, 1.0)
    (('2.3021', '2.3019', '0.5000'), ('1', '1'))
    """
    said = tuple(format_number(value) for value in values)
    if not all(map(isfinite, values)) or _are_distinct(said, values):
        return said
    largest = max(abs(value) for value in values)
    plain = 1e-3 <= largest < 1e4
    for digits in range(2, MAX_DIGITS + 1):
        places = max(0, digits - 1 - floor(log10(largest)))
        said = tuple(f"{value:.{places}f}" if plain else f"{value:.{digits - 1}e}" for value in values)
        if _are_distinct(said, values):
            break
    return said


def _are_distinct(said: Sequence[str], values: Sequence[float]) -> bool:
    """Whether neighbours that differ are written differently."""
    return all(a != b for a, b, x, y in zip(said, said[1:], values, values[1:], strict=False) if x != y)


def format_layer_names(names: Sequence[str], kinds: Mapping[str, str]) -> str:
    """Layers by name; several of a kind that are all of them from one to another as these two.

    `kinds` has the kind of every layer, in their order.

    >>> every = {"dense_1": "dense", "relu_1": "relu", "dense_2": "dense", "dense_3": "dense"}
    >>> format_layer_names(["relu_1", "dense_1", "dense_2", "dense_3"], every)
    'relu_1, dense_1 to dense_3'
    """
    found = dict.fromkeys(kinds[name] for name in names)
    return ", ".join(
        _format_kind([name for name in names if kinds[name] == kind], [name for name in kinds if kinds[name] == kind])
        for kind in found
    )


def _format_kind(names: Sequence[str], every: Sequence[str]) -> str:
    first, last = every.index(names[0]), every.index(names[-1])
    if len(names) > 2 and list(every[first : last + 1]) == list(names):
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def find_closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, or None where none is."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.casefold()[:MAX_COMPARED_CHARACTERS], by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def suggest_nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion: the known name that is like `name`, or else what there is to choose from."""
    known = sorted(known)
    found = find_closest(name, known)
    if found is not None:
        return f"did you mean {found!r}?"
    return f"known: {', '.join(known)}" if known else ""
