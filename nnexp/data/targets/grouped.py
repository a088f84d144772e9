"""Coarser classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import Annotated

import numpy as np
from annotated_types import Ge, MinLen

from nnexp.data.dataset import Description
from nnexp.data.targets.base import Target, TargetError, name_groups, one_hot
from nnexp.registry import targets
from nnexp.typing import AnyArray, Array


@targets.register("grouped")
@dataclass(frozen=True, slots=True)
class Grouped(Target):
    """Which of several groups of the source's classes an example belongs to.

        d_ng = 1 where the class of example n is in group g

    `groups` lists the classes of each group by their numbers, from 0: [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]] asks whether
    a digit is even or odd. Every class is in one group.
    """

    groups: Annotated[tuple[tuple[Annotated[int, Ge(0)], ...], ...], MinLen(2)]

    def describe(self, data: Description) -> Description:
        if data.targets != "classes":
            raise TargetError(f"grouped takes classes together, and here the targets are {data.targets}")
        chosen = list(chain.from_iterable(self.groups))
        missing = sorted(set(range(data.output_count)) - set(chosen))
        if missing or len(chosen) != data.output_count:
            wrong = "some are in several, or are not there"
            if missing:
                wrong = f"class {missing[0]} is in none"
            raise TargetError(
                f"each of the {data.output_count} classes, 0 to {data.output_count - 1}, is in one group: {wrong}"
            )
        return replace(data, classes=name_groups(self.groups, data.classes))

    def make_targets(self, data: Description, x: Array, y: AnyArray) -> Array:
        group_of = np.empty(data.output_count, np.int64)
        for number, group in enumerate(self.groups):
            group_of[list(group)] = number
        return one_hot(group_of[y], len(self.groups), x.dtype)
