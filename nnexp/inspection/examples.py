"""What a network is looked at with: examples of the training part, or random numbers.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from nnexp.beginning import Inputs
from nnexp.data.base import Description
from nnexp.data.parts import Part
from nnexp.losses.base import Targets
from nnexp.replicas import generator
from nnexp.spec.memory import described
from nnexp.spec.places import train_size
from nnexp.spec.sections import Spec
from nnexp.typing import Array, Shape

Kind: TypeAlias = Literal["real", "normal"]

PURPOSE = "inspection"
"""The purpose of the generator that chooses or draws examples: the same ones for all initialisers and seeds."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs x (1, N, ...) and targets d (1, N, O), shared by all replicas.

    beginning: the inputs that initialisers may look at, those that training would begin with.
    """

    x: Array
    d: Array
    beginning: Inputs
    description: Description


def examples(spec: Spec, kind: Kind, most: int) -> Examples:
    """At most so many examples for a spec. Raises DataError where real ones cannot be read."""
    return _normal(spec, most) if kind == "normal" else _real(spec, most)


def _real(spec: Spec, most: int) -> Examples:
    """Some of the training part's examples, chosen at random."""
    parts = spec.prepare()
    train: Part = parts.train
    rows = generator(0, PURPOSE).permutation(len(train))[:most]
    return Examples(
        train.inputs(rows)[None], train.d[rows][None], lambda some: train.inputs(some)[None], parts.description
    )


def _normal(spec: Spec, most: int) -> Examples:
    """Inputs from N(0, 1) of the data's shape, and random targets; the data are not read."""
    description = described(spec.data)
    whole, dtype = train_size(spec, description) or most, spec.training.dtype

    def inputs(rows: slice) -> Array:
        return _inputs(whole if rows.stop is None else rows.stop, description.shape, dtype)

    d = np.concatenate(
        [_targets(task.targets, most, len(task.classes)) for task in description.tasks]
        or [_targets(description.targets, most, description.outputs)],
        axis=-1,
    )
    return Examples(inputs(slice(most)), d[None].astype(dtype), inputs, description)


def _inputs(count: int, shape: Shape, dtype: str) -> Array:
    """Standard normal numbers (1, N, ...); of more examples the first are the same."""
    return generator(0, f"{PURPOSE} inputs").standard_normal((1, count, *shape)).astype(dtype)


def _targets(kind: Targets, count: int, outputs: int) -> Array:
    """Random targets (N, O): classes and yes-or-no outputs as likely as each other, values from N(0, 1)."""
    source = generator(0, f"{PURPOSE} targets")
    if kind == "classes":
        return np.eye(outputs)[source.integers(outputs, size=count)]
    if kind == "binary":
        return source.integers(2, size=(count, outputs)).astype(np.float64)
    return source.standard_normal((count, outputs))
