"""What is measured besides the loss.

    R replicas, N examples, O outputs

A metric is made in two steps: `score_examples` gives numbers for each example of a batch, `summarize_scores` turns
the scores of all examples into metrics. So training, evaluation and resuming in the middle of an epoch add up the same
numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnexp.nn.losses.base import Outputs, Targets
from nnexp.typing import AnyArray, Array, BoolArray, IntArray

METRIC_NAMES: dict[Targets, tuple[str, ...]] = {
    "classes": ("accuracy",),
    "binary": ("accuracy", "exact_match"),
    "values": ("rmse", "mae", "r2"),
}
"""The metrics of each kind of targets; those of several tasks are put together in `nnexp.metrics.tasks`."""


def count_scores(targets: Targets) -> int:
    """How many numbers `score_examples` gives for an example."""
    return 1 if targets == "classes" else 2


def score_examples(targets: Targets, outputs: Outputs, z: Array, d: Array, out: AnyArray) -> None:
    """Fill `out` (N, S) from outputs z (N, O) and targets d (N, O).

    classes: 1 where the largest output is the right class (at a tie the first).  binary: the share of right outputs,
    and 1 where all are.  values: the sums over outputs of squared and of absolute errors.
    """
    if targets == "classes":
        np.equal(z.argmax(axis=-1), d.argmax(axis=-1), out=out[..., 0])
    elif targets == "binary":
        right = _is_yes(z, outputs) == (d > 0.5)
        out[..., 0] = right.mean(axis=-1)
        out[..., 1] = right.all(axis=-1)
    else:
        error = z - d
        np.add.reduce(error * error, axis=-1, out=out[..., 0])
        np.add.reduce(np.abs(error), axis=-1, out=out[..., 1])


def _is_yes(z: Array, outputs: Outputs) -> BoolArray:
    """Which outputs say yes."""
    threshold = 0.5 if outputs == "values" else 0
    return z > threshold


def count_choices(targets: Targets, outputs: Outputs, z: Array) -> IntArray:
    """How often each output is chosen: is the class, or says yes; 0 for values. core: (N, O) -> (O)"""
    if targets == "classes":
        return (z.argmax(axis=-1)[..., None] == np.arange(z.shape[-1])).sum(axis=-2)
    if targets == "binary":
        return _is_yes(z, outputs).sum(axis=-2)
    return np.zeros((*z.shape[:-2], z.shape[-1]), dtype=np.int64)


def summarize_scores(targets: Targets, scores: AnyArray, d: Array) -> dict[str, Array]:
    """The metrics, each (R,), from the scores (R, N, S) of all examples and their targets d (R or 1, N, O).

    r2 is 1 - Σ(z - d)² / Σ(d - d̄)² over all outputs, and NaN where the targets do not vary.
    """
    means = np.add.reduce(scores, axis=-2) / scores.shape[-2]
    if targets != "values":
        return {name: means[:, i] for i, name in enumerate(METRIC_NAMES[targets])}
    outputs = d.shape[-1]
    # The mean is in double precision: rounded to single, it would be off by as much as targets far from 0 vary.
    variance = np.square(d - d.mean(axis=-2, keepdims=True, dtype=np.float64)).sum(axis=-1).mean(axis=-1)
    return {
        "rmse": root_mean_square(means[:, 0] / outputs),
        "mae": means[:, 1] / outputs,
        "r2": r2(means[:, 0], variance),
    }


def root_mean_square(squared_error: Array) -> Array:
    """√ mean (z - d)², from the mean squared error."""
    return np.sqrt(squared_error)


def r2(squared_error: Array, variance: Array) -> Array:
    """1 - Σ (z - d)² / Σ (d - d̄)², from the means of both; NaN where the targets do not vary."""
    return 1 - divide_or_nan(squared_error, variance)


def divide_or_nan(part: Any, whole: Any) -> Array:
    """The ratio, and NaN where `whole` is 0: a share of nothing is not known."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
