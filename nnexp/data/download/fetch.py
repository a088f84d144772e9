"""Fetching known sets into the cache folder: the one thing that uses the network."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from nnexp.data.download.http import (
    DEFAULT_RETRY_POLICY,
    DownloadListener,
    RetryPolicy,
    count_present_bytes,
    download_file,
)
from nnexp.data.download.known import KNOWN_SETS, KnownFile, KnownSet
from nnexp.errors import DataError, Interrupted, UsageError
from nnexp.optional import import_optional
from nnexp.registry import sources
from nnexp.wording import format_bytes, suggest_nearest

SILENT_LISTENER = DownloadListener()


def find_known_set(name: str) -> KnownSet:
    """The set of a name. Raises UsageError where there is none."""
    if name not in KNOWN_SETS and name in sources:
        raise UsageError(f"{name} is a source that needs no fetching; known sets: {', '.join(KNOWN_SETS)}")
    if name not in KNOWN_SETS:
        raise UsageError(f"no known set is named {name!r}; {suggest_nearest(name, KNOWN_SETS)}")
    return KNOWN_SETS[name]


def fetch_known_set(
    wanted: KnownSet,
    address: str | None = None,
    *,
    watch: DownloadListener = SILENT_LISTENER,
    patience: RetryPolicy = DEFAULT_RETRY_POLICY,
) -> tuple[Path, ...]:
    """Bring the files of a set where its source looks for them, from where it is published or from another address.

    A file stands under its name only when it is whole and right; what is there of one that is not is kept beside it.
    Files that are there and right are left alone. Gives the paths of those that came.

    Raises DataError where a file cannot be had or is not the published one, Interrupted at Ctrl-C.
    """
    base = _format_base_url(address or wanted.address)
    import_optional("requests", "data", "fetching data")  # said before anything is created
    fetched = [file for file in wanted.files if _fetch_file(wanted, file, base, watch, patience)]
    return tuple(map(wanted.path_of, fetched))


def _format_base_url(address: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise UsageError(f"an address begins with http:// or https://, found {address!r}")
    return address if address.endswith("/") else f"{address}/"


def _fetch_file(wanted: KnownSet, file: KnownFile, base: str, watch: DownloadListener, patience: RetryPolicy) -> bool:
    """Whether the file had to be fetched."""
    path = wanted.path_of(file)
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock_download(path, watch):
            # under the lock, as another process may have fetched it meanwhile
            if _is_published_file(path, file, watch):
                return False
            watch.on_file(file.name, file.size)
            download_file(base + file.name, part, file.size, watch, patience)
            _check_file(part, file, base)
            # in one step, so that nobody reads half a file under this name
            part.replace(path)
    except OSError as error:
        raise DataError(f"cannot write {error.filename or path}: {error.strerror or error}") from None
    except KeyboardInterrupt:
        have, size = format_bytes(count_present_bytes(part, file.size)), format_bytes(file.size)
        message = f"stopped: {have} of {size} of {file.name} are there, and the same command goes on"
        raise Interrupted(message, signal.SIGINT) from None
    return True


@contextmanager
def _lock_download(path: Path, watch: DownloadListener) -> Iterator[None]:
    """Let one process at a time fetch a file; the next finds it there."""
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        watch.on_notice(f"another process is fetching {path.name}: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _is_published_file(path: Path, file: KnownFile, watch: DownloadListener) -> bool:
    """Whether the published file is there. Raises DataError where a folder is."""
    if path.is_dir():
        raise DataError(f"{path} is a folder, and a file belongs there")
    if not path.exists():
        return False
    # the size first, as it costs nothing to ask
    if path.stat().st_size == file.size and _compute_checksum(path, file) == file.checksum:
        return True
    watch.on_notice(f"{path} is not the published file: fetching that")
    return False


def _check_file(part: Path, file: KnownFile, base: str) -> None:
    """Raises DataError where something else came than the published file, which is removed then."""
    found = _compute_checksum(part, file)
    if found != file.checksum:
        part.unlink()  # else the next command would find it whole and refuse it again
        raise DataError(
            f"{base}{file.name} is not the published file: expected {file.checksum}, found {found}; it was removed"
        )


def _compute_checksum(path: Path, file: KnownFile) -> str:
    """The checksum of what is at a path, made as that of the file."""
    algorithm = file.checksum.partition(":")[0]
    with path.open("rb") as stream:
        # MD5 tells damage; where a system forbids it for secrets, it is allowed for this
        digest = hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return f"{algorithm}:{digest.hexdigest()}"
