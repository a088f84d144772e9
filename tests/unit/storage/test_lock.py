"""One writer for a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nnexp.errors import RunError
from nnexp.storage.lock import is_locked, lock_folder
from tests.faults.support import in_child


def test_a_lock_is_held_while_it_is_and_not_before_or_after(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    with lock_folder(tmp_path):
        assert is_locked(tmp_path)
        assert f"process {os.getpid()} on" in (tmp_path / "owner").read_text()
    assert not is_locked(tmp_path)
    assert not (tmp_path / "owner").exists()


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    def work() -> None:
        with pytest.raises(RunError, match=f"process {os.getppid()} on"), lock_folder(tmp_path):
            pass

    with lock_folder(tmp_path):
        assert in_child(work) == 0


def test_a_lock_is_freed_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock_folder(tmp_path):
        1 / 0  # noqa: B018 - an error like any other
    with lock_folder(tmp_path):
        pass


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot lock"), lock_folder(tmp_path / "file"):
        pass
