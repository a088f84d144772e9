"""The examples that a variant is most wrong about.   N examples, K classes"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from nnexp.typing import AnyArray, Array, IntArray


@dataclass(frozen=True, slots=True)
class Mistake:
    """One example: its place in the set, its class, the class it is taken for, and what both are given on the mean.

    wrong of runs: how many of the runs that saw it take it for another class than its own.
    """

    example: int
    true: int
    predicted: int
    given: float
    to_true: float
    wrong: int
    runs: int


@dataclass(slots=True)
class Tally:
    """The scores of each example, added up over runs."""

    scores: dict[int, Array] = field(default_factory=dict)
    true: dict[int, int] = field(default_factory=dict)
    wrong: dict[int, int] = field(default_factory=dict)
    runs: dict[int, int] = field(default_factory=dict)

    def add(self, examples: IntArray, scores: AnyArray, true: IntArray) -> None:
        """Add a run: the examples (N) that it was asked about, its scores (N, K), the right classes (N)."""
        predicted = scores.argmax(axis=-1)
        for at, example in enumerate(examples.tolist()):
            row = scores[at].astype(np.float64)
            self.scores[example] = self.scores[example] + row if example in self.scores else row
            self.true[example] = int(true[at])
            self.wrong[example] = self.wrong.get(example, 0) + int(predicted[at] != true[at])
            self.runs[example] = self.runs.get(example, 0) + 1

    def worst(self, most: int) -> list[Mistake]:
        """The examples whose mean score takes them for the wrong class, by how far it is ahead of the right one."""
        found = [self._mistake(example) for example in self._mistaken()]
        found.sort(key=lambda one: (one.to_true - one.given, one.example))
        return found[:most]

    def count(self) -> int:
        """How many examples are taken for the wrong class on the mean."""
        return sum(1 for _ in self._mistaken())

    def _mistaken(self) -> Iterable[int]:
        return (example for example, scores in self.scores.items() if int(scores.argmax()) != self.true[example])

    def _mistake(self, example: int) -> Mistake:
        runs, true = self.runs[example], self.true[example]
        mean = self.scores[example] / runs
        predicted = int(mean.argmax())
        return Mistake(example, true, predicted, float(mean[predicted]), float(mean[true]), self.wrong[example], runs)
