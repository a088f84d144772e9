"""The contract of a loss.

    N examples, O outputs

A loss is the mean over examples of a per-example loss that sums over outputs, so that the number in metrics.csv is the
loss named in the spec. It is called with the outputs z (N, O) and the targets d (N, O): for classes, a distribution
over them (one-hot rows as a rule); for binary outputs, zeros and ones; for values, the values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from nnexp.typing import Array

Targets: TypeAlias = Literal["classes", "binary", "values", "tasks"]
"""What there is to predict: one of several classes, several yes-or-no outputs, numbers, or several of these at once."""

Outputs: TypeAlias = Literal["logits", "scores", "values"]
"""Logits, which `predict` turns into probabilities; scores, larger for the likelier class, with yes or no parted at 0;
or the predicted numbers themselves, with yes or no parted at ½."""


class Loss(ABC):
    """What training makes small."""

    __slots__ = ()

    def with_widths(self, widths: int | Mapping[str, int]) -> Loss:
        """The loss for outputs of these widths, by task where there are tasks."""
        return self

    targets: ClassVar[tuple[Targets, ...]]
    """The kinds of targets that the loss fits."""

    outputs: ClassVar[Outputs]
    """What z are."""

    @abstractmethod
    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        """The mean loss and its gradient. core: z (N, O), d (N, O) -> (), (N, O)"""

    @abstractmethod
    def predict(self, z: Array) -> Array:
        """What the outputs say: probabilities, scores or values. core: (N, O) -> (N, O)"""

    def average_outputs(self, z: Array) -> Array:
        """The outputs that say the mean of what the outputs of M networks say, as an ensemble does.

            predict(averaged(z)) = 1/M Σ_m predict(z_m)

        core: z (M, N, O) -> (N, O)
        """
        return z.mean(axis=-3)
