"""Long names made short for the eye: each stays different from the others, which the whole name is the key of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nnexp.reports.html.markup import escape_controls
from nnexp.wording import shorten_text


def shorten_names(names: Sequence[str], longest: int) -> list[str]:
    """Each name in `longest` characters at most. Names that differ stay different.

    Where one is too long, the words that all begin or end with are left out; what is too long still loses its end, or
    its middle where that keeps more of them apart; what is alike then is numbered.

    >>> shorten_names(["layers=64, relu lr=0.1", "layers=64, relu lr=0.01"], 12)
    ['… lr=0.1', '… lr=0.01']
    >>> shorten_names(["a" * 20 + "b" + "a" * 20, "a" * 41], 12)
    ['aaaaaaa… (1)', 'aaaaaaa… (2)']
    """
    shown = [escape_controls(name) for name in names]
    if all(len(name) <= longest for name in shown) and _are_distinct(shown, names):
        return shown
    shown = _remove_common_words(shown) if len(set(names)) > 1 else shown
    ends, middles = ([cut(name, longest) for name in shown] for cut in (shorten_text, _cut_middle))
    cut = middles if len(set(middles)) > len(set(ends)) else ends
    return cut if _are_distinct(cut, names) else _number_duplicates(cut, names, longest)


def _cut_middle(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    head = max(1, (longest - 1) // 3)
    return f"{name[:head]}…{name[len(name) - (longest - 1 - head) :]}"


def _are_distinct(shown: Sequence[str], names: Sequence[str]) -> bool:
    return len(set(shown)) == len(set(names))


def _remove_common_words(names: Sequence[str]) -> list[str]:
    """The names without the words at either end that all have in common."""
    words = [name.split(" ") for name in names]
    least = min(map(len, words))
    head = _count_common_words(words, least - 1)
    tail = _count_common_words([own[::-1] for own in words], least - head - 1)
    return [" ".join([*["…"] * (head > 0), *own[head : len(own) - tail], *["…"] * (tail > 0)]) for own in words]


def _count_common_words(words: Sequence[Sequence[str]], most: int) -> int:
    """How many words all begin with."""
    return next((at for at in range(most) if len({own[at] for own in words}) > 1), max(0, most))


def _number_duplicates(cut: Sequence[str], names: Sequence[str], longest: int) -> list[str]:
    """The names, those that look like another's with a number."""
    of = dict(zip(names, cut, strict=True))
    many, seen, found = Counter(of.values()), Counter[str](), {}
    for name, short in of.items():
        seen[short] += 1
        mark = f" ({seen[short]})"
        found[name] = (
            f"{shorten_text(short.removesuffix('…') + '…', longest - len(mark))}{mark}" if many[short] > 1 else short
        )
    return [found[name] for name in names]
