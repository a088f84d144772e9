"""Mean absolute error.   R replicas, N examples, O outputs, S scores"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import Metric
from nnexp.metrics.scores import ExampleScores, OutputErrors, average_scores
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array


@metrics.register("mae")
@dataclass(frozen=True, slots=True)
class MeanAbsoluteError(Metric):
    """The mean absolute error.

        mae = 1/(N O) Σ_n Σ_o |z_no - d_no|

    core: z (N, O), d (N, O) -> (). In the unit of the targets.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("values",)
    higher_is_better: ClassVar[bool] = False

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return OutputErrors()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        return average_scores(scores)[:, 1] / len(task.classes)
