"""Calibration error.   R replicas, N examples, S scores, B bins"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import Metric
from nnexp.metrics.scores import Confidences, ExampleScores
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array, Count


@metrics.register("calibration_error")
@dataclass(frozen=True, slots=True)
class CalibrationError(Metric):
    """How far confidence is from accuracy: the expected calibration error (ECE).

        calibration_error = Σ_b N_b/N |accuracy_b - confidence_b|,  b over `bins` bins of equal width

    core: z (N, O), d (N, O) -> (). Confidence is the probability of the likeliest class, or of the likelier of yes
    and no, those of several outputs together; a bin holds the confidences above its lower edge up to its upper one. 0
    is perfect: of all that is said with 80 % confidence, 80 % is right. It needs probabilities; NaN where one is NaN.
    Source: Guo et al. 2017, On Calibration of Modern Neural Networks, with their 15 bins.
    """

    bins: Count = 15

    targets: ClassVar[tuple[Targets, ...]] = ("classes", "binary")
    higher_is_better: ClassVar[bool] = False
    is_share: ClassVar[bool] = True

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return Confidences()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        replicas, width = len(scores), scores.shape[-1] // 2
        confidence = scores[..., :width].reshape(replicas, -1)
        right = scores[..., width:].reshape(replicas, -1)
        edges = np.linspace(0, 1, self.bins + 1)
        # The outer edges are left out, so that rounding puts nothing outside of the bins.
        bins = np.searchsorted(edges[1:-1], confidence)
        places = (np.arange(replicas)[:, None] * self.bins + bins).ravel()
        gaps = np.bincount(places, (right - confidence).ravel(), minlength=replicas * self.bins)
        return np.abs(gaps).reshape(replicas, self.bins).sum(axis=-1) / confidence.shape[-1]
