"""How much of the differences between variants each parameter explains.   V variants, k levels"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.statistics.means import ROUNDING_SHARE
from nnexp.typing import Array

NUMBER_GROUPS = 4
"""Groups into which a parameter with more different numbers is cut."""

MAX_SINGLE_LEVELS = 8
"""Different numbers up to which each is a level of its own."""

MIN_PARAMETERS = 2
"""Parameters that vary, at least: the share of a single one says no more than the table."""

MIN_RESULTS = 4
"""Results, at least: the smallest grid of two parameters."""


@dataclass(frozen=True, slots=True)
class ParameterImportance:
    """The share that one parameter explains alone, and the share expected of one without effect; None if not known.

    parameters: it, and those that divide the variants just as it does. level_count: the groups of its values.
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
    """The parameters, the one that explains most first. is_complete: whether all combinations are there equally often.

    remaining_share: on a complete grid, the share that no parameter explains alone: interactions, and chance.
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
    with more than `MAX_SINGLE_LEVELS` different values, groups of equal size are the levels. Parameters that divide
    the variants in the same way, such as the optimizer and its learning rate, count as one.

    noise: the variance of a result that is due to seeds.  On a complete grid a parameter without effect is expected to
    have (k - 1) noise / Σ (result - mean)², otherwise, the others' effects being its noise, (k - 1) / (V - 1). Source:
    Pearson 1905; Saltelli et al. 2008, Global Sensitivity Analysis, section 1.2.5.

    None where there are fewer than two parameters that vary, fewer than four results, or results that are all the same.
    """
    y = np.asarray(results, dtype=np.float64)
    groups = _group_equivalent(values)
    if len(groups) < MIN_PARAMETERS or len(y) < MIN_RESULTS:
        return None
    total = float(np.square(y - y.mean()).sum())
    if not math.isfinite(total) or total <= ROUNDING_SHARE**2 * float(np.square(y).sum()):
        return None
    complete = is_complete(list(groups.values()))
    found = []
    for names, column in groups.items():
        k = len(set(column))
        share = sum_squares_between(column, y) / total
        expected: float | None = None
        if not complete:
            expected = min(1.0, (k - 1) / (len(y) - 1))
        elif noise is not None:
            expected = min(1.0, (k - 1) * noise / total)
        found.append(ParameterImportance(names, share, expected, k))
    found.sort(key=lambda one: -one.share)
    # Main effects add up on a complete grid alone; elsewhere parameters explain some of the same.
    rest = max(0.0, 1 - sum(one.share for one in found)) if complete else None
    return ImportanceAnalysis(tuple(found), len(y), complete, rest)


def _group_equivalent(values: Mapping[str, Sequence[Any]]) -> dict[tuple[str, ...], list[int]]:
    """The levels of each group of parameters that divide the variants in the same way."""
    names: dict[tuple[int, ...], list[str]] = {}
    levels: dict[tuple[int, ...], list[int]] = {}
    for name, column in values.items():
        of_column = assign_levels(column)
        # One level explains nothing, and as many levels as variants explain everything.
        if not 1 < len(set(of_column)) < len(of_column):
            continue
        order = list(dict.fromkeys(of_column))
        partition = tuple(map(order.index, of_column))
        names.setdefault(partition, []).append(name)
        levels.setdefault(partition, of_column)
    return {tuple(group): levels[partition] for partition, group in names.items()}


def sum_squares_between(levels: Sequence[int], y: Array) -> float:
    """Σ n_l (mean_l - mean)²"""
    at = np.asarray(levels)
    total = 0.0
    for level in sorted(set(levels)):
        group = y[at == level]
        total += len(group) * (group.mean() - y.mean()) ** 2
    return float(total)


def assign_levels(column: Sequence[Any]) -> list[int]:
    """Each value as the number of its level.

    >>> assign_levels(["relu", "tanh", "relu"]), assign_levels(list(range(9)))
    ([0, 1, 0], [0, 0, 0, 1, 1, 2, 2, 3, 3])
    """
    # By `repr`: 1, 1.0 and True are equal in Python, and are different settings.
    texts = list(map(repr, column))
    different = list(dict.fromkeys(texts))
    if len(different) <= MAX_SINGLE_LEVELS or not all(map(is_finite_number, column)):
        return list(map(different.index, texts))
    ordered = sorted(set(column))
    groups: dict[Any, int] = {}
    for number, places in enumerate(np.array_split(np.arange(len(ordered)), NUMBER_GROUPS)):
        groups |= dict.fromkeys(ordered[places[0] : places[-1] + 1], number)
    return list(map(groups.__getitem__, column))


def is_finite_number(value: Any) -> bool:
    """Whether a value can stand on an axis."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_complete(columns: Sequence[Sequence[int]]) -> bool:
    """Whether every combination of levels is there, and all equally often."""
    counts = Counter(zip(*columns, strict=True))
    combinations = math.prod(map(len, map(set, columns)))
    return len(counts) == combinations and len(set(counts.values())) == 1
