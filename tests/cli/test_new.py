"""nnexp new"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.inside import inside


@pytest.mark.parametrize(("name", "file"), [("first", "first.yaml"), ("first.yml", "first.yml"), ("010", "010.yaml")])
def test_it_writes_a_spec_that_validates_and_says_what_comes_next(tmp_path: Path, name: str, file: str) -> None:
    done = inside("new", name, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"nnexp train {file}" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([file, "nnexp.schema.json"])
    checked = inside("validate", file, cwd=tmp_path)
    assert checked.returncode == 0
    assert checked.stdout.startswith(f"{file}: valid, ")


def test_it_refuses_to_overwrite_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "first.yaml").write_text("mine")
    done = inside("new", "first", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: first.yaml exists already; choose another name\n"
    assert (tmp_path / "first.yaml").read_text() == "mine"


def test_a_folder_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    done = inside("new", "nowhere/first", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: cannot write nowhere/first.yaml: No such file or directory\n"


def test_a_name_without_words_ends_with_2(tmp_path: Path) -> None:
    done = inside("new", " ", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be the name of a spec" in done.stderr
    assert list(tmp_path.iterdir()) == []
