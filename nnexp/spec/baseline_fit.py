"""Whether a baseline fits the data."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from nnexp import registry
from nnexp.data.base import Description
from nnexp.spec import course
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.memory import described, memory_size, too_much
from nnexp.spec.places import at, train_size
from nnexp.spec.problems import Problem
from nnexp.spec.text import Node

BYTES_PER_NUMBER = 24
"""What a number that is kept takes during the fit: itself, and what it is computed from."""


def size_of(spec: BaselineSpec) -> int:
    """How many numbers the baseline of a valid spec determines or keeps."""
    description = described(spec.data)
    examples = train_size(spec, description) or 0
    return spec.baseline.size(examples, prod(description.shape), description.outputs)


def split(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """Every part gets its examples, as they are."""
    yield from course.amounts(spec.data, description, root)
    if spec.data.augment:
        yield at(root, "data.augment", "a baseline is fitted once, to the examples as they are", "leave augment out")


def targets(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """The method fits what there is to predict."""
    name = registry.baselines.name_of(spec.baseline)
    if description.tasks:
        message = f"a baseline predicts one thing, and data.targets has {len(description.tasks)} tasks"
        yield at(root, "baseline", message, "choose one of them in data.targets")
    elif description.targets not in spec.baseline.targets:
        source = registry.sources.name_of(spec.data.source)
        fitting = [other for other in registry.baselines if description.targets in registry.baselines[other].targets]
        message = f"{name} does not fit {source}, whose targets are {description.targets}"
        yield at(root, "baseline", message, f"fitting: {', '.join(fitting)}")


def enough(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """The training part has as many examples as the method asks for."""
    train = train_size(spec, description)
    refused = spec.baseline.refuses(train) if train else None
    if refused:
        parameter, message = refused
        yield at(root, f"baseline.{registry.baselines.name_of(spec.baseline)}.{parameter}", message)


def memory(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """What is kept fits into memory."""
    train = train_size(spec, description) or 0
    needed = BYTES_PER_NUMBER * spec.baseline.size(train, prod(description.shape), description.outputs)
    if needed > memory_size():
        yield at(root, "baseline", too_much(registry.baselines.name_of(spec.baseline), needed))
