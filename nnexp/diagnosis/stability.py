"""Whether the loss went down as it should, and whether the learning rate is why it did not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from nnexp.diagnosis import remedies, weights
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.layers import find_exploding_gradients
from nnexp.diagnosis.setup import find_unnormalized_inputs
from nnexp.diagnosis.task_fit import is_underfitting
from nnexp.typing import Array
from nnexp.wording import format_count, format_number, format_numbers

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

MIN_FAILED_LOSS_SHARE = 0.9
"""The share of the loss before training that is left where nothing was learned."""

MAX_FLAT_FALL_SHARE = 0.03
"""The share of its first epoch's by which the loss falls where it is flat: less than its noise."""

MIN_EXPLODED_LOSS_FACTOR = 3.0
"""How many times its least value the loss has where it is about to diverge, if it is over the first one too."""

MIN_IMPROVING_SHARE = 0.05
"""The share of the loss that the last quarter of the epochs took off where it was still falling."""

MIN_STEADY_EPOCH_SHARE = 0.9
"""The share of the epochs with a lower loss than the one before from which on a loss falls steadily."""

MAX_SMALL_FALL_SHARE = 0.3
"""The share of its first value that all epochs took off, below which a steady fall shows that the learning rate is too
low; where the layers were recorded, their updates show it."""

MIN_STEADY_EPOCHS = 5
"""Epochs from which on a fall can be called steady."""


def find_divergence(evidence: RunEvidence) -> Iterator[Finding]:
    """A loss that stopped being finite."""
    if not evidence.has_diverged:
        return
    where = evidence.record["diverged"]
    path = _collect_last_losses(evidence)
    finite = path[np.isfinite(path)]
    words = ""
    numbers = {"epoch": float(where["epoch"]), "step": float(where["step"])}
    if len(finite):
        first, last = float(finite.min()), float(finite[-1])
        steps = len(finite) - int(finite.argmin())
        numbers |= {"from": first, "to": last, "steps": float(steps)}
        least, most = format_numbers(first, last)
        words = f": the loss went from {least} to {most} and was not finite {format_count(steps, 'step')} later"
    # In the first epoch already: a tenth may still be too much.
    decades = 2 if where["epoch"] == 1 else 1
    lower = remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR**decades)
    yield Finding(
        "diverged",
        f"diverged in epoch {where['epoch']}, step {where['step']}{words}",
        epoch=where["epoch"],
        numbers=numbers,
        remedies=(*remedies.suggest_normalization(evidence), *_suggest_smaller_steps(evidence, lower)),
    )


def _suggest_smaller_steps(evidence: RunEvidence, lower: Remedy) -> Iterator[Remedy]:
    """What to try against divergence: smaller steps, and where the weights are too large from the start both."""
    too_large = any(find_exploding_gradients(evidence))
    if too_large:
        for smaller in weights.suggest_initializer(evidence, "smaller"):
            text = "a lower learning rate, and weights of a size that suits the layers"
            yield remedies.combine_remedies(text, lower, smaller)
            return
    yield lower
    # Clipping tames single steps; a rate that never learned anything it only makes slower.
    if remedies.has_learned_well(evidence):
        yield from remedies.suggest_clipping(evidence)
    # What is too large at the start is still so after a warm-up.
    if not too_large and not any(find_unnormalized_inputs(evidence)):
        yield from remedies.suggest_warmup(evidence)


def _collect_last_losses(evidence: RunEvidence) -> Array:
    """The loss of the last whole epoch, or before training, and then those of the steps until the run diverged."""
    start = evidence.collect_column("train_loss")[-1:]
    if not len(start):
        start = np.array([evidence.initial_loss])
    if evidence.layer_history is None:
        return start
    steps = evidence.record["diverged"]["step"]
    # The array has room for a whole epoch: behind the last step lie losses of the one before.
    return np.concatenate([start, evidence.layer_history.losses[:steps]])


def find_growing_loss(evidence: RunEvidence) -> Iterator[Finding]:
    """A loss that grows and grows."""
    train = evidence.collect_column("train_loss")
    # Two epochs show no growth but a difference.
    if evidence.has_diverged or len(train) < 3:
        return
    best, last = int(train.argmin()), train[-1]
    is_large = last > max(MIN_EXPLODED_LOSS_FACTOR * train[best], evidence.initial_loss)
    # A loss that came down again from its peak was a bad moment.
    is_peak = last == train[best:].max()
    if not (is_large and is_peak):
        return
    suggested = [remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR)]
    if remedies.has_learned_well(evidence):
        suggested += remedies.suggest_clipping(evidence)
    first_text, last_text = format_number(train[best]), format_number(last)
    yield Finding(
        "about_to_diverge",
        f"about to diverge: the loss grew from {first_text} in epoch {best + 1} to {last_text}",
        epoch=best + 1,
        numbers={"least": float(train[best]), "last": float(last)},
        remedies=tuple(suggested),
    )


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
    norms = np.array([evidence.recorded_history.values_of(name, "weight") for name in evidence.weighted_layers])
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


def find_flat_loss(evidence: RunEvidence) -> Iterator[Finding]:
    """A loss that does not fall from the first epoch on."""
    train = evidence.collect_column("train_loss")
    if evidence.has_diverged or len(train) < 2 or not is_underfitting(evidence):
        return
    is_flat = train.min() > (1 - MAX_FLAT_FALL_SHARE) * train[0]
    # A first epoch may learn all that there is to learn, and leave a flat curve.
    has_failed = train[-1] > MIN_FAILED_LOSS_SHARE * evidence.initial_loss
    if not (is_flat and has_failed):
        return
    first, last = format_numbers(float(train[0]), float(train[-1]))
    yield Finding(
        "flat_loss",
        f"flat from the start: a loss of {first} in epoch 1 and {last} in epoch {len(train)}",
        epoch=1,
        numbers={"first": float(train[0]), "last": float(train[-1])},
        remedies=(
            remedies.suggest_learning_rate(evidence, remedies.CHANGE_FACTOR),
            *weights.suggest_initializer(evidence),
            *remedies.suggest_normalization(evidence),
        ),
    )


def find_improving_loss(evidence: RunEvidence) -> Iterator[Finding]:
    """A loss that was still falling at the end, with a high error."""
    train = evidence.collect_column("train_loss")
    has_stopped_early = evidence.record.get("ending") == "stopped_early"
    if evidence.has_diverged or has_stopped_early or len(train) < 2 or not is_underfitting(evidence):
        return
    quarter = max(1, len(train) // 4)
    before, last = float(train[-1 - quarter]), float(train[-1])
    if not last < (1 - MIN_IMPROVING_SHARE) * before:
        return
    higher, lower = format_numbers(before, last)
    epochs = f"{quarter} of {len(train)}" if quarter > 1 else f"of {len(train)}"
    yield Finding(
        "still_improving",
        f"still improving: the loss fell from {higher} to {lower} in the last {epochs} epochs",
        epoch=len(train),
        numbers={"before": before, "last": last},
        remedies=(*remedies.suggest_longer_training(evidence), remedies.suggest_learning_rate(evidence, 3)),
    )


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
