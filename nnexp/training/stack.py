"""Runs that train together in one set of arrays.   R replicas, P parameters, S steps of an epoch"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np

from nnexp.data.batches import Batch
from nnexp.data.parts import Parts
from nnexp.data.splits import PartName
from nnexp.nn.model import StackedNetwork
from nnexp.nn.replicas import lift, stack_replicas, take_replicas
from nnexp.spec.spec import Spec
from nnexp.training.best_epoch import keep_best_weights
from nnexp.training.data import StackData, stack_class_weights, stack_target_scalings
from nnexp.training.evaluation import evaluate_model
from nnexp.training.layer_recorder import make_recorder
from nnexp.training.model import stack_specs
from nnexp.training.state import TrainingState, make_initial_state
from nnexp.training.step import TrainingStep
from nnexp.training.training_metrics import TrainingMetrics
from nnexp.typing import Array, MetricsRow


class Stack:
    """R runs of one structure: their numbers and specs, their data, and their common state.

    `specs` differ at most in seed, name and per-replica parameters; `parts` holds each run's data, the same object for
    runs that share it. Without a `state` the runs begin at the beginning.
    """

    def __init__(self, specs: Sequence[Spec], parts: Sequence[Parts], state: TrainingState | None = None) -> None:
        self.runs = list(range(len(specs)))
        self._assemble(list(specs), list(parts), state)
        if self._recorder and not self.state.layer_history.size:
            self._record_layers(None)
        self._clock_start = time.perf_counter()

    def _assemble(self, specs: list[Spec], parts: list[Parts], state: TrainingState | None) -> None:
        """Put the runs together: data, state, model, and what trains and measures it, all on the state's arrays."""
        self.specs, self.parts = specs, parts
        self.training = stack_replicas([spec.training for spec in specs])
        self.optimizer = stack_replicas([spec.optimizer for spec in specs])
        self.schedule = stack_replicas([spec.schedule for spec in specs])
        self.data = StackData(specs, parts)
        network = stack_specs(specs, self.data.description)
        training_parts = self.data.list_parts("train")
        target_scaling = stack_target_scalings(training_parts)
        self.scoring = specs[0].build_metrics(self.data.description, network.loss, target_scaling)
        self.state = state or self._draw_initial_state(network)
        class_weights = stack_class_weights(training_parts)
        self.model = network.build_model(self.state.theta, self.state.buffers, self.training.freeze, class_weights)
        self._step = TrainingStep(self.model, self.optimizer, self.training, self.state)
        self._training_metrics = TrainingMetrics(self.state, self.data, self.scoring)
        self._recorder = make_recorder(
            self.model,
            training_parts,
            specs[0].diagnostics,
            self.steps_per_epoch,
            self.training.epochs,
        )

    def _draw_initial_state(self, network: StackedNetwork) -> TrainingState:
        """The state before the first step, each run's from its own seed."""
        seeds = [spec.seed for spec in self.specs]
        inits = [spec.init for spec in self.specs]
        theta, buffers = network.initialize_parameters(inits, seeds, self.data.training_inputs, self.training.dtype)
        examples, score_count = self.data.examples, self.scoring.score_count
        return make_initial_state(
            theta, buffers, self.optimizer.slots, seeds, examples, self.steps_per_epoch, score_count
        )

    @property
    def steps_per_epoch(self) -> int:
        """S, the steps of an epoch."""
        return self.data.steps_per_epoch

    @property
    def steps_done(self) -> int:
        """Steps since the beginning of training."""
        return self.state.epoch * self.steps_per_epoch + self.state.step

    def remove_runs(self, leaving: Sequence[int]) -> None:
        """Take the runs with these numbers out; the others go on as if they had never been there."""
        if not leaving:
            return
        rows = [row for row, run in enumerate(self.runs) if run not in leaving]
        self.runs = [self.runs[row] for row in rows]
        if rows:
            specs, parts = [self.specs[row] for row in rows], [self.parts[row] for row in rows]
            self._assemble(specs, parts, take_replicas(self.state, rows))

    def copy_state(self, run: int) -> TrainingState:
        """A copy of one run's state, a stack of one."""
        state = take_replicas(self.state, [self.runs.index(run)])
        state.seconds = self._measure_seconds(state)
        return state

    def _measure_seconds(self, state: TrainingState) -> Array:
        """Seconds that this epoch has taken so far, also in processes before this one. (R,)"""
        return state.seconds + (time.perf_counter() - self._clock_start)

    def begin_epoch(self) -> None:
        """Draw the order of the examples, unless the epoch has begun already, and set the learning rates."""
        state = self.state
        if state.step == 0:
            self._clock_start = time.perf_counter()
            state.seconds[...] = 0
            self.data.draw_order(state)
        factors = self.schedule.compute_factors(state.epoch, self.steps_per_epoch, self.training.epochs, state.history)
        self.learning_rates = lift(self.optimizer.lr, factors) * factors  # of each step of this epoch, (R, S)
        # Rounded once to the weights' precision, so that an update does not compute in double precision.
        self._rounded_rates = self.learning_rates.astype(state.theta.dtype)

    def remaining_batches(self) -> Iterator[Batch]:
        """The batches of this epoch that are still to come."""
        return self.data.iterate_batches(self.state)

    def train_step(self, batch: Batch) -> bool:
        """One update of every run, and what is measured on the way.

        Gives whether every loss is finite; the runs whose loss is not have diverged.
        """
        state, number = self.state, self.steps_done + 1
        is_recorded = self._recorder is not None and self._recorder.is_due(number)
        theta_before = state.theta.copy() if is_recorded else None
        measured = self._step.take(batch, number, self._rounded_rates[:, state.step : state.step + 1])
        self._training_metrics.record_step(batch, measured)
        state.step += 1
        if is_recorded:
            self._record_layers(theta_before)
        # For a few replicas this takes 0.5 µs, and `np.isfinite(loss).all()` 2.6.
        if all(map(math.isfinite, measured.loss.tolist())):
            return True
        state.diverged[~np.isfinite(measured.loss)] = state.step
        return False

    def _record_layers(self, theta_before: Array | None) -> None:
        """Record the layers' statistics; theta as it was before the last step, None before the first."""
        assert self._recorder is not None, "without a recorder no step is due"
        state = self.state
        record = self._recorder.record(self.steps_done, state.dropout, theta_before)
        history = state.layer_history
        state.layer_history = np.concatenate([history, record], axis=-2) if history.size else record

    def end_epoch(self) -> tuple[MetricsRow, ...]:
        """Close the epoch: metrics, the row of each run, and its best weights so far."""
        state = self.state
        state.epoch, state.step = state.epoch + 1, 0
        metrics = self._training_metrics.average_epoch() | self._compute_dev_metrics()
        metrics["grad_norm"] = self._training_metrics.average_gradient_norm()
        metrics["seconds"] = self._measure_seconds(state)
        rows = tuple(self._make_row(row, metrics) for row in range(len(self.runs)))
        for history, row in zip(state.history, rows, strict=True):
            history.append(row)
        keep_best_weights(state, metrics, self.training.early_stopping)
        return rows

    def _make_row(self, row: int, metrics: dict[str, Array]) -> MetricsRow:
        """One run's line of metrics.csv, whose columns come in this order."""
        found: MetricsRow = {"epoch": self.state.epoch, "step": self.steps_done}
        found["lr"] = float(self.learning_rates[row, -1])
        found.update((name, float(values[row])) for name, values in metrics.items())
        return found

    def _compute_dev_metrics(self) -> dict[str, Array]:
        if not len(self.parts[0].dev):
            return {}
        return {f"dev_{name}": values for name, values in self.evaluate_part("dev").items()}

    def evaluate_part(self, part: PartName) -> dict[str, Array]:
        """Loss and metrics, each (R,), on a part of the data, with the weights as they are."""
        return evaluate_model(self.model, self.data.list_parts(part), self.scoring)
