"""Every write to a run folder goes through here, so that a process killed at any moment leaves whole files.

A file is written beside its place, flushed to the disk, and renamed into its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nnexp.errors import RunError

operation: Callable[[str, Path], None] = lambda what, path: None  # noqa: E731 - a hook, replaced by tests
"""Called before every file operation; the tests of faults put their own here, to stop or fail the process at each."""


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all. Raises RunError where it cannot be written."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        _write_through(temporary, content)
        operation("rename", path)
        temporary.replace(path)
        operation("sync folder", path.parent)
        _sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RunError(f"cannot write {path}: {error.strerror or error}") from None


def write_text(path: Path, content: str) -> None:
    """As `write`, in UTF-8."""
    write(path, content.encode())


def rotate(path: Path, older: Path) -> None:
    """Let the file at `path`, if there is one, become `older`."""
    if path.exists():
        operation("rotate", path)
        path.replace(older)


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises RunError where that is not possible."""
    operation("make folder", path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make the folder {path}: {error.strerror or error}") from None


def _write_through(path: Path, content: bytes) -> None:
    operation("create", path)
    with path.open("wb") as file:
        operation("write", path)
        file.write(content)
        file.flush()
        operation("sync", path)
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Make a rename last through a power cut, where the system can."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
