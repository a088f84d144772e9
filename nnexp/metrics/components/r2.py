"""Coefficient of determination.   R replicas, N examples, O outputs, S scores"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.base import Metric
from nnexp.metrics.scores import ExampleScores, OutputErrors, average_scores
from nnexp.metrics.shares import explain_variance
from nnexp.nn.losses.base import Targets
from nnexp.registry import metrics
from nnexp.typing import AnyArray, Array


@metrics.register("r2")
@dataclass(frozen=True, slots=True)
class R2(Metric):
    """The share of the targets' variance that is explained: 1 is perfect, 0 as good as their mean, below 0 worse.

        r2 = 1 - Σ_n Σ_o (z_no - d_no)² / Σ_n Σ_o (d_no - d̄_o)²

    core: z (N, O), d (N, O) -> (). NaN where the targets do not vary. Over all outputs together, so that an output
    that hardly varies does not drown the others; scikit-learn calls that variance-weighted.
    """

    targets: ClassVar[tuple[Targets, ...]] = ("values",)
    higher_is_better: ClassVar[bool] = True

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return OutputErrors()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        # The mean is in double precision: rounded to single, it is off by as much as targets far from 0 vary.
        variance = np.square(d - d.mean(axis=-2, keepdims=True, dtype=np.float64)).sum(axis=-1).mean(axis=-1)
        return explain_variance(average_scores(scores)[:, 0], variance)
