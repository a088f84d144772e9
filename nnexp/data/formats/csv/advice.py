"""What to do about a table that cannot be used as it is."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nnexp.data.formats.csv.csv_file import CsvFile, quote_entry
from nnexp.data.formats.csv.table import UnexpectedTexts
from nnexp.errors import DataError

SPEC_KEY = "data.source.csv"
PLAIN_WORD_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class CsvAdvice:
    """What is said of features that are no numbers, or not there: here of a table that a run is to predict for."""

    def make_text_error(self, file: CsvFile, found: Mapping[str, UnexpectedTexts]) -> DataError:
        """The error of a table with texts where numbers belong."""
        column, texts = find_first_text(found)
        return file.make_error(f"{quote_entry(texts.first)} is not a number", texts.line, column)

    def describe_missing(self) -> str:
        """What can be done about a value that is missing."""
        return "the run was trained without missing values"


@dataclass(frozen=True, slots=True)
class CsvSpecAdvice(CsvAdvice):
    """What is said of a table that a spec names, with overrides of the spec; all texts that may be meant at once.

    categorical, drop: what the spec has there already. listed: whether it lists the features.
    """

    categorical: tuple[tuple[str, tuple[str, ...]], ...]
    drop: tuple[str, ...]
    listed: bool

    def make_text_error(self, file: CsvFile, found: Mapping[str, UnexpectedTexts]) -> DataError:
        column, texts = find_first_text(found)
        if texts.numbers:
            return CsvAdvice.make_text_error(self, file, found)
        sentences = [f"{quote_entry(texts.first)} is a text, and inputs are numbers"]
        few: dict[str, tuple[str, ...]] = {}
        many = []
        for name, each in found.items():
            if each.has_few_values:
                few[name] = tuple(sorted(each.values))
            elif not each.numbers:
                many.append(name)
        if few:
            override = format_override("categorical", dict(self.categorical) | few)
            sentences.append(f"to make categories of {_join_names(few)}: {override}")
        if self.listed:
            sentences.append(f"to leave {_join_names(found)} out: take it from data.source.csv.features")
        else:
            left_out = many or list(few)  # what may be categories is rather made so
            override = format_override("drop", [*self.drop, *left_out])
            sentences.append(f"to leave {_join_names(left_out)} out: {override}")
        return file.make_error("; ".join(sentences), texts.line, column)

    def describe_missing(self) -> str:
        return f"{SPEC_KEY}.missing=mean fills in the mean of the training part; there are also median and zero"


def find_first_text(found: Mapping[str, UnexpectedTexts]) -> tuple[str, UnexpectedTexts]:
    """The first text among numbers: where a column has numbers too, it is a slip, and comes first."""
    return min(found.items(), key=lambda item: (not item[1].numbers, item[1].line))


def format_override(name: str, value: object) -> str:
    """An override to paste."""
    return shlex.quote(f"{SPEC_KEY}.{name}={_format_flow(value)}")


def _join_names(names: Iterable[str]) -> str:
    return " and ".join(map(quote_entry, names))


def _format_flow(value: object) -> str:
    """A value as a spec takes it, on one line."""
    if isinstance(value, dict):
        items = [f"{_format_flow(key)}: {_format_flow(entry)}" for key, entry in value.items()]
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_format_flow, value))}]"
    word = str(value)
    # without quotes, YAML takes what else there is for a number, a truth value, nothing, or a part of its syntax
    if PLAIN_WORD_PATTERN.fullmatch(word) and word not in ("true", "false", "null"):
        return word
    return json.dumps(word, ensure_ascii=False)
