"""Whether a spec's training can take its course: parts, batches, schedule, what is watched, what is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from nnexp import registry
from nnexp.data.augmentations.base import fits_shape
from nnexp.data.dataset import Description
from nnexp.data.splits import PART_NAMES
from nnexp.metrics.choose import find_metric, find_misfit, list_known_names
from nnexp.metrics.components.base import Metric
from nnexp.metrics.outputs import TaskOutputs
from nnexp.nn.layers.base import format_shape
from nnexp.nn.network import kind_of, walk_layers
from nnexp.optim.schedules.piecewise import Piecewise
from nnexp.optim.schedules.plateau import Plateau
from nnexp.spec.aliases import suggest_metric
from nnexp.spec.baseline import AnySpec
from nnexp.spec.locate import count_train_examples, make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Data, Spec
from nnexp.spec.yaml import Node
from nnexp.wording import format_count


def check_watched_metrics(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The metrics that early stopping and the schedule watch exist."""
    outputs = spec.list_outputs(description)
    known = [f"dev_{name}" for name in ("loss", *list_known_names(outputs))]
    for path, metric in spec.list_watched().items():
        part, _, name = metric.partition("_")
        if metric == "dev_loss" or (part == "dev" and find_metric(name, outputs)):
            continue
        suggestion = suggest_metric(metric, known)
        # A metric of other targets is spelt right, so that the nearest name here is not what was meant.
        if name in registry.metrics:
            suggestion = f"known: {', '.join(known)}"
        message = f"there is no metric {metric!r} where the targets are {description.targets}"
        if part == "test" and (name == "loss" or find_metric(name, outputs)):
            message = f"{metric} would choose by the test part, which is there to judge what was chosen"
            suggestion = f"write dev_{name}"
        yield make_problem(root, path, message, suggestion)


def check_metrics(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """Every metric that is asked for fits something that is predicted, and is asked for once."""
    outputs = spec.list_outputs(description)
    for index, metric in enumerate(spec.metrics):
        path, name = f"metrics.{index}", registry.metrics.name_of(metric)
        if metric.name in [earlier.name for earlier in spec.metrics[:index]]:
            yield make_problem(root, path, f"{metric.name} is asked for twice", "keep one of them")
            continue
        reason = _explain_misfit(metric, outputs)
        if reason:
            yield make_problem(root, path, f"{name} cannot be measured: {reason}")


def _explain_misfit(metric: Metric, all_outputs: Sequence[TaskOutputs]) -> str:
    """Why a metric fits none of the tasks; "" where it fits one."""
    reasons = [find_misfit(metric, outputs) for outputs in all_outputs]
    if not all(reasons):
        return ""
    for reason, outputs in zip(reasons, all_outputs, strict=True):
        # The one that comes nearest: its targets fit, and a class is misspelt, say.
        if outputs.task.targets in metric.targets:
            return reason
    return next(iter(reasons), "")


def check_split(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Every part gets its examples."""
    yield from check_part_sizes(spec.data, description, root)


def check_dev_part(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Whatever watches the dev part has one to watch."""
    if any(check_part_sizes(spec.data, description, root)):
        return  # reported by check_split
    if spec.data.count_parts(description)["dev"]:
        return
    if spec.training.early_stopping:
        message = "early stopping needs a dev part, and data.split gives it no examples"
        suggestion = "write `early_stopping: null`, or give dev some examples"
        yield make_problem(root, "training.early_stopping", message, suggestion)
    if isinstance(spec.schedule, Plateau):
        message = "plateau needs a dev part, and data.split gives it no examples"
        yield make_problem(root, "schedule", message, "give dev some examples, or choose another schedule")


def check_part_sizes(data: Data, description: Description, root: Node) -> Iterator[Problem]:
    """The parts of the data are as large as is asked for."""
    asked = {part: getattr(data.split, part) for part in PART_NAMES}
    is_too_large = False
    for part, amount in asked.items():
        if isinstance(amount, float) and amount > 1:
            is_too_large = True
            message = f"expected a fraction of all examples, 1 at most, found {amount:g}"
            yield make_problem(root, f"data.split.{part}", message, "write a number of examples without a point")
    if is_too_large:
        return
    try:
        data.count_parts(description)
    except ValueError as error:
        suggestion = f"asked for: {', '.join(f'{part} {amount}' for part, amount in asked.items())}"
        yield make_problem(root, "data.split", str(error), suggestion)


def check_augmentation(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """What is changed at random is of the right shape."""
    for index, one in enumerate(spec.data.augment):
        if not fits_shape(one, description.shape):
            name, shape = registry.augmentations.name_of(one), format_shape(description.shape)
            message = f"{name} needs images, height x width x channels; the inputs are {shape}"
            yield make_problem(root, f"data.augment.{index}", message)


def find_batch_layer(spec: Spec) -> str | None:
    """The name of a layer that uses the statistics of a batch; of one example it would give nothing but its shift."""
    for layer in walk_layers(spec.architecture):
        if layer.uses_batch_statistics:
            return kind_of(layer)
    return None


def check_batch_size(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Every batch gets enough examples."""
    train = count_train_examples(spec, description)
    if train is None:
        return
    path = "training.batch_size"
    size = train if spec.training.batch_size == "full" else spec.training.batch_size
    # The last batch of an epoch has what is left over, or is a whole one.
    if size > train:
        message = f"a batch of {size} is larger than the training part, which has {format_count(train, 'example')}"
        yield make_problem(root, path, message, _suggest_larger_part(spec))
    elif (train % size or size) == 1 and (layer := find_batch_layer(spec)):
        examples = format_count(train, "training example")
        message = f"{layer} would see a batch of one: {examples} in batches of {size} leave 1"
        fitting = islice((larger for larger in range(size + 1, train + 1) if train % larger != 1), 3)
        suggestion = " or ".join(map(str, fitting))
        yield make_problem(root, path, message, f"try {suggestion}" if suggestion else "")


def _suggest_larger_part(spec: Spec) -> str:
    if spec.data.split.train == 1:
        return "data.split.train: 1 means one example; a fraction is written with a point"
    return "write `full` for one batch an epoch"


def check_warmup(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The warm-up leaves some of the training."""
    warmup, epochs = spec.schedule.warmup_epochs, spec.training.epochs
    if warmup >= epochs:
        path = f"schedule.{registry.schedules.name_of(spec.schedule)}.warmup_epochs"
        message = f"the warm-up must be shorter than the training of {format_count(epochs, 'epoch')}, and is {warmup:g}"
        yield make_problem(root, path, message, "make it shorter, or raise training.epochs")


def check_piecewise(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """A schedule written by hand has increasing boundaries, and one value for each piece between them."""
    if not isinstance(spec.schedule, Piecewise):
        return
    boundaries, values = spec.schedule.boundaries, spec.schedule.values
    for index, (before, after) in enumerate(pairwise(boundaries), start=1):
        if before >= after:
            path = f"schedule.piecewise.boundaries.{index}"
            message = f"boundaries must increase, and {after:g} follows {before:g}"
            yield make_problem(root, path, message)
    pieces = len(boundaries) + 1
    if len(values) != pieces:
        path = "schedule.piecewise.values"
        message = f"expected {format_count(pieces, 'value')}, one more than there are boundaries, found {len(values)}"
        yield make_problem(root, path, message, "the first value is for the epochs before the first boundary")
