"""Runs that train together in one set of arrays.

R replicas, N training examples, B examples in a batch, S steps of an epoch
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np

from nnexp.beginning import begin
from nnexp.comparison import is_better
from nnexp.data.augmentations.base import augmented
from nnexp.data.batches import Batch, batches, steps_per_epoch
from nnexp.data.parts import Part, Parts
from nnexp.data.splits import PartName
from nnexp.layers.base import Context
from nnexp.model import Model
from nnexp.network import assemble
from nnexp.objective import BatchObjective
from nnexp.optimizers.solver import Solver
from nnexp.replicas import held, lift, norm, stack, take, together
from nnexp.scoring import Scoring
from nnexp.spec.sections import Spec
from nnexp.training.clipping import clip_norm, clip_value
from nnexp.training.evaluation import evaluate
from nnexp.training.probe import Probe, interval, is_due
from nnexp.training.state import State, initial_state
from nnexp.typing import Array, Row


class Stack:
    """R runs of one structure: their numbers and specs, their data, and their common state.

    `specs` differ at most in seed, name and per-replica parameters; `parts` holds each run's data, the same object for
    runs that share it. Without a `state` the runs begin at the beginning.
    """

    def __init__(self, specs: Sequence[Spec], parts: Sequence[Parts], state: State | None = None) -> None:
        self.runs = list(range(len(specs)))
        self._bind(list(specs), list(parts), state)

    def _bind(self, specs: list[Spec], parts: list[Parts], state: State | None) -> None:
        """Build the network on the state's arrays."""
        self.specs, self.parts = specs, parts
        self.training = stack([spec.training for spec in specs])
        self.description = parts[0].description
        self.examples = len(parts[0].train)
        size = self.training.batch_size
        self.batch_size = self.examples if size == "full" else size
        self.steps = steps_per_epoch(self.examples, self.batch_size)
        widths = self.description.widths
        network = stack([assemble(spec.architecture, spec.activation, widths) for spec in specs])
        loss = stack([spec.loss.fitted(widths) for spec in specs])
        self.scoring = Scoring(self.description, loss)
        declaration = network.declare(self.description.shape)
        self.optimizer = stack([spec.optimizer for spec in specs])
        self.schedule = stack([spec.schedule for spec in specs])
        seeds = [spec.seed for spec in specs]
        same_data = all(entry is parts[0] for entry in parts)
        if state is None:
            init = stack([spec.init for spec in specs])
            sources = [entry.train for entry in (parts[:1] if same_data else parts)]

            def inputs(rows: slice) -> Array:
                return together([source.inputs(rows) for source in sources])

            theta, buffers = begin(network, declaration, init, seeds, inputs, self.training.dtype)
            slots, scores = self.optimizer.slots, self.scoring.size
            state = initial_state(theta, buffers, slots, seeds, self.examples, self.steps, scores)
        self.state = state
        penalties = stack([spec.regularization for spec in specs])
        trainable = declaration.trainable(self.training.freeze)
        self.model = Model(network, declaration, loss, penalties, state.theta, state.buffers, trainable)
        self._solver = self.optimizer if isinstance(self.optimizer, Solver) else None
        if self._solver is None:
            self._update = self.optimizer.bind(state.theta, self.model.grad, state.slots, self.model.regularized)
        self._augmented = any(spec.data.augment for spec in specs)
        alike = all(spec.data.augment == specs[0].data.augment for spec in specs)
        self._shared = len(set(seeds)) == 1 and same_data and alike
        self._sources = parts[:1] if same_data else parts
        self._contexts = [
            Context(training=True, generators=state.dropout, new_epoch=new, propagate=False) for new in (False, True)
        ]
        starts = np.arange(self.steps)[:, None] * self.batch_size
        self._share = np.minimum(self.batch_size, self.examples - starts) / self.examples  # of each step, (S, 1)
        self._interval = interval(specs[0].diagnostics, self.steps, self.training.epochs)
        self._probe = (
            None
            if self._interval is None
            else Probe(self.model, [entry.train for entry in self._sources], specs[0].diagnostics)
        )
        if self._probe and not state.looks.size:
            self._look(None)
        self._clock = time.perf_counter()

    def leave(self, leaving: Sequence[int]) -> None:
        """Take the runs with these numbers out; the others go on as if they had never been there."""
        if not leaving:
            return
        stay = [row for row, run in enumerate(self.runs) if run not in leaving]
        self.runs = [self.runs[row] for row in stay]
        if stay:
            specs, parts = [self.specs[row] for row in stay], [self.parts[row] for row in stay]
            clock = self._clock
            self._bind(specs, parts, take(self.state, stay))
            self._clock = clock

    def snapshot(self, run: int) -> State:
        """A copy of one run's state, a stack of one."""
        state = take(self.state, [self.runs.index(run)])
        state.seconds = state.seconds + (time.perf_counter() - self._clock)
        return state

    def begin_epoch(self) -> None:
        """Draw the order of the examples, unless the epoch has begun already, and set the learning rates."""
        state = self.state
        if state.step == 0:
            self._clock = time.perf_counter()
            state.seconds[...] = 0
            if self.batch_size == self.examples:
                state.order[...] = np.arange(self.examples)
            else:
                for order, source in zip(state.order, state.shuffle, strict=True):
                    order[...] = source.permutation(self.examples)
        factors = self.schedule.factors(state.epoch, self.steps, self.training.epochs, state.history)
        self._lr = lift(self.optimizer.lr, factors) * factors
        self._rates = self._lr.astype(state.theta.dtype)

    def remaining_batches(self) -> Iterator[Batch]:
        """The batches of this epoch that are still to come."""
        apart = 1 if self._shared else len(self.runs)
        sources = [entry.train for entry in self.parts[:apart]]
        own = batches(sources, self.state.order[:apart], self.batch_size, self.state.step)
        return map(self._augment, own) if self._augmented else own

    def _augment(self, batch: Batch) -> Batch:
        """Each run's examples, changed by its own generator as its spec says; what runs share is changed once."""
        generators = self.state.augment
        changed = [
            augmented(spec.data.augment, x, d, source)
            for spec, x, d, source in zip(self.specs, batch.x, batch.d, generators, strict=False)
        ]
        for source in generators[len(changed) :]:  # they would have drawn the same
            source.bit_generator.state = generators[0].bit_generator.state
        x, d = (together(arrays) for arrays in zip(*changed, strict=True))
        return batch._replace(x=x, d=d)

    def step(self, batch: Batch) -> bool:
        """One update of every run: forward, loss, backward, clipping, optimizer; and what is measured on the way.

        Gives whether every loss is finite; the runs whose loss is not have diverged.
        """
        state, model = self.state, self.model
        k = state.step
        due = self._interval is not None and is_due(state.epoch * self.steps + k + 1, self._interval)
        before = state.theta.copy() if due else None
        self.optimizer.look_ahead(state.theta, state.slots)
        objective = self._solver and BatchObjective(model, batch.x, batch.d, held(state.dropout, range(len(self.runs))))
        loss, penalty, z = model.gradient(batch.x, batch.d, self._contexts[k == 0])
        norms = norm(model.grad)
        if self.training.clip_norm is not None:
            clip_norm(model.grad, norms, self.training.clip_norm)
        if self.training.clip_value is not None:
            clip_value(model.grad, self.training.clip_value)
        rates = self._rates[:, k : k + 1]
        if self._solver and objective:
            self._solver.solve(objective, rates)
        else:
            self._update(state.epoch * self.steps + k + 1, rates)
        model.constrain()

        measured = state.losses[:, k]
        measured[:, 0], measured[:, 1], measured[:, 2] = loss, loss + penalty, norms
        self.scoring.score(z, batch.d, out=state.scores[:, batch.start : batch.stop])
        state.step = k + 1
        if before is not None:
            self._look(before)
        finite = all(map(math.isfinite, loss.tolist()))
        if not finite:
            state.diverged[~np.isfinite(loss)] = k + 1
        return finite

    def _look(self, before: Array | None) -> None:
        """Look into the layers; `before` is theta before the last step, None before the first."""
        state = self.state
        assert self._probe is not None, "a look needs its examples"
        found = self._probe.look(state.epoch * self.steps + state.step, state.dropout, before)
        state.looks = np.concatenate([state.looks, found], axis=-2) if state.looks.size else found

    def end_epoch(self) -> tuple[Row, ...]:
        """Close the epoch: metrics, the row of each run, and its best weights so far."""
        state = self.state
        state.epoch, state.step = state.epoch + 1, 0
        metrics = {**self._training_metrics(), **self._dev_metrics()}
        elapsed = state.seconds + (time.perf_counter() - self._clock)
        metrics |= {"grad_norm": state.losses[..., 2].mean(axis=-1), "seconds": elapsed}
        step = state.epoch * self.steps
        rows = tuple(
            {"epoch": state.epoch, "step": step, "lr": float(self._lr[i, -1])}
            | {name: float(values[i]) for name, values in metrics.items()}
            for i in range(len(self.runs))
        )
        for past, row in zip(state.history, rows, strict=True):
            past.append(row)
        self._keep_best(metrics)
        return rows

    def _training_metrics(self) -> dict[str, Array]:
        """Averages over the epoch's examples as they were trained on: weights moving, dropout on."""
        averages = np.add.reduce(self.state.losses * self._share, axis=-2)
        targets = together([entry.train.d for entry in self._sources])  # in another order, which does not matter
        scores = self.scoring.summarize(self.state.scores, targets)
        named = {"loss": averages[:, 0], "objective": averages[:, 1], **scores}
        return {f"train_{name}": values for name, values in named.items()}

    def _dev_metrics(self) -> dict[str, Array]:
        if not len(self.parts[0].dev):
            return {}
        return {f"dev_{name}": values for name, values in self.evaluate("dev").items()}

    def evaluate(self, part: PartName) -> dict[str, Array]:
        """Loss and metrics, each (R,), on a part of the data, with the weights as they are."""
        sources: list[Part] = [entry[part] for entry in self._sources]
        return evaluate(self.model, sources, self.scoring)

    def _keep_best(self, metrics: dict[str, Array]) -> None:
        stopping, state = self.training.early_stopping, self.state
        watched = stopping.metric if stopping else "dev_loss"
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
