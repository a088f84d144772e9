"""Long names made short for the eye: each stays different from the others, which the whole name is the key of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nnexp.reports.html.markup import escape_controls
from nnexp.reports.layer_lists import count_common_entries
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
    shown = list(map(escape_controls, names))
    if max(map(len, shown), default=0) <= longest and _are_distinct(shown, names):
        return shown
    if len(set(names)) > 1:
        shown = _remove_common_words(shown)
    # Of both ways the one that keeps more names apart.
    cut = [shorten_text(name, longest) for name in shown]
    middles = [_cut_middle(name, longest) for name in shown]
    if len(set(middles)) > len(set(cut)):
        cut = middles
    if not _are_distinct(cut, names):
        return _number_duplicates(cut, names, longest)
    return cut


def _cut_middle(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    # Twice as much of the end: variants of a sweep differ in their last words.
    head = max(1, (longest - 1) // 3)
    return f"{name[:head]}…{name[len(name) - (longest - 1 - head) :]}"


def _are_distinct(shown: Sequence[str], names: Sequence[str]) -> bool:
    return len(set(shown)) == len(set(names))


def _remove_common_words(names: Sequence[str]) -> list[str]:
    """The names without the words at either end that all have in common."""
    words = [name.split(" ") for name in names]
    # Of the shortest name a word is left.
    removable = min(map(len, words)) - 1
    head = min(count_common_entries(words), removable)
    tail = min(count_common_entries(map(reversed, words)), removable - head)
    found = []
    for own in words:
        kept = own[head : len(own) - tail]
        found.append(" ".join(["…"] * (head > 0) + kept + ["…"] * (tail > 0)))
    return found


def _number_duplicates(cut: Sequence[str], names: Sequence[str], longest: int) -> list[str]:
    """The names, those that look like another's with a number."""
    short_names = dict(zip(names, cut, strict=True))
    uses = Counter(short_names.values())
    seen = Counter[str]()
    for name, short in short_names.items():
        seen[short] += 1
        if uses[short] > 1:
            mark = f" ({seen[short]})"
            short_names[name] = shorten_text(short.removesuffix("…") + "…", longest - len(mark)) + mark
    return list(map(short_names.__getitem__, names))
