"""Every change to a run folder goes through here, so that a process killed at any moment leaves whole files.

A file is written beside its place, flushed to the disk, and renamed into its place.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

from nnexp.errors import RunError

Sync: TypeAlias = Literal["folder", "file", "nothing"]

operation: Callable[[str, Path], None] = lambda what, path: None  # noqa: E731 - a hook, replaced by tests
"""Called before every file operation; the tests of faults put their own here, to stop or fail the process at each."""


def write(path: Path, content: bytes, sync: Sync = "folder") -> None:
    """Put `content` at `path`, whole or not at all. Raises RunError where it cannot be written.

    A link stays, and what it leads to is written; what is no file, such as a device or a pipe, is written to as it is.
    `sync` says what outlasts a power cut: the file in its place, which needs its folder flushed as well; the content,
    of which several that are written one after the other leave their places to the last one's flush; or nothing.
    """
    with _or_run_error(f"write {path}"):
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        if path.is_symlink():
            path = path.resolve()
        temporary = path.with_name(f".{path.name}.part")
        try:
            _write_through(temporary, content, sync)
            operation("rename", path)
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise
        if sync == "folder":
            operation("sync folder", path.parent)
            _sync_folder(path.parent)


def read(path: Path) -> bytes:
    """The content of a file, nothing where there is none. Raises RunError where it cannot be read."""
    with _or_run_error(f"read {path}"):
        return path.read_bytes() if path.exists() else b""


def write_text(path: Path, content: str, sync: Sync = "folder") -> None:
    """As `write`, in UTF-8."""
    write(path, content.encode(), sync)


def write_json(path: Path, document: Any) -> None:
    """As `write`, as JSON for any reader: see `strict`."""
    write_text(path, json.dumps(strict(document), indent=2, allow_nan=False) + "\n")


def strict(value: Any) -> Any:
    """The value with null for the numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: strict(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [strict(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def rotate(path: Path, older: Path) -> None:
    """Let the file at `path`, if there is one, become `older`. Raises RunError where that is not possible."""
    if path.exists():
        with _or_run_error(f"rename {path}"):
            operation("rotate", path)
            path.replace(older)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it. Raises RunError where that is not possible."""
    with _or_run_error(f"delete {path}"):
        operation("remove", path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises RunError where that is not possible."""
    with _or_run_error(f"make the folder {path}"):
        operation("make folder", path)
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def _or_run_error(what: str) -> Iterator[None]:
    """The system's refusal as a RunError: what could not be done, and why."""
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot {what}: {error.strerror or error}") from None


def _write_through(path: Path, content: bytes, sync: Sync) -> None:
    operation("create", path)
    with path.open("wb") as file:
        operation("write", path)
        file.write(content)
        file.flush()
        if sync != "nothing":
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
