"""Exact match.   R replicas, N examples, S scores"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import Metric
from nnexp.metrics.scores import ExampleScores, RightOutputs, average_scores
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array


@metrics.register("exact_match")
@dataclass(frozen=True, slots=True)
class ExactMatch(Metric):
    """The share of examples all of whose yes-or-no outputs are right.

        exact_match = 1/N Σ_n [all outputs of example n are right]

    core: z (N, O), d (N, O) -> (). With one output it is the accuracy. Also called subset accuracy.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("binary",)
    higher_is_better: ClassVar[bool] = True
    is_share: ClassVar[bool] = True

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return RightOutputs()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        return average_scores(scores)[:, 1]
