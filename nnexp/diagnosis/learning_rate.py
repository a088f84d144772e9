"""Whether the learning rate is right: steps that carry the weights away, and steps that hardly move them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from nnexp.diagnosis import remedies, weights
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding
from nnexp.diagnosis.stability import MIN_FAILED_LOSS_SHARE
from nnexp.diagnosis.task_fit import is_underfitting
from nnexp.typing import Array
from nnexp.wording import format_number, format_numbers

USUAL_UPDATE_RATIO = 1e-3
"""‖ΔW‖/‖W‖ of a usual step."""

MAX_SLOW_UPDATE_RATIO = 4e-4
"""The largest ‖ΔW‖/‖W‖ of a training whose learning rate is too low, if its loss still falls and its error is high."""

MIN_UPDATE_RATIO = 1e-6
"""‖ΔW‖/‖W‖ that is next to nothing: single precision rounds W to 6e-8 of itself."""

MAX_UPDATE_RATIO = 0.1
"""‖ΔW‖/‖W‖ with which a layer is another one after some ten steps."""

MIN_GROWTH_FACTOR = 2.0
"""How many times its first size a layer's weights have where too high a learning rate has carried them away."""

MIN_STEADY_EPOCH_SHARE = 0.9
"""The share of the epochs with a lower loss than the one before from which on a loss falls steadily."""

MAX_SMALL_FALL_SHARE = 0.3
"""The share of its first value that all epochs took off, below which a steady fall shows that the learning rate is too
low; where the layers were recorded, their updates show it."""

MIN_STEADY_EPOCHS = 5
"""Epochs from which on a fall can be called steady."""


def find_high_learning_rate(evidence: RunEvidence) -> Iterator[Finding]:
    """A first epoch that made the loss larger, or nothing learned, with weights that were carried away."""
    train = evidence.collect_column("train_loss")
    if evidence.has_diverged or not len(train) or not evidence.is_gradient_descent:
        return
    if not (is_underfitting(evidence) or train[-1] > evidence.initial_loss):
        return
    growth = _measure_weight_growth(evidence)
    grown = float(growth.max())
    rose = train[0] > evidence.initial_loss and growth[min(1, len(growth) - 1)] > MIN_GROWTH_FACTOR
    failed = train[-1] > MIN_FAILED_LOSS_SHARE * evidence.initial_loss and grown > MIN_GROWTH_FACTOR
    if rose or failed:
        start, first, last = format_numbers(evidence.initial_loss, float(train[0]), float(train[-1]))
        words = f"the loss was {start} before training and {first} in epoch 1"
        after = f"{last} in epoch {len(train)}"
        yield Finding(
            "lr_too_high",
            f"learning rate too high: {words}, {after}, and weights grew to {grown:.3g} times their size",
            epoch=1,
            numbers={
                "start": evidence.initial_loss,
                "first": float(train[0]),
                "last": float(train[-1]),
                "grown": grown,
            },
            remedies=(
                remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR**2),
                *remedies.suggest_warmup(evidence),
            ),
        )


def _measure_weight_growth(evidence: RunEvidence) -> Array:
    """How many times their first size the weights of a layer have at most, in each record. (k)"""
    if evidence.recorded_history is None or not evidence.weighted_layers:
        return np.ones(1)
    norms = evidence.stack_values(evidence.weighted_layers, "weight")
    # Weights that begin at 0 grow by no factor.
    norms = norms[norms[:, 0] > 0]
    if not len(norms):
        return np.ones(1)
    return np.asarray((norms / norms[:, :1]).max(axis=-2))


def find_low_learning_rate(evidence: RunEvidence) -> Iterator[Finding]:
    """Steps that are too small for the weights, with a high error and a loss that still falls."""
    train = evidence.collect_column("train_loss")
    if evidence.has_diverged or len(train) < 2 or not evidence.is_gradient_descent or not is_underfitting(evidence):
        return
    if train[-1] >= train[0]:
        return
    first, last = format_numbers(float(train[0]), float(train[-1]))
    path = f"the loss fell from {first} in epoch 1 to {last} in epoch {len(train)}"
    numbers = {"first": float(train[0]), "last": float(train[-1])}
    if len(evidence.update_ratios):
        pace = float(evidence.update_ratios.max())
        if not pace < MAX_SLOW_UPDATE_RATIO:
            return
        change = f"a step changed the weights by {format_number(pace)} of their size at most"
        steps = f"{change}, where {USUAL_UPDATE_RATIO:g} is usual"
        numbers["pace"] = pace
    elif len(train) >= MIN_STEADY_EPOCHS and _is_steady_fall(train):
        steps = "it fell almost every epoch, and little"
    else:
        return
    yield Finding(
        "lr_too_low",
        f"learning rate too low: {path}; {steps}",
        numbers=numbers,
        remedies=(
            remedies.suggest_learning_rate(evidence, _choose_rate_factor(evidence)),
            *remedies.suggest_longer_training(evidence),
        ),
    )


def _choose_rate_factor(evidence: RunEvidence) -> float:
    """By how many decades a step may grow to be a usual one."""
    if not len(evidence.update_ratios):
        return remedies.CHANGE_FACTOR
    missing = USUAL_UPDATE_RATIO / max(float(evidence.update_ratios.max()), MIN_UPDATE_RATIO)
    return float(10.0 ** max(1, round(np.log10(missing))))


def _is_steady_fall(train: Array) -> bool:
    """Whether a loss falls slowly and evenly."""
    falls = np.diff(train) < 0
    return bool(falls.mean() >= MIN_STEADY_EPOCH_SHARE and train[-1] > (1 - MAX_SMALL_FALL_SHARE) * train[0])


def find_unusual_updates(evidence: RunEvidence) -> Iterator[Finding]:
    """Layers whose steps are out of proportion to their weights."""
    if evidence.has_diverged or not evidence.is_gradient_descent or not len(evidence.update_ratios):
        return
    small: dict[str, float] = {}
    large: dict[str, float] = {}
    for name in evidence.weighted_layers:
        ratios = _compute_update_ratios(evidence, name)
        if not len(ratios):
            continue
        # Small ones never moved the layer; of large ones a single one, such as the first, does no harm.
        largest, usual = float(ratios.max()), float(np.median(ratios))
        if 0 < largest < MIN_UPDATE_RATIO:
            small[name] = largest
        if usual > MAX_UPDATE_RATIO:
            large[name] = usual
    if small:
        yield Finding(
            "small_updates",
            f"updates too small: {_format_updates(small, min(small.values()))}",
            layers=tuple(small),
            numbers={"ratio": min(small.values())},
            remedies=(
                remedies.suggest_learning_rate(evidence, remedies.CHANGE_FACTOR),
                *weights.suggest_initializer(evidence),
            ),
        )
    if large:
        yield Finding(
            "large_updates",
            f"updates too large: {_format_updates(large, max(large.values()))}",
            layers=tuple(large),
            numbers={"ratio": max(large.values())},
            remedies=(remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR),),
        )


def _format_updates(layers: Iterable[str], ratio: float) -> str:
    change = f"a step changes {', '.join(layers)} by {format_number(ratio)} of its size"
    return f"{change}; {USUAL_UPDATE_RATIO:g} is usual"


def _compute_update_ratios(evidence: RunEvidence, name: str) -> Array:
    """‖ΔW‖/‖W‖ of a layer in each record but the first, which comes before any step."""
    assert evidence.recorded_history is not None, "update ratios come from records"
    update = evidence.recorded_history.values_of(name, "update")[1:]
    weight = evidence.recorded_history.values_of(name, "weight")
    # The first size where weights have become smaller: decay that shrinks them is no large step.
    weight = np.maximum(weight, weight[0])[1:]
    ratio = np.divide(update, weight, out=np.zeros_like(weight), where=weight > 0)
    return np.asarray(ratio[np.isfinite(ratio)])
