"""Whether a baseline fits the data."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks import training
from nnexp.spec.checks.advice import find_fitting
from nnexp.spec.checks.memory import describe_data, describe_memory_excess, memory_size
from nnexp.spec.locate import count_train_examples, make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.yaml import Node

BYTES_PER_NUMBER = 24
"""What a number that is kept takes during the fit: itself, and what it is computed from."""


def count_parameters(spec: BaselineSpec) -> int:
    """How many numbers the baseline of a valid spec determines or keeps."""
    description = describe_data(spec.data)
    examples = count_train_examples(spec, description) or 0
    return spec.baseline.count_numbers(examples, prod(description.shape), description.output_count)


def check_split(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """Every part gets its examples, as they are."""
    yield from training.check_part_sizes(spec.data, description, root)
    if spec.data.augment:
        message = "a baseline cannot use augmentation: it is fitted once, to the examples as they are"
        yield make_problem(root, "data.augment", message, "leave augment out")


def check_targets(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """The method fits what there is to predict."""
    name = registry.baselines.name_of(spec.baseline)
    if description.tasks:
        message = f"a baseline predicts one thing, and data.targets has {len(description.tasks)} tasks"
        yield make_problem(root, "baseline", message, "choose one of them in data.targets")
    elif description.targets not in spec.baseline.targets:
        source = registry.sources.name_of(spec.data.source)
        message = f"{name} does not fit {source}, whose targets are {description.targets}"
        fitting = find_fitting(registry.baselines, description.targets)
        yield make_problem(root, "baseline", message, f"baselines that fit: {', '.join(fitting)}")


def check_train_size(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """The training part has as many examples as the method asks for."""
    train = count_train_examples(spec, description)
    refused = spec.baseline.find_problem(train) if train else None
    if refused:
        parameter, message = refused
        yield make_problem(root, f"baseline.{registry.baselines.name_of(spec.baseline)}.{parameter}", message)


def check_memory(spec: BaselineSpec, description: Description, root: Node) -> Iterator[Problem]:
    """What is kept fits into memory."""
    train = count_train_examples(spec, description) or 0
    needed = BYTES_PER_NUMBER * spec.baseline.count_numbers(train, prod(description.shape), description.output_count)
    if needed > memory_size():
        yield make_problem(root, "baseline", describe_memory_excess(registry.baselines.name_of(spec.baseline), needed))
