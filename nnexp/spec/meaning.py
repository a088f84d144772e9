"""What no single parameter can be wrong about: whether the parts of a spec fit each other and the data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import prod

from nnexp import metrics, registry
from nnexp.activations.sigmoid import Sigmoid
from nnexp.activations.softmax import Softmax
from nnexp.data.base import Description
from nnexp.errors import DataError
from nnexp.layers.base import ShapeError
from nnexp.layers.batch_norm import BatchNorm
from nnexp.layers.chain import Chain
from nnexp.network import assemble
from nnexp.parameters import Declaration
from nnexp.spec.problems import Place, Problem
from nnexp.spec.sections import Spec
from nnexp.spec.text import Node
from nnexp.typing import Shape




def check(spec: Spec, root: Node) -> list[Problem]:
    """Every way in which the parts of a well-formed spec do not fit together."""
    try:
        description = spec.data.source.describe()
    except DataError as error:
        return [Problem(place_of(root, "data.source"), "data.source", str(error))]
    found = [
        *_architecture(spec, description, root),
        *_loss(spec, description, root),
        *_split(spec, description, root),
        *_schedule(spec, root),
    ]
    return found


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
    network = assemble(spec.architecture, spec.activation, description.outputs)
    shape: Shape = description.shape
    parts: dict[str, Declaration] = {}
    for index, (name, layer) in enumerate(zip(network.names, network.layers, strict=True)):
        path = f"architecture.{index}"
        try:
            parts[name] = layer.declare(shape)
        except ShapeError as error:
            yield Problem(place_of(root, path), path, f"{error}")
            return
        shape = parts[name].output
    if shape != (description.outputs,):
        yield _wrong_end(shape, description, len(network.layers), root)
        return
    yield from _probabilities(spec, network, root)
    yield from _memory(spec, Declaration(shape, parts=parts), root)


def _wrong_end(shape: Shape, description: Description, count: int, root: Node) -> Problem:
    wanted = {"classes": "classes", "binary": "outputs", "values": "values"}[description.targets]
    path = f"architecture.{count - 1}" if count else "architecture"
    message = f"the network ends with {' x '.join(map(str, shape))} numbers, but there are {description.outputs} {wanted}"
    return Problem(place_of(root, path), path, message, "end the architecture with `- output`")


def _probabilities(spec: Spec, network: Chain, root: Node) -> Iterator[Problem]:
    """A loss on logits applies its own softmax or sigmoid."""
    last = network.layers[-1]
    if spec.loss.outputs == "logits" and isinstance(last, Softmax | Sigmoid):
        path = f"architecture.{len(network.layers) - 1}"
        loss = registry.losses.name_of(spec.loss)
        message = f"{loss} takes logits and applies its own {'softmax' if loss == 'cross_entropy' else 'sigmoid'}"
        yield Problem(place_of(root, path), path, message, "leave this last activation out")


def _memory(spec: Spec, declaration: Declaration, root: Node) -> Iterator[Problem]:
    """The arrays that training holds: theta, grad, slots, the best weights, and the activations of one batch."""
    itemsize = 4 if spec.training.dtype == "float32" else 8
    batch = 256 if spec.training.batch_size == "full" else max(256, spec.training.batch_size)
    arrays = declaration.size * (5 + len(spec.optimizer.slots))
    activations = 3 * batch * sum(prod(part.output) for part in declaration.parts.values())
    needed, there = (arrays + activations) * itemsize, _memory_size()
    if needed > there:
        message = f"training needs about {needed / 2**30:.1f} GiB of memory, and this machine has {there / 2**30:.1f}"
        yield Problem(place_of(root, "architecture"), "architecture", message, "make the layers or the batch smaller")


def _memory_size() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**62


def _loss(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The loss fits what there is to predict, and the watched metric exists."""
    if description.targets not in spec.loss.targets:
        fitting = [name for name in registry.losses if description.targets in registry.losses[name].targets]
        name, source = registry.losses.name_of(spec.loss), registry.sources.name_of(spec.data.source)
        message = f"{name} does not fit {source}, whose targets are {description.targets}"
        yield Problem(place_of(root, "loss"), "loss", message, f"fitting: {', '.join(fitting)}")
    stopping = spec.training.early_stopping
    known = [f"dev_{metric}" for metric in ("loss", *metrics.NAMES[description.targets])]
    if stopping and stopping.metric not in known:
        path = "training.early_stopping.metric"
        message = f"there is no {stopping.metric} where the targets are {description.targets}"
        yield Problem(place_of(root, path), path, message, f"known: {', '.join(known)}")


def _split(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Every part gets its examples, and every batch enough of them."""
    try:
        sizes = spec.data.split.sizes(description.examples)
    except ValueError as error:
        yield Problem(place_of(root, "data.split"), "data.split", str(error))
        return
    if spec.training.early_stopping and not sizes["dev"]:
        path = "training.early_stopping"
        message = "early stopping watches the dev part, and data.split gives it no examples"
        yield Problem(place_of(root, path), path, message)
    yield from _batch_size(spec, sizes["train"], root)


def _batch_size(spec: Spec, train: int, root: Node) -> Iterator[Problem]:
    size, path = spec.training.batch_size, "training.batch_size"
    if size == "full":
        size = train
    if size > train:
        message = f"a batch of {size} is larger than the training part, which has {train} examples"
        yield Problem(place_of(root, path), path, message, "write `full` for one batch an epoch")
        return
    smallest = train % size or size
    if smallest == 1 and any(isinstance(layer, BatchNorm) for layer in spec.architecture):
        message = f"batch_norm would see a batch of one: {train} training examples in batches of {size} leave 1"
        suggestion = "try " + " or ".join(str(s) for s in (size + 1, size + 2, size + 3) if train % s != 1 and s <= train)
        yield Problem(place_of(root, path), path, message, suggestion if train > size else "")


def _schedule(spec: Spec, root: Node) -> Iterator[Problem]:
    warmup, epochs = spec.schedule.warmup_epochs, spec.training.epochs
    if warmup >= epochs:
        path = f"schedule.{registry.schedules.name_of(spec.schedule)}.warmup_epochs"
        message = f"a warm-up of {warmup:g} epochs leaves nothing of a training of {epochs}"
        yield Problem(place_of(root, path), path, message, "make it shorter than training.epochs")
