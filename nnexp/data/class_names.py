"""The names of classes, as files give them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from nnexp.errors import DataError

UNPRINTABLE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, halves of characters and ends of lines."""


def check_names(names: Sequence[str], where: str, *, least: int = 2) -> tuple[str, ...]:
    """The names, if there are enough of them, all different, each of one line and not blank. Raises DataError.

    >>> check_names(["cat", "dog"], "animals.npz")
    ('cat', 'dog')
    """
    for name in names:
        categories = set(map(unicodedata.category, name))
        if not name.strip() or categories & UNPRINTABLE_CATEGORIES:
            raise DataError(f"{where}: {name!a} cannot be the name of a class: expected one line, not blank")
    if len(set(names)) < len(names):
        [(repeated, _)] = Counter(names).most_common(1)
        raise DataError(f"{where}: there are two classes {repeated!r}")
    if len(names) < least:
        raise DataError(f"{where}: expected at least {least} classes, found {', '.join(names) or 'none'}")
    return tuple(names)
