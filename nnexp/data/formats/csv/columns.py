"""Which columns of a table are what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from nnexp.data.formats.csv.csv_file import CsvFile, format_names, quote_entry
from nnexp.data.formats.csv.dialect import WHITESPACE, is_number_row, parse_number
from nnexp.data.formats.csv.features import CategoryLevels, Features
from nnexp.data.formats.csv.overrides import format_override
from nnexp.nn.named import Named
from nnexp.wording import find_closest

SEPARATOR_WORDS = {";": "';'", "\t": "a tab", ",": "','", "|": "'|'"}
"""What else may separate entries, in words."""


def read_column_names(file: CsvFile) -> list[str]:
    """The names of a file's columns. Raises DataError where they cannot be the names."""
    file.check_encoding()
    names, line = file.names, file.dialect.skip_lines + 1
    if file.dialect.header and not any(names):
        raise file.make_error("the line should hold the names of the columns, and is empty", line)
    # columns may be numbered, as pandas does where it is given no names; other numbers are a row of data
    if file.dialect.header and is_number_row(names):
        what = "the line holds numbers, and should hold the names of the columns"
        raise file.make_error(f"{what}; for a file without names: {format_override('header', value=False)}", line)
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        places = " and ".join(str(place) for place, other in enumerate(names, start=1) if other == name)
        raise file.make_error(f"columns {places} have the same name, {quote_entry(name)}", line)
    return names


def choose_features(
    file: CsvFile,
    names: Sequence[str],
    targets: Sequence[str],
    listed: Sequence[str],
    drop: Sequence[str],
    levels: Named[CategoryLevels],
) -> Features:
    """The features: those that are listed, or else all columns but targets and what is dropped.

    Raises DataError where a column is not there, or is two things at once.
    """
    check_columns(file, names, [*targets, *listed, *drop, *levels.names])
    _check_roles({"target": targets, "features": listed, "drop": drop}, file)
    left_out = {*targets, *drop}
    columns = tuple(listed) or tuple(name for name in names if name not in left_out)
    if not columns:
        raise file.make_error("has no column left that is a feature")
    if "" in columns:
        place = names.index("") + 1
        what = f"column {place} has no name; to leave it out: {format_override('drop', [*drop, ''])}"
        raise file.make_error(what, file.dialect.skip_lines + 1)
    for name in levels.names:
        if name not in columns:
            raise file.make_error(f"has levels for its column {quote_entry(name)}, which is not among the features")
        if levels[name].is_decided:
            check_unique(file, levels[name].words, f"levels of the column {quote_entry(name)}")
    features = Features(columns, levels)
    # a column may be called like an input of another one: "island=Biscoe"
    if features.input_names:  # there are none yet where the training part decides all levels
        check_unique(file, features.input_names, "inputs")
    return features


def _check_roles(roles: dict[str, Sequence[str]], file: CsvFile) -> None:
    """Every column is named once."""
    taken: dict[str, str] = {}
    for role, columns in roles.items():
        for name in columns:
            if name in taken:
                where = f"in {taken[name]}, and again in {role}"
                if taken[name] == role:
                    where = f"twice in {role}"
                raise file.make_error(f"has its column {quote_entry(name)} named {where}")
            taken[name] = role


def check_unique(file: CsvFile, names: Sequence[str], what: str) -> None:
    """There are names, and no two are the same."""
    if not names:
        raise file.make_error(f"needs {what}, and there are none")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise file.make_error(f"would have {times} {what} of the same name, {quote_entry(name)}")


def check_columns(file: CsvFile, names: Sequence[str], wanted: Iterable[str]) -> None:
    """Raises DataError where a column is not among a file's names."""
    known = set(names)
    for name in wanted:
        if name not in known:
            raise file.make_error(f"has no column {quote_entry(name)}; {_suggest_column(file, name, names)}")


def _suggest_column(file: CsvFile, name: str, names: Sequence[str]) -> str:
    """What a column that is not there might be."""
    if len(names) == 1:
        for separator, words in SEPARATOR_WORDS.items():
            if separator != file.dialect.separator and separator in names[0]:
                override = format_override("separator", separator)
                return f"its only one is {quote_entry(names[0])}: are its entries separated by {words}? {override}"
        if len(names[0].split()) > 1:
            override = format_override("separator", WHITESPACE)
            return f"its only one is {quote_entry(names[0])}: are its columns separated by spaces? {override}"
    if any(parse_number(other) is not None for other in names):  # a row of data stands where the names belong
        return f"its first line should hold the names, and holds {format_names(list(names))}"
    near = find_closest(name, names)
    return f"did you mean {quote_entry(near)}?" if near else f"it has {format_names(list(names))}"
