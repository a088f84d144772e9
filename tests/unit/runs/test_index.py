"""Runs found by what a person types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nnexp.errors import UsageError
from nnexp.nn.initializers.from_run import FromRun
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


@pytest.mark.parametrize("find", [find_run, lambda name, root: locate_folders(name, root)[0]], ids=["run", "report"])
@pytest.mark.parametrize("longer", ["first_wide-0a1b2c", "first-wide-0a1b2c", "first2-0a1b2c"])
def test_the_name_of_a_spec_means_its_run_beside_runs_whose_names_go_on(find: Any, longer: str, tmp_path: Path) -> None:
    root = with_runs(tmp_path)
    (root / longer).mkdir()
    (root / longer / "run.json").write_text("{}")
    assert find("first", root) == root / "first-b5dd8f"
    assert find(longer, root) == root / longer


def test_the_name_of_a_spec_means_its_run_to_start_from_beside_runs_whose_names_go_on(tmp_path: Path) -> None:
    root = with_runs(tmp_path)
    (root / "first_wide-0a1b2c").mkdir()
    (root / "first_wide-0a1b2c" / "run.json").write_text("{}")
    assert FromRun(run=str(root / "first")).find_folder() == root / "first-b5dd8f"


def test_a_run_of_just_this_name_goes_before_a_sweep_whose_name_goes_on(tmp_path: Path) -> None:
    root = with_runs(tmp_path)
    sweep = root / "sweeps" / "first_rates-3d4e5f"
    sweep.mkdir(parents=True)
    (sweep / "plan.jsonl").touch()
    assert locate_folders("first", root) == [root / "first-b5dd8f"]
