"""F1 of a class.   K classes, T tables of confusions"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import (
    ClassName,
    ConfusionMetric,
    find_single_class_problem,
    find_table_entry,
    format_label,
)
from nnexp.metrics.confusion import compute_f1
from nnexp.registry import metrics
from nnexp.typing import Array, IntArray


@metrics.register("f1")
@dataclass(frozen=True, slots=True)
class F1(ConfusionMetric):
    """The harmonic mean of a class's precision and recall.

        f1 = 2 right_k / (examples_k + predicted_k)

    core: z (N, O), d (N, O) -> (). `f1: yes` is that of the class yes, or of the yes of an output of that name.
    Without a name it is of the second of two classes, or of the yes of the only output, as in scikit-learn.
    NaN where the class has neither examples nor predictions. Source: van Rijsbergen 1979, Information Retrieval.
    """

    of: ClassName = None

    @property
    def label(self) -> str:
        return format_label(self.of)

    def find_problem(self, task: PredictionTask) -> str:
        return find_single_class_problem("f1", self.of, task)

    def measure(self, confusions: IntArray, task: PredictionTask) -> Array:
        table, row = find_table_entry(self.of, task)
        return compute_f1(confusions)[..., table, row]
