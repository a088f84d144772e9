"""What was trained, for use.   N examples, O outputs"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nnexp.data.dataset import Description, PredictionTask
from nnexp.data.missing_values import fill_missing
from nnexp.data.parts import LinearScaling, Part, Parts
from nnexp.data.splits import PART_NAMES, PartName
from nnexp.errors import DataError, UsageError
from nnexp.metrics.tasks import TaskMetrics
from nnexp.nn.losses.base import Loss, Outputs
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.spec.spec import Spec
from nnexp.training.evaluation import BLOCK_EXAMPLES, evaluate_model
from nnexp.training.model import stack_networks
from nnexp.training.threads import limit_threads
from nnexp.typing import AnyArray, Array


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is predicted of one task.

    predicted: indices of classes (N), yes or no (N, O), or values (N, O).  scores (N, O): what that was decided from;
    `are_probabilities` where the loss has a softmax or a sigmoid of its own.
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


def predictions_of(description: Description, loss: Loss, scores: Array) -> list[Prediction]:
    """What is predicted, task by task, where scores (N, O) are what the outputs of a network with this loss say."""
    tasks = description.tasks or (PredictionTask("", description.targets, description.classes),)
    return [
        Prediction(task, decide_from_scores(task, outputs, scores[:, columns]), scores[:, columns], outputs == "logits")
        for task, (outputs, columns) in zip(tasks, _list_output_columns(loss, len(description.classes)), strict=True)
    ]


def decide_from_scores(task: PredictionTask, outputs: Outputs, scores: Array) -> AnyArray:
    """The classes, the yes or no, or the values that scores (N, O) of a task stand for."""
    if task.targets == "classes":
        return scores.argmax(axis=-1)
    return scores > (0 if outputs == "scores" else 0.5) if task.targets == "binary" else scores


class Predictor(ABC):
    """Something that predicts, with the normalisation that it was trained with: a network or a baseline.

    `fill` holds what is filled in where an input is missing; None where none may be.
    """

    kind: ClassVar[str]
    """What it is, in a message."""

    def __init__(
        self,
        description: Description,
        shift: Array,
        scale: Array,
        dtype: str,
        threads: int,
        fill: Array | None = None,
    ) -> None:
        self.description = description
        self.classes = description.classes
        self._shift, self._scale, self._fill = shift, scale, fill
        self._dtype, self._threads = np.dtype(dtype), threads

    @property
    def accepts_missing(self) -> bool:
        """Whether inputs may be missing, as some were in training."""
        return self._fill is not None

    def outputs(self, x: AnyArray) -> Array:
        """The outputs z for raw inputs x (N, ...) as the data source gives them. Raises DataError for another shape.

        NaN is a missing value, and filled in where the data of the training had such.

        core: (N, ...) -> (N, O)
        """
        x = np.asarray(x)
        if x.shape[1:] != self.description.shape:
            wanted, found = (" x ".join(map(str, shape)) for shape in (self.description.shape, x.shape[1:]))
            raise DataError(f"the {self.kind} takes examples of {wanted} numbers, and these have {found or 'one'}")
        ready = LinearScaling(self._shift, self._scale, np.dtype(self._dtype))(fill_missing(x, self._fill))
        with limit_threads(self._threads):
            blocks = [
                self._compute_block(ready[start : start + BLOCK_EXAMPLES]) for start in range(0, len(x), BLOCK_EXAMPLES)
            ]
        return np.concatenate(blocks) if blocks else np.zeros((0, self.description.output_count), self._dtype)

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
        """What is predicted for raw inputs x (N, ...), task by task; one, without a name, where there are none."""

    @abstractmethod
    def evaluate(self, part: Part) -> dict[str, float]:
        """Loss, where there is one, and metrics on a part whose inputs are normalised already."""


class TrainedNetwork(Predictor):
    """The network of a run, with the weights that answer for it."""

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
    ) -> None:
        super().__init__(description, shift, scale, theta.dtype.name, spec.training.threads, fill)
        network = stack_networks([spec], description)
        self._scoring = TaskMetrics(description, network.loss)
        self._model = network.bind(theta, buffers)

    def _compute_block(self, x: Array) -> Array:
        return self._model.compute_outputs(x[None])[0]

    def probabilities(self, x: AnyArray) -> Array:
        """The outputs put through the loss's own softmax or sigmoid, where it has one. core: (N, ...) -> (N, O)"""
        return self._model.loss.predict(self.outputs(x)[None])[0]

    def predictions(self, x: AnyArray) -> list[Prediction]:
        return predictions_of(self.description, self._model.loss, self.probabilities(x))

    def evaluate(self, part: Part) -> dict[str, float]:
        with limit_threads(self._threads):
            metrics = evaluate_model(self._model, [part], self._scoring)
        return {name: float(value[0]) for name, value in metrics.items()}


@dataclass(slots=True)
class PartEvaluation:
    """What a trained network shows on a part: its metrics; and how often each output is chosen, is the class or says
    yes, and how often it should be.
    """

    metrics: dict[str, float]
    predicted: list[int]
    occurring: list[int]


def evaluate_runs(
    specs: Sequence[Spec], parts: Sequence[Parts], theta: Array, buffers: Array
) -> list[dict[PartName, PartEvaluation]]:
    """What `TrainedNetwork.evaluate_part` gives of each run (R) of one structure on each of its parts, all runs at
    once.
    """
    description = parts[0].description
    network = stack_networks(specs, description)
    scoring = TaskMetrics(description, network.loss)
    model = network.bind(theta, buffers)
    sources = parts[:1] if all(entry is parts[0] for entry in parts) else parts
    found: list[dict[PartName, PartEvaluation]] = [{} for _ in specs]
    for name in PART_NAMES:
        if len(parts[0][name]):
            chosen = np.zeros((len(specs), description.output_count), np.int64)
            metrics = evaluate_model(model, [entry[name] for entry in sources], scoring, chosen)
            for row, values in enumerate(found):
                own = {metric: float(value[row]) for metric, value in metrics.items()}
                occurring = scoring.count_targets(parts[row][name].d)
                values[name] = PartEvaluation(own, chosen[row].tolist(), occurring.tolist())
    return found
