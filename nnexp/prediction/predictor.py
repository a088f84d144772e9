"""Trained networks in use.   N examples, O outputs"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.data.dataset import Description, PredictionTask
from nnexp.data.missing_values import fill_missing
from nnexp.data.parts import LinearScaling, Part, Parts
from nnexp.data.splits import PART_NAMES, PartName
from nnexp.data.target_scaling import TargetScaling
from nnexp.errors import DataError, UsageError
from nnexp.metrics.components.base import ConfusionMetric
from nnexp.metrics.outputs import apply_thresholds
from nnexp.metrics.tasks import TaskMetrics
from nnexp.metrics.thresholds import Thresholds, set_fixed_threshold
from nnexp.nn.layers.base import format_shape
from nnexp.nn.losses.base import Loss, Outputs
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.nn.model import Model
from nnexp.nn.replicas import stack_arrays
from nnexp.spec.spec import Spec
from nnexp.training.data import stack_target_scalings
from nnexp.training.evaluation import BLOCK_EXAMPLES, compute_part_outputs, evaluate_model
from nnexp.training.model import stack_specs
from nnexp.training.threads import limit_threads
from nnexp.typing import AnyArray, Array


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predictions for one task.

    predicted: indices of classes (N), yes or no (N, O), or values (N, O).  scores (N, O): what that was decided from,
    which are probabilities where the loss has a softmax or a sigmoid of its own.
    """

    task: PredictionTask
    predicted: AnyArray
    scores: Array
    are_probabilities: bool


def _list_output_columns(loss: Loss, outputs: int) -> list[tuple[Outputs, slice]]:
    """The meaning and the columns of each task's outputs."""
    if isinstance(loss, TaskLosses):
        return [(weighted.loss.outputs, columns) for weighted, columns in loss.locate_tasks()]
    return [(loss.outputs, slice(0, outputs))]


def predictions_of(
    description: Description, loss: Loss, scores: Array, thresholds: Thresholds | None = None
) -> list[Prediction]:
    """The predictions for each task from scores (N, O), the outputs of a network with this loss put through it."""
    tasks = description.tasks or (PredictionTask("", description.targets, description.classes),)
    found = []
    for task, (outputs, columns) in zip(tasks, _list_output_columns(loss, len(description.classes)), strict=True):
        own = scores[:, columns]
        predicted = decide_from_scores(task, outputs, own)
        if thresholds and task.name in thresholds:
            predicted = apply_thresholds(task, own, np.array(thresholds[task.name]))
        found.append(Prediction(task, predicted, own, are_probabilities=outputs == "logits"))
    return found


def decide_from_scores(task: PredictionTask, outputs: Outputs, scores: Array) -> AnyArray:
    """The classes (N), the yes or no (N, O), or the values (N, O) for scores (N, O) of a task."""
    if task.targets == "classes":
        return scores.argmax(axis=-1)
    if task.targets == "binary":
        # A hinge loss puts its border at 0, probabilities and values between 0 and 1 have it in the middle.
        border = 0 if outputs == "scores" else 0.5
        return scores > border
    return scores


class Predictor(ABC):
    """What predicts for raw inputs: a network, a baseline or an ensemble, with the normalisation of its training.

    `fill` replaces missing inputs, feature by feature; with None no input may be missing. `target_scaling` is what the
    values were scaled by that it learned to predict; what it predicts is in the units of the data.
    """

    kind: ClassVar[str]
    """What it is, in a message."""

    uses_scipy: ClassVar[bool] = False
    """Whether it computes with SciPy's linear algebra."""

    def __init__(
        self,
        description: Description,
        shift: Array,
        scale: Array,
        dtype: str,
        threads: int,
        fill: Array | None = None,
        target_scaling: TargetScaling | None = None,
    ) -> None:
        self.description = description
        self.classes = description.classes
        self._shift, self._scale, self._fill, self.target_scaling = shift, scale, fill, target_scaling
        self._dtype, self._threads = np.dtype(dtype), threads

    @property
    def accepts_missing(self) -> bool:
        """Whether inputs may be missing, as some were in training."""
        return self._fill is not None

    def outputs(self, x: AnyArray) -> Array:
        """The outputs z for raw inputs x (N, ...) as the data source gives them. Raises DataError for another shape.

        NaN is a missing value, which is filled in if the training data had missing values. Values are in the units of
        the data, in double precision where they were scaled for training.

        core: (N, ...) -> (N, O)
        """
        with self.limit_threads():
            z = self._compute_blocks(self.normalize_inputs(x))
        return z if self.target_scaling is None else self.target_scaling.restore_values(z)

    def normalize_inputs(self, x: AnyArray) -> Array:
        """Raw inputs x (N, ...), filled in and normalised as those of training were. Raises DataError as `outputs`."""
        x = np.asarray(x)
        if x.shape[1:] != self.description.shape:
            expected, found = format_shape(self.description.shape), format_shape(x.shape[1:])
            raise DataError(f"the {self.kind} takes examples of {expected} numbers, and these have {found or 'one'}")
        normalize = LinearScaling(self._shift, self._scale, self._dtype)
        return normalize(fill_missing(x, self._fill))

    def limit_threads(self) -> AbstractContextManager[None]:
        """Compute with the number of threads that training had, for the same bits."""
        return limit_threads(self._threads, scipy=self.uses_scipy)

    def _compute_blocks(self, x: Array) -> Array:
        """The outputs z (N, O) for examples x (N, ...), normalised already; in blocks, as training evaluates them."""
        if not len(x):
            return np.zeros((0, self.description.output_count), self._dtype)
        starts = range(0, len(x), BLOCK_EXAMPLES)
        return np.concatenate([self._compute_block(x[start : start + BLOCK_EXAMPLES]) for start in starts])

    @abstractmethod
    def _compute_block(self, x: Array) -> Array:
        """The outputs z (N, O) for some examples x (N, ...), normalised already."""

    @abstractmethod
    def probabilities(self, x: AnyArray) -> Array:
        """Probabilities for raw inputs where there are such, otherwise scores or values. core: (N, ...) -> (N, O)"""

    def predict(self, x: AnyArray) -> AnyArray:
        """The class of each example, as an index into `classes`; yes or no for binary outputs; otherwise the values.

        core: (N, ...) -> (N), (N, O) or (N, O). Raises UsageError where there are several tasks.
        """
        if self.description.tasks:
            raise UsageError(f"the {self.kind} predicts several tasks: `predictions` gives each")
        return self.predictions(x)[0].predicted

    @abstractmethod
    def predictions(self, x: AnyArray) -> list[Prediction]:
        """The predictions for raw inputs x (N, ...), task by task; the only task of other data has no name."""

    @abstractmethod
    def evaluate(self, part: Part, *, everything: bool = False) -> dict[str, float]:
        """Loss, where there is one, and metrics on a part whose inputs are normalised, and targets scaled, already.

        `everything`: all metrics that fit, and not only those that the spec asks for.
        """


class TrainedNetwork(Predictor):
    """The network of a run, with its final weights or those of its best epoch."""

    kind = "network"

    def __init__(
        self,
        spec: Spec,
        description: Description,
        shift: Array,
        scale: Array,
        theta: Array,
        buffers: Array,
        fill: Array | None = None,
        target_scaling: TargetScaling | None = None,
        thresholds: Thresholds | None = None,
    ) -> None:
        super().__init__(description, shift, scale, theta.dtype.name, spec.training.threads, fill, target_scaling)
        network = stack_specs([spec], description)
        self._scoring = spec.build_metrics(description, network.loss, target_scaling)
        self.thresholds = thresholds
        if thresholds:
            self._scoring = self._scoring.set_thresholds([thresholds])
        self._model = network.build_model(theta, buffers)

    def _compute_block(self, x: Array) -> Array:
        return self._model.compute_outputs(x[None])[0]

    def probabilities(self, x: AnyArray) -> Array:
        """The outputs put through the loss's own softmax or sigmoid, where it has one. core: (N, ...) -> (N, O)"""
        return self._model.loss.predict(self.outputs(x)[None])[0]

    def predictions(self, x: AnyArray) -> list[Prediction]:
        return predictions_of(self.description, self._model.loss, self.probabilities(x), self.thresholds)

    def evaluate(self, part: Part, *, everything: bool = False) -> dict[str, float]:
        scoring = self._scoring.measure_everything() if everything else self._scoring
        with self.limit_threads():
            metrics = evaluate_model(self._model, [part], scoring)
        return {name: float(value[0]) for name, value in metrics.items()}


@dataclass(slots=True)
class PartEvaluation:
    """A trained network on a part: its metrics, and how often each class occurs and is predicted."""

    metrics: dict[str, float]
    predicted: list[int]
    """How often each output is the predicted class, or says yes."""
    occurring: list[int]
    """How often it should be."""


@dataclass(slots=True)
class RunEvaluation:
    """A trained network on all parts, and the thresholds of its decisions; None for the usual ones."""

    parts: dict[PartName, PartEvaluation]
    thresholds: Thresholds | None = None


def evaluate_runs(specs: Sequence[Spec], parts: Sequence[Parts], theta: Array, buffers: Array) -> list[RunEvaluation]:
    """Evaluate R runs of one structure on all parts of their data, together, with the thresholds of their decisions."""
    description = parts[0].description
    network = stack_specs(specs, description)
    sources = parts[:1] if all(entry is parts[0] for entry in parts) else parts
    target_scaling = stack_target_scalings([entry.train for entry in sources])
    scoring = specs[0].build_metrics(description, network.loss, target_scaling)
    model = network.build_model(theta, buffers)
    thresholds = _find_thresholds(specs[0], scoring, model, [entry.dev for entry in sources])
    if thresholds:
        scoring = scoring.set_thresholds(thresholds)
    found: list[dict[PartName, PartEvaluation]] = [{} for _ in specs]
    for name in PART_NAMES:
        if not len(parts[0][name]):
            continue
        chosen = np.zeros((len(specs), description.output_count), np.int64)
        metrics = evaluate_model(model, [entry[name] for entry in sources], scoring, chosen)
        for row, evaluations in enumerate(found):
            own = {metric: float(value[row]) for metric, value in metrics.items()}
            occurring = scoring.count_targets(parts[row][name].d)
            evaluations[name] = PartEvaluation(own, chosen[row].tolist(), occurring.tolist())
    if not thresholds:
        return [RunEvaluation(evaluations) for evaluations in found]
    return [RunEvaluation(evaluations, own) for evaluations, own in zip(found, thresholds, strict=True)]


def _find_thresholds(
    spec: Spec, scoring: TaskMetrics, model: Model, dev: Sequence[Part]
) -> Sequence[Thresholds] | None:
    """The thresholds of each run, chosen on the dev part or fixed by the spec; None for the usual decisions."""
    if spec.decision is None:
        return None
    if spec.decision.threshold is not None:
        outputs = scoring.outputs
        return [set_fixed_threshold(outputs, spec.decision.threshold)] * len(model.theta)
    metric = spec.decision.maximize
    assert isinstance(metric, ConfusionMetric), "the check of the spec refuses other metrics"
    z, d = compute_part_outputs(model, dev), stack_arrays([part.d for part in dev])
    return scoring.choose_thresholds(z, d, metric)
