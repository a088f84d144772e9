"""What no single parameter can be wrong about: whether the parts of a spec fit each other and the data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from itertools import islice, pairwise
from math import prod

from nnexp import metrics, registry
from nnexp.activations.sigmoid import Sigmoid
from nnexp.activations.softmax import Softmax
from nnexp.data.base import Description, Source
from nnexp.data.splits import PARTS
from nnexp.errors import DataError
from nnexp.layers.base import ShapeError
from nnexp.layers.batch_norm import BatchNorm
from nnexp.layers.output import Output
from nnexp.losses.perceptron import Perceptron
from nnexp.network import assemble, walk
from nnexp.parameters import Declaration
from nnexp.registry import parameters
from nnexp.schedules.piecewise import Piecewise
from nnexp.spec.problems import Place, Problem
from nnexp.spec.sections import Spec
from nnexp.spec.text import Node
from nnexp.typing import Shape

BYTES_PER_NUMBER = 24
"""What a data set holds for every number of it: as read, in double precision, and prepared."""

BYTES_PER_COUNT = 64
"""The least that one more example, class or feature of a generated set takes."""

END = "end the architecture with `- output`"


def check(spec: Spec, root: Node, doubtful: AbstractSet[str] = frozenset()) -> list[Problem]:
    """Every way in which the parts of a spec do not fit together.

    `doubtful` names the top-level keys that `spec` has not from the text, because what is written there is wrong: what
    depends on them is not checked.
    """
    try:
        description = described(spec.data.source)
    except DataError as error:
        return [Problem(place_of(root, "data.source"), "data.source", str(error))]
    checks = [run for run, needed in CHECKS.items() if not needed & doubtful]
    return [problem for run in checks for problem in run(spec, description, root)]


def described(source: Source) -> Description:
    """What a source holds. Raises DataError where that cannot be said, or is more than memory holds."""
    counts = [getattr(source, p.name) for p in parameters(type(source)) if p.name != "seed"]
    needed = BYTES_PER_COUNT * max([0, *(count for count in counts if isinstance(count, int))])
    if needed <= _memory_size():
        description = source.describe()
        needed = BYTES_PER_NUMBER * description.examples * (prod(description.shape) + description.outputs)
    if needed > _memory_size():
        raise DataError(_too_much("the data set", needed))
    return description


def declaration_of(spec: Spec) -> Declaration:
    """The weights of a valid spec's network."""
    description = spec.data.source.describe()
    return assemble(spec.architecture, spec.activation, description.outputs).declare(description.shape)


def place_of(root: Node, path: str) -> Place:
    """The place of the node at a dotted path, or of its nearest ancestor that was written."""
    node = root
    for key in path.split("."):
        if isinstance(node.value, dict) and key in node.value:
            node = node.value[key]
        elif isinstance(node.value, list) and key.isdecimal() and int(key) < len(node.value):
            node = node.value[int(key)]
        else:
            break
    return node.place


def _architecture(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Shapes flow through the layers and end in one number for every target."""
    yield from _outputs(spec, root)
    network = assemble(spec.architecture, spec.activation, description.outputs)
    shape: Shape = description.shape
    parts: dict[str, Declaration] = {}
    for index, (name, layer) in enumerate(zip(network.names, network.layers, strict=True)):
        try:
            parts[name] = layer.declare(shape)
        except ShapeError as error:
            yield _of_layer(index, root, str(error))
            return
        shape = parts[name].output
    if shape != (description.outputs,):
        yield _wrong_end(shape, description, len(network.layers), root)
        return
    declaration = Declaration(shape, parts=parts)
    if not declaration.size:
        yield Problem(place_of(root, "architecture"), "architecture", "there are no weights to train", END)
    else:
        yield from _memory(spec, declaration, root)


def _of_layer(index: int, root: Node, message: str, suggestion: str = "") -> Problem:
    path = f"architecture.{index}"
    return Problem(place_of(root, path), path, message, suggestion)


def _outputs(spec: Spec, root: Node) -> Iterator[Problem]:
    """There is one output layer at most."""
    places = [index for index, layer in enumerate(spec.architecture) if isinstance(layer, Output)]
    for index in places[:-1]:
        yield _of_layer(index, root, "`output` comes once, at the end", "write `dense: {units: ...}` here")


def _wrong_end(shape: Shape, description: Description, count: int, root: Node) -> Problem:
    wanted = {"classes": "classes", "binary": "outputs", "values": "values"}[description.targets]
    numbers = " x ".join(map(str, shape))
    if not count:
        return Problem(place_of(root, "architecture"), "architecture", "there are no layers", END)
    message = f"the network ends with {numbers} numbers, but there are {description.outputs} {wanted}"
    return _of_layer(count - 1, root, message, END)


def _probabilities(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """A loss on logits applies its own softmax or sigmoid."""
    layers = assemble(spec.architecture, spec.activation, description.outputs).layers
    if layers and spec.loss.outputs == "logits" and isinstance(layers[-1], Softmax | Sigmoid):
        loss = registry.losses.name_of(spec.loss)
        message = (
            f"{loss} takes logits and applies its own {'sigmoid' if loss == 'binary_cross_entropy' else 'softmax'}"
        )
        yield _of_layer(len(layers) - 1, root, message, "leave this last activation out")


def _memory(spec: Spec, declaration: Declaration, root: Node) -> Iterator[Problem]:
    """The arrays that training holds: theta, grad, slots, the best weights, and the activations of one batch."""
    itemsize = 4 if spec.training.dtype == "float32" else 8
    batch = 256 if spec.training.batch_size == "full" else max(256, spec.training.batch_size)
    arrays = declaration.size * (5 + len(spec.optimizer.slots))
    activations = 3 * batch * sum(prod(part.output) for part in declaration.parts.values())
    needed = (arrays + activations) * itemsize
    if needed > _memory_size():
        message = _too_much("training", needed)
        yield Problem(place_of(root, "architecture"), "architecture", message, "make the layers or the batch smaller")


def _too_much(what: str, needed: int) -> str:
    return f"{what} needs about {needed / 2**30:.4g} GiB of memory, and this machine has {_memory_size() / 2**30:.4g}"


def _memory_size() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**62


def _loss(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The loss fits what there is to predict."""
    if description.targets not in spec.loss.targets:
        fitting = [name for name in registry.losses if description.targets in registry.losses[name].targets]
        name, source = registry.losses.name_of(spec.loss), registry.sources.name_of(spec.data.source)
        message = f"{name} does not fit {source}, whose targets are {description.targets}"
        yield Problem(place_of(root, "loss"), "loss", message, f"fitting: {', '.join(fitting)}")
    elif isinstance(spec.loss, Perceptron) and description.targets == "binary" and description.outputs > 1:
        message = f"perceptron takes classes or one yes-or-no output, and there are {description.outputs}"
        yield Problem(place_of(root, "loss"), "loss", message, "binary_cross_entropy takes several")


def _watched(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The metric that early stopping watches exists."""
    stopping = spec.training.early_stopping
    known = [f"dev_{metric}" for metric in ("loss", *metrics.NAMES[description.targets])]
    if stopping and stopping.metric not in known:
        path = "training.early_stopping.metric"
        message = f"there is no {stopping.metric} where the targets are {description.targets}"
        yield Problem(place_of(root, path), path, message, f"known: {', '.join(known)}")


def _split(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Every part gets its examples."""
    split = spec.data.split
    amounts = {part: getattr(split, part) for part in PARTS}
    large = [part for part, amount in amounts.items() if isinstance(amount, float) and amount > 1]
    for part in large:
        path = f"data.split.{part}"
        message = f"{amounts[part]:g} is a fraction of all examples, and larger than 1"
        yield Problem(place_of(root, path), path, message, "a number of examples is written without a point")
    if large:
        return
    try:
        sizes = split.sizes(description.examples)
    except ValueError as error:
        suggestion = f"asked for: {', '.join(f'{part} {amount}' for part, amount in amounts.items())}"
        yield Problem(place_of(root, "data.split"), "data.split", str(error), suggestion)
        return
    if spec.training.early_stopping and not sizes["dev"]:
        path = "training.early_stopping"
        message = "early stopping watches the dev part, and data.split gives it no examples"
        yield Problem(place_of(root, path), path, message, "write `early_stopping: null`, or give dev some")


def _batch_size(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Every batch gets enough examples."""
    try:
        train = spec.data.split.sizes(description.examples)["train"]
    except ValueError:
        return
    path = "training.batch_size"
    size = train if spec.training.batch_size == "full" else spec.training.batch_size
    if size > train:
        message = f"a batch of {size} is larger than the training part, which has {_counted(train, 'example')}"
        yield Problem(place_of(root, path), path, message, _larger_part(spec))
    elif (train % size or size) == 1 and any(isinstance(layer, BatchNorm) for layer in walk(spec.architecture)):
        examples = _counted(train, "training example")
        message = f"batch_norm would see a batch of one: {examples} in batches of {size} leave 1"
        fitting = islice((larger for larger in range(size + 1, train + 1) if train % larger != 1), 3)
        suggestion = " or ".join(map(str, fitting))
        yield Problem(place_of(root, path), path, message, f"try {suggestion}" if suggestion else "")


def _larger_part(spec: Spec) -> str:
    if spec.data.split.train == 1:
        return "data.split.train: 1 means one example; a fraction is written with a point"
    return "write `full` for one batch an epoch"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _warmup(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The warm-up leaves some of the training."""
    warmup, epochs = spec.schedule.warmup_epochs, spec.training.epochs
    if warmup >= epochs:
        path = f"schedule.{registry.schedules.name_of(spec.schedule)}.warmup_epochs"
        message = f"a warm-up of {warmup:g} epochs leaves nothing of a training of {_counted(epochs, 'epoch')}"
        yield Problem(place_of(root, path), path, message, "make it shorter than training.epochs")


def _piecewise(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """A schedule written by hand has increasing boundaries, and one value for each piece between them."""
    if not isinstance(spec.schedule, Piecewise):
        return
    boundaries, values = spec.schedule.boundaries, spec.schedule.values
    for index, (before, after) in enumerate(pairwise(boundaries), start=1):
        if before >= after:
            path = f"schedule.piecewise.boundaries.{index}"
            message = f"boundaries increase, and {after:g} follows {before:g}"
            yield Problem(place_of(root, path), path, message)
    pieces = len(boundaries) + 1
    if len(values) != pieces:
        path = "schedule.piecewise.values"
        message = f"expected {_counted(pieces, 'value')}, one more than there are boundaries, found {len(values)}"
        yield Problem(place_of(root, path), path, message, "the first value is for the epochs before any boundary")


Check = Callable[[Spec, Description, Node], Iterator[Problem]]

CHECKS: dict[Check, AbstractSet[str]] = {
    _architecture: {"architecture"},
    _probabilities: {"architecture", "loss", "activation"},
    _loss: {"loss"},
    _watched: {"training"},
    _split: set(),
    _batch_size: {"training"},
    _warmup: {"training", "schedule"},
    _piecewise: {"schedule"},
}
"""The checks, each with the top-level keys that it needs besides data and architecture."""
