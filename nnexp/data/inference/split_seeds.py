"""Splits of an unknown table that give every class training examples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nnexp.data.dataset import Dataset
from nnexp.data.splits import Split

MAX_SEEDS = 200
"""Seeds that are tried."""


def trains_every_class(split: Split, data: Dataset) -> bool:
    """Whether the training part of a split has an example of every class that there is."""
    labels = data.labels
    if labels is None:
        return True
    rows = split.choose_rows(data)["train"]
    return len(np.unique(labels[rows])) == len(np.unique(labels))


def find_complete_split(split: Split, data: Dataset) -> Split | None:
    """The split, or one by groups of another seed, where it trains every class; None where no seed does."""
    for seed in range(split.seed, split.seed + MAX_SEEDS):
        candidate = replace(split, seed=seed)
        if trains_every_class(candidate, data):
            return candidate
        if not split.group:  # at random rare classes are trained on first, and an order leaves no choice
            return None
    return None
