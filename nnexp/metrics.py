"""What is measured besides the loss.

    R replicas, N examples, O outputs

A metric is made in two steps: `score` gives numbers for each example of a batch, `summarize` turns the scores of all
examples into metrics. So training, evaluation and resuming in the middle of an epoch add up the same numbers.
"""

from __future__ import annotations

import numpy as np

from nnexp.losses.base import Outputs, Targets
from nnexp.typing import AnyArray, Array, BoolArray, IntArray

NAMES: dict[Targets, tuple[str, ...]] = {
    "classes": ("accuracy",),
    "binary": ("accuracy", "exact_match"),
    "values": ("rmse", "mae", "r2"),
}
"""The metrics of each kind of targets; those of several tasks are put together in `nnexp.scoring`."""


def scores_per_example(targets: Targets) -> int:
    """How many numbers `score` gives for an example."""
    return 1 if targets == "classes" else 2


def score(targets: Targets, outputs: Outputs, z: Array, d: Array, out: AnyArray) -> None:
    """Fill `out` (N, S) from outputs z (N, O) and targets d (N, O).

    classes: 1 where the largest output is the right class (at a tie the first).  binary: the share of right outputs,
    and 1 where all are.  values: the sums over outputs of squared and of absolute errors.
    """
    if targets == "classes":
        np.equal(z.argmax(axis=-1), d.argmax(axis=-1), out=out[..., 0])
    elif targets == "binary":
        right = _yes(z, outputs) == (d > 0.5)
        out[..., 0] = right.mean(axis=-1)
        out[..., 1] = right.all(axis=-1)
    else:
        error = z - d
        np.add.reduce(error * error, axis=-1, out=out[..., 0])
        np.add.reduce(np.abs(error), axis=-1, out=out[..., 1])


def _yes(z: Array, outputs: Outputs) -> BoolArray:
    """Which outputs say yes."""
    return z > (0.5 if outputs == "values" else 0)


def choices(targets: Targets, outputs: Outputs, z: Array) -> IntArray:
    """How often each output is chosen: is the class, or says yes; 0 for values. core: (N, O) -> (O)"""
    if targets == "classes":
        return (z.argmax(axis=-1)[..., None] == np.arange(z.shape[-1])).sum(axis=-2)
    if targets == "binary":
        return _yes(z, outputs).sum(axis=-2)
    return np.zeros((*z.shape[:-2], z.shape[-1]), dtype=np.int64)


def summarize(targets: Targets, scores: AnyArray, d: Array) -> dict[str, Array]:
    """The metrics, each (R,), from the scores (R, N, S) of all examples and their targets d (R or 1, N, O).

    r2 is 1 - Σ(z - d)² / Σ(d - d̄)² over all outputs, and NaN where the targets do not vary.
    """
    means = np.add.reduce(scores, axis=-2) / scores.shape[-2]
    if targets != "values":
        return {name: means[:, i] for i, name in enumerate(NAMES[targets])}
    outputs = d.shape[-1]
    spread = np.square(d - d.mean(axis=-2, keepdims=True, dtype=np.float64)).sum(axis=-1).mean(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = np.where(spread > 0, 1 - means[:, 0] / spread, np.nan)
    return {"rmse": np.sqrt(means[:, 0] / outputs), "mae": means[:, 1] / outputs, "r2": r2}
