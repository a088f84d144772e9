"""Splitting a data set into the parts that train, choose and judge.

M examples in the whole set
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Ge

from nnexp.data.dataset import Dataset, DatasetTargets
from nnexp.data.rare_classes import spare_rare_classes
from nnexp.data.split_borders import choose_first_groups, choose_last_times
from nnexp.errors import DataError
from nnexp.nn.random import make_generator
from nnexp.typing import AnyArray, BoolArray, IntArray

Amount: TypeAlias = Annotated[int | float, Ge(0)]
PartName: TypeAlias = Literal["train", "dev", "test"]

DEFAULT_FRACTION = 0.1
"""The share of dev, and of test where a set has no test part of its own."""

FRACTION_TOLERANCE = 1e-9
"""How far fractions may miss a sum of 1: 0.7 + 0.2 + 0.1 is not 1 in floating point."""

PART_NAMES: tuple[PartName, ...] = ("train", "dev", "test")

CHOICE_ORDER: tuple[PartName, ...] = ("test", "dev", "train")
"""The order in which the parts take their examples."""


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
    every part holds the classes in the proportions of the whole, and the only example of a class trains.

    `k_fold: {folds: 5, fold: 0}` cuts what is not test into folds, of which one is dev. `bootstrap: 7` draws as many
    training examples as there are, with replacement, by this seed.

    `dev: own` is the set's own dev part likewise. `order: file` takes the first examples for training, the next for dev
    and the last for test. `time: date` does the same in the order of a column, or array, of this name: numbers, or
    dates; what has the same time is in one part. `group: patient` keeps the examples of one patient together, the parts
    being as large as whole groups allow.
    """

    train: Amount | Literal["rest"] = "rest"
    dev: Amount | Literal["own"] = "own"
    test: Amount | Literal["own"] = "own"
    seed: Annotated[int, Ge(0)] = 0
    stratify: bool = True
    k_fold: KFold | None = None
    bootstrap: Annotated[int, Ge(0)] | None = None
    order: Literal["random", "file"] = "random"
    time: str | None = None
    group: str | None = None

    @property
    def key_column(self) -> str | None:
        """The column, or array, whose entries decide which examples belong together, or come first."""
        return self.time or self.group

    def count_examples(self, examples: int, own_test: int = 0, own_dev: int = 0) -> dict[PartName, int]:
        """The number of examples in each part, groups aside. Raises ValueError where that cannot be."""
        self._check_options()
        own = self.count_own_parts(own_test, own_dev)
        if self.k_fold and (self.train != "rest" or self.dev != "own" or own["dev"]):
            raise ValueError("k_fold decides what trains and what is dev: leave train and dev out")
        pool = examples - sum(own.values())
        amounts = self._requested_amounts(own)
        sizes = _convert_amounts(amounts, pool)
        _check_total(amounts, sizes, pool)
        _check_none_empty(amounts, sizes, examples)
        if self.k_fold:
            sizes |= self._count_fold(self.k_fold, pool - sizes.get("test", 0))
        return {"train": sizes["train"], "dev": own["dev"] or sizes["dev"], "test": own["test"] or sizes["test"]}

    def _check_options(self) -> None:
        """Raises ValueError where two orders are asked for."""
        asked = {"order: file": self.order == "file", "time": bool(self.time), "group": bool(self.group)}
        chosen = [name for name, is_asked in asked.items() if is_asked]
        if len(chosen) > 1:
            raise ValueError(f"{' and '.join(chosen)} exclude each other: choose one")
        if self.k_fold and chosen and not self.group:
            raise ValueError(f"k_fold takes examples from everywhere, and {chosen[0]} keeps their order: choose one")

    def count_own_parts(self, own_test: int, own_dev: int) -> dict[PartName, int]:
        """How many examples at the end are the set's own dev and test parts, and are used as such."""
        return {"dev": own_dev if self.dev == "own" else 0, "test": own_test if self.test == "own" else 0}

    def _requested_amounts(self, own: Mapping[PartName, int]) -> dict[PartName, Amount | str]:
        """What the split asks for among the examples that are not the set's own parts."""
        amounts: dict[PartName, Amount | str] = {"train": self.train}
        asked: dict[PartName, Amount | Literal["own"]] = {"dev": self.dev, "test": self.test}
        for part, amount in asked.items():
            if not own[part]:
                amounts[part] = DEFAULT_FRACTION if amount == "own" else amount
        return amounts

    def _count_fold(self, k_fold: KFold, left: int) -> dict[PartName, int]:
        if k_fold.fold >= k_fold.folds:
            raise ValueError(f"there is no fold {k_fold.fold}: {k_fold.folds} folds count from 0")
        if k_fold.folds > left:
            raise ValueError(f"{left} examples cannot be cut into {k_fold.folds} folds")
        dev = len(range(k_fold.fold, left, k_fold.folds))
        return {"train": left - dev, "dev": dev}

    def choose_rows(self, data: Dataset | DatasetTargets) -> dict[PartName, IntArray]:
        """The examples of each part of a data set: see `choose_indices`."""
        about = data.description
        return self.choose_indices(len(data.y), data.labels, about.own_test, about.own_dev, data.split_key)

    def choose_indices(
        self,
        examples: int,
        labels: AnyArray | None,
        own_test: int = 0,
        own_dev: int = 0,
        key: AnyArray | None = None,
    ) -> dict[PartName, IntArray]:
        """The examples of each part, in increasing order; the parts are disjoint.

        The set's own dev and test parts stand at the end, in this order. key (M,): the times or groups of the examples.
        """
        sizes = self.count_examples(examples, own_test, own_dev)
        own = self.count_own_parts(own_test, own_dev)
        parts: dict[PartName, IntArray] = {}
        first_test = examples - own_test
        if own["dev"]:
            parts["dev"] = np.arange(first_test - own_dev, first_test)
        if own["test"]:
            parts["test"] = np.arange(first_test, examples)
        # an own part that is not used as such is split like all others, wherever it stands
        free = np.setdiff1d(np.arange(examples), np.concatenate([*parts.values(), np.zeros(0, np.int64)]))
        if self.group:
            assert key is not None, "a source gives the groups that a split asks for"
            parts |= self._choose_groups(free, key[free], sizes, parts)
        else:
            parts |= self._choose_examples(free, labels, key, sizes, parts)
        if self.bootstrap is not None:
            count = len(parts["train"])
            draws = make_generator(self.bootstrap, "bootstrap").integers(0, count, count)
            parts["train"] = np.sort(parts["train"][draws])
        return parts

    def _choose_examples(
        self,
        left: IntArray,
        labels: AnyArray | None,
        key: AnyArray | None,
        sizes: Mapping[PartName, int],
        taken: Collection[PartName],
    ) -> dict[PartName, IntArray]:
        """Examples one by one: at random, or from the end of an order."""
        is_random = self.order == "random" and not self.time
        if is_random:
            left = left[make_generator(self.seed, "split").permutation(len(left))]
            if self.stratify and labels is not None:
                # A stable sort keeps the shuffled order within each class, which evenly spread choices then draw from.
                left = left[np.argsort(labels[left], kind="stable")]
        elif key is not None:
            left = left[np.argsort(key[left], kind="stable")]
        uses_all = _uses_all(sizes, taken, len(left))
        parts: dict[PartName, IntArray] = {}
        # Test comes first: whatever `dev` and `k_fold` are, the same `test` and `seed` judge by the same examples.
        for part in CHOICE_ORDER:
            if part in taken:
                continue
            if is_random:
                chosen = self._choose_mask(part, len(left), sizes[part])
                is_fold = part == "dev" and self.k_fold
                if self.stratify and labels is not None and part != "train" and not is_fold:
                    chosen = spare_rare_classes(chosen, labels[left])
            else:
                size = len(left) if part == "train" and uses_all else sizes[part]
                later = _count_later_parts(part, sizes, taken)
                chosen = choose_last_times(left if key is None else key[left], size, later)
            parts[part] = np.sort(left[chosen])
            left = left[~chosen]
        return parts

    def _choose_mask(self, part: PartName, count: int, size: int) -> BoolArray:
        """Which of the examples that are left, ordered by class, go into a part."""
        if part == "dev" and self.k_fold:
            return np.arange(count) % self.k_fold.folds == self.k_fold.fold
        return choose_evenly(count, size)

    def _choose_groups(
        self, free: IntArray, groups: AnyArray, sizes: Mapping[PartName, int], taken: Collection[PartName]
    ) -> dict[PartName, IntArray]:
        """Whole groups at random, until a part is as near to its size as they allow."""
        _, which = np.unique(groups, return_inverse=True)
        counts = np.bincount(which)
        wanted = [part for part in CHOICE_ORDER if part not in taken and sizes[part]]
        if len(counts) < len(wanted) or (self.k_fold and len(counts) < self.k_fold.folds + bool(sizes["test"])):
            raise DataError(f"{len(counts)} groups of {self.group!r} are too few for these parts")
        uses_all = _uses_all(sizes, taken, len(free))
        left = make_generator(self.seed, "split").permutation(len(counts))
        parts: dict[PartName, IntArray] = {}
        for part in CHOICE_ORDER:
            if part in taken:
                continue
            if part == "dev" and self.k_fold:
                chosen = np.arange(len(left)) % self.k_fold.folds == self.k_fold.fold
            elif part == "train" and uses_all:
                chosen = np.ones(len(left), np.bool_)
            else:
                later = self.k_fold.folds if self.k_fold else _count_later_parts(part, sizes, taken)
                chosen = choose_first_groups(counts[left], sizes[part], later)
            parts[part] = free[np.isin(which, left[chosen])]
            left = left[~chosen]
        return parts


def _uses_all(sizes: Mapping[PartName, int], taken: Collection[PartName], count: int) -> bool:
    """Whether the parts that are not taken share out all examples."""
    return sum(size for part, size in sizes.items() if part not in taken) == count


def _count_later_parts(part: PartName, sizes: Mapping[PartName, int], taken: Collection[PartName]) -> int:
    """How many parts take their examples after this one."""
    later = CHOICE_ORDER[CHOICE_ORDER.index(part) + 1 :]
    return sum(bool(sizes[name]) for name in later if name not in taken)


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
