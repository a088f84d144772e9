"""The result of a comparison, in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from nnexp.statistics.correction import holm_correction
from nnexp.statistics.paired import SIGNIFICANCE_LEVEL, PairedDifference, TestName
from nnexp.statistics.power import MAX_SEEDS, find_seeds_needed
from nnexp.wording import format_count

Conclusion: TypeAlias = Literal["better", "worse", "undecided", "same", "one pair", "unpaired"]


@dataclass(frozen=True, slots=True)
class RankingMetric:
    """The metric to compare by. is_share: whether it is written in percentage points. pair: seed or fold.

    ranks: whether it may choose the best; a metric of the test part may not, nor what stands in for a missing dev part.
    """

    metric: str
    larger_is_better: bool
    is_share: bool
    pair: str = "seed"
    ranks: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """B beside A: the difference b - a, and what it shows.

    p: of this pair alone. p_corrected: corrected for all `comparisons`; it decides.
    """

    a: str
    b: str
    measure: RankingMetric
    difference: PairedDifference
    p: float | None
    p_corrected: float | None
    test: TestName | None
    comparisons: int

    @property
    def conclusion(self) -> Conclusion:
        """What the pairs show of B."""
        found = self.difference
        if not found.n:
            return "unpaired"
        if found.n < 2:
            return "one pair"
        is_significant = self.p_corrected is not None and self.p_corrected <= SIGNIFICANCE_LEVEL
        if is_significant and self.is_ahead:
            return "better"
        if is_significant:
            return "worse"
        if found.mean or found.std:
            return "undecided"
        return "same"

    @property
    def is_ahead(self) -> bool:
        """Whether B's mean is the better one."""
        return (self.difference.mean > 0) == self.measure.larger_is_better

    @property
    def pairs_needed(self) -> int | None:
        """The pairs that would show a difference of this size four times of five; None where none would."""
        found = self.difference
        if self.conclusion != "undecided" or not found.mean:
            return None
        effect = found.mean / found.std if found.std else math.inf
        enough = find_seeds_needed(effect, SIGNIFICANCE_LEVEL / self.comparisons)
        if enough is None:
            return None
        # As many as there are did not show it, whatever the estimate says.
        return max(enough, found.n + 1)

    def format_sentence(self) -> str:
        """The verdict for people."""
        found, pair = self.difference, self.measure.pair
        first, second = self.a, self.b
        if self.is_ahead:
            first, second = second, first
        lost = f"; {format_count(found.dropped, f'more {pair}')} without a value" if found.dropped else ""
        match self.conclusion:
            case "unpaired":
                return f"not compared: {self.b} and {self.a} share no {pair} in which both have a value{lost}"
            case "one pair" if not found.mean:
                return f"{self.b} and {self.a} are equal in the only {pair} they share: no conclusion{lost}"
            case "one pair":
                ahead = f"{first} is {self._format_difference()} ahead of {second}"
                return f"{ahead} in the only {pair} they share: no conclusion{lost}"
            case "same":
                return f"{self.b} and {self.a} are equal in each of {found.n} {pair}s{lost}"
            case "better" | "worse":
                evidence = f"{self._format_evidence()}{lost}"
                return f"{first} is better than {second} by {self._format_difference()} ({evidence})"
        ahead = f"{first} is {self._format_difference()} ahead of {second}"
        if not found.mean:
            ahead = f"{self.b} and {self.a} have the same mean, {self._format_difference()} apart"
        evidence = f"{self._format_evidence()}{self._format_uncorrected()}{lost}"
        return f"undecided: {ahead} ({evidence}){self._format_outlook()}"

    def _format_difference(self) -> str:
        """The size of the difference with its interval."""
        return format_amount(self.measure, abs(self.difference.mean), self.difference.half_width)

    def _format_evidence(self) -> str:
        assert self.p_corrected is not None, "two pairs have a test"
        return f"{format_count(self.difference.n, self.measure.pair)}, {format_p_value(self.p_corrected)}"

    def _format_uncorrected(self) -> str:
        """That the pair alone would show a difference, which the correction takes back."""
        if self.p is None or self.p > SIGNIFICANCE_LEVEL:
            return ""
        alone = format_p_value(self.p)
        return f"; significant alone ({alone}), not after correction for {self.comparisons} comparisons"

    def _format_outlook(self) -> str:
        """How large the difference is at most, and how many more seeds would settle it."""
        found = self.difference
        outlook = ""
        if found.low is not None and found.high is not None:
            bound = max(abs(found.low), abs(found.high))
            # Two shares differ by 1 at most anyway.
            if not self.measure.is_share or bound < 1:
                outlook = f"; the difference is at most {format_amount(self.measure, bound)}"
        # More folds would be other folds: nothing can be said of their number.
        if self.measure.pair != "seed" or not found.mean:
            return outlook
        if self.pairs_needed is None:
            return f"{outlook}; more than {MAX_SEEDS:,} seeds would be needed to settle it"
        return f"{outlook}; about {format_count(self.pairs_needed - found.n, 'more seed')} would settle it"

    def as_dict(self) -> dict[str, Any]:
        """For a program; shares stay shares."""
        found = self.difference
        return {
            "a": self.a,
            "b": self.b,
            "n": found.n,
            "dropped": found.dropped,
            "difference": found.mean,
            "low": found.low,
            "high": found.high,
            "p_t": found.p_t,
            "p_sign_flips": found.p_flips,
            "p": self.p,
            "p_corrected": self.p_corrected,
            "test": self.test,
            "finding": self.conclusion,
            "needed": self.pairs_needed,
            "sentence": self.format_sentence(),
        }


def compute_verdicts(
    found: Sequence[tuple[str, str, PairedDifference]], measure: RankingMetric, of: int | None = None
) -> list[Verdict]:
    """The verdicts of comparisons (A, B, b - a), corrected for all of them, or for the `of` that they were chosen from.

    Comparisons that cannot be made, for want of pairs, count as well.
    """
    comparisons = max(1, of or len(found))
    # Tests are chosen at the smallest level that the correction asks of any of them.
    tests = [difference.choose_test(SIGNIFICANCE_LEVEL / comparisons) for _, _, difference in found]
    corrected = iter(holm_correction([test[0] for test in tests if test], comparisons))
    verdicts = []
    for (a, b, difference), test in zip(found, tests, strict=True):
        verdict = Verdict(a, b, measure, difference, None, None, None, comparisons)
        if test:
            verdict = replace(verdict, p=test[0], p_corrected=next(corrected), test=test[1])
        verdicts.append(verdict)
    return verdicts


def format_p_value(p: float) -> str:
    """A p-value with three digits.

    >>> format_p_value(0.0456), format_p_value(2e-7)
    ('p = 0.046', 'p < 0.001')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}"


def format_amount(measure: RankingMetric, size: float, half: float | None = None) -> str:
    """A size, ± half the width of its interval: shares in percentage points, others as numbers.

    >>> format_amount(RankingMetric("dev_accuracy", True, True), 0.0089, 0.0031)
    '0.9 ± 0.3 points'
    """
    factor, unit = 1, ""
    if measure.is_share:
        factor, unit = 100, " points"
    places = _count_decimals(factor * (half or size))
    text = f"{factor * size:.{places}f}"
    if half is not None:
        text = f"{text} ± {factor * half:.{places}f}"
    return f"{text}{unit}"


def _count_decimals(size: float) -> int:
    """Decimal places that show a size with one digit, or with two where the first is small; at least one."""
    if not size or not math.isfinite(size):
        return 1
    exponent = math.floor(math.log10(size))
    return min(8, max(1, -exponent + (size / 10**exponent < 3)))
