"""What is measured of predictions beyond loss and metrics: confusions, and what holds for each class and each output.

    N examples, K classes, O outputs

Every share is of examples and lies in [0, 1]. A share of nothing, such as the precision of a class that was never
predicted, is NaN: it is not known, and neither 0 nor 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from nnexp.metrics.confusion import compute_f1, compute_precision, compute_recall, find_right
from nnexp.metrics.shares import average_known, divide_or_nan, explain_variance, root_mean_square
from nnexp.nn.losses.base import Targets
from nnexp.typing import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ClassBreakdown:
    """What is measured of predicted classes.

    confusion (K, K): how many examples of each class (rows) were taken for each (columns).  ranks (K): for how many
    examples 0, 1, ... classes are ahead of the right one, by a larger score or by an equal one and an earlier name.
    """

    targets: ClassVar[Targets] = "classes"

    task: str
    classes: tuple[str, ...]
    confusion: IntArray
    ranks: IntArray

    @property
    def class_counts(self) -> IntArray:
        """How many examples of each class there are (K)."""
        return self.confusion.sum(axis=-1)

    @property
    def predicted_counts(self) -> IntArray:
        """How many examples were taken for each class (K)."""
        return self.confusion.sum(axis=-2)

    @property
    def correct_counts(self) -> IntArray:
        """How many examples of each class were recognised (K)."""
        return find_right(self.confusion)

    @property
    def accuracy(self) -> float:
        """The share of examples whose class is right."""
        return float(divide_or_nan(self.correct_counts.sum(), self.confusion.sum()))

    @property
    def error_rate(self) -> float:
        """1 - accuracy, as wrong / all."""
        return float(divide_or_nan(self.confusion.sum() - self.correct_counts.sum(), self.confusion.sum()))

    def top_accuracy(self, k: int) -> float:
        """The share of examples whose right class is among the k with the largest scores; top 1 is the accuracy."""
        return float(divide_or_nan(self.ranks[:k].sum(), self.ranks.sum()))

    @property
    def precision(self) -> Array:
        """The share that is right of what was taken for a class (K); NaN for a class that was never predicted."""
        return compute_precision(self.confusion)

    @property
    def recall(self) -> Array:
        """The share of a class's examples that was recognised (K); NaN for a class without examples."""
        return compute_recall(self.confusion)

    @property
    def f1(self) -> Array:
        """The harmonic mean of precision and recall (K).

            F1 = 2 right / (examples + predicted)

        So it is 0 where a class has examples and was never recognised, and NaN only where a class has neither examples
        nor predictions. Source: van Rijsbergen 1979, Information Retrieval.
        """
        return compute_f1(self.confusion)

    @property
    def macro_f1(self) -> float:
        """The mean of F1 over the classes that occur among targets or predictions; NaN where there are no examples."""
        return float(average_known(self.f1))

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values; `top_accuracy` begins with top 1."""
        return {
            "task": self.task or None,
            "targets": self.targets,
            "accuracy": self.accuracy,
            "error_rate": self.error_rate,
            "macro_f1": self.macro_f1,
            "top": [self.top_accuracy(k + 1) for k in range(len(self.classes))],
            "classes": self._list_classes(),
            "confusion": self.confusion.tolist(),
        }

    def _list_classes(self) -> list[dict[str, Any]]:
        counts, predicted = self.class_counts.tolist(), self.predicted_counts.tolist()
        precision, recall, f1 = self.precision.tolist(), self.recall.tolist(), self.f1.tolist()
        rows = zip(self.classes, counts, predicted, precision, recall, f1, strict=True)
        keys = ("name", "examples", "predicted", "precision", "recall", "f1")
        return [dict(zip(keys, row, strict=True)) for row in rows]


@dataclass(frozen=True, slots=True, eq=False)
class BinaryBreakdown:
    """What is measured of yes-or-no outputs.

    exact_match: the share of examples all of whose outputs are right.  by_output (O): the share of examples for which
    this output is right.
    """

    targets: ClassVar[Targets] = "binary"

    task: str
    outputs: tuple[str, ...]
    exact_match: float
    accuracy_by_output: Array

    @property
    def accuracy(self) -> float:
        """The share of right outputs, of all examples together."""
        return float(self.accuracy_by_output.mean())

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        shares = zip(self.outputs, self.accuracy_by_output.tolist(), strict=True)
        return {
            "task": self.task or None,
            "targets": self.targets,
            "accuracy": self.accuracy,
            "error_rate": 1 - self.accuracy,
            "exact_match": self.exact_match,
            "outputs": [{"name": name, "accuracy": share} for name, share in shares],
        }


@dataclass(frozen=True, slots=True, eq=False)
class ValueBreakdown:
    """What is measured of predicted values, in the unit of the targets.

    squared, absolute (O): the mean squared and the mean absolute error of each output.  variance (O): the variance of
    each output's targets, exactly 0 where they are all the same.
    """

    targets: ClassVar[Targets] = "values"

    task: str
    outputs: tuple[str, ...]
    squared_error: Array
    absolute_error: Array
    variance: Array

    @property
    def rmse(self) -> Array:
        """√ mean (z - d)² of each output (O)."""
        return root_mean_square(self.squared_error)

    @property
    def r2(self) -> Array:
        """1 - Σ (z - d)² / Σ (d - d̄)² of each output (O); NaN where the targets do not vary."""
        return explain_variance(self.squared_error, self.variance)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values; without `outputs`, over all outputs together, as the metrics of a run."""
        rows = zip(self.outputs, self.rmse.tolist(), self.absolute_error.tolist(), self.r2.tolist(), strict=True)
        # Sums, not the mean of r2 by output: an output that hardly varies would drown the others.
        overall = explain_variance(self.squared_error.sum(), self.variance.sum())
        return {
            "task": self.task or None,
            "targets": self.targets,
            "rmse": float(root_mean_square(self.squared_error.mean())),
            "mae": float(self.absolute_error.mean()),
            "r2": float(overall),
            "outputs": [dict(zip(("name", "rmse", "mae", "r2"), row, strict=True)) for row in rows],
        }


Breakdown: TypeAlias = ClassBreakdown | BinaryBreakdown | ValueBreakdown


def measure_classes(scores: ArrayLike, d: ArrayLike, classes: Sequence[str], task: str = "") -> ClassBreakdown:
    """Scores (N, K), larger for the likelier class, against one-hot rows or distributions d (N, K).

    The class with the largest score is predicted, the one with the largest share in d is right; at a tie the first.

    >>> found = measure_classes([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], [[1, 0], [0, 1], [0, 1]], ["no", "yes"])
    >>> found.confusion.tolist(), found.precision.tolist(), found.recall.tolist()
    ([[1, 0], [1, 1]], [0.5, 1.0], [1.0, 0.5])
    """
    scores, right = np.asarray(scores), np.asarray(d).argmax(axis=-1)[:, None]
    number = np.arange(len(classes))
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    # `confusion[rows, columns] += 1` would count a pair once however often it occurs.
    np.add.at(confusion, (right[:, 0], scores.argmax(axis=-1)), 1)
    own = np.take_along_axis(scores, right, axis=-1)
    behind = (scores < own) | ((scores == own) & (number > right))
    ranks = len(classes) - 1 - behind.sum(axis=-1)
    return ClassBreakdown(task, tuple(classes), confusion, np.bincount(ranks, minlength=len(classes)))


def measure_binary(predicted: ArrayLike, d: ArrayLike, outputs: Sequence[str], task: str = "") -> BinaryBreakdown:
    """Yes or no (N, O) against targets d (N, O), which say yes above ½.

    >>> found = measure_binary([[True, False], [True, True]], [[1, 0], [0, 1]], ["a", "b"])
    >>> found.accuracy_by_output.tolist(), found.exact_match
    ([0.5, 1.0], 0.5)
    """
    right = np.asarray(predicted, np.bool_) == (np.asarray(d) > 0.5)
    return BinaryBreakdown(
        task,
        tuple(outputs),
        float(divide_or_nan(right.all(axis=-1).sum(), len(right))),
        divide_or_nan(right.sum(axis=-2), len(right)),
    )


def measure_values(values: ArrayLike, d: ArrayLike, outputs: Sequence[str], task: str = "") -> ValueBreakdown:
    """Predicted values (N, O) against targets d (N, O), in double precision.

    >>> found = measure_values([[1.0], [2.0], [6.0]], [[1.0], [4.0], [4.0]], ["y"])
    >>> found.rmse.round(3).tolist(), found.absolute_error.round(3).tolist(), found.r2.round(3).tolist()
    ([1.633], [1.333], [-0.333])
    """
    values, d = np.asarray(values, np.float64), np.asarray(d, np.float64)
    count, error = len(d), values - d
    squared = divide_or_nan((error * error).sum(axis=-2), count)
    absolute = divide_or_nan(np.abs(error).sum(axis=-2), count)
    middle = divide_or_nan(d.sum(axis=-2), count)
    variance = divide_or_nan(np.square(d - middle).sum(axis=-2), count)
    # The mean of equal numbers can round to another number, which leaves a variance of about 1e-33 where there is none.
    varies = (d != d[:1]).any(axis=-2)
    return ValueBreakdown(task, tuple(outputs), squared, absolute, np.where(varies, variance, 0.0))
