"""Runs that train together in one set of arrays.

R replicas, N training examples, B examples in a batch, S steps of an epoch
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np

from nnexp.data.augmentations.base import augment_batch
from nnexp.data.batches import Batch, iterate_batches, steps_per_epoch
from nnexp.data.parts import Part, Parts
from nnexp.data.splits import PartName
from nnexp.metrics.better import is_better
from nnexp.metrics.tasks import TaskMetrics
from nnexp.nn.initialization import initialize_parameters
from nnexp.nn.layers.base import Context
from nnexp.nn.model import Model
from nnexp.nn.network import build_network
from nnexp.nn.random import copy_generators
from nnexp.nn.replicas import lift, row_norms, stack_arrays, stack_replicas, take_replicas
from nnexp.optim.clipping import clip_norm, clip_value
from nnexp.optim.objective import BatchObjective
from nnexp.optim.optimizers.solver import Solver
from nnexp.spec.spec import Spec
from nnexp.training.best_epoch import watched_metric
from nnexp.training.evaluation import evaluate_model
from nnexp.training.layer_recorder import LayerRecorder, choose_gap_steps, is_due
from nnexp.training.state import TrainingState, make_initial_state
from nnexp.typing import Array, MetricsRow


class Stack:
    """R runs of one structure: their numbers and specs, their data, and their common state.

    `specs` differ at most in seed, name and per-replica parameters; `parts` holds each run's data, the same object for
    runs that share it. Without a `state` the runs begin at the beginning.
    """

    def __init__(self, specs: Sequence[Spec], parts: Sequence[Parts], state: TrainingState | None = None) -> None:
        self.runs = list(range(len(specs)))
        self._build_model(list(specs), list(parts), state)

    def _build_model(self, specs: list[Spec], parts: list[Parts], state: TrainingState | None) -> None:
        """Build the network on the state's arrays."""
        self.specs, self.parts = specs, parts
        self.training = stack_replicas([spec.training for spec in specs])
        self.description = parts[0].description
        self.examples = len(parts[0].train)
        size = self.training.batch_size
        self.batch_size = self.examples if size == "full" else size
        self.steps_per_epoch = steps_per_epoch(self.examples, self.batch_size)
        widths = self.description.output_widths
        network = stack_replicas([build_network(spec.architecture, spec.activation, widths) for spec in specs])
        loss = stack_replicas([spec.loss.with_widths(widths) for spec in specs])
        self.scoring = TaskMetrics(self.description, loss)
        declaration = network.declare(self.description.shape)
        self.optimizer = stack_replicas([spec.optimizer for spec in specs])
        self.schedule = stack_replicas([spec.schedule for spec in specs])
        seeds = [spec.seed for spec in specs]
        same_data = all(entry is parts[0] for entry in parts)
        if state is None:
            init = stack_replicas([spec.init for spec in specs])
            sources = [entry.train for entry in (parts[:1] if same_data else parts)]

            def gather_inputs(rows: slice) -> Array:
                return stack_arrays([source.take_inputs(rows) for source in sources])

            theta, buffers = initialize_parameters(
                network, declaration, init, seeds, gather_inputs, self.training.dtype
            )
            slots, scores = self.optimizer.slots, self.scoring.score_count
            state = make_initial_state(theta, buffers, slots, seeds, self.examples, self.steps_per_epoch, scores)
        self.state = state
        penalties = stack_replicas([spec.regularization for spec in specs])
        trainable = declaration.trainable_mask(self.training.freeze)
        self.model = Model(network, declaration, loss, penalties, state.theta, state.buffers, trainable)
        self._solver = self.optimizer if isinstance(self.optimizer, Solver) else None
        if self._solver is None:
            self._apply_update = self.optimizer.bind(state.theta, self.model.grad, state.slots, self.model.regularized)
        self._is_augmented = any(spec.data.augment for spec in specs)
        alike = all(spec.data.augment == specs[0].data.augment for spec in specs)
        self._shares_batches = len(set(seeds)) == 1 and same_data and alike
        self._distinct_parts = parts[:1] if same_data else parts
        self._contexts = [
            Context(training=True, generators=state.dropout, new_epoch=new, propagate=False) for new in (False, True)
        ]
        starts = np.arange(self.steps_per_epoch)[:, None] * self.batch_size
        self._batch_fractions = (
            np.minimum(self.batch_size, self.examples - starts) / self.examples
        )  # of each step, (S, 1)
        self._gap_steps = choose_gap_steps(specs[0].diagnostics, self.steps_per_epoch, self.training.epochs)
        self._recorder = (
            None
            if self._gap_steps is None
            else LayerRecorder(self.model, [entry.train for entry in self._distinct_parts], specs[0].diagnostics)
        )
        if self._recorder and not state.looks.size:
            self._record_layers(None)
        self._clock_start = time.perf_counter()

    def remove_runs(self, leaving: Sequence[int]) -> None:
        """Take the runs with these numbers out; the others go on as if they had never been there."""
        if not leaving:
            return
        stay = [row for row, run in enumerate(self.runs) if run not in leaving]
        self.runs = [self.runs[row] for row in stay]
        if stay:
            specs, parts = [self.specs[row] for row in stay], [self.parts[row] for row in stay]
            clock = self._clock_start
            self._build_model(specs, parts, take_replicas(self.state, stay))
            self._clock_start = clock

    def copy_state(self, run: int) -> TrainingState:
        """A copy of one run's state, a stack of one."""
        state = take_replicas(self.state, [self.runs.index(run)])
        state.seconds = state.seconds + (time.perf_counter() - self._clock_start)
        return state

    def begin_epoch(self) -> None:
        """Draw the order of the examples, unless the epoch has begun already, and set the learning rates."""
        state = self.state
        if state.step == 0:
            self._clock_start = time.perf_counter()
            state.seconds[...] = 0
            if self.batch_size == self.examples:
                state.order[...] = np.arange(self.examples)
            else:
                for order, source in zip(state.order, state.shuffle, strict=True):
                    order[...] = source.permutation(self.examples)
        factors = self.schedule.compute_factors(state.epoch, self.steps_per_epoch, self.training.epochs, state.history)
        self._lr = lift(self.optimizer.lr, factors) * factors
        self._rates = self._lr.astype(state.theta.dtype)

    def remaining_batches(self) -> Iterator[Batch]:
        """The batches of this epoch that are still to come."""
        apart = 1 if self._shares_batches else len(self.runs)
        sources = [entry.train for entry in self.parts[:apart]]
        own = iterate_batches(sources, self.state.order[:apart], self.batch_size, self.state.step)
        return map(self._augment_batch, own) if self._is_augmented else own

    def _augment_batch(self, batch: Batch) -> Batch:
        """Each run's examples, changed by its own generator as its spec says; what runs share is changed once."""
        generators = self.state.augment
        changed = [
            augment_batch(spec.data.augment, x, d, source)
            for spec, x, d, source in zip(self.specs, batch.x, batch.d, generators, strict=False)
        ]
        for source in generators[len(changed) :]:  # they would have drawn the same
            source.bit_generator.state = generators[0].bit_generator.state
        x, d = (stack_arrays(arrays) for arrays in zip(*changed, strict=True))
        return batch._replace(x=x, d=d)

    def train_step(self, batch: Batch) -> bool:
        """One update of every run: forward, loss, backward, clipping, optimizer; and what is measured on the way.

        Gives whether every loss is finite; the runs whose loss is not have diverged.
        """
        state, model = self.state, self.model
        k = state.step
        due = self._gap_steps is not None and is_due(state.epoch * self.steps_per_epoch + k + 1, self._gap_steps)
        before = state.theta.copy() if due else None
        self.optimizer.look_ahead(state.theta, state.slots)
        objective = self._solver and BatchObjective(
            model, batch.x, batch.d, copy_generators(state.dropout, range(len(self.runs)))
        )
        loss, penalty, z = model.compute_gradient(batch.x, batch.d, self._contexts[k == 0])
        norms = row_norms(model.grad)
        if self.training.clip_norm is not None:
            clip_norm(model.grad, norms, self.training.clip_norm)
        if self.training.clip_value is not None:
            clip_value(model.grad, self.training.clip_value)
        rates = self._rates[:, k : k + 1]
        if self._solver and objective:
            self._solver.solve(objective, rates)
        else:
            self._apply_update(state.epoch * self.steps_per_epoch + k + 1, rates)
        model.constrain_weights()

        measured = state.losses[:, k]
        measured[:, 0], measured[:, 1], measured[:, 2] = loss, loss + penalty, norms
        self.scoring.score_examples(z, batch.d, out=state.scores[:, batch.start : batch.stop])
        state.step = k + 1
        if before is not None:
            self._record_layers(before)
        finite = all(map(math.isfinite, loss.tolist()))
        if not finite:
            state.diverged[~np.isfinite(loss)] = k + 1
        return finite

    def _record_layers(self, before: Array | None) -> None:
        """Look into the layers; `before` is theta before the last step, None before the first."""
        state = self.state
        assert self._recorder is not None, "a look needs its examples"
        found = self._recorder.record(state.epoch * self.steps_per_epoch + state.step, state.dropout, before)
        state.looks = np.concatenate([state.looks, found], axis=-2) if state.looks.size else found

    def end_epoch(self) -> tuple[MetricsRow, ...]:
        """Close the epoch: metrics, the row of each run, and its best weights so far."""
        state = self.state
        state.epoch, state.step = state.epoch + 1, 0
        metrics = {**self._compute_training_metrics(), **self._compute_dev_metrics()}
        elapsed = state.seconds + (time.perf_counter() - self._clock_start)
        metrics |= {"grad_norm": state.losses[..., 2].mean(axis=-1), "seconds": elapsed}
        step = state.epoch * self.steps_per_epoch
        rows = tuple(
            {"epoch": state.epoch, "step": step, "lr": float(self._lr[i, -1])}
            | {name: float(values[i]) for name, values in metrics.items()}
            for i in range(len(self.runs))
        )
        for past, row in zip(state.history, rows, strict=True):
            past.append(row)
        self._keep_best_weights(metrics)
        return rows

    def _compute_training_metrics(self) -> dict[str, Array]:
        """Averages over the epoch's examples as they were trained on: weights moving, dropout on."""
        averages = np.add.reduce(self.state.losses * self._batch_fractions, axis=-2)
        targets = stack_arrays(
            [entry.train.d for entry in self._distinct_parts]
        )  # in another order, which does not matter
        scores = self.scoring.summarize_scores(self.state.scores, targets)
        named = {"loss": averages[:, 0], "objective": averages[:, 1], **scores}
        return {f"train_{name}": values for name, values in named.items()}

    def _compute_dev_metrics(self) -> dict[str, Array]:
        if not len(self.parts[0].dev):
            return {}
        return {f"dev_{name}": values for name, values in self.evaluate_part("dev").items()}

    def evaluate_part(self, part: PartName) -> dict[str, Array]:
        """Loss and metrics, each (R,), on a part of the data, with the weights as they are."""
        sources: list[Part] = [entry[part] for entry in self._distinct_parts]
        return evaluate_model(self.model, sources, self.scoring)

    def _keep_best_weights(self, metrics: dict[str, Array]) -> None:
        stopping, state = self.training.early_stopping, self.state
        watched = watched_metric(stopping)
        if watched not in metrics:
            return
        value = metrics[watched]
        min_delta = np.asarray(stopping.min_delta if stopping else 0.0)
        better = is_better(watched, value, state.best_value, min_delta)
        if better.any():
            np.copyto(state.best_value, value, where=better)
            np.copyto(state.best_epoch, state.epoch, where=better)
            np.copyto(state.best_theta, state.theta, where=better[:, None])
            np.copyto(state.best_buffers, state.buffers, where=better[:, None])
