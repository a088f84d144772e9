"""The errors of a run on the training and the dev part, task by task, and whether bias or variance is high."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import TaskErrors
from nnexp.metrics.choose import find_metric_kind
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
        bound = MIN_HIGH_R2_ERROR if self.is_regression else MIN_HIGH_BIAS
        # Of few examples a difference may be chance.
        by_chance = MIN_STANDARD_ERRORS * self.train_std_error
        return self.train - self.optimal_error > max(bound - SHARE_ROUNDING, by_chance)

    @property
    def has_high_variance(self) -> bool:
        """Whether what is learned does not hold for other examples."""
        if self.dev is None:
            return False
        bound = MIN_HIGH_R2_ERROR if self.is_regression else MIN_HIGH_VARIANCE
        by_chance = MIN_STANDARD_ERRORS * math.hypot(self.train_std_error, self.dev_std_error)
        return self.dev - self.train > max(bound - SHARE_ROUNDING, by_chance)

    @property
    def task_suffix(self) -> str:
        """The task after "error", if there are several."""
        return f" of {self.task}" if self.task else ""

    @property
    def unit_suffix(self) -> str:
        """What the errors are shares of, if not of the examples."""
        return " of the variance" if self.is_regression else ""

    @property
    def errors(self) -> TaskErrors:
        """The errors alone."""
        return TaskErrors(self.task, self.is_regression, self.train, self.dev)

    def format_sentence(self) -> str:
        """Bias and variance in one sentence."""
        verdict = "high bias" if self.has_high_bias else "low bias"
        dev = "no dev part"
        if self.dev is not None:
            dev = f"dev {format_error(self.dev)}"
            verdict += ", high variance" if self.has_high_variance else ", low variance"
        unit = ", a share of the variance" if self.is_regression else ""
        numbers = f"train {format_error(self.train)}, {dev}, optimal {format_error(self.optimal_error)}"
        return f"error{self.task_suffix}{unit}: {numbers}: {verdict}"


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
        kind = _find_error_kind(name)
        if kind is None or not math.isfinite(value):
            continue
        train_error = 1 - value
        dev_error = 1 - dev[name] if math.isfinite(dev.get(name, math.nan)) else None
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


def _find_error_kind(metric: str) -> str | None:
    """The metric, without its task, that an error is the complement of; None of other metrics."""
    kind = find_metric_kind(metric)
    return kind if kind in ("accuracy", "r2") else None


def find_final_metrics(evidence: RunEvidence) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The metrics on the training and on the dev part: of the final weights, or of the last epoch of a run without."""
    final = evidence.record.get("final")
    if final:
        return _replace_nulls(final["train"]), _replace_nulls(final.get("dev", {}))
    # The last whole epoch of a run that diverged shows where it was on its way.
    if evidence.has_diverged or not evidence.metric_rows:
        return {}, {}
    row = evidence.metric_rows[-1]
    return _select_part(row, "train_"), _select_part(row, "dev_")


def _select_part(row: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def _replace_nulls(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """Metrics as run.json has them, where null stands for what is not finite."""
    return {name: math.nan if value is None else value for name, value in metrics.items()}


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
    return "; ".join(fit.format_sentence() for fit in compute_fits(evidence))
