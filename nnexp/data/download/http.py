"""Files over HTTP, going on where an earlier attempt broke off."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nnexp.errors import DataError
from nnexp.optional import import_optional
from nnexp.wording import format_bytes

CHUNK_BYTES = 2**14
"""Bytes that are written together. What is left over of one when a connection breaks off is lost."""

TRANSIENT_STATUS_CODES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which a later try may do better."""

DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})

MIN_PROGRESS_BYTES = 2**20
"""An attempt that brings so many bytes was worth it: the count of those in vain begins anew."""


class DownloadListener:
    """Hears how a fetch goes; this one says nothing."""

    def on_file(self, name: str, size: int) -> None:
        """A file is to be fetched."""

    def on_bytes(self, have: int) -> None:
        """So much of it is there."""

    def on_notice(self, text: str) -> None:
        """Something that a user should know."""


class _ConnectionLostError(Exception):
    """What a later attempt may mend."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait: for any sign of the server, and between the attempts, in seconds."""

    timeout_seconds: float = 30.0
    delay_seconds: Sequence[float] = (1, 2, 4)


DEFAULT_RETRY_POLICY = RetryPolicy()


def download_file(
    address: str, part: Path, size: int, watch: DownloadListener, patience: RetryPolicy = DEFAULT_RETRY_POLICY
) -> None:
    """Bring the file of a known size from an address to the path `part`, of which some may be there already.

    What is there is kept whatever happens, and the rest is asked for only; a server that cannot do that, or has another
    file by now, sends all of it. Raises DataError where there is no getting it.
    """
    waits, furthest = list(patience.delay_seconds), count_present_bytes(part, size)
    while (have := count_present_bytes(part, size)) < size:
        _check_free_space(part, size - have)
        try:
            _DownloadAttempt(address, part, size, have, watch).request_file(patience.timeout_seconds)
        except _ConnectionLostError as error:
            if count_present_bytes(part, size) >= furthest + MIN_PROGRESS_BYTES:
                waits, furthest = list(patience.delay_seconds), count_present_bytes(part, size)
            if not waits:
                raise DataError(f"cannot fetch {address}: {error}") from None
            wait = waits.pop(0)
            watch.on_notice(f"{error}; trying again in {wait:g} s")
            time.sleep(wait)


def count_present_bytes(part: Path, size: int) -> int:
    """How much of a file is there already; what is larger than the file is none of it, and removed."""
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        discard_partial_file(part)
    return have if have <= size else 0


def discard_partial_file(part: Path) -> None:
    """Remove what is there of a file, and what is known about it."""
    part.unlink(missing_ok=True)
    _etag_path(part).unlink(missing_ok=True)


def finish_file(part: Path, path: Path) -> None:
    """Give the whole file its name, so that it stays whole through a power cut."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    _etag_path(part).unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class _DownloadAttempt:
    """One request for the bytes from `have` on, and the file that they are added to.

    It stands in for the file that pooch's downloader writes, and looks at the answer before anything is written.
    """

    def __init__(self, address: str, part: Path, size: int, have: int, watch: DownloadListener) -> None:
        self.address, self.part, self.size, self.have, self.watch = address, part, size, have, watch
        self.tag = _etag_path(part)
        self.descriptor: int | None = None
        self.answer: Any = None

    def request_file(self, seconds: float) -> None:
        """Ask, and write what comes."""
        pooch, requests = (import_optional(name, "data", "fetching data") for name in ("pooch", "requests"))
        hooks = {"response": self.check_response}
        fetch = pooch.HTTPDownloader(chunk_size=CHUNK_BYTES, timeout=seconds, headers=self.make_headers(), hooks=hooks)
        try:
            fetch(self.address, self, None)
        except requests.exceptions.SSLError as error:
            raise self.make_refusal(f"its certificate was not accepted: {_find_system_message(error)}") from None
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _ConnectionLostError(self.explain_failure(error, seconds)) from None
        except requests.RequestException as error:
            raise self.make_refusal(str(error)) from None
        except OSError as error:
            raise self.make_write_error(error) from None
        finally:
            self.close()
        if self.have < self.size:
            raise _ConnectionLostError(f"the connection ended after {self.format_progress()}")

    def make_headers(self) -> dict[str, str]:
        """What is asked for: the rest, if the file is still the one that was begun."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "nnexp"}
        if self.have:
            headers["Range"] = f"bytes={self.have}-"
            if self.tag.exists():
                headers["If-Range"] = self.tag.read_text(encoding="latin-1")
        return headers

    def check_response(self, answer: Any, **_: Any) -> None:
        """Look at the answer, and open the file to add to it or to begin it anew. Redirects pass."""
        self.answer = answer
        if answer.is_redirect:
            return
        # a server may call an archive a compressed page; what is checked are the bytes of the archive
        answer.raw.headers.pop("Content-Encoding", None)
        if answer.status_code == 416:
            self.restart_file("the server has no such piece")
        elif answer.status_code == 206:
            self.resume_file(answer.headers.get("Content-Range", ""))
        elif answer.status_code == 200:
            self.check_size(answer.headers.get("Content-Length", ""))
            self.open_partial_file(anew=True)
        else:
            words = f"the server answered {answer.status_code} {answer.reason}"
            raise (
                _ConnectionLostError(words)
                if answer.status_code in TRANSIENT_STATUS_CODES
                else self.make_refusal(words)
            )

    def resume_file(self, content_range: str) -> None:
        """The server sends the rest."""
        found = re.fullmatch(r"bytes ([0-9]+)-[0-9]+/([0-9]+|\*)", content_range)
        if found is None or int(found[1]) != self.have:
            self.restart_file("the server sent another piece than was asked for")
            return
        self.check_size(found[2])
        self.open_partial_file(anew=False)

    def restart_file(self, why: str) -> None:
        """Drop what is there."""
        discard_partial_file(self.part)
        raise _ConnectionLostError(why)

    def check_size(self, announced: str) -> None:
        """Raises DataError where the server has a file of another size; it need not say of which it has."""
        if announced not in ("", "*", str(self.size)):
            raise self.make_refusal(f"the file there has {announced} bytes, and should have {self.size}")

    def open_partial_file(self, *, anew: bool) -> None:
        """Open the part, and remember which version of the file it is of."""
        if anew and self.have:
            self.watch.on_notice("the server cannot go on where it was: it sends the whole file again")
        self.descriptor = os.open(self.part, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if anew else os.O_APPEND), 0o666)
        if anew:
            self.have = 0
            tag = self.answer.headers.get("ETag", "")
            if tag.startswith('"'):  # a weak one, W/"...", may stand for other bytes
                self.tag.write_text(tag, encoding="latin-1")
            else:
                self.tag.unlink(missing_ok=True)
        self.watch.on_bytes(self.have)

    def write(self, chunk: bytes) -> None:
        """Add to the file, as pooch's downloader asks for."""
        assert self.descriptor is not None
        if self.have + len(chunk) > self.size:
            raise self.make_refusal(f"more than the {self.size:,} bytes came that the file should have")
        left = memoryview(chunk)
        while left:
            written = os.write(self.descriptor, left)
            left = left[written:]
            self.have += written
        self.watch.on_bytes(self.have)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Close the file and the connection."""
        if self.descriptor is not None:
            os.close(self.descriptor)
        if self.answer is not None:
            self.answer.close()

    def format_progress(self) -> str:
        """How far it came."""
        return f"{format_bytes(self.have)} of {format_bytes(self.size)}"

    def explain_failure(self, error: Exception, seconds: float) -> str:
        """Why there is no connection, or no more of it."""
        where = urlsplit(self.address).netloc
        timed_out = "timed out" in str(error).lower()
        if self.descriptor is None:
            words = f"no answer in {seconds:g} s" if timed_out else _find_system_message(error) or "no answer"
            return f"cannot connect to {where}: {words}"
        words = f"nothing came for {seconds:g} s" if timed_out else "the connection broke off"
        return f"{words} after {self.format_progress()}"

    def make_refusal(self, why: str) -> DataError:
        """What trying again would not mend."""
        return DataError(f"cannot fetch {self.address}: {why}")

    def make_write_error(self, error: OSError) -> DataError:
        """The system refuses to write."""
        if error.errno in DISK_FULL_ERRNOS:
            return _make_disk_full_error(self.part, self.size - self.have)
        return DataError(f"cannot write {self.part}: {error.strerror or error}")


def _etag_path(part: Path) -> Path:
    """Where the version of a file that was begun is remembered."""
    return part.with_name(f"{part.name}.etag")


def _check_free_space(part: Path, missing: int) -> None:
    if shutil.disk_usage(part.parent).free < missing:
        raise _make_disk_full_error(part, missing)


def _make_disk_full_error(part: Path, missing: int) -> DataError:
    """The complaint about a full disk; what is there of the file is kept."""
    free = ""
    with suppress(OSError):
        free = f", and {format_bytes(shutil.disk_usage(part.parent).free)} are free"
    return DataError(f"no room in {part.parent}: {format_bytes(missing)} more are needed{free}")


def _find_system_message(error: BaseException) -> str:
    """What the system said at the bottom of an error of a connection, in its own words."""
    said = ""
    for deeper in _walk_causes(error):
        strerror = getattr(deeper, "strerror", None)
        said = str(strerror) if strerror else said
    return said


def _walk_causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it was raised because of."""
    seen: list[BaseException] = []
    while error not in seen:
        seen.append(error)
        yield error
        first = error.args[0] if error.args else None
        inner = [getattr(error, "reason", None), first, error.__cause__, error.__context__]
        error = next((entry for entry in inner if isinstance(entry, BaseException)), error)
