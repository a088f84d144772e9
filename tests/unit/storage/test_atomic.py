"""Writing whole files, and JSON that any reader takes."""

from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from nnexp.errors import RunError
from nnexp.storage import atomic
from tests.faults.support import hooked


def refuse_at(what: str) -> AbstractContextManager[None]:
    def hook(operation: str, path: Path) -> None:
        if operation == what:
            raise OSError(5, "Input/output error")

    return hooked(hook)


@pytest.mark.parametrize("what", ["create", "write", "sync", "rename"])
def test_a_write_that_fails_leaves_the_old_file_whole_and_nothing_else(what: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.write_file(path, b"old")
    with refuse_at(what), pytest.raises(RunError, match=f"cannot write {path}: Input/output error"):
        atomic.write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    atomic.write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"new"


@pytest.mark.parametrize("what", ["create", "write", "sync", "rename"])
def test_where_a_write_through_a_link_fails_all_is_as_before(what: str, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "link").symlink_to("there")
    with refuse_at(what), pytest.raises(RunError):
        atomic.write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").readlink() == Path("there")
    assert (tmp_path / "there").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_link_in_the_temporary_files_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_bytes(b"mine")
    part = tmp_path / atomic.part_name("file")
    part.symlink_to("thesis")
    with pytest.raises(RunError, match="cannot write"):
        atomic.write_file(tmp_path / "file", b"new")
    assert part.is_symlink()
    assert (tmp_path / "thesis").read_bytes() == b"mine"


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o600)
    atomic.write_file(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as it is for anyone but root, after chmod -w
    with pytest.raises(RunError, match="Permission denied"):
        atomic.write_file(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_a_new_file_takes_nobodys_place(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    assert atomic.write_new(tmp_path / "file", b"first")
    assert not atomic.write_new(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_stream_that_leads_to_a_file_is_written_where_it_is_open(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as open_file:
        atomic.write_file(Path(f"/dev/fd/{open_file.fileno()}"), b"through")
        assert os.fstat(open_file.fileno()).st_size == len(b"through")


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as other:
        read = other.submit(pipe.read_bytes)
        atomic.write_file(pipe, b"through")
        assert read.result() == b"through"
    assert pipe.is_fifo()


def test_a_write_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Not a directory"):
        atomic.write_file(tmp_path / "file" / "x", b"")


@pytest.mark.parametrize("what", ["rotate", "make folder"])
def test_every_other_operation_that_fails_is_a_run_error(what: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.write_file(path, b"old")
    act = {
        "rotate": lambda: atomic.rotate_file(path, tmp_path / "older"),
        "make folder": lambda: atomic.make_folder(tmp_path / "new"),
    }
    with refuse_at(what), pytest.raises(RunError, match="Input/output error"):
        act[what]()
    assert list(tmp_path.iterdir()) == [path]


def test_numbers_that_json_does_not_have_become_null(tmp_path: Path) -> None:
    atomic.write_json(tmp_path / "x.json", {"a": [float("nan"), float("-inf"), 0.1], "b": (1, None)})
    text = (tmp_path / "x.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {"a": [None, None, 0.1], "b": [1, None]}
