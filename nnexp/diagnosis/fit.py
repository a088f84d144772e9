"""Bias and variance against an optimal error, overfitting, and the gap between train and dev."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis import remedies
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding, Remedy, TaskErrors
from nnexp.typing import Array
from nnexp.wording import format_numbers, format_percent

MIN_HIGH_BIAS = 0.05
"""The train error over the optimal one from which on bias is high. The notes call 15 % high where 10 % cannot be
avoided, and very good where 15 % cannot."""

MIN_HIGH_VARIANCE = 0.055
"""The dev error over the train error from which on variance is high: the notes call 10 points high and 1 point low, and
this is the middle."""

MIN_HIGH_R2_ERROR = 0.1
"""The same two of 1 - r2, a share of the targets' variance, which is squared: its root is a third of their spread."""

MIN_STANDARD_ERRORS = 2.0
"""Standard errors that a difference must exceed, which chance does once in twenty times."""

SHARE_ROUNDING = 1e-9
"""By how much a difference of two shares may miss what it is on paper."""

MIN_RISE_SHARE, MIN_GAIN_SHARE = 0.1, 0.05
"""Dev loss rises where it ends so much over its least value: by a tenth of that, and by a twentieth of what training
had gained until then, for a loss near 0 may double without harm."""

MIN_NOISE_FACTOR = 2.0
"""How many times its usual change from epoch to epoch the dev loss must have risen by."""

MIN_EPOCHS_AFTER_BEST = 3
"""Epochs, at least, after the least dev loss."""

MIN_GAP_SHARE = 0.5
"""The share of what the training examples gained that does not come to the dev examples where the gap is large."""

GUESS_MARGIN, MIN_LEARNED_MARGIN = 0.1, 0.2
"""By how much 1 - r2 may be better than a guess's 1 and count as guessing; and by how much more training examples must
be known than guessed, of values as much as a half."""

OPTIMAL_ERROR_REMEDY = Remedy("or, if nobody could do better, `nnexp diagnose --optimal-error`")


@dataclass(frozen=True, slots=True)
class TaskFit:
    """The errors of one task: shares of the examples, of values 1 - r2; dev is None where there is no dev part.

    spread_train, spread_dev: their standard errors.
    """

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
        over = self.train - self.optimal_error
        return over > max(
            (MIN_HIGH_R2_ERROR if self.is_regression else MIN_HIGH_BIAS) - SHARE_ROUNDING,
            MIN_STANDARD_ERRORS * self.train_std_error,
        )

    @property
    def has_high_variance(self) -> bool:
        """Whether what is learned does not hold for other examples."""
        if self.dev is None:
            return False
        both = math.hypot(self.train_std_error, self.dev_std_error)
        return self.dev - self.train > max(
            (MIN_HIGH_R2_ERROR if self.is_regression else MIN_HIGH_VARIANCE) - SHARE_ROUNDING,
            MIN_STANDARD_ERRORS * both,
        )

    @property
    def task_suffix(self) -> str:
        """Whose errors they are."""
        return f" of {self.task}" if self.task else ""

    @property
    def unit_suffix(self) -> str:
        """Of what the errors are shares."""
        return " of the variance" if self.is_regression else ""

    @property
    def errors(self) -> TaskErrors:
        """The errors alone."""
        return TaskErrors(self.task, self.is_regression, self.train, self.dev)

    def format_sentence(self) -> str:
        """The sentence of both."""
        dev = "no dev part" if self.dev is None else f"dev {format_error(self.dev)}"
        bias, variance = ("high" if high else "low" for high in (self.has_high_bias, self.has_high_variance))
        words = f"{bias} bias" if self.dev is None else f"{bias} bias, {variance} variance"
        share = ", a share of the variance" if self.is_regression else ""
        numbers = f"train {format_error(self.train)}, {dev}, optimal {format_error(self.optimal_error)}"
        return f"error{self.task_suffix}{share}: {numbers}: {words}"


def format_error(share: float) -> str:
    """An error, which is a share, with one decimal.

    >>> format_error(0.1534), format_error(0.0)
    ('15.3 %', '0.0 %')
    """
    return format_percent(share, decimals=1)


def compute_fits(evidence: RunEvidence) -> list[TaskFit]:
    """The errors of each task, by the weights that answer for the run, or where it is not done by its last epoch."""
    train, dev = find_final_metrics(evidence)
    counts = evidence.record["data"]["examples"]
    found = []
    for name, value in train.items():
        kind = next((end for end in ("accuracy", "r2") if name == end or name.endswith(f"_{end}")), None)
        if kind is None or not math.isfinite(value):
            continue
        error, other = 1 - value, 1 - dev[name] if math.isfinite(dev.get(name, math.nan)) else None
        spreads = _compute_std_error(kind, error, counts["train"]), _compute_std_error(kind, other, counts["dev"])
        found.append(TaskFit(name[: -len(kind) - 1], kind == "r2", error, other, *spreads, evidence.optimal_error))
    return found


def find_final_metrics(evidence: RunEvidence) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The metrics on the training and on the dev part."""
    final = evidence.record.get("final")
    if final:
        return _replace_nulls(final["train"]), _replace_nulls(final.get("dev", {}))
    row = evidence.metric_rows[-1] if evidence.metric_rows and not evidence.has_diverged else {}
    parts = [{k.removeprefix(f"{p}_"): v for k, v in row.items() if k.startswith(f"{p}_")} for p in ("train", "dev")]
    return parts[0], parts[1]


def _replace_nulls(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """Metrics as run.json has them, where null stands for what is not finite."""
    return {name: math.nan if value is None else value for name, value in metrics.items()}


def _compute_std_error(kind: str, error: float | None, examples: int) -> float:
    """The standard error of an error: binomial of a share, of normal errors' variance √(2/N)."""
    if error is None or not examples:
        return math.inf
    if kind == "r2":
        return abs(error) * math.sqrt(4 / examples)
    return math.sqrt(max(error * (1 - error), 0.0) / examples)


def is_underfitting(evidence: RunEvidence) -> bool:
    """Whether the training examples are not learned."""
    return any(fit.has_high_bias for fit in compute_fits(evidence))


def format_balance(evidence: RunEvidence) -> str:
    """Bias and variance in one sentence; empty where no train error is known."""
    return "; ".join(fit.format_sentence() for fit in compute_fits(evidence))


def find_high_bias(evidence: RunEvidence) -> Iterator[Finding]:
    """High bias, task by task."""
    for fit in compute_fits(evidence):
        if fit.has_high_bias:
            beside = f"against an optimal {format_error(fit.optimal_error)}"
            yield Finding(
                "high_bias",
                f"high bias: the train error{fit.task_suffix} is {format_error(fit.train)}{fit.unit_suffix} {beside}",
                numbers={"train_error": fit.train, "optimal_error": fit.optimal_error},
                remedies=(
                    remedies.suggest_larger_network(evidence),
                    *remedies.suggest_longer_training(evidence),
                    Remedy("another architecture"),
                    *([] if fit.optimal_error else [OPTIMAL_ERROR_REMEDY]),
                ),
            )


def find_high_variance(evidence: RunEvidence) -> Iterator[Finding]:
    """High variance, task by task."""
    weights = evidence.record.get("parameters")
    size = f"; {evidence.train_examples:,} examples train {weights:,} weights" if weights else ""
    for fit in compute_fits(evidence):
        if fit.has_high_variance and fit.dev is not None:
            words = (
                f"the dev error{fit.task_suffix} is {format_error(fit.dev)}{fit.unit_suffix}, the train "
                f"error {format_error(fit.train)}"
            )
            yield Finding(
                "high_variance",
                f"high variance: {words}{size}",
                numbers={"train_error": fit.train, "dev_error": fit.dev, "examples": evidence.train_examples},
                remedies=(
                    Remedy("more data"),
                    remedies.suggest_penalty(evidence),
                    *remedies.suggest_early_stopping(evidence),
                    Remedy("another architecture"),
                ),
            )


def find_overfitting(evidence: RunEvidence) -> Iterator[Finding]:
    """Dev loss that rises from its least value while train loss falls, unless the weights of then are kept."""
    dev, train = evidence.collect_column("dev_loss"), evidence.collect_column("train_loss")
    kept = evidence.record.get("weights", {}).get("checkpoint") == "best"
    if len(dev) <= MIN_EPOCHS_AFTER_BEST or kept or evidence.has_diverged or not np.isfinite(dev).all():
        return
    least = int(dev.argmin())
    last, before = float(np.median(dev[-MIN_EPOCHS_AFTER_BEST:])), _estimate_unlearned_loss(evidence, dev)
    rise, usual = last - dev[least], float(np.median(np.abs(np.diff(dev))))
    enough = max(MIN_RISE_SHARE * abs(dev[least]), MIN_GAIN_SHARE * (before - dev[least]), MIN_NOISE_FACTOR * usual)
    if len(dev) - 1 - least < MIN_EPOCHS_AFTER_BEST or rise <= enough:
        return
    if float(np.median(train[-MIN_EPOCHS_AFTER_BEST:])) < train[least]:
        falls = "train loss fell from {} to {}".format(*format_numbers(float(train[least]), float(train[-1])))
        rose = "dev loss rose from {} to {}".format(*format_numbers(float(dev[least]), last))
        yield Finding(
            "overfitting",
            f"overfitting since epoch {least + 1}: {rose} while {falls}",
            epoch=least + 1,
            numbers={"least_dev_loss": float(dev[least]), "last_dev_loss": last, "last_train_loss": float(train[-1])},
            remedies=(
                *remedies.suggest_early_stopping(evidence),
                Remedy("more data"),
                remedies.suggest_penalty(evidence),
            ),
        )


def _estimate_unlearned_loss(evidence: RunEvidence, dev: Array) -> float:
    """The dev loss of a network that has learned nothing: before training, or where r2 says it better, of the mean."""
    known = [max(evidence.initial_loss, float(dev[0]))]
    r2 = evidence.collect_column("dev_r2")
    if len(r2) and r2[-1] < 1:
        known.append(float(dev[-1] / (1 - r2[-1])))
    return min(known)


def find_large_gap(evidence: RunEvidence) -> Iterator[Finding]:
    """Loss on the dev part that is far over that on the training part."""
    train, dev = (part.get("loss", math.nan) for part in find_final_metrics(evidence))
    gained = evidence.initial_loss - train
    if gained > MIN_GAIN_SHARE * abs(evidence.initial_loss) and dev - train > MIN_GAP_SHARE * gained:
        words = f"from {evidence.initial_loss:.3g} before training to {train:.3g}; on the dev part it is {dev:.3g}"
        yield Finding(
            "large_gap",
            f"large gap: the loss of the training examples fell {words}",
            numbers={"start": evidence.initial_loss, "train_loss": train, "dev_loss": dev},
            remedies=(
                Remedy("more data"),
                remedies.suggest_penalty(evidence),
                *remedies.suggest_early_stopping(evidence),
            ),
        )


def find_guessing(evidence: RunEvidence) -> Iterator[Finding]:
    """A dev part on which the network is no better than a guess, though it knows the training part."""
    shares = _compute_guess_errors(evidence)
    for fit in compute_fits(evidence):
        guess = 1.0 if fit.is_regression else shares.get(fit.task)
        if guess is None or fit.dev is None or not fit.has_high_variance:
            continue
        margin = (
            GUESS_MARGIN
            if fit.is_regression
            else MIN_STANDARD_ERRORS * math.sqrt(guess * (1 - guess) / evidence.record["data"]["examples"]["dev"])
        )
        if fit.dev > guess - margin and fit.train < guess - (0.5 if fit.is_regression else MIN_LEARNED_MARGIN):
            blind = "the mean" if fit.is_regression else "the commonest class"
            yield Finding(
                "no_better_than_guessing",
                f"the dev error{fit.task_suffix} is {format_error(fit.dev)}{fit.unit_suffix}, no better "
                f"than {format_error(guess)} of guessing "
                f"{blind}, though the train error is {format_error(fit.train)}: labels learned by heart",
                numbers={"train_error": fit.train, "dev_error": fit.dev, "guess": guess},
                remedies=(Remedy("see whether the labels belong to the inputs"), Remedy("more data")),
            )


def _compute_guess_errors(evidence: RunEvidence) -> dict[str, float]:
    """The error on the dev part of always naming its commonest class, by task with classes."""
    counts = evidence.record.get("classes", {}).get("dev", {}).get("occurring", [])
    if not counts or evidence.layer_history is None:
        return {}
    found, start = {}, 0
    described = evidence.layer_history.description
    for task in described.tasks or (None,):
        stop = start + (len(task.classes) if task else len(counts))
        here, targets = counts[start:stop], task.targets if task else described.targets
        start = stop
        if targets == "classes" and sum(here):
            found[task.name if task else ""] = 1 - max(here) / sum(here)
    return found
