"""What to do about a table that cannot be used as it is."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nnexp.data.tables.reading import Texts
from nnexp.data.tables.text import CsvFile, quoted
from nnexp.errors import DataError

KEY = "data.source.csv"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is said of features that are no numbers, or not there: here of a table that a run is to predict for."""

    def of_texts(self, file: CsvFile, found: Mapping[str, Texts]) -> DataError:
        """The error of a table with texts where numbers belong."""
        column, texts = first_of(found)
        return file.wrong(f"{quoted(texts.first)} is not a number", texts.line, column)

    def of_missing(self) -> str:
        """What can be done about a value that is missing."""
        return "the run was trained without missing values"


@dataclass(frozen=True, slots=True)
class SpecAdvice(Advice):
    """What is said of a table that a spec names, with overrides of the spec; all texts that may be meant at once.

    categorical, drop: what the spec has there already. listed: whether it lists the features.
    """

    categorical: tuple[tuple[str, tuple[str, ...]], ...]
    drop: tuple[str, ...]
    listed: bool

    def of_texts(self, file: CsvFile, found: Mapping[str, Texts]) -> DataError:
        column, texts = first_of(found)
        if texts.numbers:
            return Advice.of_texts(self, file, found)
        words = f"{quoted(texts.first)} is a text, and inputs are numbers"
        few = {name: tuple(sorted(each.values)) for name, each in found.items() if each.are_few}
        many = [name for name, each in found.items() if not each.numbers and not each.are_few]
        ways = []
        if few:
            ways.append(f"to make categories of {_all(few)}: {override('categorical', dict(self.categorical) | few)}")
        if self.listed:
            ways.append(f"to leave {_all(found)} out: take it from data.source.csv.features")
        else:
            left_out = many or list(few)
            ways.append(f"to leave {_all(left_out)} out: {override('drop', [*self.drop, *left_out])}")
        return file.wrong("; ".join([words, *ways]), texts.line, column)

    def of_missing(self) -> str:
        return f"{KEY}.missing=mean fills in the mean of the training part; there are also median and zero"


def first_of(found: Mapping[str, Texts]) -> tuple[str, Texts]:
    """The first text among numbers: where a column has numbers too, it is a slip, and comes first."""
    return min(found.items(), key=lambda item: (not item[1].numbers, item[1].line))


def override(name: str, value: object) -> str:
    """An override to paste."""
    return shlex.quote(f"{KEY}.{name}={_flow(value)}")


def _all(names: Iterable[str]) -> str:
    return " and ".join(map(quoted, names))


def _flow(value: object) -> str:
    """A value as a spec takes it, on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    word = str(value)
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", word) and word not in ("true", "false", "null")
    return word if plain else json.dumps(word, ensure_ascii=False)
