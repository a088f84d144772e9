"""Whether the loss went down as it should, and whether the learning rate is why it did not."""

from __future__ import annotations

from collections.abc import Iterator

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

MIN_STEADY_EPOCH_SHARE, MAX_SMALL_FALL_SHARE = 0.9, 0.3
"""Without looks a learning rate is too low where so large a share of the epochs has a lower loss than the one before,
and all of them took off less than this share; from `MIN_STEADY_EPOCHS` epochs on."""

MIN_STEADY_EPOCHS = 5


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
    lower = remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR ** (2 if where["epoch"] == 1 else 1))
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
    smaller = next(weights.suggest_initializer(evidence, "smaller"), None) if too_large else None
    if smaller is not None:
        yield remedies.combine_remedies(
            "a lower learning rate, and weights of a size that suits the layers", lower, smaller
        )
        return
    yield lower
    if remedies.has_learned_well(evidence):
        yield from remedies.suggest_clipping(evidence)
    if not too_large and not any(find_unnormalized_inputs(evidence)):
        yield from remedies.suggest_warmup(evidence)


def _collect_last_losses(evidence: RunEvidence) -> Array:
    """The losses of the steps of the last epoch, as far as they were made; of the one before where it was the first."""
    made = evidence.record["diverged"]["step"] if evidence.has_diverged else evidence.steps_per_epoch
    losses = evidence.layer_history.losses[:made] if evidence.layer_history is not None else np.zeros(0)
    before = evidence.collect_column("train_loss")[-1:]
    start = before if len(before) else np.array([evidence.initial_loss])
    return np.concatenate([start, losses])


def find_growing_loss(evidence: RunEvidence) -> Iterator[Finding]:
    """A loss that grows and grows."""
    train = evidence.collect_column("train_loss")
    if evidence.has_diverged or len(train) < 3:
        return
    least = int(train.argmin())
    if (
        train[-1] > max(MIN_EXPLODED_LOSS_FACTOR * train[least], evidence.initial_loss)
        and train[-1] == train[least:].max()
    ):
        well = remedies.has_learned_well(evidence)
        yield Finding(
            "about_to_diverge",
            f"about to diverge: the loss grew from {format_number(train[least])} in epoch {least + 1} to "
            f"{format_number(train[-1])}",
            epoch=least + 1,
            numbers={"least": float(train[least]), "last": float(train[-1])},
            remedies=(
                remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR),
                *(remedies.suggest_clipping(evidence) if well else ()),
            ),
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
    """How many times their first size the weights of a layer have at most, at each look. (k)"""
    if evidence.recorded_history is None or not evidence.weighted_layers:
        return np.ones(1)
    norms = np.array([evidence.recorded_history.values_of(name, "weight") for name in evidence.weighted_layers])
    norms = norms[norms[:, 0] > 0]
    return (norms / norms[:, :1]).max(axis=-2) if len(norms) else np.ones(1)


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
        steps = (
            f"a step changed the weights by {format_number(pace)} of their size at most, where "
            f"{USUAL_UPDATE_RATIO:g} is usual"
        )
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
    if train.min() > (1 - MAX_FLAT_FALL_SHARE) * train[0] and train[-1] > (
        MIN_FAILED_LOSS_SHARE * evidence.initial_loss
    ):
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
    if (
        evidence.has_diverged
        or len(train) < 2
        or evidence.record.get("ending") == "stopped_early"
        or not is_underfitting(evidence)
    ):
        return
    quarter = max(1, len(train) // 4)
    before, last = float(train[-1 - quarter]), float(train[-1])
    if last < (1 - MIN_IMPROVING_SHARE) * before:
        higher, lower = format_numbers(before, last)
        when = f"in the last {quarter} of {len(train)} epochs" if quarter > 1 else f"in the last of {len(train)} epochs"
        yield Finding(
            "still_improving",
            f"still improving: the loss fell from {higher} to {lower} {when}",
            epoch=len(train),
            numbers={"before": before, "last": last},
            remedies=(*remedies.suggest_longer_training(evidence), remedies.suggest_learning_rate(evidence, 3)),
        )


def find_unusual_updates(evidence: RunEvidence) -> Iterator[Finding]:
    """Layers whose steps are out of proportion to their weights."""
    if (
        evidence.recorded_history is None
        or evidence.has_diverged
        or not evidence.is_gradient_descent
        or len(evidence.update_ratios) < 1
    ):
        return
    steps = {name: _compute_update_ratios(evidence, name) for name in evidence.weighted_layers}
    small = {
        name: float(ratio.max()) for name, ratio in steps.items() if len(ratio) and 0 < ratio.max() < MIN_UPDATE_RATIO
    }
    large = {
        name: float(np.median(ratio))
        for name, ratio in steps.items()
        if len(ratio) and np.median(ratio) > MAX_UPDATE_RATIO
    }
    if small:
        least = min(small.values())
        yield Finding(
            "small_updates",
            f"updates too small: a step changes {', '.join(small)} by {format_number(least)} of its size; "
            f"{USUAL_UPDATE_RATIO:g} is usual",
            layers=tuple(small),
            numbers={"ratio": least},
            remedies=(
                remedies.suggest_learning_rate(evidence, remedies.CHANGE_FACTOR),
                *weights.suggest_initializer(evidence),
            ),
        )
    if large:
        most = max(large.values())
        yield Finding(
            "large_updates",
            f"updates too large: a step changes {', '.join(large)} by {format_number(most)} of its size; "
            f"{USUAL_UPDATE_RATIO:g} is usual",
            layers=tuple(large),
            numbers={"ratio": most},
            remedies=(remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR),),
        )


def _compute_update_ratios(evidence: RunEvidence, name: str) -> Array:
    """‖ΔW‖/‖W‖ of a layer at each look but the first; W as it began where it has become smaller."""
    assert evidence.recorded_history is not None
    weight = evidence.recorded_history.values_of(name, "weight")
    update, weight = evidence.recorded_history.values_of(name, "update")[1:], np.maximum(weight, weight[0])[1:]
    ratio = np.divide(update, weight, out=np.zeros_like(weight), where=weight > 0)
    return np.asarray(ratio[np.isfinite(ratio)])
