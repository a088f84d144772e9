"""Splitting a data set into the parts that train, choose and judge.

M examples in the whole set
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Ge

from nnexp.data.dataset import Dataset
from nnexp.nn.random import make_generator
from nnexp.typing import AnyArray, IntArray

Amount: TypeAlias = Annotated[int | float, Ge(0)]
PartName: TypeAlias = Literal["train", "dev", "test"]

DEFAULT_FRACTION = 0.1
"""The share of dev, and of test where a set has no test part of its own."""

FRACTION_TOLERANCE = 1e-9
"""How far fractions may miss a sum of 1: 0.7 + 0.2 + 0.1 is not 1 in floating point."""

PART_NAMES: tuple[PartName, ...] = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class KFold:
    """One fold of several is the dev part, and all others train: `fold` counts from 0."""

    folds: Annotated[int, Ge(2)]
    fold: Annotated[int, Ge(0)] = 0


@dataclass(frozen=True, slots=True)
class Split:
    """How many examples train, choose (dev) and judge (test): fractions, or counts.

    A number with a point is a fraction of the examples, a whole number a count. `train: rest` is all that is left.
    `test: own` is the set's own test part, which the fractions then leave aside, or a tenth where a set has none.
    `seed` is the split's own, so that another `seed` of the spec varies the training and not the data. With `stratify`
    every part holds the classes in the proportions of the whole. `k_fold: {folds: 5, fold: 0}` cuts what is not test
    into folds, of which one is dev. `bootstrap: 7` draws as many training examples as there are, with replacement, by
    this seed.
    """

    train: Amount | Literal["rest"] = "rest"
    dev: Amount = DEFAULT_FRACTION
    test: Amount | Literal["own"] = "own"
    seed: Annotated[int, Ge(0)] = 0
    stratify: bool = True
    k_fold: KFold | None = None
    bootstrap: Annotated[int, Ge(0)] | None = None

    def count_examples(self, examples: int, own_test: int = 0) -> dict[PartName, int]:
        """The number of examples in each part. Raises ValueError where that cannot be."""
        if self.k_fold and (self.train != "rest" or self.dev != DEFAULT_FRACTION):
            raise ValueError("k_fold decides what trains and what is dev: leave train and dev out")
        own = self._count_own_test(own_test)
        pool = examples - own
        amounts = self._requested_amounts(own)
        sizes = _convert_amounts(amounts, pool)
        _check_total(amounts, sizes, pool)
        _check_none_empty(amounts, sizes, examples)
        if self.k_fold:
            sizes |= self._count_fold(self.k_fold, pool - sizes.get("test", 0))
        return {"train": sizes["train"], "dev": sizes["dev"], "test": own or sizes["test"]}

    def _count_own_test(self, own_test: int) -> int:
        """How many examples at the end are the set's own test part, and are used as such."""
        return own_test if self.test == "own" else 0

    def _requested_amounts(self, own: int) -> dict[PartName, Amount | str]:
        """What the split asks for among the examples that are not the set's own test part."""
        amounts: dict[PartName, Amount | str] = {"train": self.train, "dev": self.dev}
        if not own:
            amounts["test"] = DEFAULT_FRACTION if self.test == "own" else self.test
        return amounts

    def _count_fold(self, k_fold: KFold, left: int) -> dict[PartName, int]:
        if k_fold.fold >= k_fold.folds:
            raise ValueError(f"there is no fold {k_fold.fold}: {k_fold.folds} folds count from 0")
        if k_fold.folds > left:
            raise ValueError(f"{left} examples cannot be cut into {k_fold.folds} folds")
        dev = len(range(k_fold.fold, left, k_fold.folds))
        return {"train": left - dev, "dev": dev}

    def choose_rows(self, data: Dataset) -> dict[PartName, IntArray]:
        """The examples of each part of a data set: see `choose_indices`."""
        return self.choose_indices(len(data.x), data.labels, data.description.own_test)

    def choose_indices(self, examples: int, labels: AnyArray | None, own_test: int = 0) -> dict[PartName, IntArray]:
        """The examples of each part, in increasing order; the parts are disjoint."""
        sizes = self.count_examples(examples, own_test)
        own = self._count_own_test(own_test)
        left = make_generator(self.seed, "split").permutation(examples - own)
        if self.stratify and labels is not None:
            # A stable sort keeps the shuffled order within each class, which evenly spread choices then draw from.
            left = left[np.argsort(labels[left], kind="stable")]
        parts: dict[PartName, IntArray] = {"test": np.arange(examples - own, examples)}
        # Test comes first: whatever `dev` and `k_fold` are, the same `test` and `seed` judge by the same examples.
        order: tuple[PartName, ...] = ("dev", "train") if own else ("test", "dev", "train")
        for part in order:
            chosen = self._choose_mask(part, len(left), sizes[part])
            parts[part] = np.sort(left[chosen])
            left = left[~chosen]
        if self.bootstrap is not None:
            draws = make_generator(self.bootstrap, "bootstrap").integers(0, sizes["train"], sizes["train"])
            parts["train"] = np.sort(parts["train"][draws])
        return parts

    def _choose_mask(self, part: PartName, count: int, size: int) -> AnyArray:
        """Which of the examples that are left, ordered by class, go into a part."""
        if part == "dev" and self.k_fold:
            return np.arange(count) % self.k_fold.folds == self.k_fold.fold
        return choose_evenly(count, size)


def choose_evenly(count: int, chosen: int) -> AnyArray:
    """A mask of `count` entries, `chosen` of them true and as evenly spread as can be.

    Spread over examples that are ordered by class, every class gives its share, to within one example.

    >>> choose_evenly(7, 3)
    array([False, False,  True, False,  True, False,  True])
    """
    steps = np.arange(count + 1) * chosen // max(count, 1)
    return np.diff(steps) > 0


def _convert_amounts(amounts: Mapping[PartName, Amount | str], pool: int) -> dict[PartName, int]:
    """The size of each part; train takes the rest where it is "rest", and where fractions share out all examples."""
    numbers = _select_numbers(amounts)
    is_complete = len(numbers) == len(amounts) and all(map(_is_fraction, numbers.values()))
    if is_complete and abs(sum(numbers.values()) - 1) > FRACTION_TOLERANCE:
        raise ValueError(f"the fractions sum to {sum(numbers.values()):g}, not to 1")
    sizes = {part: _convert_amount(amount, pool) for part, amount in numbers.items()}
    # Fractions are rounded one by one, so their sizes may miss the total by an example: train makes up for it.
    if is_complete or "train" not in numbers:
        sizes["train"] = pool - sum(size for part, size in sizes.items() if part != "train")
    return sizes


def _select_numbers(amounts: Mapping[PartName, Amount | str]) -> dict[PartName, Amount]:
    """The amounts that are numbers."""
    return {part: amount for part, amount in amounts.items() if not isinstance(amount, str)}


def _is_fraction(amount: Amount) -> bool:
    """Whether an amount is a fraction of the examples; 0 is a fraction as much as a count."""
    return isinstance(amount, float) or amount == 0


def _convert_amount(amount: Amount, examples: int) -> int:
    return amount if isinstance(amount, int) else round(amount * examples)


def _check_total(amounts: Mapping[PartName, Amount | str], sizes: Mapping[PartName, int], pool: int) -> None:
    """Raises ValueError where the parts together would have more examples than there are."""
    if sum(sizes.values()) > pool or sizes["train"] < 0:
        words = " + ".join(str(sizes[part]) for part in _select_numbers(amounts))
        raise ValueError(f"{words} examples are asked for, but there are {pool}")


def _check_none_empty(amounts: Mapping[PartName, Amount | str], sizes: Mapping[PartName, int], examples: int) -> None:
    """Raises ValueError where a part that is asked for would be empty, or nothing would train."""
    for part, amount in amounts.items():
        is_wanted = part == "train" or bool(amount)
        gets_none = not amount or sizes[part] <= 0
        if is_wanted and gets_none:
            raise ValueError(f"{part} would get none of the {examples} examples")
