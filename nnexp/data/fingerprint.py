"""What tells whether data are still those that a run was trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nnexp.data.dataset import Dataset
from nnexp.typing import AnyArray

BLOCK_BYTES = 2**24
"""How much is looked at at once."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The content of a data set: how many examples, and SHA-256 of inputs, targets and the names of the classes."""

    examples: int
    inputs: str
    targets: str
    classes: str

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return _digest_contents(repr(self).encode())

    def as_dict(self) -> dict[str, Any]:
        """The fingerprint as the record of a run has it."""
        return {"fingerprint": self.digest, "content": asdict(self)}

    def find_difference(self, record: Mapping[str, Any]) -> str | None:
        """How these data differ from those of a record, or None where they are the same."""
        if record["fingerprint"] == self.digest:
            return None
        before, now = record.get("content", {}), asdict(self)
        # where nothing changed, an older version hashed the same content in another way
        words = "another version of nnexp fingerprinted it"
        changed = [f"the {name}" for name in ("inputs", "targets", "classes") if before.get(name) != now[name]]
        if changed:
            words = f"{' and '.join(changed)} changed"
        if before.get("examples", self.examples) != self.examples:
            words += f", {before['examples']:,} examples then and {self.examples:,} now"
        return f"{words} (fingerprint {record['fingerprint'][:12]} then, {self.digest[:12]} now)"


def compute_fingerprint(data: Dataset) -> Fingerprint:
    """The fingerprint of all inputs and targets, with their types and shapes.

    The times or groups that examples are split by count as inputs: they decide which of them train.
    """
    names = repr(data.description.classes).encode()
    inputs = _digest_array(data.x)
    if data.split_key is not None:
        inputs = _digest_contents(inputs.encode(), _digest_array(data.split_key).encode())
    return Fingerprint(len(data.x), inputs, _digest_array(data.y), _digest_contents(names))


def _digest_array(array: AnyArray) -> str:
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    step = max(1, BLOCK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        # a copy, in blocks, where an array does not lie in memory in the order of its indices
        digest.update(np.ascontiguousarray(array[start : start + step]).data)
    return digest.hexdigest()


def _digest_contents(*contents: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()
