"""Names beside lines, moved apart where they would lie over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class _LabelGroup:
    """Names that touch, around their centre."""

    members: list[int]
    centre: float

    def compute_reach(self, apart: float) -> float:
        return (len(self.members) - 1) / 2 * apart

    def move_inside(self, apart: float) -> None:
        """Move into 0..1, as far as there is room."""
        reach = min(self.compute_reach(apart), 0.5)  # a group that is too large for 0..1 is around its middle
        self.centre = max(reach, min(1 - reach, self.centre))


def move_apart(places: Sequence[float], apart: float) -> list[float]:
    """Places from 0 to 1, moved as little as it takes to be `apart`, in their order, and inside as far as they fit.

    >>> [round(place, 2) for place in move_apart([0.5, 0.5, 0.9], 0.1)]
    [0.45, 0.55, 0.9]
    """
    groups: list[_LabelGroup] = []
    for place in sorted(range(len(places)), key=lambda i: places[i]):
        groups.append(_LabelGroup([place], places[place]))
        groups[-1].move_inside(apart)
        # A group that grows may touch the one before, which it had not reached until then.
        while len(groups) > 1 and _is_touching(groups[-2], groups[-1], apart):
            last = groups.pop()
            groups[-1] = _merge_groups(groups[-1], last)
            groups[-1].move_inside(apart)
    found = [0.0] * len(places)
    for group in groups:
        for number, i in enumerate(group.members):
            found[i] = group.centre - group.compute_reach(apart) + number * apart
    return found


def _is_touching(lower: _LabelGroup, upper: _LabelGroup, apart: float) -> bool:
    # Names that were moved just as far apart as they must be do not touch, however that was rounded.
    return lower.centre + lower.compute_reach(apart) + apart > upper.centre - upper.compute_reach(apart) + 1e-9


def _merge_groups(lower: _LabelGroup, upper: _LabelGroup) -> _LabelGroup:
    members = lower.members + upper.members
    share = len(upper.members) / len(members)
    return _LabelGroup(members, (1 - share) * lower.centre + share * upper.centre)
