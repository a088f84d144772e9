"""A data set made ready for training: split, normalised, its targets encoded.

M examples in the whole set, N in one part
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from nnexp.data.base import Dataset, Description, Source
from nnexp.data.normalizations.base import Normalization
from nnexp.data.splits import PARTS, PartName, Split
from nnexp.data.targets.base import Target
from nnexp.data.targets.given import Given
from nnexp.typing import AnyArray, Array

GIVEN = Given()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Inputs x (N, ...), normalised, and targets d (N, O): one-hot rows for classes."""

    x: Array
    d: Array

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The parts of one data set, what normalised them, and a fingerprint of the content."""

    train: Part
    dev: Part
    test: Part
    description: Description
    shift: Array = field(repr=False)
    scale: Array = field(repr=False)
    fingerprint: str

    def __getitem__(self, name: PartName) -> Part:
        return {"train": self.train, "dev": self.dev, "test": self.test}[name]


def prepare(source: Source, split: Split, normalize: Normalization, dtype: str, target: Target = GIVEN) -> Parts:
    """Read, split and normalise. The normalisation is fitted in double precision on the training part alone."""
    data = source.load()
    precision = np.dtype(dtype)
    indices = split.indices(len(data.x), data.labels)
    shift, scale = normalize.fit(data.x[indices["train"]].astype(np.float64))
    inputs = [normalized(data.x[indices[part]], shift, scale, precision) for part in PARTS]
    labels = [data.y[indices[part]] for part in PARTS]
    train, dev, test = (Part(x, target.make(data.description, x, y)) for x, y in zip(inputs, labels, strict=True))
    return Parts(train, dev, test, target.describe(data.description), shift, scale, fingerprint(data))


def normalized(x: AnyArray, shift: Array, scale: Array, dtype: np.dtype[np.floating]) -> Array:
    """(x - shift) / scale, computed in double precision and rounded once."""
    return ((x.astype(np.float64) - shift) / scale).astype(dtype)


def fingerprint(data: Dataset) -> str:
    """SHA-256 of all inputs and targets, with their types and shapes."""
    digest = hashlib.sha256()
    for array in (data.x, data.y):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
