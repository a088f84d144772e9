"""Archives: named arrays and JSON values in one `.npz` file with a checksum.

Each array is an entry of the file; everything else is JSON in the entry `rest`. The entry `checksum` is the SHA-256 of
all others: it finds a file that is cut short or damaged.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.errors import Interrupted, ResumeError
from nnexp.typing import AnyArray

FORMAT_VERSION = 2
"""One more whenever a version writes what earlier ones cannot read."""


class DamagedArchiveError(Exception):
    """An archive that cannot be read whole; the message says why."""


def encode_archive(spec: str, arrays: dict[str, AnyArray], rest: dict[str, Any]) -> bytes:
    """The content of an archive of the run whose spec has this hash."""
    encoded = np.frombuffer(json.dumps({"format": FORMAT_VERSION, "spec": spec, **rest}).encode(), np.uint8)
    content = {**arrays, "rest": encoded}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **content, checksum=np.frombuffer(_compute_checksum(content), np.uint8))
    return buffer.getvalue()


def load_archive(path: Path, spec: str) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """The arrays and the rest.

    Raises DamagedArchiveError if the file is damaged or of another run, ResumeError if its format is another.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            content = dict(archive)
        checksum = content.pop("checksum").tobytes()
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - each part of a damaged archive fails in a way of its own
        reason = getattr(error, "strerror", None) or f"no whole .npz file ({type(error).__name__})"
        raise DamagedArchiveError(f"{path} cannot be read: {reason}") from None
    if checksum != _compute_checksum(content):
        raise DamagedArchiveError(f"the checksum of {path} is wrong")
    rest = json.loads(content.pop("rest").tobytes())
    if rest.get("format") != FORMAT_VERSION:
        raise ResumeError(
            f"{path} has format {rest.get('format')}, and this version of nnexp reads format {FORMAT_VERSION}"
        )
    if rest.get("spec") != spec:
        raise DamagedArchiveError(f"{path} is a file of another run")
    return content, rest


def _compute_checksum(content: dict[str, AnyArray]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(content):
        array = content[name]
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
