"""The validated spec: what its text means, as components."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Gt, Le, MinLen, Predicate, doc

from nnexp.data.augmentations.base import Augmentation
from nnexp.data.class_weights import WeightRequest, compute_class_weights
from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.normalizations.base import Normalization
from nnexp.data.normalizations.linear import Standard, Unchanged
from nnexp.data.parts import Parts, prepare_parts
from nnexp.data.splits import PART_NAMES, PartName, Split
from nnexp.data.target_scaling import TargetScaling
from nnexp.data.targets.base import Target
from nnexp.data.targets.given import Given
from nnexp.metrics.choose import find_metric
from nnexp.metrics.components.base import Metric
from nnexp.metrics.outputs import TaskOutputs, list_task_outputs
from nnexp.metrics.tasks import TaskMetrics
from nnexp.metrics.thresholds import set_fixed_threshold
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.he import He
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.losses.base import Loss
from nnexp.nn.network import build_network
from nnexp.nn.penalties.base import Penalty
from nnexp.optim.optimizers.adam import Adam
from nnexp.optim.optimizers.base import Optimizer
from nnexp.optim.schedules.base import Schedule
from nnexp.optim.schedules.constant import Constant
from nnexp.optim.schedules.plateau import Plateau
from nnexp.typing import Count, IntArray, NonNegative, Positive


def is_line(text: str) -> bool:
    """Whether a text is one line that can be read: not blank, and without control characters."""
    return bool(text.strip()) and not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


Line: TypeAlias = Annotated[str, MinLen(1), Predicate(is_line), doc("a text of one line, not blank")]


@dataclass(frozen=True, slots=True)
class Data:
    """What is learned from: where examples come from, how they are split and normalised, and what is predicted.

    `scale_targets` scales values for training, by a normalisation fitted to the training part; without it, values of a
    file are scaled by `standard`. Predictions, rmse and mae are in the units of the data all the same, the loss is not.
    `class_weights` multiplies the loss of an example by the weight of its class, in training and wherever the loss is
    measured; metrics count every example alike. `balanced` is N / (K n_k) of the training part, and {no: 1, yes: 5} are
    weights by hand. Of yes-or-no outputs the weight named is that of a yes, and `balanced` weighs yes and no.
    `sampling: balanced` draws the examples of each epoch with replacement, from every class as often; `shuffled` takes
    each once. Source: He & Garcia 2009, Learning from Imbalanced Data.
    """

    source: Source
    split: Split = Split()
    normalize: Normalization = Standard()
    targets: Target = Given()
    scale_targets: Normalization = Unchanged()
    class_weights: WeightRequest = "none"
    sampling: Literal["shuffled", "balanced"] = "shuffled"
    augment: tuple[Augmentation, ...] = ()

    def load(self) -> Dataset:
        """All examples as the source gives them for this split. Raises DataError where they cannot be read."""
        return self.source.load_for(self.split)

    def choose_rows(self) -> dict[PartName, IntArray]:
        """The examples of each part. Raises DataError where they cannot be read."""
        return self.split.choose_rows(self.load())

    def count_parts(self, description: Description) -> dict[PartName, int]:
        """The number of examples in each part. Raises ValueError where that cannot be."""
        sizes = self.split.count_examples(description.examples, description.own_test, description.own_dev)
        if self.split.key_column:  # whole groups, and equal times, are not cut
            return {part: len(rows) for part, rows in self.choose_rows().items()}
        return sizes

    def prepare(self, dtype: str) -> Parts:
        """The data made ready in a precision. Raises DataError where they cannot be read."""
        parts = prepare_parts(self.source, self.split, self.normalize, dtype, self.targets, self.scale_targets)
        weights = compute_class_weights(self.class_weights, parts.description, parts.train.d)
        if weights is None:
            return parts
        train, dev, test = (replace(parts[name], class_weights=weights) for name in PART_NAMES)
        return replace(parts, train=train, dev=dev, test=test)


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """Stop when `metric` has not been better by more than `min_delta` for `patience` epochs.

    `restore_best` gives the run the weights of its best epoch.
    """

    patience: Count
    metric: str = "dev_loss"
    min_delta: NonNegative = 0.0
    restore_best: bool = True


@dataclass(frozen=True, slots=True)
class Training:
    """How long and how: epochs, minibatches, precision, clipping, early stopping.

    `freeze` names layers or weights that keep the values they start with, `*` and `?` standing for any letters; the
    running statistics of a frozen batch norm still follow the data.
    `threads` is the number of BLAS threads, part of the spec because another number gives other last bits.
    """

    epochs: Count = 20
    batch_size: Count | Literal["full"] = 32
    dtype: Literal["float32", "float64"] = "float32"
    threads: Annotated[int, Ge(1), Le(1024)] = 1
    early_stopping: EarlyStopping | None = None
    clip_norm: Positive | None = None
    clip_value: Positive | None = None
    freeze: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """From which probability on an output says yes, or of two classes it is the second, where that is not ½.

    Either the `threshold` itself; or the one that is chosen after the training, on the dev part, so that the metric in
    `maximize` is as large as can be: of several outputs each by itself. Source: Lipton et al. 2014, Optimal
    Thresholding of Classifiers to Maximize F1 Measure, who choose it on held-out data too.
    """

    maximize: Metric | None = None
    threshold: Annotated[float, Ge(0), Le(1)] | None = None


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """How often `nnexp diagnose` has a look into the layers, on the same `examples` of the training part each time.

    `every` counts epochs, 0.1 being ten looks an epoch; `auto` is after every epoch, or as seldom as makes it cheap
    where epochs are short, and `never` is never. Looking changes no bit of what is trained.
    """

    every: Annotated[float, Gt(0)] | Literal["auto", "never"] = "auto"
    examples: Count = 48


@dataclass(frozen=True, slots=True)
class Origin:
    """What the user wrote: the text of the spec, byte for byte, and the overrides."""

    text: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """One network to train: everything that decides its numbers, and its name.

    `metrics` are measured besides the loss and the usual ones, each of every task that it fits; what early stopping or
    the schedule watches needs no entry there.
    """

    name: Line
    data: Data
    architecture: tuple[Layer, ...]
    loss: Loss
    seed: Annotated[int, Ge(0)] = 0
    activation: Activation = ReLU()
    init: Initializer = He()
    regularization: tuple[Penalty, ...] = ()
    optimizer: Optimizer = Adam()
    schedule: Schedule = Constant()
    training: Training = field(default_factory=Training)
    metrics: tuple[Metric, ...] = ()
    decision: Decision | None = None
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    origin: Origin | None = field(default=None, compare=False, repr=False, metadata={"hidden": True})

    def prepare(self) -> Parts:
        """The data made ready for training. Raises DataError where they cannot be read."""
        return self.data.prepare(self.training.dtype)

    def build_network(self, description: Description) -> Chain:
        """The layers, with an output for every target of the data."""
        return build_network(self.architecture, self.activation, description.output_widths)

    def build_loss(self, description: Description) -> Loss:
        """The loss, for the targets of the data."""
        return self.loss.with_widths(description.output_widths)

    def list_watched(self) -> dict[str, str]:
        """The metrics that early stopping and the schedule watch, by the path of the parameter that names each."""
        watched = {}
        if self.training.early_stopping:
            watched["training.early_stopping.metric"] = self.training.early_stopping.metric
        if isinstance(self.schedule, Plateau):
            watched["schedule.plateau.metric"] = self.schedule.metric
        return watched

    def list_outputs(self, description: Description) -> list[TaskOutputs]:
        """What the outputs of the network say, task by task."""
        return list_task_outputs(description, self.loss)

    def build_metrics(
        self, description: Description, loss: Loss, target_scaling: TargetScaling | None = None
    ) -> TaskMetrics:
        """What is measured of the outputs of a network with this loss: what is asked for, and what is watched."""
        outputs = list_task_outputs(description, loss)
        asked = list(self.metrics)
        for name in self.list_watched().values():
            watched = find_metric(name.removeprefix("dev_"), outputs)
            if watched:
                asked.append(watched)
        scoring = TaskMetrics(outputs, asked, target_scaling)
        if self.decision and self.decision.threshold is not None:
            return scoring.set_thresholds([set_fixed_threshold(outputs, self.decision.threshold)])
        return scoring
