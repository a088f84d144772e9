"""Names beside lines, moved apart where they would lie over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class _Group:
    """Names that touch, around their centre."""

    members: list[int]
    centre: float

    def reach(self, apart: float) -> float:
        return (len(self.members) - 1) / 2 * apart

    def put_inside(self, apart: float) -> None:
        """Move into 0..1, as far as there is room."""
        reach = self.reach(apart)
        self.centre = max(reach, min(1 - reach, self.centre)) if reach < 0.5 else 0.5


def spread(places: Sequence[float], apart: float) -> list[float]:
    """Places from 0 to 1, moved as little as it takes to be `apart`, in their order, and inside as far as they fit.

    >>> [round(place, 2) for place in spread([0.5, 0.5, 0.9], 0.1)]
    [0.45, 0.55, 0.9]
    """
    groups: list[_Group] = []
    for place in sorted(range(len(places)), key=lambda i: places[i]):
        groups.append(_Group([place], places[place]))
        groups[-1].put_inside(apart)
        while len(groups) > 1 and _touch(groups[-2], groups[-1], apart):
            last = groups.pop()
            groups[-1] = _joined(groups[-1], last)
            groups[-1].put_inside(apart)
    found = [0.0] * len(places)
    for group in groups:
        for number, i in enumerate(group.members):
            found[i] = group.centre - group.reach(apart) + number * apart
    return found


def _touch(lower: _Group, upper: _Group, apart: float) -> bool:
    return lower.centre + lower.reach(apart) + apart > upper.centre - upper.reach(apart) + 1e-9


def _joined(lower: _Group, upper: _Group) -> _Group:
    members = lower.members + upper.members
    share = len(upper.members) / len(members)
    return _Group(members, (1 - share) * lower.centre + share * upper.centre)
