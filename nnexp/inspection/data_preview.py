"""A look at a data set: by the name of its source, or as a spec names it.

M examples, F features or channels, K classes, O outputs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.fingerprint import compute_fingerprint
from nnexp.data.splits import PART_NAMES, PartName
from nnexp.data.value_ranges import ValueRanges, measure_ranges
from nnexp.errors import UsageError
from nnexp.registry import sources
from nnexp.spec.data_section import build_source, load_data_section
from nnexp.spec.problems import SpecText
from nnexp.spec.resolved import make_plain_value
from nnexp.spec.starter import SCHEMA_FILE
from nnexp.spec.starter_for_files import is_folder_or_arrays, write_spec_for
from nnexp.typing import AnyArray, IntArray
from nnexp.wording import suggest_nearest


@dataclass(frozen=True, eq=False)
class DataPreview:
    """A data set, and of a spec the examples of each part and what there is to predict."""

    name: str
    source: Source
    data: Dataset
    parts: dict[PartName, IntArray]
    target_description: Description

    @property
    def description(self) -> Description:
        """What the source says of itself."""
        return self.data.description

    @property
    def is_images(self) -> bool:
        """Whether an example has height, width and channels."""
        return len(self.description.shape) == 3

    @cached_property
    def input_ranges(self) -> ValueRanges:
        """Of every feature, or of every channel (F)."""
        return measure_ranges(self.data.x)

    @cached_property
    def target_ranges(self) -> ValueRanges | None:
        """Of every value or yes-or-no output that there is to predict (O), or None where there are classes."""
        if self.data.labels is not None:
            return None
        return measure_ranges(self.data.y)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the features or channels (F)."""
        count = self.data.x.shape[-1]
        # A source may know no names.
        if len(self.description.inputs) == count:
            return self.description.inputs
        word = "channel " if self.is_images else "x"
        return tuple(f"{word}{number}" for number in range(1, count + 1))

    def count_examples(self, part: PartName | None = None) -> IntArray:
        """The examples of each class (K), in a part or in all; nothing where there are no classes."""
        if self.data.labels is None:
            return np.zeros(0, np.int64)
        rows = slice(None) if part is None else self.parts[part]
        # The last classes may have no example in a part, and would be left out.
        return np.bincount(self.data.labels[rows], minlength=len(self.description.classes))

    def find_plane_points(self) -> tuple[AnyArray, AnyArray | None] | None:
        """What can be drawn as points: the plane (M, 2) and the labels (M), or one feature and its value, or None."""
        x, y, labels = self.data.x, self.data.y, self.data.labels
        if labels is not None and x.shape[1:] == (2,):
            return x, labels
        if labels is None and x.shape[1:] == (1,) and y.shape[1:] == (1,):
            return np.concatenate([x, y], axis=-1), None
        return None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all inputs and targets, as in the manifest of a run."""
        return compute_fingerprint(self.data).digest

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        return {
            "name": self.name,
            "source": make_plain_value(self.source),
            "examples": len(self.data.x),
            "own_test": self.description.own_test,
            "parts": {part: len(rows) for part, rows in self.parts.items()},
            "shape": list(self.description.shape),
            "dtype": str(self.data.x.dtype),
            "targets": self.description.targets,
            "predicted": self.target_description.as_dict(),
            "classes": self._build_class_rows(),
            "values": _build_range_rows(self.description.classes, self.target_ranges),
            "inputs": _build_range_rows(self.input_names, self.input_ranges),
            "fingerprint": self.fingerprint,
        }

    def _build_class_rows(self) -> list[dict[str, Any]]:
        """A row for each class: its examples in all, and in each part of a spec."""
        if self.data.labels is None:
            return []
        columns = {"name": self.description.classes, "examples": self.count_examples().tolist()}
        columns |= {part: self.count_examples(part).tolist() for part in self.parts}
        return _build_rows(columns)


def _build_range_rows(names: Sequence[str], found: ValueRanges | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    columns = {
        "name": names,
        "missing": found.missing.tolist(),
        "min": found.minimum.tolist(),
        "mean": found.mean.tolist(),
        "max": found.maximum.tolist(),
        "std": found.std.tolist(),
    }
    return _build_rows(columns)


def _build_rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """A table in columns as one in rows."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def preview_data(what: str, overrides: Sequence[str] = ()) -> DataPreview:
    """The data of a source, whose parameters are overridden as `key=value`, or of a spec file.

    Raises SpecError or UsageError for what is written wrong, DataError where the data cannot be read.
    """
    if what in sources:
        return _preview_source(what, overrides)
    if is_folder_or_arrays(what):
        return _preview_spec(SpecText(what, write_spec_for(what, "preview", SCHEMA_FILE).text), overrides)
    if Path(what).suffix in (".yaml", ".yml") or Path(what).is_file():
        return _preview_spec(what, overrides)
    raise UsageError(f"unknown data source {what!r}; {suggest_nearest(what, sources)}")


def _preview_source(name: str, overrides: Sequence[str]) -> DataPreview:
    source = build_source(name, overrides)
    loaded = source.load()
    return DataPreview(name, source, loaded, {}, loaded.description)


def _preview_spec(spec: str | SpecText, overrides: Sequence[str]) -> DataPreview:
    """The data of a spec; its other sections may be wrong."""
    data, predicted = load_data_section(spec, overrides)
    loaded = data.load()
    rows = data.split.choose_rows(loaded)
    name = spec.name if isinstance(spec, SpecText) else spec
    return DataPreview(name, data.source, loaded, {part: rows[part] for part in PART_NAMES}, predicted)
