"""What a comparison says, in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from nnexp.statistics.correction import holm_correction
from nnexp.statistics.paired import SIGNIFICANCE_LEVEL, PairedDifference, TestName
from nnexp.statistics.power import MAX_SEEDS, find_seeds_needed
from nnexp.wording import format_count

Conclusion: TypeAlias = Literal["better", "worse", "undecided", "same", "one pair", "unpaired"]


@dataclass(frozen=True, slots=True)
class RankingMetric:
    """What is compared: whether it is to be large, whether it is a share, which is said in percentage points.

    pairs: what the pairs are called: seed, fold.
    """

    metric: str
    larger_is_better: bool
    is_share: bool
    pair: str = "seed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """B beside A: the difference b - a, and what is to be thought of it.

    p is as it came, p_corrected is that of all comparisons together, and decides. comparisons: how many these are.
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
        """What is known of B; better and worse are said where the corrected p-value is small enough."""
        if self.difference.n < 2:
            return "one pair" if self.difference.n else "unpaired"
        if self.p_corrected is not None and self.p_corrected <= SIGNIFICANCE_LEVEL:
            return "better" if self.is_ahead else "worse"
        return "same" if not self.difference.mean and not self.difference.std else "undecided"

    @property
    def is_ahead(self) -> bool:
        """Whether B's mean is the better one."""
        return (self.difference.mean > 0) == self.measure.larger_is_better

    @property
    def pairs_needed(self) -> int | None:
        """The pairs that would show a difference of this size four times of five; None where none would."""
        found = self.difference
        if self.conclusion != "undecided":
            return None
        effect = found.mean / found.std if found.std else math.inf
        enough = find_seeds_needed(effect, SIGNIFICANCE_LEVEL / self.comparisons) if found.mean else None
        return None if enough is None else max(enough, found.n + 1)

    def format_sentence(self) -> str:
        """The verdict for people."""
        found, pair = self.difference, self.measure.pair
        first, second = (self.b, self.a) if self.is_ahead else (self.a, self.b)
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
                return (
                    f"{first} is better than {second} by {self._format_difference()} ({self._format_evidence()}{lost})"
                )
        ahead = f"{first} is {self._format_difference()} ahead of {second}"
        if not found.mean:
            ahead = f"{self.b} and {self.a} have the same mean, {self._format_difference()} apart"
        evidence = f"{self._format_evidence()}{self._format_uncorrected()}{lost}"
        return f"undecided: {ahead} ({evidence}){self._format_outlook()}"

    def _format_difference(self) -> str:
        """The size of the difference with its interval."""
        return format_amount(self.measure, abs(self.difference.mean), self.difference.half_width)

    def _format_evidence(self) -> str:
        assert self.p_corrected is not None
        p = self.p_corrected
        said = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
        return f"{format_count(self.difference.n, self.measure.pair)}, {said}"

    def _format_uncorrected(self) -> str:
        """That the pair by itself would show a difference, where it is the other comparisons that forbid to say so."""
        if self.p is None or self.p > SIGNIFICANCE_LEVEL:
            return ""
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        return f"; significant alone ({p}), not after correction for {self.comparisons} comparisons"

    def _format_outlook(self) -> str:
        """What the interval excludes, and what would decide."""
        found, pair = self.difference, self.measure.pair
        said = ""
        if found.low is not None and found.high is not None:
            bound = max(abs(found.low), abs(found.high))
            if not self.measure.is_share or bound < 1:
                said = f"; the difference is at most {format_amount(self.measure, bound)}"
        if pair != "seed" or not found.mean:
            return said
        if self.pairs_needed is None:
            return f"{said}; more than {MAX_SEEDS:,} seeds would be needed to settle it"
        return f"{said}; about {format_count(self.pairs_needed - found.n, 'more seed')} would settle it"

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
    comparisons = max(1, len(found) if of is None else of)
    tests = [difference.choose_test(SIGNIFICANCE_LEVEL / comparisons) for _, _, difference in found]
    tested = [test[0] for test in tests if test]
    corrected = iter(holm_correction(tested, comparisons))
    return [
        Verdict(a, b, measure, difference, test[0], next(corrected), test[1], comparisons)
        if test
        else Verdict(a, b, measure, difference, None, None, None, comparisons)
        for (a, b, difference), test in zip(found, tests, strict=True)
    ]


def format_amount(measure: RankingMetric, size: float, half: float | None = None) -> str:
    """A size, ± half the width of its interval: shares in percentage points, others as numbers.

    >>> format_amount(RankingMetric("dev_accuracy", True, True), 0.0089, 0.0031)
    '0.9 ± 0.3 points'
    """
    factor, unit = (100, " points") if measure.is_share else (1, "")
    places = _count_decimals(factor * (half or size))
    text = f"{factor * size:.{places}f}"
    return f"{text} ± {factor * half:.{places}f}{unit}" if half is not None else f"{text}{unit}"


def _count_decimals(size: float) -> int:
    """Decimal places that show a size with one digit, or with two where the first is small; at least one."""
    if not size or not math.isfinite(size):
        return 1
    exponent = math.floor(math.log10(size))
    return min(8, max(1, -exponent + (size / 10**exponent < 3)))
