"""Splitting a data set into the parts that train, choose and judge.

M examples in the whole set
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Ge

from nnexp.replicas import generator
from nnexp.typing import AnyArray, IntArray

Amount: TypeAlias = Annotated[int | float, Ge(0)]
PartName: TypeAlias = Literal["train", "dev", "test"]
PARTS: tuple[PartName, ...] = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """How many examples train, choose (dev) and judge (test): fractions that sum to 1, or counts.

    A number with a point is a fraction of all examples, a whole number a count. `seed` is the split's own, so that
    another `seed` of the spec varies the training and not the data. With `stratify` every part holds the classes in
    the proportions of the whole.
    """

    train: Amount = 0.8
    dev: Amount = 0.1
    test: Amount = 0.1
    seed: Annotated[int, Ge(0)] = 0
    stratify: bool = True

    def sizes(self, examples: int) -> dict[PartName, int]:
        """The number of examples in each part. Raises ValueError where that cannot be."""
        amounts: dict[PartName, int | float] = {"train": self.train, "dev": self.dev, "test": self.test}
        fractions = [amount for amount in amounts.values() if isinstance(amount, float) or amount == 0]
        if len(fractions) == len(amounts) and abs(sum(fractions) - 1) > 1e-9:
            raise ValueError(f"the fractions sum to {sum(fractions):g}, not to 1")
        sizes = {part: _size(amount, examples) for part, amount in amounts.items()}
        if len(fractions) == len(amounts):
            sizes["train"] = examples - sizes["dev"] - sizes["test"]
        if sum(sizes.values()) > examples:
            raise ValueError(f"{' + '.join(map(str, sizes.values()))} examples are asked for, but there are {examples}")
        for part, amount in amounts.items():
            if (amount and sizes[part] <= 0) or (part == "train" and not amount):
                raise ValueError(f"{part} would get none of the {examples} examples")
        return sizes

    def indices(self, examples: int, labels: AnyArray | None) -> dict[PartName, IntArray]:
        """The examples of each part, in increasing order; the parts are disjoint."""
        sizes = self.sizes(examples)
        left = generator(self.seed, "split").permutation(examples)
        if self.stratify and labels is not None:
            left = left[np.argsort(labels[left], kind="stable")]
        parts: dict[PartName, IntArray] = {}
        for part in reversed(PARTS):
            chosen = evenly(len(left), sizes[part])
            parts[part] = np.sort(left[chosen])
            left = left[~chosen]
        return parts


def evenly(count: int, chosen: int) -> AnyArray:
    """A mask of `count` entries, `chosen` of them true and as evenly spread as can be.

    Spread over examples that are ordered by class, every class gives its share, to within one example.

    >>> evenly(7, 3)
    array([False, False,  True, False,  True, False,  True])
    """
    steps = np.arange(count + 1) * chosen // max(count, 1)
    return np.diff(steps) > 0


def _size(amount: float, examples: int) -> int:
    return amount if isinstance(amount, int) else round(amount * examples)
