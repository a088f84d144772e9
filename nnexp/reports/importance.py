"""How much of the differences between variants each parameter explains.   V variants, k levels"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.typing import Array

NUMBER_GROUPS = 4
"""Groups into which a parameter with more different numbers is cut."""

MAX_SINGLE_LEVELS = 8
"""Different numbers up to which each is a level of its own."""


@dataclass(frozen=True, slots=True)
class ParameterImportance:
    """What one parameter explains by itself, and what it would be expected to if it did nothing; None if not known.

    parameters: it, and those that part the variants just as it does.  levels: groups of its values that were compared.
    """

    parameters: tuple[str, ...]
    share: float
    chance_share: float | None
    level_count: int

    @property
    def parameter(self) -> str:
        """Its name, or all of their names."""
        return ", ".join(self.parameters)


@dataclass(frozen=True, slots=True)
class ImportanceAnalysis:
    """The parameters, the one that explains most first. complete: whether all combinations are there just once.

    together: on a complete grid, the share that no parameter explains by itself: combinations, and chance.
    """

    parameters: tuple[ParameterImportance, ...]
    variant_count: int
    is_complete: bool
    remaining_share: float | None


def compute_importance(
    values: Mapping[str, Sequence[Any]], results: Sequence[float], noise: float | None = None
) -> ImportanceAnalysis | None:
    """The correlation ratio of each parameter, the first-order Sobol index that the variants at hand show.

        η² = Σ_levels n_l (mean_l - mean)² / Σ_variants (result - mean)²

    On a complete grid these are the exact main effects of the analysis of variance, and add up to 1 at most. Of numbers
    with more than `MAX_SINGLE_LEVELS` different values, groups of equal size are the levels. Parameters that part
    the variants in the same way, such as the optimizer and its learning rate, count as one.

    noise: the variance of a result that is due to seeds.  On a complete grid a parameter without effect is expected to
    have (k - 1) noise / Σ (result - mean)², otherwise, the others' effects being its noise, (k - 1) / (V - 1). Source:
    Pearson 1905; Saltelli et al. 2008, Global Sensitivity Analysis, section 1.2.5.

    None where there are fewer than two parameters that vary, fewer than four results, or results that are all the same.
    """
    y = np.asarray(results, dtype=np.float64)
    levels = {name: assign_levels(column) for name, column in values.items()}
    groups = _group_equivalent({name: column for name, column in levels.items() if 1 < len(set(column)) < len(column)})
    spread = float(np.square(y - y.mean()).sum()) if len(y) else 0.0
    if len(groups) < 2 or len(y) < 4 or not math.isfinite(spread) or spread <= 1e-18 * float(np.square(y).sum()):
        return None
    complete = is_complete(list(groups.values()))
    found = []
    for names, column in groups.items():
        k = len(set(column))
        share = sum_squares_between(column, y) / spread
        expected: float | None = None
        if not complete:
            expected = min(1.0, (k - 1) / (len(y) - 1))
        elif noise is not None:
            expected = min(1.0, (k - 1) * noise / spread)
        found.append(ParameterImportance(names, share, expected, k))
    found.sort(key=lambda one: -one.share)
    rest = max(0.0, 1 - sum(one.share for one in found)) if complete else None
    return ImportanceAnalysis(tuple(found), len(y), complete, rest)


def _group_equivalent(levels: Mapping[str, Sequence[int]]) -> dict[tuple[str, ...], Sequence[int]]:
    """The levels of each group of parameters that part the variants in the same way."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, column in levels.items():
        order = list(dict.fromkeys(column))
        groups.setdefault(tuple(order.index(level) for level in column), []).append(name)
    return {tuple(names): levels[names[0]] for names in groups.values()}


def sum_squares_between(levels: Sequence[int], y: Array) -> float:
    """Σ n_l (mean_l - mean)²"""
    at = np.asarray(levels)
    groups = [y[at == level] for level in sorted(set(levels))]
    return float(sum(len(group) * (group.mean() - y.mean()) ** 2 for group in groups))


def assign_levels(column: Sequence[Any]) -> list[int]:
    """Each value as the number of its level.

    >>> assign_levels(["relu", "tanh", "relu"]), assign_levels(list(range(9)))
    ([0, 1, 0], [0, 0, 0, 1, 1, 2, 2, 3, 3])
    """
    different = list(dict.fromkeys(map(repr, column)))
    if len(different) <= MAX_SINGLE_LEVELS or not all(is_finite_number(value) for value in column):
        return [different.index(repr(value)) for value in column]
    ordered = sorted(set(column))
    cuts = np.array_split(np.arange(len(ordered)), NUMBER_GROUPS)
    group = {ordered[place]: number for number, places in enumerate(cuts) for place in places}
    return [group[value] for value in column]


def is_finite_number(value: Any) -> bool:
    """Whether a value can stand on an axis."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_complete(columns: Sequence[Sequence[int]]) -> bool:
    """Whether every combination of levels is there, and all equally often."""
    counts = Counter(zip(*columns, strict=True))
    return len(counts) == math.prod(len(set(column)) for column in columns) and len(set(counts.values())) == 1
