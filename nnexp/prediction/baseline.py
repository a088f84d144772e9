"""A fitted baseline, for use.   N examples, O outputs"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.baselines.base import Baseline, FittedArrays, list_baseline_outputs
from nnexp.data.dataset import Description, PredictionTask
from nnexp.data.parts import Part
from nnexp.data.target_scaling import TargetScaling
from nnexp.errors import DataError
from nnexp.metrics.components.base import Metric
from nnexp.metrics.tasks import TaskMetrics
from nnexp.prediction.predictor import Prediction, Predictor, decide_from_scores
from nnexp.typing import AnyArray, Array

BLAS_THREADS = 1
"""BLAS threads. A baseline's spec has no `training.threads`, and another number would give other last bits."""

NOT_FINITE = "an example has a number that is not finite, or too large to be computed with"


class FittedBaseline(Predictor):
    """The baseline of a run.

    It is measured by the metrics of networks, but has no loss: each method minimises something else, if anything.
    """

    kind = "baseline"
    uses_scipy = True

    def __init__(
        self,
        baseline: Baseline,
        description: Description,
        shift: Array,
        scale: Array,
        kept: FittedArrays,
        fill: Array | None = None,
        target_scaling: TargetScaling | None = None,
        metrics: Sequence[Metric] = (),
    ) -> None:
        super().__init__(description, shift, scale, "float64", BLAS_THREADS, fill, target_scaling)
        self._scoring = TaskMetrics(list_baseline_outputs(baseline, description), metrics)
        self._baseline, self._outputs = baseline, baseline.make_output_function(kept)

    def _compute_block(self, x: Array) -> Array:
        flat = x.reshape(len(x), -1)
        if not np.isfinite(flat).all():
            raise DataError(NOT_FINITE)
        z = self._outputs(flat)
        # Squared distances and log-likelihoods of finite but huge inputs may overflow to inf - inf.
        if np.isnan(self._baseline.scores(z)).any():
            raise DataError(NOT_FINITE)
        return z

    def probabilities(self, x: AnyArray) -> Array:
        """Shares of votes or probabilities of classes; the outputs where the method has none. (N, ...) -> (N, O)"""
        return self._baseline.scores(self.outputs(x))

    def predictions(self, x: AnyArray) -> list[Prediction]:
        scores = self.probabilities(x)
        task = PredictionTask("", self.description.targets, self.description.classes)
        predicted = decide_from_scores(task, "values", scores)
        return [Prediction(task, predicted, scores, self._baseline.gives_probabilities)]

    def evaluate(self, part: Part, *, everything: bool = False) -> dict[str, float]:
        scoring = self._scoring.measure_everything() if everything else self._scoring
        x = part.x
        with self.limit_threads():
            found = self._baseline.scores(self._compute_blocks(x))
        if part.target_scaling is not None:
            found = part.target_scaling.restore_values(found)
        d = part.restore_targets()[None]
        scores = np.empty((1, len(part), scoring.score_count))
        scoring.score_examples(found[None], d, out=scores)
        summary = scoring.summarize_scores(scores, d)
        return {name: float(value[0]) for name, value in summary.items()}
