"""Keeping classes of one or two examples in the training part.   n examples to choose from, K classes"""

from __future__ import annotations

import numpy as np

from nnexp.typing import AnyArray, BoolArray


def spare_rare_classes(chosen: BoolArray, labels: AnyArray) -> BoolArray:
    """A choice (n,) for dev or test that leaves every class (n,) an example to train on, where another class can give.

    The class that gives one more is the one that has given least of its share, so that no class is more than one
    example off its share.

    >>> spare_rare_classes(np.array([False, True, False, False, True]), np.array([0, 0, 0, 0, 1])).tolist()
    [True, True, False, False, False]
    """
    _, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    taken = np.bincount(which[chosen], minlength=len(counts))
    exhausted = np.flatnonzero(taken == counts)
    if not len(exhausted):
        return chosen
    chosen = chosen.copy()
    share = counts * (taken.sum() / max(len(labels), 1))
    for rare in exhausted.tolist():
        owed = np.where(counts - taken >= 2, share - taken, -np.inf)
        giver = int(owed.argmax())
        if owed[giver] <= 0:
            continue
        chosen[np.flatnonzero(which == rare)[-1]] = False
        chosen[np.flatnonzero((which == giver) & ~chosen)[0]] = True
        taken[rare] -= 1
        taken[giver] += 1
    return chosen
