"""A data set made ready for training: split, normalised, its targets encoded.

M examples in the whole set, N in one part
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nnexp.data import missing_values
from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.feature_statistics import FeatureStatistics
from nnexp.data.file_source import FileStamp
from nnexp.data.fingerprint import Fingerprint, compute_fingerprint
from nnexp.data.normalizations.base import Normalization
from nnexp.data.normalizations.linear import Unchanged
from nnexp.data.source_files import record_files, stamp_source
from nnexp.data.splits import PART_NAMES, PartName, Split
from nnexp.data.target_scaling import TargetScaling, fit_target_scaling
from nnexp.data.targets.base import Target
from nnexp.data.targets.given import Given
from nnexp.nn.losses.class_weights import ClassWeights
from nnexp.typing import AnyArray, Array, IntArray

GIVEN_TARGET = Given()
UNCHANGED = Unchanged()

MAX_EAGER_BYTES = 2**26
"""A part that takes more than this, normalised, is normalised batch by batch."""

CACHED_BYTES = 2**18
"""How much is normalised at once, in double precision, so that it stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearScaling:
    """x ← (x - shift) / scale, computed in double precision and rounded once to `dtype`."""

    shift: Array
    scale: Array
    dtype: np.dtype[np.floating]

    def __call__(self, x: AnyArray) -> Array:
        normalized = np.empty(x.shape, self.dtype)
        step = max(1, CACHED_BYTES // max(1, 8 * x[:1].size))
        workspace = np.empty((min(step, len(x)), *x.shape[1:]))
        inverse = 1 / self.scale  # x / scale would round differently, and change the last bits of every run
        for start in range(0, len(x), step):
            rows = x[start : start + step]
            doubles = workspace[: len(rows)]
            doubles[...] = rows
            np.subtract(doubles, self.shift, out=doubles)
            np.multiply(doubles, inverse, out=doubles)
            normalized[start : start + step] = doubles
        return normalized


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The inputs x (N, ...) of one part, and its targets d (N, O): one-hot rows for classes.

    Small parts hold normalised inputs. Large ones share the source's own numbers, images as bytes, and normalise
    examples as they are asked for; both ways give the same bits.
    """

    stored_inputs: AnyArray
    d: Array
    rows: IntArray | None = None
    """Which of the stored examples are of this part; None where all are, normalised already."""
    normalize: LinearScaling | None = None
    """What makes x of what is stored; None where x is stored."""
    target_scaling: TargetScaling | None = None
    """What made d of the source's values; None where d are as they are given."""
    class_weights: ClassWeights | None = None
    """How much each class counts in the loss, (O); None where all count alike."""

    def __len__(self) -> int:
        return len(self.d)

    @property
    def x(self) -> Array:
        """All inputs, normalised."""
        return self.take_inputs(slice(None))

    @property
    def example_bytes(self) -> int:
        """The size of one example as it is used."""
        used = self.d if self.normalize else self.stored_inputs  # normalised inputs have the precision of the targets
        return used.itemsize * max(1, self.stored_inputs[:1].size)

    def restore_targets(self) -> Array:
        """The targets in the units of the data, as a person reads them. (N, O)"""
        return self.d if self.target_scaling is None else self.target_scaling.restore_values(self.d)

    def take_inputs(self, rows: slice | IntArray) -> Array:
        """Some inputs, normalised. (n, ...)"""
        if self.rows is not None:
            rows = self.rows[rows]
        if isinstance(rows, slice):
            stored = self.stored_inputs[rows]
        else:
            stored = np.take(self.stored_inputs, rows, axis=0, mode="clip")  # faster than with bounds checked
        if self.normalize is None:
            return stored
        return self.normalize(stored)


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
    stamps: tuple[FileStamp, ...] = field(default=(), repr=False)
    """The files that were read, as they were before."""

    def __getitem__(self, name: PartName) -> Part:
        return {"train": self.train, "dev": self.dev, "test": self.test}[name]

    def build_record(self) -> dict[str, Any]:
        """What the record of a run says of its data. Raises DataError where their files changed as they were read."""
        files = record_files(self.stamps)
        record = self.fingerprint.as_dict() | {"examples": {name: len(self[name]) for name in PART_NAMES}}
        return record | {"files": files.as_dict()} if files else record


def prepare_parts(
    source: Source,
    split: Split,
    normalize: Normalization,
    dtype: str,
    target: Target = GIVEN_TARGET,
    scale_targets: Normalization = UNCHANGED,
) -> Parts:
    """Read, split, fill in, normalise and scale, all fitted in double precision on the training part alone."""
    stamps = stamp_source(source)
    raw = source.load_for(split)
    rows = split.choose_rows(raw)
    fill = missing_values.fit_fill_values(raw, rows["train"])
    y, target_scaling = fit_target_scaling(raw, rows["train"], scale_targets, target)
    filled = replace(raw, x=missing_values.fill_missing(raw.x, fill), y=y)
    shift, scale = normalize.fit(FeatureStatistics(filled.x, rows["train"]))
    scaling = LinearScaling(_spread(shift, filled.x), _spread(scale, filled.x), np.dtype(dtype))
    parts = (_make_part(filled, rows[part], scaling, target) for part in PART_NAMES)
    train, dev, test = (replace(part, target_scaling=target_scaling) for part in parts)
    return Parts(
        train,
        dev,
        test,
        target.describe(filled.description),
        scaling.shift,
        scaling.scale,
        compute_fingerprint(raw),  # as the source gives them: what fills the gaps depends on the split
        fill,
        stamps,
    )


def _spread(value: Array, x: AnyArray) -> Array:
    """A shift or scale for every number of an example, as a run's files store it."""
    return np.ascontiguousarray(np.broadcast_to(value, x.shape[1:]))


def _make_part(data: Dataset, rows: IntArray, scaling: LinearScaling, target: Target) -> Part:
    """Some examples of a data set, normalised now if they are small, else as they are asked for."""
    y = data.y[rows]
    part_bytes = scaling.dtype.itemsize * len(rows) * max(1, data.x[:1].size)
    if part_bytes > MAX_EAGER_BYTES and not target.needs_inputs:
        no_inputs = np.empty((len(y), 0), scaling.dtype)
        return Part(data.x, target.make_targets(data.description, no_inputs, y), rows, scaling)
    x = scaling(data.x[rows])
    return Part(x, target.make_targets(data.description, x, y))
