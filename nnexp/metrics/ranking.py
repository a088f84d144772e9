"""How well scores rank the examples of a class above the others.   R replicas, N examples, O outputs, K classes

C rankings: of each class against the rest, or of each yes-or-no output
"""

from __future__ import annotations

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.outputs import POSITIVE
from nnexp.metrics.shares import average_known, divide_or_nan
from nnexp.typing import AnyArray, Array, BoolArray


def select_rankings(scores: AnyArray, task: PredictionTask, of: str | None) -> tuple[Array, BoolArray]:
    """The rankings (R, C, N) of the named class or output, else of all, and which examples are of it or say yes.

    `scores` (R, N, S) are those of `nnexp.metrics.scores.RankingScores`. Of two classes the second stands for both.
    """
    width = len(task.classes)
    ranking = np.swapaxes(scores[..., :width], -1, -2)
    right = np.swapaxes(scores[..., width:], -1, -2)
    is_positive = right > 0
    if task.targets == "classes":
        is_positive = right == np.arange(width)[:, None]
    chosen = slice(None)
    if of is not None:
        place = task.classes.index(of)
        chosen = slice(place, place + 1)
    elif task.targets == "classes" and width == 2:
        chosen = slice(POSITIVE, POSITIVE + 1)
    return np.ascontiguousarray(ranking[:, chosen]), np.ascontiguousarray(is_positive[:, chosen])


def compute_roc_auc(ranking: Array, is_positive: BoolArray) -> Array:
    """The share of pairs, one of the class and one not, that are ranked right; ties count half. core: (N), (N) -> ()

    NaN where there are no such pairs.
    """
    # Ties share the mean of their ranks, which count from 1.
    ranks = (_count_up_to(ranking, ties=False) + _count_up_to(ranking, ties=True) + 1) / 2
    positives = is_positive.sum(axis=-1)
    negatives = is_positive.shape[-1] - positives
    # Ranks are whole or half numbers, so that their sum is exact.
    above = np.where(is_positive, ranks, 0).sum(axis=-1) - positives * (positives + 1) / 2
    return divide_or_nan(above, positives * negatives)


def compute_average_precision(ranking: Array, is_positive: BoolArray) -> Array:
    """The mean, over the examples of the class, of the precision at the threshold of each. core: (N), (N) -> ()

    Each of them adds 1/P to the recall, so that this is Σ (recall_i - recall_{i-1}) precision_i, ties being taken
    together. NaN where there are no such examples.
    """
    ranked = _count_up_to(-ranking, ties=True)
    # The others come last, so that only examples of the class are counted.
    found = _count_up_to(np.where(is_positive, -ranking, np.inf), ties=True)
    precision = np.where(is_positive, found / ranked, 0)
    return divide_or_nan(precision.sum(axis=-1), is_positive.sum(axis=-1))


def _count_up_to(values: Array, *, ties: bool) -> Array:
    """How many values of a row are smaller than each; with `ties`, or as large: itself too. core: (N) -> (N)"""
    # scipy.stats.rankdata does the same, and takes a second of every process to import.
    counts = np.empty(values.shape)
    for row in np.ndindex(values.shape[:-1]):
        counts[row] = np.searchsorted(np.sort(values[row]), values[row], side="right" if ties else "left")
    return counts


def average_rankings(measured: Array, ranking: Array) -> Array:
    """The mean over rankings (C, N) that are known; NaN where a score is NaN. core: (C), (C, N) -> ()"""
    # A class without examples is left out, and a network that gives NaN must not look better for it.
    return np.where(np.isnan(ranking).any(axis=(-2, -1)), np.nan, average_known(measured))
