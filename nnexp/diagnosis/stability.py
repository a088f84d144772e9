"""Whether the loss went down as it should."""

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

MIN_FAILED_LOSS_SHARE = 0.9
"""The share of the loss before training that is left where nothing was learned."""

MAX_FLAT_FALL_SHARE = 0.03
"""The share of its first epoch's by which the loss falls where it is flat: less than its noise."""

MIN_EXPLODED_LOSS_FACTOR = 3.0
"""How many times its least value the loss has where it is about to diverge, if it is over the first one too."""

MIN_IMPROVING_SHARE = 0.05
"""The share of the loss that the last quarter of the epochs took off where it was still falling."""


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
