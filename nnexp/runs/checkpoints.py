"""Checkpoints: a state as one `.npz` file with a checksum.

Each array of the state is an entry of the archive; whatever is no array stands as JSON in the entry `rest`. The entry
`checksum` is the SHA-256 of all others, so a file that is cut short or damaged is known for it.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.errors import Interrupted, ResumeError
from nnexp.runs import files
from nnexp.training.state import State
from nnexp.typing import AnyArray

FORMAT = 1
"""Raised when a newer version writes what an older one cannot read."""

GENERATORS = ("shuffle", "dropout")

NO_ARRAYS = (*GENERATORS, "slots", "epoch", "step", "history")
"""The fields of a state that are stored otherwise than as an entry of their own."""


class Damaged(Exception):
    """A checkpoint that cannot be read whole; the message says why."""


def save(path: Path, spec: str, arrays: dict[str, AnyArray], rest: dict[str, Any]) -> None:
    """Write a checkpoint of the run of the spec with this hash."""
    encoded = np.frombuffer(json.dumps({"format": FORMAT, "spec": spec, **rest}).encode(), np.uint8)
    content = {**arrays, "rest": encoded}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **content, checksum=np.frombuffer(_checksum(content), np.uint8))
    files.write(path, buffer.getvalue())


def load(path: Path, spec: str) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """The arrays and the rest.

    Raises Damaged where the file is not whole or is of another run, ResumeError where its format is another.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
        checksum = content.pop("checksum").tobytes()
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - each part of a damaged archive fails in a way of its own
        reason = getattr(error, "strerror", None) or f"no whole .npz file ({type(error).__name__})"
        raise Damaged(f"{path} cannot be read: {reason}") from None
    if checksum != _checksum(content):
        raise Damaged(f"the checksum of {path} is wrong")
    rest = json.loads(content.pop("rest").tobytes())
    if rest.get("format") != FORMAT:
        raise ResumeError(f"{path} has format {rest.get('format')}, and this version of nnexp reads format {FORMAT}")
    if rest.get("spec") != spec:
        raise Damaged(f"{path} is a file of another run")
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
    arrays = {f.name: getattr(state, f.name) for f in fields(state) if f.name not in NO_ARRAYS}
    arrays |= {f"slot {name}": slot for name, slot in state.slots.items()}
    generators = {name: [source.bit_generator.state for source in getattr(state, name)] for name in GENERATORS}
    return arrays, {"epoch": state.epoch, "step": state.step, "history": state.history, "generators": generators}


def unpack(arrays: dict[str, AnyArray], rest: dict[str, Any]) -> State:
    """The inverse of `pack`."""
    slots = {name.removeprefix("slot "): array for name, array in arrays.items() if name.startswith("slot ")}
    values: dict[str, Any] = {name: array for name, array in arrays.items() if not name.startswith("slot ")}
    values |= {name: [_generator(state) for state in rest["generators"][name]] for name in GENERATORS}
    return State(**values, slots=slots, epoch=rest["epoch"], step=rest["step"], history=rest["history"])


def _generator(state: Any) -> np.random.Generator:
    bits = np.random.PCG64()
    bits.state = state
    return np.random.Generator(bits)
