"""Correcting p-values for the number of comparisons."""

from __future__ import annotations

from collections.abc import Sequence


def holm_correction(p: Sequence[float], of: int | None = None) -> list[float]:
    """P-values that keep the probability of any false positive among all comparisons at the level.

        p'_(i) = max over j ≤ i of min(1, (m - j + 1) p_(j))

    p_(1) ≤ p_(2) ≤ ...; m comparisons. Where those that are given were chosen from more by looking at the data, as the
    comparisons of the best of k variants are from all k (k - 1) / 2, `of` is how many these are: with it for m, no
    factor is smaller than among all of them. Source: Holm 1979, A Simple Sequentially Rejective Multiple Test
    Procedure.

    >>> holm_correction([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    m = len(p) if of is None else of
    assert m >= len(p), "those that are given are among all comparisons"
    corrected, largest = [0.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda place: p[place])):
        # The largest so far: a corrected p-value is never smaller than that of a smaller p.
        largest = max(largest, min(1.0, (m - rank) * p[place]))
        corrected[place] = largest
    return corrected
