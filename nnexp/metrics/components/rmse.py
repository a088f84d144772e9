"""Root mean squared error.   R replicas, N examples, O outputs, S scores"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import Metric
from nnexp.metrics.scores import ExampleScores, OutputErrors, average_scores
from nnexp.metrics.shares import root_mean_square
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array


@metrics.register("rmse")
@dataclass(frozen=True, slots=True)
class RootMeanSquaredError(Metric):
    """The root of the mean squared error.

        rmse = √ (1/(N O) Σ_n Σ_o (z_no - d_no)²)

    core: z (N, O), d (N, O) -> (). In the unit of the targets, as mae; large errors count more.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("values",)
    higher_is_better: ClassVar[bool] = False

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return OutputErrors()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        return root_mean_square(average_scores(scores)[:, 0] / len(task.classes))
