"""Names of run folders, and numbers in metrics.csv."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.runs.folder import find_folder
from nnexp.runs.metrics_csv import format_metrics
from tests.faults.support import tiny, train

SPEC = tiny("training.epochs=2")

HOSTILE = [
    "<script>alert(1)</script>",
    "../../x",
    "/etc/passwd",
    "",
    " ",
    ".",
    "..",
    "-rf",
    "a/b\\c",
    "naïve 网络",
    "x" * 999,
    "new\nline",
    "tab\t",
    "nul\0",
    "$(touch x)",
    "CON",
    "*?",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_gives_a_plain_folder_in_its_place(name: str, tmp_path: Path) -> None:
    folder = find_folder(replace(SPEC, name=name), tmp_path)
    assert folder.parent == tmp_path
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}-[0-9a-f]{6}", folder.name)


@given(st.text(max_size=30))
def test_any_name_gives_a_plain_folder(name: str) -> None:
    folder = find_folder(replace(SPEC, name=name), Path("runs"))
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*-[0-9a-f]{6}", folder.name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_run_with_a_hostile_name_can_be_trained_and_found_done_again(name: str, tmp_path: Path) -> None:
    spec = replace(SPEC, name=name)
    assert train(spec, tmp_path).name == name
    assert train(spec, tmp_path).state == "done"


def test_names_that_differ_only_where_folders_cannot_give_different_folders() -> None:
    assert find_folder(replace(SPEC, name="a b"), Path()) != find_folder(replace(SPEC, name="a/b"), Path())


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_numbers_in_the_csv_read_back_as_the_same_numbers(values: list[float]) -> None:
    text = format_metrics([{"epoch": k, "loss": value} for k, value in enumerate(values)])
    cells = [line.split(",")[1] for line in text.splitlines()[1:]]
    assert all(float(cell) == value or math.isnan(value) for cell, value in zip(cells, values, strict=True))
    frame = pd.read_csv(io.StringIO(text))
    assert list(frame["epoch"]) == list(range(len(values)))


def test_no_epoch_no_line() -> None:
    assert format_metrics([]) == ""
