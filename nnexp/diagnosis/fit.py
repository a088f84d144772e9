"""Bias and variance against an optimal error, overfitting, and the gap between train and dev."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis import remedies
from nnexp.diagnosis.evidence import Evidence
from nnexp.diagnosis.findings import Errors, Finding, Remedy
from nnexp.phrases import sizes
from nnexp.typing import Array

BIAS = 0.05
"""The train error over the optimal one from which on bias is high. The notes call 15 % high where 10 % cannot be
avoided, and very good where 15 % cannot."""

VARIANCE = 0.055
"""The dev error over the train error from which on variance is high: the notes call 10 points high and 1 point low, and
this is the middle."""

OF_VALUES = 0.1
"""The same two of 1 - r2, a share of the targets' variance, which is squared: its root is a third of their spread."""

ERRORS = 2.0
"""Standard errors that a difference must exceed, which chance does once in twenty times."""

ROUNDING = 1e-9
"""By how much a difference of two shares may miss what it is on paper."""

RISE, GAINED = 0.1, 0.05
"""Dev loss rises where it ends so much over its least value: by a tenth of that, and by a twentieth of what training
had gained until then, for a loss near 0 may double without harm."""

NOISE = 2.0
"""How many times its usual change from epoch to epoch the dev loss must have risen by."""

WAITED = 3
"""Epochs, at least, after the least dev loss."""

LOST = 0.5
"""The share of what the training examples gained that does not come to the dev examples where the gap is large."""

GUESSED, LEARNED = 0.1, 0.2
"""By how much 1 - r2 may be better than a guess's 1 and count as guessing; and by how much more training examples must
be known than guessed, of values as much as a half."""

UNAVOIDABLE = Remedy("or, if nobody could do better, `nnexp diagnose --optimal-error`")


@dataclass(frozen=True, slots=True)
class Fit:
    """The errors of one task: shares of the examples, of values 1 - r2; dev is None where there is no dev part.

    spread_train, spread_dev: their standard errors.
    """

    task: str
    values: bool
    train: float
    dev: float | None
    spread_train: float
    spread_dev: float
    optimal: float

    @property
    def bias(self) -> bool:
        """Whether the training examples themselves are not learned."""
        over = self.train - self.optimal
        return over > max((OF_VALUES if self.values else BIAS) - ROUNDING, ERRORS * self.spread_train)

    @property
    def variance(self) -> bool:
        """Whether what is learned does not hold for other examples."""
        if self.dev is None:
            return False
        both = math.hypot(self.spread_train, self.spread_dev)
        return self.dev - self.train > max((OF_VALUES if self.values else VARIANCE) - ROUNDING, ERRORS * both)

    @property
    def of(self) -> str:
        """Whose errors they are."""
        return f" of {self.task}" if self.task else ""

    @property
    def unit(self) -> str:
        """Of what the errors are shares."""
        return " of the variance" if self.values else ""

    @property
    def errors(self) -> Errors:
        """The errors alone."""
        return Errors(self.task, self.values, self.train, self.dev)

    def said(self) -> str:
        """The sentence of both."""
        dev = "no dev part" if self.dev is None else f"dev {percent(self.dev)}"
        bias, variance = ("high" if high else "low" for high in (self.bias, self.variance))
        words = f"{bias} bias" if self.dev is None else f"{bias} bias, {variance} variance"
        share = ", a share of the variance" if self.values else ""
        numbers = f"train {percent(self.train)}, {dev}, optimal {percent(self.optimal)}"
        return f"error{self.of}{share}: {numbers}: {words}"


def percent(share: float) -> str:
    """A share as people read it.

    >>> percent(0.1534), percent(0.0)
    ('15.3 %', '0.0 %')
    """
    return f"{100 * share:.1f} %"


def fits(evidence: Evidence) -> list[Fit]:
    """The errors of each task, by the weights that answer for the run, or where it is not done by its last epoch."""
    train, dev = metrics(evidence)
    counts = evidence.record["data"]["examples"]
    found = []
    for name, value in train.items():
        kind = next((end for end in ("accuracy", "r2") if name == end or name.endswith(f"_{end}")), None)
        if kind is None or not math.isfinite(value):
            continue
        error, other = 1 - value, 1 - dev[name] if math.isfinite(dev.get(name, math.nan)) else None
        spreads = _spread(kind, error, counts["train"]), _spread(kind, other, counts["dev"])
        found.append(Fit(name[: -len(kind) - 1], kind == "r2", error, other, *spreads, evidence.optimal))
    return found


def metrics(evidence: Evidence) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The metrics on the training and on the dev part."""
    final = evidence.record.get("final")
    if final:
        return _numbers(final["train"]), _numbers(final.get("dev", {}))
    row = evidence.history[-1] if evidence.history and not evidence.has_diverged else {}
    parts = [{k.removeprefix(f"{p}_"): v for k, v in row.items() if k.startswith(f"{p}_")} for p in ("train", "dev")]
    return parts[0], parts[1]


def _numbers(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """Metrics as run.json has them, where null stands for what is not finite."""
    return {name: math.nan if value is None else value for name, value in metrics.items()}


def _spread(kind: str, error: float | None, examples: int) -> float:
    """The standard error of an error: binomial of a share, of normal errors' variance √(2/N)."""
    if error is None or not examples:
        return math.inf
    if kind == "r2":
        return abs(error) * math.sqrt(4 / examples)
    return math.sqrt(max(error * (1 - error), 0.0) / examples)


def is_bad(evidence: Evidence) -> bool:
    """Whether the training examples are not learned."""
    return any(fit.bias for fit in fits(evidence))


def balance(evidence: Evidence) -> str:
    """Bias and variance in one sentence; empty where no train error is known."""
    return "; ".join(fit.said() for fit in fits(evidence))


def bias(evidence: Evidence) -> Iterator[Finding]:
    """High bias, task by task."""
    for fit in fits(evidence):
        if fit.bias:
            beside = f"against an optimal {percent(fit.optimal)}"
            yield Finding(
                "high_bias",
                f"high bias: the train error{fit.of} is {percent(fit.train)}{fit.unit} {beside}",
                numbers={"train_error": fit.train, "optimal_error": fit.optimal},
                remedies=(
                    remedies.larger(evidence),
                    *remedies.longer(evidence),
                    Remedy("another architecture"),
                    *([] if fit.optimal else [UNAVOIDABLE]),
                ),
            )


def variance(evidence: Evidence) -> Iterator[Finding]:
    """High variance, task by task."""
    weights = evidence.record.get("parameters")
    size = f"; {evidence.examples:,} examples train {weights:,} weights" if weights else ""
    for fit in fits(evidence):
        if fit.variance and fit.dev is not None:
            words = f"the dev error{fit.of} is {percent(fit.dev)}{fit.unit}, the train error {percent(fit.train)}"
            yield Finding(
                "high_variance",
                f"high variance: {words}{size}",
                numbers={"train_error": fit.train, "dev_error": fit.dev, "examples": evidence.examples},
                remedies=(
                    Remedy("more data"),
                    remedies.decay(evidence),
                    *remedies.stop_early(evidence),
                    Remedy("another architecture"),
                ),
            )


def overfitting(evidence: Evidence) -> Iterator[Finding]:
    """Dev loss that rises from its least value while train loss falls, unless the weights of then are kept."""
    dev, train = evidence.column("dev_loss"), evidence.column("train_loss")
    kept = evidence.record.get("weights", {}).get("checkpoint") == "best"
    if len(dev) <= WAITED or kept or evidence.has_diverged or not np.isfinite(dev).all():
        return
    least = int(dev.argmin())
    last, before = float(np.median(dev[-WAITED:])), _unlearned(evidence, dev)
    rise, usual = last - dev[least], float(np.median(np.abs(np.diff(dev))))
    enough = max(RISE * abs(dev[least]), GAINED * (before - dev[least]), NOISE * usual)
    if len(dev) - 1 - least < WAITED or rise <= enough:
        return
    if float(np.median(train[-WAITED:])) < train[least]:
        falls = "train loss fell from {} to {}".format(*sizes(float(train[least]), float(train[-1])))
        rose = "dev loss rose from {} to {}".format(*sizes(float(dev[least]), last))
        yield Finding(
            "overfitting",
            f"overfitting since epoch {least + 1}: {rose} while {falls}",
            epoch=least + 1,
            numbers={"least_dev_loss": float(dev[least]), "last_dev_loss": last, "last_train_loss": float(train[-1])},
            remedies=(*remedies.stop_early(evidence), Remedy("more data"), remedies.decay(evidence)),
        )


def _unlearned(evidence: Evidence, dev: Array) -> float:
    """The dev loss of a network that has learned nothing: before training, or where r2 says it better, of the mean."""
    known = [max(evidence.start, float(dev[0]))]
    r2 = evidence.column("dev_r2")
    if len(r2) and r2[-1] < 1:
        known.append(float(dev[-1] / (1 - r2[-1])))
    return min(known)


def gap(evidence: Evidence) -> Iterator[Finding]:
    """Loss on the dev part that is far over that on the training part."""
    train, dev = (part.get("loss", math.nan) for part in metrics(evidence))
    gained = evidence.start - train
    if gained > GAINED * abs(evidence.start) and dev - train > LOST * gained:
        words = f"from {evidence.start:.3g} before training to {train:.3g}; on the dev part it is {dev:.3g}"
        yield Finding(
            "large_gap",
            f"large gap: the loss of the training examples fell {words}",
            numbers={"start": evidence.start, "train_loss": train, "dev_loss": dev},
            remedies=(Remedy("more data"), remedies.decay(evidence), *remedies.stop_early(evidence)),
        )


def guessing(evidence: Evidence) -> Iterator[Finding]:
    """A dev part on which the network is no better than a guess, though it knows the training part."""
    shares = _guesses(evidence)
    for fit in fits(evidence):
        guess = 1.0 if fit.values else shares.get(fit.task)
        if guess is None or fit.dev is None or not fit.variance:
            continue
        margin = (
            GUESSED
            if fit.values
            else ERRORS * math.sqrt(guess * (1 - guess) / evidence.record["data"]["examples"]["dev"])
        )
        if fit.dev > guess - margin and fit.train < guess - (0.5 if fit.values else LEARNED):
            blind = "the mean" if fit.values else "the commonest class"
            yield Finding(
                "no_better_than_guessing",
                f"the dev error{fit.of} is {percent(fit.dev)}{fit.unit}, no better than {percent(guess)} of guessing "
                f"{blind}, though the train error is {percent(fit.train)}: labels learned by heart",
                numbers={"train_error": fit.train, "dev_error": fit.dev, "guess": guess},
                remedies=(Remedy("see whether the labels belong to the inputs"), Remedy("more data")),
            )


def _guesses(evidence: Evidence) -> dict[str, float]:
    """The error on the dev part of always naming its commonest class, by task with classes."""
    counts = evidence.record.get("classes", {}).get("dev", {}).get("occurring", [])
    if not counts or evidence.looked is None:
        return {}
    found, start = {}, 0
    described = evidence.looked.description
    for task in described.tasks or (None,):
        stop = start + (len(task.classes) if task else len(counts))
        here, targets = counts[start:stop], task.targets if task else described.targets
        start = stop
        if targets == "classes" and sum(here):
            found[task.name if task else ""] = 1 - max(here) / sum(here)
    return found
