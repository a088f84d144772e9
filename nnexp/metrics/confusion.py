"""Counts of what was taken for what, and the shares that are made of them.

    R replicas, N examples, K classes, T tables

confusions (..., T, K, K): how many examples of each class (rows) were taken for each (columns). Predicted classes have
one table; yes-or-no outputs one each, of the classes no and yes. A share of nothing, such as the precision of a class
that was never predicted, is NaN: it is not known, and neither 0 nor 1.
"""

from __future__ import annotations

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.shares import divide_or_nan
from nnexp.typing import AnyArray, Array, IntArray


def count_confusions(decisions: AnyArray, task: PredictionTask) -> IntArray:
    """The tables of decisions (R, N, S), the scores of `nnexp.metrics.scores.Decisions`. (R, T, K, K)"""
    replicas, _, width = decisions.shape
    tables = width // 2
    size = len(task.classes) if task.targets == "classes" else 2
    pairs = decisions.astype(np.int64)
    predicted, right = pairs[..., :tables], pairs[..., tables:]
    # One count over all tables: each has places of its own.
    table = np.arange(replicas)[:, None, None] * tables + np.arange(tables)
    places = (table * size + right) * size + predicted
    counts = np.bincount(places.ravel(), minlength=replicas * tables * size * size)
    return counts.reshape(replicas, tables, size, size)


def compute_recall(confusions: IntArray) -> Array:
    """The share of a class's examples that was recognised; NaN for a class without examples. core: (K, K) -> (K)"""
    return divide_or_nan(find_right(confusions), confusions.sum(axis=-1))


def compute_precision(confusions: IntArray) -> Array:
    """The share that is right of what was taken for a class; NaN for one never predicted. core: (K, K) -> (K)"""
    return divide_or_nan(find_right(confusions), confusions.sum(axis=-2))


def compute_f1(confusions: IntArray) -> Array:
    """The harmonic mean of precision and recall. core: (K, K) -> (K)

        F1 = 2 right / (examples + predicted)

    So it is 0 where a class has examples and was never recognised, and NaN only where a class has neither examples nor
    predictions.
    """
    return divide_or_nan(2 * find_right(confusions), confusions.sum(axis=-1) + confusions.sum(axis=-2))


def find_right(confusions: IntArray) -> IntArray:
    """How many examples of each class were recognised. core: (K, K) -> (K)"""
    return confusions.diagonal(axis1=-2, axis2=-1)
