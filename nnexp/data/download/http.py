"""Files over HTTP, going on where an earlier attempt broke off."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from nnexp.errors import DataError
from nnexp.optional import import_optional
from nnexp.wording import format_bytes

CHUNK_BYTES = 2**14
"""Bytes that are written together. What is left over of one when a connection breaks off is lost."""

TRANSIENT_STATUS_CODES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which a later try may do better (RFC 9110, 6585 and 8470)."""

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


class _RefusedError(Exception):
    """What no later attempt would mend."""


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

    What is there is kept whatever happens, and the rest is asked for only; a server that cannot do that sends all of
    it. Whether the bytes are the right ones is for their checksum to say. Raises DataError where there is no getting
    the file.
    """
    delays, furthest = list(patience.delay_seconds), count_present_bytes(part, size)
    while (have := count_present_bytes(part, size)) < size:
        _check_free_space(part.parent, size - have)
        try:
            _request_rest(address, part, size, watch, patience.timeout_seconds)
        except _RefusedError as error:
            raise DataError(f"cannot fetch {address}: {error}") from None
        except _ConnectionLostError as error:
            have = count_present_bytes(part, size)
            # more than ever before, so that a server that makes us begin anew is not asked for ever
            if have >= furthest + MIN_PROGRESS_BYTES:
                delays, furthest = list(patience.delay_seconds), have
            if not delays:
                raise DataError(f"cannot fetch {address}: {error}") from None
            delay = delays.pop(0)
            watch.on_notice(f"{error}; trying again in {delay:g} s")
            time.sleep(delay)


def count_present_bytes(part: Path, size: int) -> int:
    """How much of a file is there already; what is larger than the file is none of it, and removed."""
    have = part.stat().st_size if part.exists() else 0
    if have <= size:
        return have
    part.unlink()
    return 0


def _check_free_space(folder: Path, missing: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < missing:
        raise DataError(
            f"no room in {folder}: {format_bytes(missing)} more are needed, and {format_bytes(free)} are free"
        )


def _request_rest(address: str, part: Path, size: int, watch: DownloadListener, timeout: float) -> None:
    """Ask once for the bytes that are missing, and add what comes to the part."""
    have = count_present_bytes(part, size)
    with _connect(address, have, timeout) as response:
        _check_status(response, part, have)
        if have and response.status_code == 200:
            watch.on_notice("the server cannot go on where it was: it sends the whole file again")
            have = 0
        # asked before anything is written, so that an error page does not replace what is there
        announced = response.headers.get("Content-Length")
        if announced not in (None, str(size - have)):
            raise _RefusedError(f"the server announces {announced} bytes: expected {size - have}")
        with part.open("ab" if have else "wb") as file:
            _write_body(response, file, size, watch, timeout)


def _connect(address: str, have: int, timeout: float) -> Any:
    """The answer of the server, whose body is still to come."""
    requests = import_optional("requests", "data", "fetching data")
    # compressed on the way, bytes could not be counted, and a rest could not be asked for
    headers = {"Accept-Encoding": "identity", "User-Agent": "nnexp"}
    if have:
        headers["Range"] = f"bytes={have}-"
    where = urlsplit(address).netloc
    try:
        response = requests.get(address, headers=headers, timeout=timeout, stream=True)
    except requests.exceptions.SSLError as error:
        raise _RefusedError(f"its certificate was not accepted: {_find_system_message(error)}") from None
    except requests.Timeout:
        raise _ConnectionLostError(f"cannot connect to {where}: no answer in {timeout:g} s") from None
    except requests.ConnectionError as error:
        reason = _find_system_message(error) or "no answer"
        raise _ConnectionLostError(f"cannot connect to {where}: {reason}") from None
    except requests.RequestException as error:
        raise _RefusedError(str(error)) from None
    # a server may call an archive a compressed page; what is checked are the bytes of the archive
    response.raw.headers.pop("Content-Encoding", None)
    return response


def _check_status(response: Any, part: Path, have: int) -> None:
    """Refuse an answer that is neither the file nor its rest."""
    status, content_range = response.status_code, response.headers.get("Content-Range", "")
    if status == 416 or (status == 206 and not content_range.startswith(f"bytes {have}-")):
        part.unlink(missing_ok=True)
        raise _ConnectionLostError("the server has no such piece")
    if status in (200, 206):
        return
    answer = f"the server answered {status} {response.reason}"
    raise _ConnectionLostError(answer) if status in TRANSIENT_STATUS_CODES else _RefusedError(answer)


def _write_body(response: Any, file: IO[bytes], size: int, watch: DownloadListener, timeout: float) -> None:
    requests = import_optional("requests", "data", "fetching data")
    have = file.tell()
    watch.on_bytes(have)
    reason = "the connection ended"
    try:
        # a server may send more or less than it announced, or announce nothing
        for chunk in response.iter_content(CHUNK_BYTES):
            have += len(chunk)
            if have > size:
                raise _RefusedError(f"more than the {size:,} bytes came that the file should have")
            file.write(chunk)
            watch.on_bytes(have)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        timed_out = "timed out" in str(error)
        reason = f"nothing came for {timeout:g} s" if timed_out else "the connection broke off"
    if have < size:
        raise _ConnectionLostError(f"{reason} after {format_bytes(have)} of {format_bytes(size)}")
    # the file gets its name next, and a power cut must not leave the name without the bytes
    file.flush()
    os.fsync(file.fileno())


def _find_system_message(error: BaseException | None) -> str:
    """What the system said at the bottom of an error of a connection, in its own words."""
    found = ""
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            found = error.strerror
        error = error.__cause__ or error.__context__
    return found
