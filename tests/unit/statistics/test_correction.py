"""Correcting for the number of comparisons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.statistics.correction import holm_correction


def test_an_example_with_published_values() -> None:
    # R's manual of p.adjust: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")
    assert holm_correction([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def test_the_order_stays() -> None:
    # 0.005 · 4, 0.01 · 3, 0.03 · 2, 0.04 raised to what came before: the usual textbook case of four hypotheses
    assert holm_correction([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_nothing_is_above_one() -> None:
    assert holm_correction([0.6, 0.9, 0.7]) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("p", [[], [0.04]])
def test_one_comparison_needs_no_correction(p: list[float]) -> None:
    assert holm_correction(p) == p


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_some_of_many_are_corrected_at_least_as_much_as_among_all(p: list[float]) -> None:
    among_all = holm_correction(p)[:2]
    alone = holm_correction(p[:2], of=len(p))
    assert all(mine >= theirs - 1e-12 for mine, theirs in zip(alone, among_all, strict=True))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_it_never_helps_and_keeps_the_order(p: list[float]) -> None:
    found = holm_correction(p)
    assert all(q >= raw for q, raw in zip(found, p, strict=True))
    ranked = sorted(range(len(p)), key=lambda place: p[place])
    assert [found[place] for place in ranked] == sorted(found)
