"""A fitted baseline, for use.   N examples, O outputs"""

from __future__ import annotations

import importlib

import numpy as np
from threadpoolctl import threadpool_limits

from nnexp import metrics
from nnexp.baselines.base import Baseline, Kept
from nnexp.data.base import Description, Task
from nnexp.data.parts import Part
from nnexp.errors import DataError
from nnexp.predictor import Prediction, Predictor, decided
from nnexp.training.evaluation import BLOCK
from nnexp.typing import AnyArray, Array

THREADS = 1
"""BLAS threads, as another number would give other last bits."""


class Fitted(Predictor):
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
        kept: Kept,
        fill: Array | None = None,
    ) -> None:
        importlib.import_module("scipy.linalg")  # its BLAS has to be there when the threads are limited
        super().__init__(description, shift, scale, "float64", THREADS, fill)
        self._baseline, self._outputs = baseline, baseline.bind(kept)

    def _block(self, x: Array) -> Array:
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
        task = Task("", about.targets, about.classes)
        return [Prediction(task, decided(task, "values", scores), scores, self._baseline.gives_probabilities)]

    def evaluate(self, part: Part) -> dict[str, float]:
        targets, x = self.description.targets, part.x
        with threadpool_limits(self._threads, "blas"), np.errstate(all="ignore"):
            blocks = [self._block(x[start : start + BLOCK]) for start in range(0, len(x), BLOCK)]
            found = self._baseline.scores(np.concatenate(blocks))[None]
        scores = np.empty((1, len(part), metrics.scores_per_example(targets)))
        metrics.score(targets, "values", found, part.d[None], out=scores)
        return {name: float(value[0]) for name, value in metrics.summarize(targets, scores, part.d[None]).items()}
