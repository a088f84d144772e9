"""Several yes-or-no questions about the class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, MinLen

from nnexp.data.dataset import Description
from nnexp.data.targets.base import Target, TargetError, name_groups
from nnexp.registry import targets
from nnexp.typing import AnyArray, Array


@targets.register("membership")
@dataclass(frozen=True, slots=True)
class Membership(Target):
    """For each of several groups of the source's classes, whether an example belongs to it.

        d_ng = 1 where the class of example n is in group g, else 0

    Groups may overlap and need not have every class: [[0, 2, 4, 6, 8], [5, 6, 7, 8, 9]] asks whether a digit is even,
    and whether it is large. Each output is decided for itself, as with `binary_cross_entropy`. Source: multiple binary
    outputs of the lecture notes on two-layer networks.
    """

    groups: Annotated[tuple[tuple[Annotated[int, Ge(0)], ...], ...], MinLen(1)]

    def describe(self, data: Description) -> Description:
        if data.targets != "classes":
            raise TargetError(f"membership asks about classes, and here the targets are {data.targets}")
        for group in self.groups:
            # an output that is always 0, or always 1, has nothing to learn
            if not group or max(group) >= data.output_count or len(set(group)) == data.output_count:
                last = data.output_count - 1
                raise TargetError(f"each group holds some of the classes 0 to {last} and not all, not {list(group)}")
        return replace(data, targets="binary", classes=name_groups(self.groups, data.classes))

    def make_targets(self, data: Description, x: Array, y: AnyArray) -> Array:
        return np.stack([np.isin(y, group) for group in self.groups], axis=-1).astype(x.dtype)
