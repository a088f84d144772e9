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

from nnexp.losses.base import Targets
from nnexp.predictor import Prediction, Predictor
from nnexp.typing import AnyArray, Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ClassDetails:
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
    def examples(self) -> IntArray:
        """How many examples of each class there are (K)."""
        return self.confusion.sum(axis=-1)

    @property
    def predicted(self) -> IntArray:
        """How many examples were taken for each class (K)."""
        return self.confusion.sum(axis=-2)

    @property
    def right(self) -> IntArray:
        """How many examples of each class were recognised (K)."""
        return self.confusion.diagonal()

    @property
    def accuracy(self) -> float:
        """The share of examples whose class is right."""
        return float(_ratio(self.right.sum(), self.confusion.sum()))

    @property
    def error_rate(self) -> float:
        """1 - accuracy, as wrong / all."""
        return float(_ratio(self.confusion.sum() - self.right.sum(), self.confusion.sum()))

    def top(self, k: int) -> float:
        """The share of examples whose right class is among the k with the largest scores; top 1 is the accuracy."""
        return float(_ratio(self.ranks[:k].sum(), self.ranks.sum()))

    @property
    def precision(self) -> Array:
        """The share that is right of what was taken for a class (K); NaN for a class that was never predicted."""
        return _ratio(self.right, self.predicted)

    @property
    def recall(self) -> Array:
        """The share of a class's examples that was recognised (K); NaN for a class without examples."""
        return _ratio(self.right, self.examples)

    @property
    def f1(self) -> Array:
        """The harmonic mean of precision and recall (K).

            F1 = 2 right / (examples + predicted)

        So it is 0 where a class has examples and was never recognised, and NaN only where a class has neither examples
        nor predictions. Source: van Rijsbergen 1979, Information Retrieval.
        """
        return _ratio(2 * self.right, self.examples + self.predicted)

    @property
    def macro_f1(self) -> float:
        """The mean of F1 over the classes that occur among targets or predictions; NaN where there are no examples."""
        f1 = self.f1
        known = f1[~np.isnan(f1)]
        return float(_ratio(known.sum(), len(known)))

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values; `top` begins with top 1."""
        columns = zip(self.classes, self.examples, self.predicted, self.precision, self.recall, self.f1, strict=True)
        return {
            "task": self.task or None,
            "targets": self.targets,
            "accuracy": self.accuracy,
            "error_rate": self.error_rate,
            "macro_f1": self.macro_f1,
            "top": [self.top(k + 1) for k in range(len(self.classes))],
            "classes": [
                {"name": name, "examples": int(n), "predicted": int(p), **_floats(precision=a, recall=b, f1=c)}
                for name, n, p, a, b, c in columns
            ],
            "confusion": self.confusion.tolist(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class BinaryDetails:
    """What is measured of yes-or-no outputs.

    exact_match: the share of examples all of whose outputs are right.  by_output (O): the share of examples for which
    this output is right.
    """

    targets: ClassVar[Targets] = "binary"

    task: str
    outputs: tuple[str, ...]
    exact_match: float
    by_output: Array

    @property
    def accuracy(self) -> float:
        """The share of right outputs, of all examples together."""
        return float(self.by_output.mean())

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "task": self.task or None,
            "targets": self.targets,
            "accuracy": self.accuracy,
            "error_rate": 1 - self.accuracy,
            "exact_match": self.exact_match,
            "outputs": [
                {"name": name, **_floats(accuracy=share)}
                for name, share in zip(self.outputs, self.by_output, strict=True)
            ],
        }


@dataclass(frozen=True, slots=True, eq=False)
class ValueDetails:
    """What is measured of predicted values, in the unit of the targets.

    squared, absolute (O): the mean squared and the mean absolute error of each output.  variance (O): the variance of
    each output's targets, exactly 0 where they are all the same.
    """

    targets: ClassVar[Targets] = "values"

    task: str
    outputs: tuple[str, ...]
    squared: Array
    absolute: Array
    variance: Array

    @property
    def rmse(self) -> Array:
        """√ mean (z - d)² of each output (O)."""
        return np.sqrt(self.squared)

    @property
    def r2(self) -> Array:
        """1 - Σ (z - d)² / Σ (d - d̄)² of each output (O); NaN where the targets do not vary."""
        return 1 - _ratio(self.squared, self.variance)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON values; without `outputs`, over all outputs together, as the metrics of a run."""
        columns = zip(self.outputs, self.rmse, self.absolute, self.r2, strict=True)
        together = 1 - _ratio(self.squared.sum(), self.variance.sum())
        return {
            "task": self.task or None,
            "targets": self.targets,
            **_floats(rmse=np.sqrt(self.squared.mean()), mae=self.absolute.mean(), r2=together),
            "outputs": [{"name": name, **_floats(rmse=a, mae=b, r2=c)} for name, a, b, c in columns],
        }


Details: TypeAlias = ClassDetails | BinaryDetails | ValueDetails


def of_part(predictor: Predictor, x: AnyArray, d: Array) -> list[Details]:
    """What is measured of a network's or a baseline's predictions for raw inputs x (N, ...), task by task.

    d (N, O): the targets as a part of the data has them, those of several tasks side by side.
    """
    found, start = [], 0
    for prediction in predictor.predictions(x):
        stop = start + len(prediction.task.classes)
        found.append(of_prediction(prediction, d[:, start:stop]))
        start = stop
    return found


def of_prediction(prediction: Prediction, d: Array) -> Details:
    """What is measured of the predictions of one task, whose targets are d (N, O)."""
    task = prediction.task
    if task.targets == "classes":
        return of_classes(prediction.scores, d, task.classes, task.name)
    if task.targets == "binary":
        return of_binary(prediction.predicted, d, task.classes, task.name)
    return of_values(prediction.scores, d, task.classes, task.name)


def of_classes(scores: ArrayLike, d: ArrayLike, classes: Sequence[str], task: str = "") -> ClassDetails:
    """Scores (N, K), larger for the likelier class, against one-hot rows or distributions d (N, K).

    The class with the largest score is predicted, the one with the largest share in d is right; at a tie the first.

    >>> found = of_classes([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], [[1, 0], [0, 1], [0, 1]], ["no", "yes"])
    >>> found.confusion.tolist(), found.precision.tolist(), found.recall.tolist()
    ([[1, 0], [1, 1]], [0.5, 1.0], [1.0, 0.5])
    """
    scores, right = np.asarray(scores), np.asarray(d).argmax(axis=-1)[:, None]
    number = np.arange(len(classes))
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (right[:, 0], scores.argmax(axis=-1)), 1)
    own = np.take_along_axis(scores, right, axis=-1)
    behind = (scores < own) | ((scores == own) & (number > right))
    ranks = len(classes) - 1 - behind.sum(axis=-1)
    return ClassDetails(task, tuple(classes), confusion, np.bincount(ranks, minlength=len(classes)))


def of_binary(predicted: ArrayLike, d: ArrayLike, outputs: Sequence[str], task: str = "") -> BinaryDetails:
    """Yes or no (N, O) against targets d (N, O), which say yes above ½.

    >>> found = of_binary([[True, False], [True, True]], [[1, 0], [0, 1]], ["a", "b"])
    >>> found.by_output.tolist(), found.exact_match
    ([0.5, 1.0], 0.5)
    """
    right = np.asarray(predicted, np.bool_) == (np.asarray(d) > 0.5)
    return BinaryDetails(
        task,
        tuple(outputs),
        float(_ratio(right.all(axis=-1).sum(), len(right))),
        _ratio(right.sum(axis=-2), len(right)),
    )


def of_values(values: ArrayLike, d: ArrayLike, outputs: Sequence[str], task: str = "") -> ValueDetails:
    """Predicted values (N, O) against targets d (N, O), in double precision.

    >>> found = of_values([[1.0], [2.0], [6.0]], [[1.0], [4.0], [4.0]], ["y"])  # errors 0, -2, 2 and spread 4 + 1 + 1
    >>> found.rmse.round(3).tolist(), found.absolute.round(3).tolist(), found.r2.round(3).tolist()
    ([1.633], [1.333], [-0.333])
    """
    values, d = np.asarray(values, np.float64), np.asarray(d, np.float64)
    count, error = len(d), values - d
    varies = (d != d[:1]).any(axis=-2)
    middle = _ratio(d.sum(axis=-2), count)
    variance = np.where(varies, _ratio(np.square(d - middle).sum(axis=-2), count), 0.0)
    squared, absolute = (_ratio(sizes.sum(axis=-2), count) for sizes in (error * error, np.abs(error)))
    return ValueDetails(task, tuple(outputs), squared, absolute, variance)


def _ratio(part: Any, whole: Any) -> Array:
    """The ratio, and NaN where it would be one to nothing."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _floats(**numbers: Any) -> dict[str, float]:
    return {name: float(number) for name, number in numbers.items()}
