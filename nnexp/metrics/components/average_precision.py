"""Average precision.   R replicas, N examples, O outputs, S scores"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import ClassName, Metric, find_class_problem, format_label
from nnexp.metrics.ranking import average_rankings, compute_average_precision, select_rankings
from nnexp.metrics.scores import ExampleScores, RankingScores
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array


@metrics.register("average_precision")
@dataclass(frozen=True, slots=True)
class AveragePrecision(Metric):
    """The area under the precision-recall curve, as a sum of steps: it judges the ranking where a class is rare.

        average_precision = Σ_i (recall_i - recall_{i-1}) precision_i,  i over the thresholds from high to low

    core: z (N, O), d (N, O) -> (). Chance gives the share of the class. It is that of the second of two classes, as in
    scikit-learn; of more classes the mean of each against the rest, of several yes-or-no outputs the mean.
    `average_precision: setosa` is that of one. Classes without examples are left out; NaN where none remains, or where
    an output is NaN. Source: Manning et al. 2008, Introduction to Information Retrieval.
    """

    of: ClassName = None

    targets: ClassVar[tuple[Targets, ...]] = ("classes", "binary")
    higher_is_better: ClassVar[bool] = True

    @property
    def label(self) -> str:
        return format_label(self.of)

    def find_problem(self, task: PredictionTask) -> str:
        return find_class_problem(self.of, task)

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return RankingScores()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        ranking, is_positive = select_rankings(scores, task, None if self.of is None else str(self.of))
        return average_rankings(compute_average_precision(ranking, is_positive), ranking)
