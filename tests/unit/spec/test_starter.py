"""The spec to start from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnexp.errors import UsageError
from nnexp.spec.read import load_network_spec
from nnexp.spec.schema import build_schema
from nnexp.spec.starter import SCHEMA_FILE, write_starter


@pytest.mark.parametrize(
    "name", ["first", "010", "true", "a: b", "#x", "1e3", "{braces}", "naïve", "two words", "null"]
)
def test_the_starter_is_a_valid_spec_of_that_name(tmp_path: Path, name: str) -> None:
    write_starter(tmp_path / f"{name}.yaml")
    assert load_network_spec(tmp_path / f"{name}.yaml").name == name


def test_an_editor_finds_the_schema_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "first.yaml"
    beside = write_starter(path)
    assert path.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")
    assert beside == tmp_path / SCHEMA_FILE
    assert json.loads(beside.read_text(encoding="utf-8")) == build_schema()


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "first.yaml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write_starter(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["first.yaml"]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["two\nlines", "bell\x07", " "])
def test_a_name_that_no_spec_can_have_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a spec"):
        write_starter(tmp_path / f"{name}.yaml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["nowhere/first.yaml", "x" * 300 + ".yaml"])
def test_a_place_that_cannot_be_written_is_a_usage_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        write_starter(tmp_path / path)
