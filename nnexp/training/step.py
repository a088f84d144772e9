"""One update of every run in a stack: gradient, clipping, optimizer.   R replicas, N examples, O outputs"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from nnexp.data.batches import Batch
from nnexp.nn.layers.base import Context
from nnexp.nn.model import Model
from nnexp.nn.objective import BatchObjective
from nnexp.nn.random import copy_generators
from nnexp.nn.replicas import row_norms
from nnexp.optim.clipping import clip_norm, clip_value
from nnexp.optim.optimizers.base import Optimizer, Update
from nnexp.optim.optimizers.solver import Solver
from nnexp.spec.spec import Training
from nnexp.training.state import TrainingState
from nnexp.typing import Array


class StepMeasurements(NamedTuple):
    """What a step shows of its batch: mean loss, penalties and the gradient's norm, each (R,), and outputs (R, N, O).

    The norm is that before clipping.
    """

    loss: Array
    penalty: Array
    gradient_norm: Array
    z: Array


class TrainingStep:
    """The model's objective and the optimizer, bound to the arrays of a state."""

    def __init__(self, model: Model, optimizer: Optimizer, training: Training, state: TrainingState) -> None:
        self._model, self._optimizer, self._training, self._state = model, optimizer, training, state
        self._update: Update | None = None
        if not isinstance(optimizer, Solver):
            self._update = optimizer.bind(state.theta, model.grad, state.slots, model.regularized)
        self._context = Context(training=True, generators=state.dropout, propagate=False)
        self._first_context = replace(self._context, new_epoch=True)

    def take(self, batch: Batch, number: int, rates: Array) -> StepMeasurements:
        """Make the update of this number, counted from 1 over the whole training, with learning rates (R, 1)."""
        state, model, optimizer = self._state, self._model, self._optimizer
        optimizer.look_ahead(state.theta, state.slots)
        objective = self._make_objective(batch) if isinstance(optimizer, Solver) else None
        context = self._first_context if state.step == 0 else self._context
        loss, penalty, z = model.compute_gradient(batch.x, batch.d, context)
        norms = row_norms(model.grad)
        self._clip_gradient(norms)
        if self._update is not None:
            self._update(number, rates)
        elif isinstance(optimizer, Solver) and objective is not None:
            optimizer.solve(objective, rates)
        model.constrain_weights()
        return StepMeasurements(loss, penalty, norms, z)

    def _make_objective(self, batch: Batch) -> BatchObjective:
        """What a solver looks at in several places; made before the gradient, whose dropout moves the generators on."""
        generators = copy_generators(self._state.dropout, range(len(self._state.dropout)))
        return BatchObjective(self._model, batch.x, batch.d, generators)

    def _clip_gradient(self, norms: Array) -> None:
        if self._training.clip_norm is not None:
            clip_norm(self._model.grad, norms, self._training.clip_norm)
        if self._training.clip_value is not None:
            clip_value(self._model.grad, self._training.clip_value)
