"""Log loss.   R replicas, N examples, S scores"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import Metric
from nnexp.metrics.scores import ExampleScores, LogLikelihood, average_scores
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array


@metrics.register("log_loss")
@dataclass(frozen=True, slots=True)
class LogLoss(Metric):
    """Minus the mean logarithm of the probability of the right class.

        log_loss = -1/N Σ_n Σ_k d_nk log p_nk;  of yes-or-no outputs -1/(N O) Σ [d log p + (1 - d) log(1 - p)]

    core: z (N, O), d (N, O) -> (). Of the probabilities alone, whichever loss and label smoothing trained them, so that
    networks with different losses can be compared. Probabilities below 2.2e-16 count as that, as in scikit-learn. It
    needs probabilities: a loss with a softmax or a sigmoid of its own. Source: Good 1952, Rational Decisions.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("classes", "binary")
    higher_is_better: ClassVar[bool] = False

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return LogLikelihood()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        return average_scores(scores)[:, 0]
