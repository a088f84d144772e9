"""Writing whole files, and JSON that any reader takes."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from nnexp.errors import RunError
from nnexp.runs import files
from tests.faults.support import hooked


def refuse_at(what: str) -> AbstractContextManager[None]:
    def hook(operation: str, path: Path) -> None:
        if operation == what:
            raise OSError(5, "Input/output error")

    return hooked(hook)


@pytest.mark.parametrize("what", ["create", "write", "sync", "rename"])
def test_a_write_that_fails_leaves_the_old_file_whole_and_nothing_else(what: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")
    with refuse_at(what), pytest.raises(RunError, match=f"cannot write {path}: Input/output error"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    files.write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as other:
        read = other.submit(pipe.read_bytes)
        files.write(pipe, b"through")
        assert read.result() == b"through"
    assert pipe.is_fifo()


def test_a_write_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Not a directory"):
        files.write(tmp_path / "file" / "x", b"")


@pytest.mark.parametrize("what", ["rotate", "remove", "make folder"])
def test_every_other_operation_that_fails_is_a_run_error(what: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")
    act = {
        "rotate": lambda: files.rotate(path, tmp_path / "older"),
        "remove": lambda: files.remove(path),
        "make folder": lambda: files.make_folder(tmp_path / "new"),
    }
    with refuse_at(what), pytest.raises(RunError, match="Input/output error"):
        act[what]()
    assert list(tmp_path.iterdir()) == [path]


def test_removing_a_link_leaves_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    files.remove(tmp_path / "link")
    assert not (tmp_path / "link").exists()
    assert (tmp_path / "kept" / "file").exists()


def test_numbers_that_json_does_not_have_become_null(tmp_path: Path) -> None:
    files.write_json(tmp_path / "x.json", {"a": [float("nan"), float("-inf"), 0.1], "b": (1, None)})
    text = (tmp_path / "x.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {"a": [None, None, 0.1], "b": [1, None]}
