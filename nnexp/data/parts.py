"""A data set made ready for training: split, normalised, its targets encoded.

M examples in the whole set, N in one part
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from nnexp.data import missing_values
from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.feature_statistics import FeatureStatistics
from nnexp.data.fingerprint import Fingerprint, compute_fingerprint
from nnexp.data.normalizations.base import Normalization
from nnexp.data.splits import PART_NAMES, PartName, Split
from nnexp.data.targets.base import Target
from nnexp.data.targets.given import Given
from nnexp.typing import AnyArray, Array, IntArray

GIVEN_TARGET = Given()

MAX_EAGER_BYTES = 2**26
"""A part that takes more than this, normalised, is normalised batch by batch."""

CACHED_BYTES = 2**18
"""How much of it is worked on at once in double precision, so that it stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearScaling:
    """x ← (x - shift) / scale, computed in double precision and rounded once to `dtype`."""

    shift: Array
    scale: Array
    dtype: np.dtype[np.floating]

    def __call__(self, x: AnyArray) -> Array:
        normalized = np.empty(x.shape, self.dtype)
        step = max(1, CACHED_BYTES // max(1, 8 * x[:1].size))
        space, inverse = np.empty((min(step, len(x)), *x.shape[1:])), 1 / self.scale
        for start in range(0, len(x), step):
            rows = x[start : start + step]
            doubles = space[: len(rows)]
            doubles[...] = rows
            np.subtract(doubles, self.shift, out=doubles)
            np.multiply(doubles, inverse, out=doubles)
            normalized[start : start + step] = doubles
        return normalized


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The inputs x (N, ...) of one part, and its targets d (N, O): one-hot rows for classes.

    Small sets are held normalised. Of large ones the source's own numbers are held once for all parts, images as bytes,
    and examples are normalised as they are asked for; which of both it is changes no bit.
    """

    stored_inputs: AnyArray
    d: Array
    rows: IntArray | None = None
    """Which of the stored examples are of this part; None where all are, normalised already."""
    normalize: LinearScaling | None = None
    """What makes x of what is stored; None where x is stored."""

    def __len__(self) -> int:
        return len(self.d)

    @property
    def x(self) -> Array:
        """All inputs, normalised."""
        return self.take_inputs(slice(None))

    @property
    def example_bytes(self) -> int:
        """The size of one example as it is used."""
        itemsize = self.d.itemsize if self.normalize else self.stored_inputs.itemsize
        return itemsize * max(1, self.stored_inputs[:1].size)

    def take_inputs(self, rows: slice | IntArray) -> Array:
        """Some inputs, normalised. (n, ...)"""
        if self.rows is not None:
            rows = self.rows[rows]
        chosen = (
            self.stored_inputs[rows]
            if isinstance(rows, slice)
            else np.take(self.stored_inputs, rows, axis=0, mode="clip")
        )
        return self.normalize(chosen) if self.normalize else chosen


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The parts of one data set, what normalised them, and a fingerprint of the content."""

    train: Part
    dev: Part
    test: Part
    description: Description
    shift: Array = field(repr=False)
    scale: Array = field(repr=False)
    fingerprint: Fingerprint
    fill: Array | None = field(default=None, repr=False)
    """What is filled in where an input is missing, before it is normalised; None where none may be."""

    def __getitem__(self, name: PartName) -> Part:
        return {"train": self.train, "dev": self.dev, "test": self.test}[name]


def prepare_parts(
    source: Source, split: Split, normalize: Normalization, dtype: str, target: Target = GIVEN_TARGET
) -> Parts:
    """Read, split, fill in and normalise, both fitted in double precision on the training part alone."""
    read = source.load()
    indices = split.choose_rows(read)
    values = missing_values.fit_fill_values(read, indices["train"])
    data = replace(read, x=missing_values.fill_missing(read.x, values))
    fitted = normalize.fit(FeatureStatistics(data.x, indices["train"]))
    shift, scale = (np.ascontiguousarray(np.broadcast_to(value, data.x.shape[1:])) for value in fitted)
    linear = LinearScaling(shift, scale, np.dtype(dtype))
    train, dev, test = (_make_part(data, indices[part], linear, target) for part in PART_NAMES)
    description = target.describe(data.description)
    return Parts(train, dev, test, description, shift, scale, compute_fingerprint(read), values)


def _make_part(data: Dataset, rows: IntArray, linear: LinearScaling, target: Target) -> Part:
    """Some examples of a data set."""
    y, size = data.y[rows], len(rows) * max(1, data.x[:1].size)
    if linear.dtype.itemsize * size > MAX_EAGER_BYTES and not target.needs_inputs:
        return Part(data.x, target.make_targets(data.description, np.empty((len(y), 0), linear.dtype), y), rows, linear)
    x = linear(data.x[rows])
    return Part(x, target.make_targets(data.description, x, y))
