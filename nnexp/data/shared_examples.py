"""Examples of the dev and test parts that stand in the training part too.   M examples in the whole set"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nnexp.data.dataset import Dataset, Source
from nnexp.data.file_source import OwnFileSource
from nnexp.data.splits import PartName, Split
from nnexp.typing import AnyArray, IntArray

BLOCK_BYTES = 2**24
"""How much of the inputs is held in one piece at once; they may lie in a file."""

MAX_COMPARED_BYTES = 2**28
"""Inputs of more are not looked through before each training, which would take seconds; `nnexp data show` does."""

MAX_CACHED_SPLITS = 8
"""Splits whose answer is kept: the runs of a sweep that one process trains mostly have the same."""

JUDGING_PARTS: tuple[PartName, ...] = ("dev", "test")


@dataclass(frozen=True, slots=True)
class SharedExamples:
    """How many examples of dev and test are byte for byte examples of train, of how many, and one with its twin."""

    counts: Mapping[PartName, tuple[int, int]]
    example: tuple[int, int] | None

    def describe(self) -> str:
        """A sentence; empty where no example is shared."""
        if self.example is None:
            return ""
        counts = [f"{shared:,} of {total:,} {part}" for part, (shared, total) in self.counts.items() if shared]
        one, twin = self.example
        which = f"such as example {one}, which is example {twin}"
        return f"{' and '.join(counts)} examples stand in train too, inputs and targets alike ({which})"


def count_shared_examples(data: Dataset, rows: Mapping[PartName, IntArray]) -> SharedExamples:
    """The examples of dev and test that stand in train too, for the rows of each part."""
    hashes = _hash_examples(data)
    order = rows["train"][np.argsort(hashes[rows["train"]], kind="stable")]
    known = hashes[order]
    counts: dict[PartName, tuple[int, int]] = {}
    example: tuple[int, int] | None = None
    for part in JUDGING_PARTS:
        mine = hashes[rows[part]]
        places = np.searchsorted(known, mine)
        is_shared = np.zeros(len(mine), np.bool_)
        inside = places < len(known)
        is_shared[inside] = known[places[inside]] == mine[inside]
        counts[part] = int(is_shared.sum()), len(mine)
        if example is None and is_shared.any():
            first = int(is_shared.argmax())
            example = int(rows[part][first]), int(order[places[first]])
    return SharedExamples(counts, example)


@lru_cache(maxsize=MAX_CACHED_SPLITS)
def describe_shared_examples(source: Source, split: Split, fingerprint: str) -> str:
    """A sentence about examples of a user's own files that several parts share; empty where there are none.

    fingerprint: that of the data, which are read for another one only.
    """
    if not isinstance(source, OwnFileSource):
        return ""
    data = source.load_for(split)
    if data.x.nbytes > MAX_COMPARED_BYTES:
        return ""
    return count_shared_examples(data, split.choose_rows(data)).describe()


def _hash_examples(data: Dataset) -> AnyArray:
    """A number for the bytes of each example, inputs and targets (M,)."""
    import pandas as pd  # takes long to import, and is needed here alone

    hashes = np.empty(len(data.x), np.uint64)
    step = max(1, BLOCK_BYTES // max(1, data.x[:1].nbytes))
    for start in range(0, len(data.x), step):
        rows = slice(start, start + step)
        words = np.concatenate([_view_words(data.x[rows]), _view_words(data.y[rows])], axis=-1)
        hashes[rows] = pd.util.hash_pandas_object(pd.DataFrame(words), index=False)
    return hashes


def _view_words(examples: AnyArray) -> AnyArray:
    """The bytes of each example as words of eight bytes, the last filled up with zeros. (n, ...) -> (n, W) uint64"""
    numbers = np.ascontiguousarray(examples).reshape(len(examples), -1)
    single = numbers.view(np.uint8)
    words = np.zeros((len(single), -(-single.shape[1] // 8) * 8), np.uint8)
    words[:, : single.shape[1]] = single
    return words.view(np.uint64)
