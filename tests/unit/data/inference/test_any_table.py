"""Any table, in any notation: it is read to the same numbers, and the spec that is written for it loads."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nnexp.data.formats.csv.dialect import WHITESPACE, NumberFormat
from nnexp.data.inference.dialect import guess_dialect
from nnexp.data.inference.table import guess_table
from nnexp.data.sources.table import Csv
from nnexp.errors import NnexpError
from nnexp.inspection.table_preview import TablePreview, preview_table
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from tests.unit.data.inference.columns import COLUMNS

ROWS = 40

Quote: TypeAlias = Literal['"', "'"]

QUOTES: tuple[Quote, ...] = ('"', "'")

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}

NUMBERS = (
    NumberFormat(),
    NumberFormat(thousands=","),
    NumberFormat(decimal=","),
    NumberFormat(",", "."),
    NumberFormat(",", " "),
    NumberFormat(".", "'"),
    NumberFormat(".", ",", ("$",)),
    NumberFormat(",", ".", ("€",)),
    NumberFormat(".", "", ("%",)),
)

HOSTILE_NAMES = (
    *("yes", "no", "a: b", "#x", "ünï", "true", "null", "~", "1", 'q"r', "s, t", "{a}", "[b]", "- c", "&d", "*e", "!f"),
    *("%g", "@h", "`i", "a=b", "1e3", ".inf", "x #y", "日本", "=1+1", "'", "\\", "a;b", "a\tb", "{top: 2}", "name"),
    *("\u200bz", "\ufffe", "\x7f", "\u00a0w\u2028v", "lin\ne", "", "  ", "0", "on", "|", ">", "?", "id", "row"),
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_number(value: float, form: NumberFormat) -> str:
    """A number in a notation."""
    text = f"{value:,.2f}" if form.thousands else f"{value:.2f}"
    marks = {",": form.thousands, ".": form.decimal}
    text = "".join(marks.get(letter, letter) for letter in text)
    if not form.symbols:
        return text
    [symbol] = form.symbols
    return (
        text.replace("-", "-$", 1)
        if symbol == "$" and value < 0
        else f"${text}"
        if symbol == "$"
        else f"{text} {symbol}"
    )


def write_rows(rows: list[list[str]], separator: str, quote: str, end: str) -> str:
    """Lines of entries, those in quotes that need it."""
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=" " if separator == WHITESPACE else separator, quotechar=quote, lineterminator=end
    )
    writer.writerows(rows)
    return text.getvalue()


@given(
    form=st.sampled_from(NUMBERS),
    separator=st.sampled_from([",", ";", "\t", "|", WHITESPACE]),
    quote=st.sampled_from(QUOTES),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    compression=st.sampled_from(list(COMPRESSORS)),
    has_names=st.booleans(),
    title=st.sampled_from(["", "A title", "# made by hand"]),
    seed=st.integers(0, 999),
)
@settings(max_examples=40)
def test_a_table_is_read_to_the_same_numbers_however_it_is_written_and_that_is_what_is_said_of_it(
    form: NumberFormat,
    separator: str,
    quote: Quote,
    encoding: str,
    end: str,
    compression: str,
    has_names: bool,
    title: str,
    seed: int,
) -> None:
    # where nothing but a comma can tell a file's columns apart, a comma in its numbers is quoted or no part of them
    assume(quote not in (form.thousands, form.decimal))
    assume(not (end == "\r" and title))
    random = np.random.default_rng(seed)
    numbers = random.normal(0, 5000, (ROWS, 3)).round(2)
    words = [["café", "thé"][k] for k in random.integers(0, 2, ROWS)]
    rows = [
        [*(write_number(value, form) for value in row), word] for row, word in zip(numbers.tolist(), words, strict=True)
    ]
    names = ["länge", "b", "c", "kind"] if has_names else []
    text = write_rows([names, *rows] if has_names else rows, separator, quote, end)
    if title:
        text = f"{title}{end}{end}{text}"
    file = f"t.csv{compression}"
    Path(file).write_bytes(COMPRESSORS[compression](text.encode(encoding)))
    guess = guess_table(file)
    dialect = guess.dialect.dialect
    assert dialect.separator == separator
    assert dialect.numbers.decimal == form.decimal
    assert dialect.numbers.symbols == form.symbols
    assert dialect.skip_lines == (2 if title else 0)
    assert dialect.header == has_names
    assert [column.name for column in guess.columns] == (names or ["c1", "c2", "c3", "c4"])
    assert [column.kind for column in guess.columns] == ["number"] * 3 + ["category"]
    read = Csv(
        file,
        guess.columns[3].name,
        separator=separator,
        quote=quote,
        encoding=encoding,
        header=has_names,
        skip_lines=dialect.skip_lines,
        decimal="," if form.decimal == "," else ".",
        thousands=form.thousands,
        symbols=form.symbols,
    ).load()
    assert read.x.tolist() == numbers.tolist()
    found = preview_table(file)
    spec = load_spec(SpecText("s.yaml", found.spec), name="s")
    data = spec.data.source.load()
    assert data.x.tolist() == numbers.tolist()
    assert [data.description.classes[k] for k in data.y] == words


def refuse_in_words(target: str | None = None) -> TablePreview | None:
    """What t.csv is; nothing where it is refused, by its name and without overrides of a spec that nobody has."""
    message = ""
    try:
        return preview_table("t.csv", "hostile", target)
    except NnexpError as error:
        message = str(error)
    assert message.startswith("t.csv")
    assert "data.source" not in message
    return None


@given(
    kinds=st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=7),
    names=st.lists(st.sampled_from(HOSTILE_NAMES), min_size=7, max_size=7),
    rows=st.integers(0, 60),
    has_names=st.booleans(),
    separator=st.sampled_from([",", ";", "\t"]),
    target=st.integers(0, 9),
    seed=st.integers(0, 999),
)
@settings(max_examples=60)
def test_the_spec_that_is_written_for_a_table_loads_or_the_file_is_refused_with_its_name(
    kinds: list[str], names: list[str], rows: int, has_names: bool, separator: str, target: int, seed: int
) -> None:
    draw = random.Random(seed)
    lines = [names[: len(kinds)]] if has_names else []
    lines += [[COLUMNS[kind](draw, row) for kind in kinds] for row in range(rows)]
    Path("t.csv").write_text(write_rows(lines, separator, '"', "\n"), "utf-8")
    found = refuse_in_words()
    if found and target < len(found.guess.columns):
        found = refuse_in_words(found.guess.columns[target].name)
    if found is None:
        return
    spec = load_spec(SpecText("s.yaml", found.spec), name="s")
    data = spec.data.source.load_for(spec.data.split)
    parts = spec.data.split.choose_rows(data)
    assert all(len(rows) for rows in parts.values())
    assert data.x.shape[1]


@given(st.binary(max_size=400))
@settings(max_examples=100)
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    Path("t.csv").write_bytes(content)
    refuse_in_words()


@given(st.text(alphabet=st.sampled_from("ab1.,;\t \"'\n\r-?%|#:é\0"), max_size=200))
@settings(max_examples=150)
def test_any_text_is_a_table_or_refused(content: str) -> None:
    Path("t.csv").write_text(content, "utf-8")
    refuse_in_words()


@pytest.mark.parametrize("ending", [".csv.gz", ".csv.bz2", ".csv.xz"])
def test_a_damaged_archive_is_refused(ending: str) -> None:
    whole = COMPRESSORS[ending.removeprefix(".csv")](b"a,b\n1,2\n" * 99)
    for content in (b"a,b\n1,2\n", whole[:-9], whole[:20] + b"xxxx" + whole[24:]):
        Path(f"t{ending}").write_bytes(content)
        with pytest.raises(NnexpError, match=rf"t{ending}"):
            guess_dialect(f"t{ending}")
