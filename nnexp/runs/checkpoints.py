"""Checkpoints: a state as one `.npz` file with a checksum.

Each array of the state is an entry of the archive; whatever is no array stands as JSON in the entry `rest`. The entry
`checksum` is the SHA-256 of all others, so a file that is cut short or damaged is known for it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.errors import ResumeError
from nnexp.runs import files
from nnexp.training.state import State
from nnexp.typing import AnyArray

FORMAT = 1
"""Raised when a newer version writes what an older one cannot read."""

GENERATORS = ("shuffle", "dropout")


class Damaged(Exception):
    """A checkpoint that cannot be read whole; the message says why."""


def save(path: Path, arrays: dict[str, AnyArray], rest: dict[str, Any]) -> None:
    """Write a checkpoint."""
    encoded = np.frombuffer(json.dumps({"format": FORMAT, **rest}).encode(), np.uint8)
    content = {**arrays, "rest": encoded}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **content, checksum=np.frombuffer(_checksum(content), np.uint8))  # type: ignore[arg-type]
    files.write(path, buffer.getvalue())


def load(path: Path) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """The arrays and the rest. Raises Damaged, or ResumeError where the file's format is another."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
        checksum = content.pop("checksum").tobytes()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError) as e:
        raise Damaged(f"{path} cannot be read ({e})") from None
    if checksum != _checksum(content):
        raise Damaged(f"the checksum of {path} is wrong")
    rest = json.loads(content.pop("rest").tobytes())
    if rest["format"] != FORMAT:
        raise ResumeError(f"{path} has format {rest['format']}, and this version of nnexp reads format {FORMAT}")
    return content, rest


def _checksum(content: dict[str, AnyArray]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(content):
        array = content[name]
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


def pack(state: State) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """One run's state as arrays and JSON values."""
    arrays = {
        name: getattr(state, name)
        for name in ("theta", "buffers", "order", "losses", "scores", "seconds")
        + ("best_theta", "best_buffers", "best_value", "best_epoch", "diverged")
    }
    arrays |= {f"slot {name}": slot for name, slot in state.slots.items()}
    generators = {name: [source.bit_generator.state for source in getattr(state, name)] for name in GENERATORS}
    return arrays, {"epoch": state.epoch, "step": state.step, "history": state.history, "generators": generators}


def unpack(arrays: dict[str, AnyArray], rest: dict[str, Any]) -> State:
    """The inverse of `pack`."""
    slots = {name.removeprefix("slot "): array for name, array in arrays.items() if name.startswith("slot ")}
    plain = {name: array for name, array in arrays.items() if not name.startswith("slot ")}
    generators = {name: [_generator(state) for state in rest["generators"][name]] for name in GENERATORS}
    return State(**plain, **generators, slots=slots, epoch=rest["epoch"], step=rest["step"], history=rest["history"])


def _generator(state: dict[str, Any]) -> np.random.Generator:
    bits = np.random.PCG64()
    bits.state = state
    return np.random.Generator(bits)
