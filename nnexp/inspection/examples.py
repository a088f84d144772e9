"""The examples of an inspection: some of the training part, or random numbers.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from nnexp.data.dataset import Description
from nnexp.data.parts import Part
from nnexp.nn.initialization import TrainingInputs
from nnexp.nn.losses.base import Targets
from nnexp.nn.losses.class_weights import ClassWeights
from nnexp.nn.random import make_generator
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.locate import count_train_examples
from nnexp.spec.spec import Spec
from nnexp.training.data import stack_class_weights
from nnexp.typing import Array, Shape

ExampleKind: TypeAlias = Literal["real", "normal"]

GENERATOR_PURPOSE = "inspection"
"""The purpose of the generator that chooses or draws examples: the same ones for all initialisers and seeds."""


@dataclass(frozen=True, slots=True, eq=False)
class ExampleBatch:
    """Inputs x (1, N, ...) and targets d (1, N, O), shared by all replicas.

    initial_inputs: those that initialisers may use, with which training would begin.
    """

    x: Array
    d: Array
    initial_inputs: TrainingInputs
    description: Description
    class_weights: ClassWeights | None = None


def prepare_examples(spec: Spec, kind: ExampleKind, most: int) -> ExampleBatch:
    """At most so many examples for a spec. Raises DataError where real ones cannot be read."""
    if kind == "normal":
        return _draw_normal_examples(spec, most)
    return _choose_real_examples(spec, most)


def _choose_real_examples(spec: Spec, most: int) -> ExampleBatch:
    """Some of the training part's examples, chosen at random."""
    parts = spec.prepare()
    train: Part = parts.train
    rows = make_generator(0, GENERATOR_PURPOSE).permutation(len(train))[:most]
    return ExampleBatch(
        train.take_inputs(rows)[None],
        train.d[rows][None],
        lambda some: train.take_inputs(some)[None],
        parts.description,
        stack_class_weights([train]),
    )


def _draw_normal_examples(spec: Spec, most: int) -> ExampleBatch:
    """Inputs from N(0, 1) of the data's shape, and random targets; the data are not read."""
    description = describe_data(spec.data)
    whole, dtype = count_train_examples(spec, description) or most, spec.training.dtype

    def draw_first_inputs(rows: slice) -> Array:
        return _draw_inputs(whole if rows.stop is None else rows.stop, description.shape, dtype)

    d = [_draw_targets(task.targets, most, len(task.classes)) for task in description.tasks]
    if not d:
        d = [_draw_targets(description.targets, most, description.output_count)]
    targets = np.concatenate(d, axis=-1)[None].astype(dtype)
    return ExampleBatch(draw_first_inputs(slice(most)), targets, draw_first_inputs, description)


def _draw_inputs(count: int, shape: Shape, dtype: str) -> Array:
    """Standard normal numbers (1, N, ...); of more examples the first are the same."""
    # Drawn in double precision and then rounded, so that both precisions see the same examples.
    return make_generator(0, f"{GENERATOR_PURPOSE} inputs").standard_normal((1, count, *shape)).astype(dtype)


def _draw_targets(kind: Targets, count: int, outputs: int) -> Array:
    """Random targets (N, O): classes and yes-or-no outputs as likely as each other, values from N(0, 1)."""
    source = make_generator(0, f"{GENERATOR_PURPOSE} targets")
    if kind == "classes":
        return np.eye(outputs)[source.integers(outputs, size=count)]
    if kind == "binary":
        return source.integers(2, size=(count, outputs)).astype(np.float64)
    return source.standard_normal((count, outputs))
