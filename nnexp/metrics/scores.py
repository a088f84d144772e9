"""Numbers of each example, of which metrics are made.

    R replicas, N examples, O outputs, K classes, S scores

They are taken batch by batch and kept for all examples of an epoch or a part. So training, evaluation and resuming in
the middle of an epoch add up the same numbers. What a metric compares stands in the scores, since those of an epoch of
training come in another order than its targets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.outputs import TaskOutputs
from nnexp.typing import AnyArray, Array

MIN_PROBABILITY = float(np.finfo(np.float64).eps)
"""Smaller probabilities count as this one, as in scikit-learn: a single 0 would make a log loss infinite."""


class ExampleScores(ABC):
    """Numbers of each example. Metrics with equal scores share them."""

    __slots__ = ()

    need_probabilities: ClassVar[bool] = False
    """Whether only outputs that are probabilities have such scores."""

    @abstractmethod
    def count(self, task: PredictionTask) -> int:
        """S, how many numbers an example has."""

    @abstractmethod
    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        """Fill `out` (R, N, S) from outputs z (R, N, O) and targets d (R or 1, N, O)."""


@dataclass(frozen=True, slots=True)
class RightClass(ExampleScores):
    """1 where the predicted class is right, else 0."""

    def count(self, task: PredictionTask) -> int:
        return 1

    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        np.equal(outputs.decide_classes(z), d.argmax(axis=-1), out=out[..., 0])


@dataclass(frozen=True, slots=True)
class RightOutputs(ExampleScores):
    """The share of an example's yes-or-no outputs that are right, and 1 where all are."""

    def count(self, task: PredictionTask) -> int:
        return 2

    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        right = outputs.decide_yes(z) == (d > 0.5)
        out[..., 0] = right.mean(axis=-1)
        out[..., 1] = right.all(axis=-1)


@dataclass(frozen=True, slots=True)
class OutputErrors(ExampleScores):
    """The sums over an example's outputs of squared and of absolute errors."""

    def count(self, task: PredictionTask) -> int:
        return 2

    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        error = z - d
        np.add.reduce(error * error, axis=-1, out=out[..., 0])
        np.add.reduce(np.abs(error), axis=-1, out=out[..., 1])


@dataclass(frozen=True, slots=True)
class Decisions(ExampleScores):
    """What was decided, then what is right: a class each, or yes or no of every output."""

    def count(self, task: PredictionTask) -> int:
        return 2 if task.targets == "classes" else 2 * len(task.classes)

    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        if outputs.task.targets == "classes":
            out[..., 0] = outputs.decide_classes(z)
            out[..., 1] = d.argmax(axis=-1)
            return
        width = z.shape[-1]
        out[..., :width] = outputs.decide_yes(z)
        out[..., width:] = d > 0.5


@dataclass(frozen=True, slots=True)
class RankingScores(ExampleScores):
    """A number for each class or output, larger where it is likelier; then the right class, or yes or no of each.

    Probabilities where the outputs say such. Otherwise the outputs, those of classes less their mean: as only their
    differences count, two classes are ranked by z_1 - z_0.
    """

    def count(self, task: PredictionTask) -> int:
        width = len(task.classes)
        return width + 1 if task.targets == "classes" else 2 * width

    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        width, are_classes = z.shape[-1], outputs.task.targets == "classes"
        if outputs.are_probabilities:
            out[..., :width] = outputs.compute_probabilities(z)
        elif are_classes:
            doubles = z.astype(np.float64)
            out[..., :width] = doubles - doubles.mean(axis=-1, keepdims=True)
        else:
            out[..., :width] = z
        if are_classes:
            out[..., width] = d.argmax(axis=-1)
        else:
            out[..., width:] = d > 0.5


@dataclass(frozen=True, slots=True)
class LogLikelihood(ExampleScores):
    """Minus the logarithm of the probability of what is right; the mean over yes-or-no outputs."""

    need_probabilities: ClassVar[bool] = True

    def count(self, task: PredictionTask) -> int:
        return 1

    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        p = np.clip(outputs.compute_probabilities(z), MIN_PROBABILITY, 1 - MIN_PROBABILITY)
        if outputs.task.targets == "classes":
            out[..., 0] = -(d * np.log(p)).sum(axis=-1)
        else:
            out[..., 0] = -(d * np.log(p) + (1 - d) * np.log1p(-p)).mean(axis=-1)


@dataclass(frozen=True, slots=True)
class Confidences(ExampleScores):
    """The probability of the likeliest class, or of the likelier of yes and no; then 1 where that is right, else 0.

    For classes two numbers, for yes-or-no outputs two for each. A threshold changes nothing.
    """

    need_probabilities: ClassVar[bool] = True

    def count(self, task: PredictionTask) -> int:
        return 2 if task.targets == "classes" else 2 * len(task.classes)

    def score_examples(self, outputs: TaskOutputs, z: Array, d: Array, out: AnyArray) -> None:
        p = outputs.compute_probabilities(z)
        if outputs.task.targets == "classes":
            out[..., 0] = p.max(axis=-1)
            out[..., 1] = p.argmax(axis=-1) == d.argmax(axis=-1)
            return
        width = z.shape[-1]
        out[..., :width] = np.maximum(p, 1 - p)
        out[..., width:] = (p > 0.5) == (d > 0.5)


def average_scores(scores: AnyArray) -> Array:
    """The mean of each number over the examples. core: (N, S) -> (S)"""
    return np.add.reduce(scores, axis=-2) / scores.shape[-2]
