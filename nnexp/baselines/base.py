"""The contract of a baseline.

N examples, I inputs, O outputs, K classes

A baseline is fitted to all training examples at once, in double precision. What it keeps is a set of named arrays, and
`make_output_function` makes of them a function from inputs to outputs. Nothing in it is drawn at random.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, TypeAlias

import numpy as np

from nnexp.data.dataset import Description
from nnexp.metrics.outputs import TaskOutputs, list_tasks
from nnexp.nn.losses.base import Targets
from nnexp.typing import AnyArray, Array

FittedArrays: TypeAlias = Mapping[str, AnyArray]
"""What was fitted, by name."""


class FitError(ValueError):
    """Training examples that a baseline cannot be fitted to; the message says why, and what would help."""


class Baseline(ABC):
    """A method that is fitted in closed form, or that keeps the examples themselves."""

    __slots__ = ()

    targets: ClassVar[tuple[Targets, ...]]
    """The kinds of targets that the method fits."""

    gives_probabilities: ClassVar[bool]
    """Whether what `scores` gives for classes are probabilities."""

    @abstractmethod
    def count_numbers(self, examples: int, inputs: int, outputs: int) -> int:
        """How many numbers a fit to so many examples determines or keeps."""

    def find_problem(self, examples: int) -> tuple[str, str] | None:
        """The parameter that does not fit a training part of so many examples and why, or None."""
        return None

    @abstractmethod
    def fit(self, x: Array, d: Array, classes: Sequence[str]) -> FittedArrays:
        """What is kept of inputs x (N, I) and targets d (N, O), whose classes or outputs have these names.

        Raises FitError.
        """

    @abstractmethod
    def make_output_function(self, kept: FittedArrays) -> Callable[[Array], Array]:
        """The outputs as a function of inputs. core: (N, I) -> (N, O)"""

    def scores(self, z: Array) -> Array:
        """What the outputs say: the largest names the class, more than ½ is a yes, a value is itself."""
        return z


def list_baseline_outputs(baseline: Baseline, description: Description) -> list[TaskOutputs]:
    """What the scores of a baseline say: the largest names the class, and above ½ is a yes."""
    are_probabilities = baseline.gives_probabilities
    return [TaskOutputs(task, "values", np.asarray, are_probabilities) for task in list_tasks(description)]
