"""What a comparison says."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from nnexp.statistics.paired import PairedDifference, compute_paired_difference
from nnexp.statistics.verdicts import RankingMetric, Verdict, compute_verdicts, format_amount

ACCURACY = RankingMetric("dev_accuracy", larger_is_better=True, is_share=True)
LOSS = RankingMetric("dev_loss", larger_is_better=False, is_share=False)


def verdict(differences: Sequence[float], measure: RankingMetric = ACCURACY, of: int = 1) -> Verdict:
    a = dict.fromkeys(range(len(differences)), 0.5)
    b = {seed: 0.5 + value for seed, value in enumerate(differences)}
    return compute_verdicts([("A", "B", compute_paired_difference(a, b))], measure, of)[0]


def spread(mean: float, deviation: float, n: int) -> list[float]:
    """Differences with just this mean and standard deviation."""
    values = np.arange(n) - (n - 1) / 2
    return list(mean + deviation * values / values.std(ddof=1))


def test_a_difference_that_is_shown() -> None:
    # ± t(11) 0.005 / √12 = 2.201 · 0.001443 = 0.318 points; t = 6.24, p < 0.001
    assert (
        verdict(spread(0.009, 0.005, 12)).format_sentence()
        == "B is better than A by 0.9 ± 0.3 points (12 seeds, p < 0.001)"
    )


def test_the_better_one_is_named_first() -> None:
    found = verdict(spread(-0.009, 0.005, 12))
    assert found.conclusion == "worse"
    assert found.format_sentence() == "A is better than B by 0.9 ± 0.3 points (12 seeds, p < 0.001)"


def test_a_loss_is_to_be_small_and_is_a_number() -> None:
    assert (
        verdict(spread(-0.3, 0.1, 9), LOSS).format_sentence()
        == "B is better than A by 0.30 ± 0.08 (9 seeds, p = 0.004)"
    )
    assert verdict(spread(0.3, 0.1, 9), LOSS).conclusion == "worse"


def test_what_is_not_shown_says_what_is_excluded_and_how_many_more_would_do() -> None:
    # n = 5: ± 2.776 · 0.006 / √5 = 0.745 points; effect 0.004 / 0.006 = 0.667 needs 20 pairs
    assert verdict(spread(0.004, 0.006, 5)).format_sentence() == (
        "undecided: B is 0.4 ± 0.7 points ahead of A (5 seeds, p = 0.210); "
        "the difference is at most 1.1 points; about 15 more seeds would settle it"
    )


def test_the_bound_that_is_excluded_is_the_far_end_of_the_interval() -> None:
    found = verdict(spread(-0.004, 0.006, 5))
    low = found.difference.low
    assert low is not None
    assert low == pytest.approx(-0.01145, abs=1e-5)
    assert f"at most {100 * -low:.1f} points" in found.format_sentence()


def test_a_tiny_difference_is_not_chased() -> None:
    sentence = verdict(spread(0.0001, 0.01, 30)).format_sentence()
    assert "more than 1,000 seeds would be needed" in sentence


def test_one_seed_says_nothing() -> None:
    found = verdict([0.02])
    assert found.conclusion == "one pair"
    assert (found.p, found.p_corrected) == (None, None)
    assert found.format_sentence() == "B is 2.0 points ahead of A in the only seed they share: no conclusion"
    assert verdict([0.0]).format_sentence() == "B and A are equal in the only seed they share: no conclusion"


def test_no_seed_in_common() -> None:
    [found] = compute_verdicts([("A", "B", compute_paired_difference({0: 0.5}, {1: 0.6}))], ACCURACY)
    assert found.conclusion == "unpaired"
    assert found.format_sentence() == "not compared: B and A share no seed in which both have a value"


def test_the_same_in_every_seed() -> None:
    found = verdict([0.0, 0.0, 0.0])
    assert found.conclusion == "same"
    assert found.format_sentence() == "B and A are equal in each of 3 seeds"


def test_all_differences_equal() -> None:
    few, many = verdict([0.1] * 3), verdict([0.1] * 8)
    assert few.conclusion == "undecided"
    assert few.format_sentence() == (
        "undecided: B is 10.0 points ahead of A (3 seeds, p = 0.250); about 3 more seeds would settle it"
    )
    assert many.format_sentence() == "B is better than A by 10.0 points (8 seeds, p = 0.008)"


def test_pairs_that_were_dropped_are_said() -> None:
    a = {seed: 0.5 + 0.01 * seed for seed in range(5)}
    b = {seed: math.nan if seed > 2 else 0.6 for seed in range(5)}
    [found] = compute_verdicts([("A", "B", compute_paired_difference(a, b))], ACCURACY)
    assert "(3 seeds, p = " in found.format_sentence()
    assert "; 2 more seeds without a value)" in found.format_sentence()


def test_the_corrected_p_decides() -> None:
    differences = spread(0.009, 0.006, 5)
    alone, among = verdict(differences), verdict(differences, of=6)
    assert alone.p == among.p == pytest.approx(0.028, abs=5e-4)
    assert among.p_corrected == pytest.approx(6 * (alone.p or 0))
    assert (alone.conclusion, among.conclusion) == ("better", "undecided")


def test_comparisons_that_cannot_be_made_count() -> None:
    shown = compute_paired_difference(dict.fromkeys(range(5), 0.5), dict(enumerate(spread(0.6, 0.01, 5))))
    found = compute_verdicts([("A", "B", shown), ("A", "C", PairedDifference(0, math.nan))], ACCURACY)
    assert found[0].p_corrected == pytest.approx(2 * (found[0].p or 0))


def test_a_share_is_not_said_to_differ_by_more_than_everything() -> None:
    sentence = verdict([0.2, -0.2]).format_sentence()
    assert "excluded" not in sentence


def test_folds_are_called_folds_and_no_more_of_them_are_asked_for() -> None:
    folds = RankingMetric("dev_accuracy", larger_is_better=True, is_share=True, pair="fold")
    sentence = verdict(spread(0.004, 0.006, 5), folds).format_sentence()
    assert "(5 folds, " in sentence
    assert "more would" not in sentence


@pytest.mark.parametrize(
    ("size", "half", "text"),
    [
        (0.0089, 0.0031, "0.9 ± 0.3 points"),
        (0.0389, 0.0121, "3.9 ± 1.2 points"),
        (0.31, 0.12, "31.0 ± 12.0 points"),
        (0.00123, 0.00046, "0.12 ± 0.05 points"),
        (0.1, None, "10.0 points"),
    ],
)
def test_as_many_digits_as_the_interval_deserves(size: float, half: float | None, text: str) -> None:
    assert format_amount(ACCURACY, size, half) == text


def test_for_a_program_everything_is_a_number() -> None:
    found = verdict(spread(0.004, 0.006, 5)).as_dict()
    assert found["n"] == 5
    assert found["difference"] == pytest.approx(0.004)
    assert found["needed"] == 20
    assert found["finding"] == "undecided"
