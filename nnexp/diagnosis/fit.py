"""Rules on errors: bias and variance against an optimal error, overfitting, the gap between train and dev."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nnexp.diagnosis import remedies
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.task_fit import MIN_STANDARD_ERRORS, compute_fits, find_final_metrics, format_error
from nnexp.typing import Array
from nnexp.wording import format_numbers

MIN_RISE_SHARE = 0.1
"""The share of its minimum by which the dev loss must end above it where it rises."""

MIN_GAIN_SHARE = 0.05
"""The share of what training had gained by which it must rise too, as a loss near 0 may double without harm."""

MIN_NOISE_FACTOR = 2.0
"""How many times its median change from epoch to epoch the dev loss must have risen by."""

MIN_EPOCHS_AFTER_BEST = 3
"""Epochs after the minimum of the dev loss from which on a rise is no mere outlier; medians are taken of as many."""

MIN_GAP_SHARE = 0.5
"""The share of the fall of the training loss that the dev loss does not share where the gap is large."""

GUESS_MARGIN = 0.1
"""By how much 1 - r2 may be below the 1 of always guessing the mean, and still counts as guessing."""

MIN_LEARNED_MARGIN = 0.2
"""By how much the train error must be below that of a guess where labels are learned by heart."""

MIN_LEARNED_R2_MARGIN = 0.5
"""The same of 1 - r2."""

OPTIMAL_ERROR_REMEDY = Remedy("or, if nobody could do better, `nnexp diagnose --optimal-error`")


def find_high_bias(evidence: RunEvidence) -> Iterator[Finding]:
    """High bias, task by task."""
    for fit in compute_fits(evidence):
        if not fit.has_high_bias:
            continue
        suggested = [
            remedies.suggest_larger_network(evidence),
            *remedies.suggest_longer_training(evidence),
            Remedy("another architecture"),
        ]
        if not fit.optimal_error:
            suggested.append(OPTIMAL_ERROR_REMEDY)
        optimal = f"against an optimal {format_error(fit.optimal_error)}"
        yield Finding(
            "high_bias",
            f"high bias: the train error{fit.task_suffix} is {format_error(fit.train)}{fit.unit_suffix} {optimal}",
            numbers={"train_error": fit.train, "optimal_error": fit.optimal_error},
            remedies=tuple(suggested),
        )


def find_high_variance(evidence: RunEvidence) -> Iterator[Finding]:
    """High variance, task by task."""
    size = ""
    if weights := evidence.record.get("parameters"):
        size = f"; {evidence.train_examples:,} examples train {weights:,} weights"
    for fit in compute_fits(evidence):
        if not fit.has_high_variance or fit.dev is None:
            continue
        yield Finding(
            "high_variance",
            f"high variance: the dev error{fit.task_suffix} is {format_error(fit.dev)}{fit.unit_suffix}, the train "
            f"error {format_error(fit.train)}{size}",
            numbers={"train_error": fit.train, "dev_error": fit.dev, "examples": evidence.train_examples},
            remedies=(
                Remedy("more data"),
                remedies.suggest_penalty(evidence),
                *remedies.suggest_early_stopping(evidence),
                Remedy("another architecture"),
            ),
        )


def find_overfitting(evidence: RunEvidence) -> Iterator[Finding]:
    """Dev loss that rises from its minimum while train loss falls, unless the run kept the weights of the minimum."""
    dev, train = evidence.collect_column("dev_loss"), evidence.collect_column("train_loss")
    has_best_weights = evidence.record.get("weights", {}).get("checkpoint") == "best"
    if has_best_weights or evidence.has_diverged or not len(dev) or not np.isfinite(dev).all():
        return
    best = int(dev.argmin())
    if len(dev) - 1 - best < MIN_EPOCHS_AFTER_BEST:
        return
    # The medians of some epochs: a single one may be an outlier.
    last_dev = float(np.median(dev[-MIN_EPOCHS_AFTER_BEST:]))
    last_train = float(np.median(train[-MIN_EPOCHS_AFTER_BEST:]))
    if last_dev - dev[best] <= _estimate_harmless_rise(evidence, dev) or not last_train < train[best]:
        return
    dev_from, dev_to = format_numbers(float(dev[best]), last_dev)
    train_from, train_to = format_numbers(float(train[best]), float(train[-1]))
    yield Finding(
        "overfitting",
        f"overfitting since epoch {best + 1}: dev loss rose from {dev_from} to {dev_to} while train loss fell from "
        f"{train_from} to {train_to}",
        epoch=best + 1,
        numbers={"least_dev_loss": float(dev[best]), "last_dev_loss": last_dev, "last_train_loss": float(train[-1])},
        remedies=(
            *remedies.suggest_early_stopping(evidence),
            Remedy("more data"),
            remedies.suggest_penalty(evidence),
        ),
    )


def _estimate_harmless_rise(evidence: RunEvidence, dev: Array) -> float:
    """By how much the dev loss may rise from its minimum: a share of it, of the gain until then, or mere noise."""
    minimum = dev.min()
    gain = _estimate_unlearned_loss(evidence, dev) - minimum
    noise = float(np.median(np.abs(np.diff(dev))))
    return float(max(MIN_RISE_SHARE * abs(minimum), MIN_GAIN_SHARE * gain, MIN_NOISE_FACTOR * noise))


def _estimate_unlearned_loss(evidence: RunEvidence, dev: Array) -> float:
    """The dev loss of a network that has learned nothing: that before training, or of values that of the mean."""
    before = max(evidence.initial_loss, float(dev[0]))
    r2 = evidence.collect_column("dev_r2")
    if not len(r2) or r2[-1] >= 1:
        return before
    # r2 = 1 - loss / loss of the mean. First weights may be far worse than the mean.
    return min(before, float(dev[-1] / (1 - r2[-1])))


def find_large_gap(evidence: RunEvidence) -> Iterator[Finding]:
    """Loss on the dev part far above that on the training part."""
    start = evidence.initial_loss
    train_metrics, dev_metrics = find_final_metrics(evidence)
    train, dev = train_metrics.get("loss", math.nan), dev_metrics.get("loss", math.nan)
    gain = start - train
    # Not with the signs turned round: of a NaN no comparison holds.
    if not (gain > MIN_GAIN_SHARE * abs(start) and dev - train > MIN_GAP_SHARE * gain):
        return
    yield Finding(
        "large_gap",
        f"large gap: the loss of the training examples fell from {start:.3g} before training to {train:.3g}; on the "
        f"dev part it is {dev:.3g}",
        numbers={"start": start, "train_loss": train, "dev_loss": dev},
        remedies=(
            Remedy("more data"),
            remedies.suggest_penalty(evidence),
            *remedies.suggest_early_stopping(evidence),
        ),
    )


def find_guessing(evidence: RunEvidence) -> Iterator[Finding]:
    """A dev part on which the network is no better than a guess, though it knows the training part."""
    guess_errors = _compute_guess_errors(evidence)
    dev_examples = evidence.record["data"]["examples"]["dev"]
    for fit in compute_fits(evidence):
        # Always guessing the mean has r2 = 0.
        guess = 1.0 if fit.is_regression else guess_errors.get(fit.task)
        if guess is None or fit.dev is None or not fit.has_high_variance:
            continue
        if fit.is_regression:
            margin, learned_margin, guessed = GUESS_MARGIN, MIN_LEARNED_R2_MARGIN, "the mean"
        else:
            margin = MIN_STANDARD_ERRORS * math.sqrt(guess * (1 - guess) / dev_examples)
            learned_margin, guessed = MIN_LEARNED_MARGIN, "the commonest class"
        if fit.dev <= guess - margin or fit.train >= guess - learned_margin:
            continue
        train, dev = format_error(fit.train), f"{format_error(fit.dev)}{fit.unit_suffix}"
        yield Finding(
            "no_better_than_guessing",
            f"the dev error{fit.task_suffix} is {dev}, no better than {format_error(guess)} of guessing {guessed}, "
            f"though the train error is {train}: labels learned by heart",
            numbers={"train_error": fit.train, "dev_error": fit.dev, "guess": guess},
            remedies=(Remedy("see whether the labels belong to the inputs"), Remedy("more data")),
        )


def _compute_guess_errors(evidence: RunEvidence) -> dict[str, float]:
    """The error on the dev part of always guessing its commonest class, by task with classes."""
    counts = evidence.record.get("classes", {}).get("dev", {}).get("occurring", [])
    if not counts:
        return {}
    found: dict[str, float] = {}
    for task, columns in evidence.locate_tasks():
        of_task = counts[columns]
        if task.targets == "classes" and sum(of_task):
            found[task.name] = 1 - max(of_task) / sum(of_task)
    return found
