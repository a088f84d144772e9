"""Runs found by what a person types."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.errors import UsageError
from nnexp.reports.collect import locate_folders
from nnexp.runs.index import find_closest_name, find_run

NAMES = ["first-b5dd8f", "second-aaaaaa"]


def with_runs(folder: Path) -> Path:
    for name in NAMES:
        (folder / name).mkdir()
        (folder / name / "run.json").write_text("{}")
    return folder


@pytest.mark.parametrize("typed", ["frist", "first_", "firts-b5dd8f", "FIRST-b5dd8e"])
def test_the_closest_run_is_found_with_the_digits_that_end_its_name_or_without(typed: str) -> None:
    assert find_closest_name(typed, NAMES) == "first-b5dd8f"


def test_nothing_is_closest_to_a_name_like_none() -> None:
    assert find_closest_name("zebra", NAMES) is None
    assert find_closest_name("zebra", []) is None


@pytest.mark.parametrize("find", [find_run, locate_folders])
def test_a_misspelt_run_is_suggested_by_every_command(find: object, tmp_path: Path) -> None:
    assert callable(find)
    with pytest.raises(UsageError, match="'frist'; did you mean 'first-b5dd8f'"):
        find("frist", with_runs(tmp_path))


def test_of_many_runs_none_is_listed_where_none_is_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no run 'zebra'; `nnexp runs` lists them$"):
        find_run("zebra", with_runs(tmp_path))
