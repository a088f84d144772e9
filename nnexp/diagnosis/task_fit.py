"""The errors of a run on the training and the dev part, task by task, and whether bias or variance is high."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import TaskErrors
from nnexp.metrics.choose import find_metric_kind
from nnexp.storage.atomic import restore_nonfinite
from nnexp.wording import format_percent

MIN_HIGH_BIAS = 0.05
"""By how much the train error exceeds the optimal one where bias is high. The lecture notes call 15 % high where 10 %
cannot be avoided, and very good where 15 % cannot."""

MIN_HIGH_VARIANCE = 0.055
"""By how much the dev error exceeds the train error where variance is high: the lecture notes call 10 points high and 1
point low, and this is the middle."""

MIN_HIGH_R2_ERROR = 0.1
"""Both bounds for 1 - r2, a share of the targets' variance: its root is a third of their standard deviation."""

MIN_STANDARD_ERRORS = 2.0
"""Standard errors that a difference must exceed: chance does so one time in twenty."""

SHARE_ROUNDING = 1e-9
"""The rounding error of a difference of two shares: 0.15 - 0.1 is below 0.05."""


@dataclass(frozen=True, slots=True)
class TaskFit:
    """The errors of one task: shares of the examples, of values 1 - r2; dev is None where there is no dev part."""

    task: str
    is_regression: bool
    train: float
    dev: float | None
    train_std_error: float
    dev_std_error: float
    optimal_error: float

    @property
    def has_high_bias(self) -> bool:
        """Whether the training examples themselves are not learned."""
        # Of few examples a difference may be chance.
        by_chance = MIN_STANDARD_ERRORS * self.train_std_error
        return self._is_large(self.train - self.optimal_error, MIN_HIGH_BIAS, by_chance)

    @property
    def has_high_variance(self) -> bool:
        """Whether what is learned does not hold for other examples."""
        if self.dev is None:
            return False
        by_chance = MIN_STANDARD_ERRORS * math.hypot(self.train_std_error, self.dev_std_error)
        return self._is_large(self.dev - self.train, MIN_HIGH_VARIANCE, by_chance)

    def _is_large(self, difference: float, bound: float, by_chance: float) -> bool:
        """Whether a difference of errors exceeds its bound, of shares of the variance theirs, and what chance does."""
        if self.is_regression:
            bound = MIN_HIGH_R2_ERROR
        return difference > max(bound - SHARE_ROUNDING, by_chance)

    @property
    def task_suffix(self) -> str:
        """The task after "error", if there are several."""
        if not self.task:
            return ""
        return f" of {self.task}"

    @property
    def unit_suffix(self) -> str:
        """What the errors are shares of, if not of the examples."""
        if not self.is_regression:
            return ""
        return " of the variance"

    @property
    def errors(self) -> TaskErrors:
        """The errors alone."""
        return TaskErrors(self.task, self.is_regression, self.train, self.dev)

    def format_sentence(self) -> str:
        """Bias and variance in one sentence."""
        verdict, dev = "low bias", "no dev part"
        if self.has_high_bias:
            verdict = "high bias"
        if self.dev is not None:
            dev = f"dev {format_error(self.dev)}"
            verdict += ", high variance" if self.has_high_variance else ", low variance"
        numbers = f"train {format_error(self.train)}, {dev}, optimal {format_error(self.optimal_error)}"
        return f"error{self.errors.qualifier}: {numbers}: {verdict}"


def format_error(share: float) -> str:
    """An error, which is a share, in percent with one decimal.

    >>> format_error(0.1534), format_error(0.0)
    ('15.3 %', '0.0 %')
    """
    return format_percent(share, decimals=1)


def compute_fits(evidence: RunEvidence) -> list[TaskFit]:
    """The errors of each task with the final weights, or of a run that is not done in its last epoch."""
    train, dev = find_final_metrics(evidence)
    counts = evidence.record["data"]["examples"]
    found = []
    for name, value in train.items():
        kind = find_metric_kind(name)
        # An error is the complement of one of these two alone.
        if kind not in ("accuracy", "r2") or not math.isfinite(value):
            continue
        train_error, dev_error = 1 - value, None
        if math.isfinite(dev.get(name, math.nan)):
            dev_error = 1 - dev[name]
        found.append(
            TaskFit(
                name[: -len(kind) - 1],
                kind == "r2",
                train_error,
                dev_error,
                train_std_error=_compute_std_error(kind, train_error, counts["train"]),
                dev_std_error=_compute_std_error(kind, dev_error, counts["dev"]),
                optimal_error=evidence.optimal_error,
            )
        )
    return found


def find_final_metrics(evidence: RunEvidence) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The metrics on the training and on the dev part: of the final weights, or of the last epoch of a run without."""
    final = evidence.record.get("final")
    if final:
        return restore_nonfinite(final["train"]), restore_nonfinite(final.get("dev", {}))
    # The last whole epoch of a run that diverged shows where it was on its way.
    if evidence.has_diverged or not evidence.metric_rows:
        return {}, {}
    row = evidence.metric_rows[-1]
    return _select_part(row, "train_"), _select_part(row, "dev_")


def _select_part(row: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def _compute_std_error(kind: str, error: float | None, examples: int) -> float:
    """The standard error of an error: that of a binomial share; of 1 - r2, a ratio of two variances."""
    if error is None or not examples:
        return math.inf
    if kind == "r2":
        # A variance of N normal values has the relative error √(2/N), a ratio of two √(4/N).
        return abs(error) * math.sqrt(4 / examples)
    # Rounding may carry an error past 0 or 1, whose root is no number.
    return math.sqrt(max(error * (1 - error), 0.0) / examples)


def is_underfitting(evidence: RunEvidence) -> bool:
    """Whether the training examples are not learned."""
    return any(fit.has_high_bias for fit in compute_fits(evidence))


def format_balance(evidence: RunEvidence) -> str:
    """Bias and variance in one sentence; empty where no train error is known."""
    return "; ".join(map(TaskFit.format_sentence, compute_fits(evidence)))
