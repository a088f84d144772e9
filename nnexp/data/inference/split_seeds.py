"""A split by groups that gives every class training examples, where the usual one does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nnexp.data.dataset import Dataset
from nnexp.data.splits import Split

MAX_SEEDS = 200
"""Seeds that are tried."""


def find_complete_split(split: Split, data: Dataset) -> Split:
    """The split, or one of another seed where that has training examples of every class; as it is where none has.

    At random the only example of a class trains anyway, and an order of time leaves no choice.
    """
    labels = data.labels
    if labels is None or not split.group:
        return split
    classes = len(np.unique(labels))
    for seed in range(MAX_SEEDS):
        candidate = replace(split, seed=seed)
        rows = candidate.choose_rows(data)["train"]
        if len(np.unique(labels[rows])) == classes:
            return candidate
    return split
