"""Loss and metrics of the training part, averaged over an epoch as it goes.   R replicas, S steps of an epoch"""

from __future__ import annotations

import numpy as np

from nnexp.data.batches import Batch
from nnexp.metrics.tasks import TaskMetrics
from nnexp.training.data import StackData
from nnexp.training.state import TrainingState
from nnexp.training.step import StepMeasurements
from nnexp.typing import Array


class TrainingMetrics:
    """Measures each batch as it is trained on: weights moving, dropout on. So it costs no pass of its own.

    The numbers are kept in the state, so that an epoch that goes on after a checkpoint ends with the same averages.
    """

    def __init__(self, state: TrainingState, data: StackData, scoring: TaskMetrics) -> None:
        self._state, self._data, self._scoring = state, data, scoring
        self._batch_fractions = data.batch_fractions()

    def record_step(self, batch: Batch, measured: StepMeasurements) -> None:
        """Keep what a step shows of its batch."""
        state = self._state
        numbers = state.losses[:, state.step]
        numbers[:, 0] = measured.loss
        numbers[:, 1] = measured.loss + measured.penalty
        numbers[:, 2] = measured.gradient_norm
        self._scoring.score_examples(measured.z, batch.d, out=state.scores[:, batch.start : batch.stop])

    def average_epoch(self) -> dict[str, Array]:
        """Loss, objective and metrics over the examples of the epoch, each (R,)."""
        averages = np.add.reduce(self._state.losses * self._batch_fractions, axis=-2)
        # The scores are in this epoch's order and the targets are not. No metric pairs the two: they need the targets'
        # mean and spread alone.
        scores = self._scoring.summarize_scores(self._state.scores, self._data.training_targets())
        metrics = {"loss": averages[:, 0], "objective": averages[:, 1], **scores}
        return {f"train_{name}": values for name, values in metrics.items()}

    def average_gradient_norm(self) -> Array:
        """The mean norm of the gradient over the steps of the epoch. (R,)"""
        return self._state.losses[..., 2].mean(axis=-1)
