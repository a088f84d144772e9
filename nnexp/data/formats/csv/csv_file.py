"""A csv file as text: its lines and its entries.

Spaces around an entry mean nothing, a byte-order mark neither; empty lines at the end are no rows. A file may be
compressed, which its ending says.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, Any, TextIO

from nnexp.data.file_source import find_path
from nnexp.data.formats.csv.dialect import PLAIN_DIALECT, WHITESPACE, Dialect, name_columns
from nnexp.errors import DataError
from nnexp.wording import format_count, shorten_text

BLOCK_BYTES = 2**20
"""Bytes that are looked at together."""

MAX_LISTED_NAMES = 10
"""How many names a message lists."""

MAX_ENTRY_CHARACTERS = 41
"""Characters of an entry that a message repeats, with the … that ends a longer one."""

OPENERS: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""What opens a compressed file, by its ending."""

SPACES_PATTERN = re.compile(r"\s+")


def quote_entry(entry: str) -> str:
    """An entry in a message."""
    return repr(shorten_text(entry, MAX_ENTRY_CHARACTERS))


def format_names(names: Sequence[str]) -> str:
    """Names in a message, not too many of them."""
    listed = ", ".join(map(quote_entry, names[:MAX_LISTED_NAMES]))
    left_out = len(names) - MAX_LISTED_NAMES
    return f"{listed} and {left_out} more" if left_out > 0 else listed


@dataclass(frozen=True)
class CsvFile:
    """A csv file; `shown` is its name as the user wrote it."""

    shown: str
    dialect: Dialect = PLAIN_DIALECT

    @property
    def place_word(self) -> str:
        """What is counted to say where something stands."""
        return "line"

    @property
    def path(self) -> Path:
        """The file. Raises DataError where it is not there or is no file."""
        found = find_path(self.shown)
        if not found.is_file():
            what = "is a folder, and a csv file is expected" if found.is_dir() else "is no ordinary file"
            raise self.make_error(what)
        return found

    def make_error(self, what: str, line: int = 0, column: str | None = None) -> DataError:
        """The error that says what is wrong, and where."""
        place = f"{self.place_word} {line}" if line else ""
        place += f", column {quote_entry(column)}" if column is not None else ""
        name = self.shown or "''"
        return DataError(f"{name}: {place.removeprefix(', ')}: {what}" if place else f"{name} {what}")

    @property
    def encoding(self) -> str:
        """The encoding to read with: a byte-order mark is no text."""
        return "utf-8-sig" if _is_utf8(self.dialect.encoding) else self.dialect.encoding

    @contextmanager
    def open_bytes(self) -> Iterator[IO[bytes]]:
        """The bytes of the file, decompressed. Raises DataError where they cannot be read."""
        try:
            with OPENERS.get(self.path.suffix.lower(), _open_plain)(self.path) as stream:
                yield stream
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            reason = getattr(error, "strerror", None) or error
            raise self.make_error(f"cannot be read: {reason}") from None

    @contextmanager
    def open_text(self) -> Iterator[TextIO]:
        """The text below the lines that are skipped."""
        with self.open_bytes() as raw, io.TextIOWrapper(raw, self.encoding, newline="") as text:
            for _ in range(self.dialect.skip_lines):
                text.readline()
            yield text

    def check_encoding(self) -> None:
        """Raises DataError where the file is no text in its encoding, with the line of the first byte that is none."""
        encoding = self.dialect.encoding
        decoder, line, last = codecs.getincrementaldecoder(encoding)(), 1, b""
        with self.open_bytes() as file:
            while True:
                block = file.read(BLOCK_BYTES)
                found = _find_invalid_byte(decoder, block, zero_is_text=not _is_utf8(encoding))
                if found is not None:
                    line += _count_line_breaks(block[: max(found, 0)], last)
                    raise self.make_error(_describe_invalid_byte(block, found, encoding), line)
                if not block:
                    return
                line, last = line + _count_line_breaks(block, last), block[-1:]

    @cached_property
    def names(self) -> list[str]:
        """The names of the columns, those of the spec where the file has none. Raises DataError for an empty file."""
        first = next(self.read_records(), None)
        if first is None:
            wanted = "; its first line should hold the names of the columns" if self.dialect.header else ""
            raise self.make_error(f"is empty{wanted}")
        line, entries = first
        if self.dialect.header:
            return entries
        if not self.dialect.names:
            return name_columns(len(entries))
        if len(self.dialect.names) != len(entries):
            given = format_count(len(self.dialect.names), "name")
            raise self.make_error(f"{format_count(len(entries), 'entry')}, and the spec gives {given}", line)
        return list(self.dialect.names)

    def read_rows(self) -> Iterator[tuple[int, list[str]]]:
        """The entries of every row below the names, each with its line. Raises DataError for one of another length."""
        for line, entries in self._read_whole_rows():
            yield line, [entry.strip() for entry in entries]

    def check_rows(self) -> int:
        """The number of rows. Raises DataError for the first that is not as long as the others."""
        return sum(1 for _ in self._read_whole_rows())

    def read_row(self, index: int) -> tuple[int, dict[str, str]]:
        """The line and the entries by column of one row, counted from 0."""
        names = self.names
        line, entries = next(islice(self._read_whole_rows(), index, None), (0, [""] * len(names)))
        return line, dict(zip(names, [entry.strip() for entry in entries], strict=True))

    def _read_whole_rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows with their lines, spaces around entries kept; each is as long as there are names."""
        names = self.names
        count = len(names)
        records = self._read_raw_records()
        if self.dialect.header:
            next(records, None)
        blank = 0  # the first empty line; at the end of a file they are no rows, in the middle a mistake
        for line, entries in records:
            # a table of one column may have an empty entry, which then is a missing value
            if len(entries) < 2 and not "".join(entries).strip() and not (count == 1 and entries):
                blank = blank or line
                continue
            if blank:
                raise self.make_error("the line is empty", blank)
            if len(entries) != count:
                raise self.make_error(_describe_uneven_row(entries, names), line)
            yield line, entries

    def read_records(self) -> Iterator[tuple[int, list[str]]]:
        """The entries of every line or, where quotes hold line breaks, of several; with the first one's number."""
        for line, entries in self._read_raw_records():
            yield line, [entry.strip() for entry in entries]

    def _read_raw_records(self) -> Iterator[tuple[int, list[str]]]:
        """The records with the spaces around their entries."""
        dialect = self.dialect
        begin = above = dialect.skip_lines + 1
        separator = " " if dialect.separator == WHITESPACE else dialect.separator
        skip = separator != " "  # else two separators would be one
        try:
            with self.open_text() as file:
                lines = _LineReader(file, dialect)
                reader = csv.reader(lines, delimiter=separator, quotechar=dialect.quote, skipinitialspace=skip)
                for entries in reader:
                    if lines.ended:
                        raise self.make_error("a quote is opened here and never closed", begin)
                    yield begin, entries
                    begin = reader.line_num + above
        except csv.Error as error:
            what = str(error)
            if "field limit" in what:
                limit = f"{csv.field_size_limit():,}"
                what = f"an entry of more than {limit} characters, or a quote that is never closed"
            raise self.make_error(what, begin) from None
        except UnicodeError:
            raise self.make_error(f"is no text in {dialect.encoding.upper()}") from None


class _LineReader:
    """The lines of a file, remembering whether its end was reached: inside a record, where a quote is not closed."""

    def __init__(self, file: TextIO, dialect: Dialect) -> None:
        self._file = file
        self._joins_spaces = dialect.separator == WHITESPACE
        self._quote = dialect.quote
        self.ended = False

    def __iter__(self) -> _LineReader:
        return self

    def __next__(self) -> str:
        line = next(self._file, None)
        if line is None:
            self.ended = True
            raise StopIteration
        return self._join_spaces(line) if self._joins_spaces else line

    def _join_spaces(self, line: str) -> str:
        """A line whose runs of spaces and tabs are single spaces, but for those between quotes."""
        pieces = line.strip().split(self._quote)
        for place in range(0, len(pieces), 2):  # every other piece stands outside of quotes
            pieces[place] = SPACES_PATTERN.sub(" ", pieces[place])
        return self._quote.join(pieces) + "\n"


def _open_plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def _find_invalid_byte(decoder: codecs.IncrementalDecoder, block: bytes, *, zero_is_text: bool) -> int | None:
    """Where in a block the first byte is that is no text, before it begins (-1) perhaps; None where all are."""
    pending = len(decoder.getstate()[0])  # the first bytes of a character, at the end of the block before
    found = []
    if not zero_is_text and 0 in block:  # which is UTF-8, and in no table but one in UTF-16
        found.append(block.index(0))
    try:
        decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        found.append(error.start - pending)
    return min(found, default=None)


def _describe_invalid_byte(block: bytes, found: int, encoding: str) -> str:
    """What is said of a byte, which may be one of the block before."""
    byte = f"the byte 0x{block[found]:02X}" if 0 <= found < len(block) else "a byte"
    what = f"{byte} is no text in {encoding.upper()}"
    if not _is_utf8(encoding):
        return f"{what}; name the encoding of the file: data.source.csv.encoding=..."
    if 0 in block[:2] or block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return f"{what}; if the file is in UTF-16: data.source.csv.encoding=utf-16"
    return f"{what}; if the line has {_show_in_cp1252(block, max(found, 0))}: data.source.csv.encoding=cp1252"


def _show_in_cp1252(block: bytes, found: int) -> str:
    """What stands around a byte, in the commonest encoding of Western letters that is not UTF-8."""
    start = max(block.rfind(b"\n", 0, found) + 1, found - MAX_ENTRY_CHARACTERS // 2, 0)
    around = re.split(rb"[\r\n]", block[start : found + MAX_ENTRY_CHARACTERS // 2])[0]
    return quote_entry(around.decode("cp1252", "replace").strip())


def _count_line_breaks(block: bytes, before: bytes) -> int:
    """How many lines end in a block, each at a line feed, a carriage return, or both."""
    # a line feed that ends the carriage return of the block before was counted there
    halves = block.startswith(b"\n") and before == b"\r"
    return block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n") - halves


def _describe_uneven_row(entries: list[str], names: list[str]) -> str:
    entry_noun = "entry" if len(entries) == 1 else "entries"
    what = f"{len(entries)} {entry_noun} under {format_count(len(names), 'name')}"
    if not names[-1] and len(entries) == len(names) - 1:
        return f"{what}; the first line ends with a separator"
    return what
