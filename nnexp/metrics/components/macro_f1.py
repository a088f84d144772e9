"""Macro F1.   K classes, O outputs, T tables of confusions"""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import ConfusionMetric
from nnexp.metrics.confusion import compute_f1
from nnexp.metrics.outputs import POSITIVE
from nnexp.metrics.shares import average_known
from nnexp.registry import metrics
from nnexp.typing import Array, IntArray


@metrics.register("macro_f1")
@dataclass(frozen=True, slots=True)
class MacroF1(ConfusionMetric):
    """The mean of the classes' F1, the harmonic means of precision and recall.

        macro_f1 = 1/K Σ_k 2 right_k / (examples_k + predicted_k)

    core: z (N, O), d (N, O) -> (). Over the classes that occur among targets or predictions; NaN where there are no
    examples. One yes-or-no output has the classes yes and no; of several outputs it is the mean of the F1 of each yes,
    as in scikit-learn. Source: van Rijsbergen 1979, Information Retrieval.
    """

    def measure(self, confusions: IntArray, task: PredictionTask) -> Array:
        f1 = compute_f1(confusions)
        has_one_table = f1.shape[-2] == 1
        return average_known(f1[..., 0, :] if has_one_table else f1[..., POSITIVE])
