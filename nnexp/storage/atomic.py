"""Every file that nnexp writes is written here: whole, or not at all, also by a process that is killed on the way.

A file is written beside its place, flushed to the disk, and renamed into its place. What was there before stays until
then, so that a full disk costs nobody an old file.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

from nnexp.errors import RunError

Sync: TypeAlias = Literal["folder", "file", "nothing"]

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""Errors of file systems without hard links, such as FAT and some network drives."""

MAX_LINKS = 40
"""Symbolic links that are followed one after another; Linux follows as many."""

before_operation: Callable[[str, Path], None] = lambda what, path: None  # noqa: E731 - a hook, replaced by tests
"""Called before every file operation; the tests of faults put their own here, to stop or fail the process at each."""


def write_file(path: Path, content: bytes, sync: Sync = "folder") -> None:
    """Put `content` at `path`, whole or not at all. Raises RunError if it cannot be written.

    A link stays, and its target is written; a device or a pipe is written to directly. A file that is replaced keeps
    its permissions, and one that is read-only is not replaced.
    `sync` says what outlasts a power cut: "folder" the file in its place; "file" the content, so that of several files
    only the last one has to flush the folder; or "nothing".
    """
    with raise_as_run_error(f"write {path}"):
        if _is_open_stream(path) or (path.exists() and not path.is_file()):
            path.write_bytes(content)
            return
        if path.is_symlink():
            path = path.resolve()
        mode = _mode_to_keep(path)
        with _temporary_file(path, content, sync, mode) as temporary:
            before_operation("rename", path)
            temporary.replace(path)
        if sync == "folder":
            before_operation("sync folder", path.parent)
            _sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> bool:
    """As `write_file`, but never over another file, not even one of a moment ago; False if there is one."""
    with raise_as_run_error(f"write {path}"), _temporary_file(path, content, "folder", None) as temporary:
        before_operation("rename", path)
        is_free = _rename_to_free_name(temporary, path)
        before_operation("sync folder", path.parent)
        _sync_folder(path.parent)
    return is_free


def read_file(path: Path) -> bytes:
    """The content of a file, nothing if there is none. Raises RunError if it cannot be read."""
    with raise_as_run_error(f"read {path}"):
        return path.read_bytes() if path.exists() else b""


def write_text(path: Path, content: str, sync: Sync = "folder") -> None:
    """As `write_file`, in UTF-8."""
    write_file(path, content.encode(), sync)


def write_json(path: Path, document: Any) -> None:
    """As `write_file`, as JSON for any reader: see `replace_nonfinite`."""
    write_text(path, json.dumps(replace_nonfinite(document), indent=2, allow_nan=False) + "\n")


def replace_nonfinite(value: Any) -> Any:
    """The value with null for the numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: replace_nonfinite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return list(map(replace_nonfinite, value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def restore_nonfinite(numbers: Mapping[str, float | None]) -> dict[str, float]:
    """Numbers as they were before `replace_nonfinite`, but that what was infinite is NaN as well."""
    return {name: math.nan if number is None else number for name, number in numbers.items()}


def rotate_file(path: Path, older: Path) -> None:
    """Rename the file at `path`, if there is one, to `older`. Raises RunError if that is not possible."""
    if path.exists():
        with raise_as_run_error(f"rename {path}"):
            before_operation("rotate", path)
            path.replace(older)


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises RunError if that is not possible."""
    with raise_as_run_error(f"make the folder {path}"):
        before_operation("make folder", path)
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def raise_as_run_error(what: str) -> Iterator[None]:
    """Turn an OSError into a RunError that says what could not be done, and why."""
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot {what}: {error.strerror or error}") from None


def part_name(name: str) -> str:
    """The name of a file beside its place, until it is whole."""
    return f".{name}.part"


@contextmanager
def _temporary_file(path: Path, content: bytes, sync: Sync, mode: int | None) -> Iterator[Path]:
    """The content in a file beside its place, to be renamed; the file is deleted if anything fails."""
    temporary = path.with_name(part_name(path.name))
    before_operation("create", path)
    # O_NOFOLLOW: not through a link that somebody put in its place. O_BINARY: Windows would change line ends.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            before_operation("write", path)
            file.write(content)
            file.flush()
            if sync != "nothing":
                before_operation("sync", path)
                os.fsync(descriptor)
        yield temporary
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _rename_to_free_name(temporary: Path, path: Path) -> bool:
    """Rename, but replace nothing; False if the name was taken."""
    try:
        os.link(temporary, path)  # unlike a rename, it fails if the name is taken
        is_free = True
    except FileExistsError:
        is_free = False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        # Without hard links another process may take the name between these two lines; nothing better is portable.
        is_free = not os.path.lexists(path)
        if is_free:
            temporary.replace(path)
    temporary.unlink(missing_ok=True)
    return is_free


def _mode_to_keep(path: Path) -> int | None:
    """The permissions of the file to replace, None if there is none. Raises PermissionError if it is read-only."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if not os.access(path, os.W_OK):  # a rename would replace it all the same
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return stat.S_IMODE(mode)


def _is_open_stream(path: Path) -> bool:
    """Whether the name stands for a stream that is open already, as /dev/stdout does.

    If it leads to a file, another program may be writing to the same one, which a rename would take away.
    """
    for _ in range(MAX_LINKS):
        folder = os.path.realpath(path.parent)
        if folder == "/dev/fd" or folder.startswith("/proc/"):
            return True
        if not path.is_symlink():
            return False
        path = path.parent / path.readlink()
    return False


def _sync_folder(path: Path) -> None:
    """Make a rename outlast a power cut; Windows cannot open a folder to flush it."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
