"""One writer for a run folder.

The operating system holds the lock and frees it when its owner dies, so a dead owner never keeps a folder.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from nnexp.errors import RunError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises RunError that names the owner where another process holds it."""
    owner = folder / "owner"
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = owner.read_text().strip() if owner.exists() else "another process"
        raise RunError(f"{folder} is being written by {who}; wait for it, or stop it") from None
    except OSError as error:
        raise RunError(f"cannot lock {folder}: {error.strerror or error}") from None
    try:
        owner.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()
