"""Examples of a run's dev and test parts that the weights which it starts from were trained on.

M examples in the whole set
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.data.changes import compare_with_record
from nnexp.data.dataset import Dataset
from nnexp.data.splits import PartName, Split
from nnexp.errors import NnexpError
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.from_run import FromRun
from nnexp.runs import manifest
from nnexp.spec.baseline import AnySpec
from nnexp.spec.spec import Data, Spec
from nnexp.typing import AnyArray, IntArray
from nnexp.wording import format_count

MAX_CACHED_ORIGINS = 8
"""Origins whose answer is kept: the runs of a sweep that begin together have the same."""

JUDGING_PARTS: tuple[PartName, ...] = ("dev", "test")
"""The parts whose examples no weights should have been trained on."""


SPLIT_KEYS = ("dev", "test", "seed", "stratify", "order")
"""What decides which examples are in dev and test."""


@dataclass(frozen=True, slots=True)
class TrainedBefore:
    """What a run's first weights have seen of its dev and test parts.

    run: where the weights are from. seen: how many examples of each part were trained on, of how many. remedy: the
    overrides that make it none, "" where none are known. unknown: the reasons why more may have been seen.
    """

    run: str
    seen: Mapping[PartName, tuple[int, int]]
    remedy: str = ""
    unknown: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """As the record of a run has it."""
        return {**{part: count for part, (count, _) in self.seen.items()}, "unknown": list(self.unknown)}

    def describe(self) -> list[str]:
        """What a user should know before the run is trained: nothing where nothing was seen."""
        lines = []
        if self.worst:
            words = [_format_seen(part, seen) for part, seen in self.seen.items() if seen[0]]
            advice = f"; {self.remedy} makes it none" if self.remedy else ""
            lines.append(
                f"the weights of {self.run} were trained on {' and '.join(words)} of this run: "
                f"results on these look better than they are{advice}"
            )
        doubt = (
            f"the weights of {self.run} may have been trained on dev or test examples of this run, which is not known"
        )
        return [*lines, *(f"{doubt}: {reason}" for reason in self.unknown)]

    def count_seen(self) -> int:
        """How many examples of both parts were trained on."""
        return sum(count for count, _ in self.seen.values())

    @property
    def worst(self) -> str:
        """The part of which most was seen, in words; "" where nothing was."""
        part, seen = max(self.seen.items(), key=lambda entry: entry[1][0])
        return _format_seen(part, seen) if seen[0] else ""


def _format_seen(part: PartName, seen: tuple[int, int]) -> str:
    count, size = seen
    return f"{count:,} of {format_count(size, f'{part} example')}"


def find_trained_before(spec: AnySpec, fingerprint: str) -> TrainedBefore | None:
    """What the run of a spec, on data with this fingerprint, begins with; None where its weights are drawn.

    Raises RunError where the run that the weights are from cannot be read.
    """
    if not isinstance(spec, Spec) or not isinstance(spec.init, FromRun):
        return None
    return _find_cached(spec.data, spec.init, fingerprint, json.dumps(spec.init.describe_origin()))


@lru_cache(maxsize=MAX_CACHED_ORIGINS)
def _find_cached(section: Data, init: FromRun, fingerprint: str, origin_text: str) -> TrainedBefore:
    """The same for all runs of a stack that begin with the same weights."""
    data = section.load()
    trained = np.zeros(len(data.x), bool)
    unknown: list[str] = []
    splits: list[Split] = []
    for folder, origin in _walk_origins(init, unknown):
        marked = _mark_trained(folder, origin.data, section, data, fingerprint)
        if isinstance(marked, str):
            unknown.append(marked)
            continue
        trained |= marked
        splits.append(origin.data.split)
    found = TrainedBefore(str(init.find_folder()), _count_seen(section.split, data, trained), "", tuple(unknown))
    return replace(found, remedy=_find_remedy(section.split, splits, data, trained)) if found.worst else found


def _walk_origins(init: Initializer, unknown: list[str]) -> Iterator[tuple[Path, Spec]]:
    """The run that the weights are from, the run that its weights are from, and so on; what is gone is `unknown`."""
    walked: set[Path] = set()
    while isinstance(init, FromRun):
        try:
            folder = init.find_folder()
            origin = manifest.load_run_spec(folder, manifest.read_manifest(folder))
        except NnexpError as error:
            unknown.append(str(error))
            return
        if folder in walked or not isinstance(origin, Spec):
            return
        walked.add(folder)
        yield folder, origin
        init = origin.init


def _mark_trained(folder: Path, origin: Data, section: Data, data: Dataset, fingerprint: str) -> AnyArray | str:
    """Which of all examples a run was trained on (M,), or why that is not known."""
    record = manifest.read_manifest(folder)["data"]
    if record["fingerprint"] == fingerprint and not origin.split.key_column:
        return _mark_rows(origin.split.choose_rows(data)["train"], data)
    compared = compare_with_record(origin.source, origin.split, record)
    if compared.change:
        return f"the data of {folder} changed since it was trained"
    if compared.unchecked:
        return compared.unchecked
    other = origin.load()
    rows = origin.split.choose_rows(other)["train"]
    if origin.source == section.source:
        return _mark_rows(rows, data)
    # Other data may hold some of the same examples: the same file with more rows, or images in another folder.
    if other.x[0].size != data.x[0].size:
        return _mark_rows(rows[:0], data)
    known = {_hash_example(example) for example in other.x[rows]}
    return np.array([_hash_example(example) in known for example in data.x])


def _mark_rows(rows: IntArray, data: Dataset) -> AnyArray:
    marked = np.zeros(len(data.x), bool)
    marked[rows] = True
    return marked


def _hash_example(example: AnyArray) -> bytes:
    """A hash of an example's numbers, whatever their type and shape."""
    return hashlib.blake2b(example.astype(np.float64).tobytes(), digest_size=16).digest()


def _count_seen(split: Split, data: Dataset, trained: AnyArray) -> dict[PartName, tuple[int, int]]:
    rows = split.choose_rows(data)
    return {part: (int(trained[rows[part]].sum()), len(rows[part])) for part in JUDGING_PARTS}


def _find_remedy(split: Split, others: list[Split], data: Dataset, trained: AnyArray) -> str:
    """The overrides with which dev and test are those of an earlier run, where no example of these was trained on."""
    for other in others:
        if split.key_column or other.key_column:
            continue  # times and groups decide, and these data may have no such column
        mended = replace(split, **{key: getattr(other, key) for key in SPLIT_KEYS})
        try:
            seen = _count_seen(mended, data, trained)
        except ValueError:
            continue  # so many examples there are not
        if not any(count for count, _ in seen.values()):
            changed = [key for key in SPLIT_KEYS if getattr(mended, key) != getattr(split, key)]
            return " ".join(f"data.split.{key}={_format_override(getattr(mended, key))}" for key in changed)
    return ""


def _format_override(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
