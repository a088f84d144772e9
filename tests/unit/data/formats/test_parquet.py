"""A table in a Parquet file is the table that its csv file is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastparquet
import numpy as np
import pandas as pd
import pytest

from nnexp.data.formats.csv.dialect import PLAIN_DIALECT, Dialect
from nnexp.data.formats.csv.parquet_file import ParquetFile, open_table_file
from nnexp.data.formats.csv.table import read_table
from nnexp.data.sources.table import Csv
from nnexp.errors import DataError
from tests.cli.inside import inside


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make_table(rows: int = 60) -> pd.DataFrame:
    """Numbers with gaps, whole numbers, texts with gaps, dates and truth values."""
    numbers = np.arange(rows) / 8
    numbers[::7] = np.nan
    columns: dict[str, Any] = {
        "size": numbers,
        "count": np.arange(rows),
        "city": pd.Series(["Bonn", "Ulm", None] * (rows // 3), dtype=object),
        "day": pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(rows), "D"),
        "open": np.arange(rows) % 3 == 0,
        "kind": pd.Series(["a", "b"] * (rows // 2), dtype=object),
    }
    return pd.DataFrame(columns)


def write_both() -> None:
    table = make_table()
    fastparquet.write("t.parquet", table)
    table.to_csv("t.csv", index=False)


def test_rows_and_entries_are_those_of_the_csv_file() -> None:
    write_both()
    one, other = (open_table_file(name, PLAIN_DIALECT) for name in ("t.parquet", "t.csv"))
    assert isinstance(one, ParquetFile)
    assert one.names == other.names
    for place in (0, 7, 59):
        entries, expected_entries = one.read_row(place)[1], other.read_row(place)[1]
        for name in ("city", "day", "open", "kind"):
            assert entries[name] == expected_entries[name]
    found, expected = (read_table(file, ["size", "count"], ["city", "day", "open"]) for file in (one, other))
    for name in ("size", "count"):
        np.testing.assert_array_equal(found.numbers[name], expected.numbers[name])
    for name in ("city", "day", "open"):
        assert found.words[name].entries == expected.words[name].entries
        assert found.words[name].which.tolist() == expected.words[name].which.tolist()


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_the_set_is_that_of_the_csv_file_in_messages_too() -> None:
    write_both()
    settings: dict[str, Any] = {"target": "kind", "drop": ("city", "day", "open"), "fill": "median"}
    one, other = (Csv(name, **settings).read_dataset() for name in ("t.parquet", "t.csv"))
    np.testing.assert_array_equal(one.x, other.x)
    assert one.y.tolist() == other.y.tolist()
    assert one.description.inputs == other.description.inputs
    with pytest.raises(DataError, match=r"t\.parquet: row 1, column 'city': 'Bonn' is a text"):
        Csv("t.parquet", **(settings | {"drop": ("day", "open")})).read_dataset()


def test_signs_of_a_missing_value_count_in_columns_of_numbers() -> None:
    write_both()
    file = open_table_file("t.parquet", Dialect(missing=(3,)))
    assert np.isnan(read_table(file, ["count"], []).numbers["count"][3])


def test_a_spec_is_written_for_it_and_trains() -> None:
    write_both()
    assert inside("new", "mine", "--data", "t.parquet", cwd=Path.cwd()).returncode == 0
    done = inside("train", "mine.yaml", "training.epochs=2", cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    answers = inside("predict", done.stdout.splitlines()[-1], "t.parquet", cwd=Path.cwd())
    assert len(answers.stdout.splitlines()) == 61


def test_a_file_that_is_none_is_refused() -> None:
    Path("t.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match=r"t\.parquet is damaged, or no Parquet file"):
        Csv("t.parquet", "y").read_dataset()
