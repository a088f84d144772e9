"""One writer for a run folder.

The operating system holds the lock and frees it when its owner dies, so a dead owner never keeps a folder.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from nnexp.errors import RunError
from nnexp.storage import atomic

LOCK_FILE = "lock"
"""The file that is locked; it stays empty."""

OWNER_FILE = "owner"
"""The file that names the process with the lock: on Windows nobody else can read the locked file itself."""

OWNER_LINE = re.compile(r"process [0-9]+ on .*\n")
"""The content of `OWNER_FILE`."""

LOCK_WAIT_SECONDS = 0.5
"""Seconds to wait for a lock, as another process's `is_locked` holds it for a moment."""


class FolderBusy(RunError):
    """A folder that another process is writing."""


@contextmanager
def lock_folder(folder: Path, patience: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Hold the folder's lock. Raises FolderBusy, which names the owner, if another process holds it."""
    lock = FileLock(folder / LOCK_FILE)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        raise FolderBusy(f"{folder} is being written by {_read_owner(folder)}; wait for it, or stop it") from None
    except OSError as error:
        raise RunError(f"cannot lock {folder}: {error.strerror or error}") from None
    try:
        atomic.write_text(folder / OWNER_FILE, f"process {os.getpid()} on {socket.gethostname()}\n", "nothing")
        yield
    finally:
        with suppress(OSError):
            (folder / OWNER_FILE).unlink()
        lock.release()


def is_own_lock_file(path: Path) -> bool:
    """Whether a file with the name of a lock file is one of ours: empty, or with the line that names the owner."""
    if path.is_symlink() or not path.is_file():
        return False
    if path.name == LOCK_FILE:
        return path.stat().st_size == 0
    content = path.read_text(encoding="utf-8", errors="replace")
    return OWNER_LINE.fullmatch(content) is not None


def is_locked(folder: Path) -> bool:
    """Whether a process is writing the folder now; False if that cannot be found out."""
    if not (folder / LOCK_FILE).exists():
        return False
    lock = FileLock(folder / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def _read_owner(folder: Path) -> str:
    try:
        return (folder / OWNER_FILE).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "another process"
