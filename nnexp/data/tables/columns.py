"""Which columns of a table are what."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from nnexp.data.tables.advice import override
from nnexp.data.tables.features import Features, Levels
from nnexp.data.tables.text import CsvFile, enumerated, number, quoted
from nnexp.named import Named

SEPARATORS = {";": "';'", "\t": "a tab", ",": "','", "|": "'|'"}
"""What else may separate entries, in words."""


def names_of(file: CsvFile) -> list[str]:
    """The names of a file's columns. Raises DataError where they cannot be the names."""
    file.check()
    names = file.header()
    if not any(names):
        raise file.wrong("the line should hold the names of the columns, and is empty", 1)
    numbers, count = [number(name) for name in names], len(names)
    if None not in numbers and numbers not in (list(range(count)), list(range(1, count + 1))):
        raise file.wrong("the line holds numbers, and should hold the names of the columns", 1)
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        places = " and ".join(str(place) for place, other in enumerate(names, start=1) if other == name)
        raise file.wrong(f"columns {places} have the same name, {quoted(name)}", 1)
    return names


def choose(
    file: CsvFile,
    names: Sequence[str],
    targets: Sequence[str],
    listed: Sequence[str],
    drop: Sequence[str],
    levels: Named[Levels],
) -> Features:
    """The features: those that are listed, or else all columns but targets and what is dropped.

    Raises DataError where a column is not there, or is two things at once.
    """
    require(file, names, [*targets, *listed, *drop, *levels.names])
    _check_roles({"target": targets, "features": listed, "drop": drop}, file)
    columns = tuple(listed) or tuple(name for name in names if name not in {*targets, *drop})
    if not columns:
        raise file.wrong("has no column left that is a feature")
    if "" in columns:
        place = names.index("") + 1
        raise file.wrong(f"column {place} has no name; to leave it out: {override('drop', [*drop, ''])}", 1)
    for name in levels.names:
        if name not in columns:
            raise file.wrong(f"has levels for its column {quoted(name)}, which is not among the features")
        _check_once(file, levels[name].words, f"levels of the column {quoted(name)}")
    features = Features(columns, levels)
    _check_once(file, features.inputs, "inputs")
    return features


def _check_roles(roles: dict[str, Sequence[str]], file: CsvFile) -> None:
    """Every column is named once."""
    taken: dict[str, str] = {}
    for role, columns in roles.items():
        for name in columns:
            if name in taken:
                where = f"twice in {role}" if taken[name] == role else f"in {taken[name]}, and again in {role}"
                raise file.wrong(f"has its column {quoted(name)} named {where}")
            taken[name] = role


def _check_once(file: CsvFile, names: Sequence[str], what: str) -> None:
    """There are names, and no two are the same."""
    if not names:
        raise file.wrong(f"needs {what}, and there are none")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise file.wrong(f"would have {times} {what} of the same name, {quoted(name)}")


def require(file: CsvFile, names: Sequence[str], wanted: Iterable[str]) -> None:
    """Raises DataError where a column is not among a file's names."""
    known = set(names)
    for name in wanted:
        if name not in known:
            raise file.wrong(f"has no column {quoted(name)}; {_instead(file, name, names)}")


def _instead(file: CsvFile, name: str, names: Sequence[str]) -> str:
    """What a column that is not there might be."""
    if len(names) == 1:
        for separator, words in SEPARATORS.items():
            if separator != file.separator and separator in names[0]:
                return f"its only one is {quoted(names[0])}: are its entries separated by {words}?"
    if any(number(other) is not None for other in names):
        return f"its first line should hold the names, and holds {enumerated(list(names))}"
    near = nearest(name, names)
    return f"did you mean {quoted(near)}?" if near else f"it has {enumerated(list(names))}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, or None where none is."""
    folded = {other.casefold(): other for other in known}
    found = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[found[0]] if found else None
