"""Area under the ROC curve.   R replicas, N examples, O outputs, S scores"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import ClassName, Metric, find_class_problem, format_label
from nnexp.metrics.ranking import average_rankings, compute_roc_auc, select_rankings
from nnexp.metrics.scores import ExampleScores, RankingScores
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array


@metrics.register("roc_auc")
@dataclass(frozen=True, slots=True)
class RocAuc(Metric):
    """The area under the ROC curve: how often an example of a class is ranked above one that is not of it.

        roc_auc = (Σ_{n of the class} rank_n - P(P + 1)/2) / (P Q),  P examples of the class, Q others, ties half

    core: z (N, O), d (N, O) -> (). 0.5 is chance; no threshold matters. Of two classes both have the same, of more it
    is the mean of each against the rest (macro, one-vs-rest), of several yes-or-no outputs the mean. `roc_auc: setosa`
    is that of one. Classes without examples, or without others, are left out; NaN where none remains, or where an
    output is NaN. Source: Hanley & McNeil 1982, The Meaning and Use of the Area under a ROC Curve; Mann & Whitney 1947.
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
        return average_rankings(compute_roc_auc(ranking, is_positive), ranking)
