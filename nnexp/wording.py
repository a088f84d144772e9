"""Words for people: numbers, percents, counts, bytes, durations, shortened texts, lists of layers, nearest names.

Messages, tables and pages of the whole package take them from here, so that one quantity reads alike everywhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from math import floor, isfinite, log10

MAX_MESSAGE_CHARACTERS = 61
"""The characters of a user's value that a message repeats, with the … that ends a longer one."""

MAX_COMPARED_CHARACTERS = 160
"""A longer word is compared with known names by its beginning: matching takes time with the square of the length."""

MAX_DIGITS = 8
"""The digits that single precision has, rounded up."""

CLOSEST_CUTOFF = 0.6
"""How like a name must be to be suggested: difflib's own default, at which two wrong letters in five still pass."""


def format_count(number: int, noun: str) -> str:
    """A number of things.

    >>> format_count(1, "example"), format_count(0, "class"), format_count(2000, "entry")
    ('1 example', '0 classes', '2,000 entries')
    """
    return f"{number:,} {inflect_noun(noun, number)}"


def format_thousands(number: int) -> str:
    """A whole number with a comma at each thousand.

    >>> format_thousands(12345)
    '12,345'
    """
    return f"{number:,}"


def inflect_noun(noun: str, number: int) -> str:
    """A noun after a number: as it is after 1, otherwise in the plural."""
    if number == 1:
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    ending = "es" if noun.endswith(("s", "x", "sh")) else "s"
    return f"{noun}{ending}"


def format_bytes(size: float) -> str:
    """A number of bytes in the largest unit that it fills.

    >>> [format_bytes(size) for size in (512, 1536, 12 * 2**20, 1023 * 2**20)]
    ['512 B', '1.5 KiB', '12 MiB', '1023 MiB']
    """
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    # Three digits would write the thousands below the next unit with an exponent.
    number = f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return f"{number} {unit}"


def format_duration(seconds: float) -> str:
    """A duration in its two largest units.

    >>> format_duration(16.2), format_duration(125), format_duration(3 * 3600 + 240)
    ('16 s', '2 min 5 s', '3 h 4 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min {rest} s"
    return f"{hours} h {minutes} min"


def shorten_text(text: str, width: int = MAX_MESSAGE_CHARACTERS) -> str:
    """A text of `width` characters at most; … stands for the end of a longer one.

    >>> shorten_text("rectifier", 5), shorten_text("relu", 5)
    ('rect…', 'relu')
    """
    if len(text) <= width:
        return text
    return f"{text[: width - 1]}…"


def shorten_distinctly(texts: Sequence[str], width: int) -> list[str]:
    """Texts cut to a width; where different ones would look alike, without what all of them begin with.

    >>> shorten_distinctly(["dense 64, drop 0.1", "dense 64, drop 0.2"], 12)
    ['…0.1', '…0.2']
    """
    short = [shorten_text(text, width) for text in texts]
    if len(set(short)) == len(set(texts)):
        return short
    common = 0
    for letters in zip(*texts, strict=False):
        if len(set(letters)) > 1:
            break
        common += 1
    # From the last space on, so that the word in which they differ is read whole.
    word = texts[0].rfind(" ", 0, common) + 1
    return [shorten_text(f"…{text[word:]}", width) for text in texts]


def format_percent(share: float, decimals: int = 2) -> str:
    """A share in percent, and - where it is not known.

    >>> format_percent(0.917), format_percent(0.1534, decimals=1), format_percent(float("nan"))
    ('91.70 %', '15.3 %', '-')
    """
    if not isfinite(share):
        return "-"
    return f"{100 * share:.{decimals}f} %"


def format_percents(shares: Collection[float]) -> str:
    """The range of some shares, in whole percents.

    >>> format_percents([0.5, 0.917]), format_percents([0.5])
    ('50 to 92 %', '50 %')
    """
    low, high = round(100 * min(shares)), round(100 * max(shares))
    if low == high:
        return f"{low} %"
    return f"{low} to {high} %"


def format_number(value: float) -> str:
    """A number that may be very small or very large.

    >>> [format_number(value) for value in (0.22, 511.2, 2.8e-7)]
    ['0.22', '511', '2.8e-07']
    """
    if 100 <= value < 1e4:
        return f"{value:.0f}"
    if 1e-3 <= value < 100:
        return f"{value:.2g}"
    return f"{value:.1e}"


def format_decimal(value: float | None, digits: int = 4) -> str:
    """A number of a table: with decimals where it is of ordinary size, otherwise with an exponent; - if not known.

    >>> [format_decimal(value) for value in (0.97951, 2e-7, 12, None)]
    ['0.9795', '2.00e-07', '12', '-']
    """
    if value is None:
        return "-"
    if isinstance(value, int) or not isfinite(value) or value == 0:
        return str(value)
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:.{digits}f}"
    return f"{value:.2e}"


def format_three_digits(value: float | None) -> str:
    """A number of a narrow column; empty where there is none.

    >>> [format_three_digits(value) for value in (0.5, 123.4, 2.83e-7, None)]
    ['0.500', '123', '2.8e-07', '']
    """
    if value is None:
        return ""
    if value == 0 or not isfinite(value):
        return f"{value:g}"
    if 1e-3 <= abs(value) < 1e3:
        return f"{value:#.3g}".rstrip(".")
    return f"{value:.1e}"


def format_whole_percent(share: float | None) -> str:
    """A share in whole percents; what is more than none is never written as 0 %.

    >>> format_whole_percent(0.124), format_whole_percent(0.001), format_whole_percent(0.0)
    ('12 %', '<1 %', '0 %')
    """
    if share is None:
        return ""
    if 0 < share < 0.005:
        return "<1 %"
    return f"{100 * share:.0f} %"


def format_numbers(*values: float) -> tuple[str, ...]:
    """Numbers with as many digits as tell each from the one before.

    >>> format_numbers(2.998, 2.964), format_numbers(2.3, 0.4)
    (('3.00', '2.96'), ('2.3', '0.4'))
    >>> format_numbers(2.3021, 2.3019, 0.5), format_numbers(1.0, 1.0)
    (('2.3021', '2.3019', '0.5000'), ('1', '1'))
    """
    texts = tuple(map(format_number, values))
    if not all(map(isfinite, values)) or _are_distinct(texts, values):
        return texts
    largest = max(map(abs, values))
    for digits in range(2, MAX_DIGITS + 1):
        form = f".{digits - 1}e"
        if 1e-3 <= largest < 1e4:
            form = f".{max(0, digits - 1 - floor(log10(largest)))}f"
        texts = tuple(format(value, form) for value in values)
        if _are_distinct(texts, values):
            break
    return texts


def _are_distinct(texts: Sequence[str], values: Sequence[float]) -> bool:
    """Whether neighbours that differ are written differently."""
    for (text, value), (next_text, next_value) in pairwise(zip(texts, values, strict=True)):
        if value != next_value and text == next_text:
            return False
    return True


def format_layer_names(names: Sequence[str], kinds: Mapping[str, str]) -> str:
    """Layers by name; several of a kind that are all of them from one to another as these two.

    `kinds` has the kind of every layer, in their order.

    >>> every = {"dense_1": "dense", "relu_1": "relu", "dense_2": "dense", "dense_3": "dense"}
    >>> format_layer_names(["relu_1", "dense_1", "dense_2", "dense_3"], every)
    'relu_1, dense_1 to dense_3'
    """
    named: dict[str, list[str]] = {}
    for name in names:
        named.setdefault(kinds[name], []).append(name)
    parts = []
    for kind, of_kind in named.items():
        every = [name for name in kinds if kinds[name] == kind]
        parts.append(_format_layers_of_kind(of_kind, every))
    return ", ".join(parts)


def _format_layers_of_kind(names: Sequence[str], every: Sequence[str]) -> str:
    """Layers of one kind; `every` has all of that kind in their order."""
    first, last = every.index(names[0]), every.index(names[-1])
    if len(names) > 2 and list(every[first : last + 1]) == list(names):
        return f"{names[0]} to {names[-1]}"
    if len(names) <= 4:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {len(names) - 3} more"


def find_closest(name: str, known: Iterable[str], cutoff: float = CLOSEST_CUTOFF) -> str | None:
    """The known name that is most like `name`, or None where none is; a `cutoff` near 1 allows one slip at most."""
    # Upper and lower case are the commonest slip: Adam for adam.
    by_folded = {candidate.casefold(): candidate for candidate in known}
    folded = name.casefold()[:MAX_COMPARED_CHARACTERS]
    matches = difflib.get_close_matches(folded, by_folded, n=1, cutoff=cutoff)
    return by_folded[matches[0]] if matches else None


def find_by_beginning(name: str, folders: Iterable[str]) -> list[str]:
    """The folders of runs or sweeps that a name stands for: those of just this name, else all that begin so.

    >>> find_by_beginning("mlp", ["mlp-50d6f9", "mlp_wide-a1b2c3"]), find_by_beginning("mlp_", ["mlp_wide-a1b2c3"])
    (['mlp-50d6f9'], ['mlp_wide-a1b2c3'])
    """
    found = [folder for folder in folders if name and folder.startswith(name)]
    # A folder is called by the name of its spec, a hyphen and digits.
    exact = [folder for folder in found if name in (folder, folder.rpartition("-")[0])]
    return exact or found


def suggest_nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion: the known name that is like `name`, or else what there is to choose from."""
    known = sorted(known)
    closest = find_closest(name, known)
    if closest is not None:
        return f"did you mean {closest!r}?"
    return f"known: {', '.join(known)}" if known else ""
