"""The examples that a variant is most wrong about.   N examples, K classes"""

from __future__ import annotations

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
    predicted_score: float
    true_score: float
    wrong_runs: int
    run_count: int


@dataclass(slots=True)
class MistakeTally:
    """The scores of each example, added up over runs."""

    scores: dict[int, Array] = field(default_factory=dict)
    true_labels: dict[int, int] = field(default_factory=dict)
    wrong_runs: dict[int, int] = field(default_factory=dict)
    run_counts: dict[int, int] = field(default_factory=dict)

    def add_run(self, examples: IntArray, scores: AnyArray, true: IntArray) -> None:
        """Add a run: the examples (N) that it was asked about, its scores (N, K), the right classes (N)."""
        predicted = scores.argmax(axis=-1)
        for at, example in enumerate(examples.tolist()):
            row = scores[at].astype(np.float64)
            if example in self.scores:
                row += self.scores[example]
            self.scores[example] = row
            self.true_labels[example] = int(true[at])
            self.wrong_runs[example] = self.wrong_runs.get(example, 0) + int(predicted[at] != true[at])
            self.run_counts[example] = self.run_counts.get(example, 0) + 1

    def find_worst(self, most: int) -> list[Mistake]:
        """The examples whose mean score takes them for the wrong class, by how far it is ahead of the right one."""
        found = map(self._make_mistake, self._find_mistaken())
        # By their places where they are equally far ahead, so that the same runs always show the same ones.
        return sorted(found, key=lambda one: (one.true_score - one.predicted_score, one.example))[:most]

    def count_mistakes(self) -> int:
        """How many examples are taken for the wrong class on the mean."""
        return len(self._find_mistaken())

    def _find_mistaken(self) -> list[int]:
        return [example for example, scores in self.scores.items() if scores.argmax() != self.true_labels[example]]

    def _make_mistake(self, example: int) -> Mistake:
        runs, true = self.run_counts[example], self.true_labels[example]
        mean = self.scores[example] / runs
        predicted = int(mean.argmax())
        return Mistake(
            example, true, predicted, float(mean[predicted]), float(mean[true]), self.wrong_runs[example], runs
        )
