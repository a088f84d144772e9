"""A fitted baseline, for use.   N examples, O outputs"""

from __future__ import annotations

import importlib

import numpy as np

from nnexp.baselines.base import Baseline, FittedArrays
from nnexp.data.dataset import Description, PredictionTask
from nnexp.data.parts import Part
from nnexp.errors import DataError
from nnexp.metrics import metrics
from nnexp.prediction.predictor import Prediction, Predictor, decide_from_scores
from nnexp.training.evaluation import BLOCK_EXAMPLES
from nnexp.training.threads import limit_threads
from nnexp.typing import AnyArray, Array

BLAS_THREADS = 1
"""BLAS threads, as another number would give other last bits."""


class FittedBaseline(Predictor):
    """The baseline of a run.

    Its metrics are those of networks. It has no loss: what a method makes small, if anything, is its own.
    """

    kind = "baseline"

    def __init__(
        self,
        baseline: Baseline,
        description: Description,
        shift: Array,
        scale: Array,
        kept: FittedArrays,
        fill: Array | None = None,
    ) -> None:
        importlib.import_module("scipy.linalg")  # its BLAS has to be there when the threads are limited
        super().__init__(description, shift, scale, "float64", BLAS_THREADS, fill)
        self._baseline, self._outputs = baseline, baseline.make_output_function(kept)

    def _compute_block(self, x: Array) -> Array:
        flat = x.reshape(len(x), -1)
        z = self._outputs(flat) if np.isfinite(flat).all() else np.full(1, np.nan)
        if np.isnan(self._baseline.scores(z)).any():
            raise DataError("an example has a number that is not finite, or too large to be computed with")
        return z

    def probabilities(self, x: AnyArray) -> Array:
        """Shares of votes or probabilities of classes; the outputs where the method has none. (N, ...) -> (N, O)"""
        return self._baseline.scores(self.outputs(x))

    def predictions(self, x: AnyArray) -> list[Prediction]:
        scores, about = self.probabilities(x), self.description
        task = PredictionTask("", about.targets, about.classes)
        return [
            Prediction(task, decide_from_scores(task, "values", scores), scores, self._baseline.gives_probabilities)
        ]

    def evaluate(self, part: Part) -> dict[str, float]:
        targets, x = self.description.targets, part.x
        with limit_threads(self._threads):
            blocks = [
                self._compute_block(x[start : start + BLOCK_EXAMPLES]) for start in range(0, len(x), BLOCK_EXAMPLES)
            ]
            found = self._baseline.scores(np.concatenate(blocks))[None]
        scores = np.empty((1, len(part), metrics.count_scores(targets)))
        metrics.score_examples(targets, "values", found, part.d[None], out=scores)
        return {
            name: float(value[0]) for name, value in metrics.summarize_scores(targets, scores, part.d[None]).items()
        }
