"""Whether the loss went down as it should, and whether the learning rate is why it did not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnexp.diagnosis import remedies, weights
from nnexp.diagnosis.evidence import Evidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.fit import is_bad
from nnexp.diagnosis.layers import exploding
from nnexp.diagnosis.setup import not_normalized
from nnexp.phrases import size, sizes
from nnexp.typing import Array

USUAL = 1e-3
"""‖ΔW‖/‖W‖ of a usual step."""

SLOW = 4e-4
"""The largest ‖ΔW‖/‖W‖ of a training whose learning rate is too low, if its loss still falls and its error is high."""

LOST = 1e-6
"""‖ΔW‖/‖W‖ that is next to nothing: single precision rounds W to 6e-8 of itself."""

HUGE = 0.1
"""‖ΔW‖/‖W‖ with which a layer is another one after some ten steps."""

GROWN = 2.0
"""How many times its first size a layer's weights have where too high a learning rate has carried them away."""

FAILED = 0.9
"""The share of the loss before training that is left where nothing was learned."""

FLAT = 0.03
"""The share of its first epoch's by which the loss falls where it is flat: less than its noise."""

EXPLODED = 3.0
"""How many times its least value the loss has where it is about to diverge, if it is over the first one too."""

IMPROVING = 0.05
"""The share of the loss that the last quarter of the epochs took off where it was still falling."""

STEADY, SMALL = 0.9, 0.3
"""Without looks a learning rate is too low where so large a share of the epochs has a lower loss than the one before,
and all of them took off less than this share; from `FEWEST` epochs on."""

FEWEST = 5


def diverged(evidence: Evidence) -> Iterator[Finding]:
    """A loss that stopped being finite."""
    if not evidence.has_diverged:
        return
    where = evidence.record["diverged"]
    path = _path(evidence)
    finite = path[np.isfinite(path)]
    words = ""
    numbers = {"epoch": float(where["epoch"]), "step": float(where["step"])}
    if len(finite):
        first, last = float(finite.min()), float(finite[-1])
        steps = len(finite) - int(finite.argmin())
        numbers |= {"from": first, "to": last, "steps": float(steps)}
        least, most = sizes(first, last)
        words = f": the loss went from {least} to {most} and was not finite {_many(steps)} later"
    lower = remedies.lr(evidence, 1 / remedies.FRACTION ** (2 if where["epoch"] == 1 else 1))
    yield Finding(
        "diverged",
        f"diverged in epoch {where['epoch']}, step {where['step']}{words}",
        epoch=where["epoch"],
        numbers=numbers,
        remedies=(*remedies.normalize(evidence), *_calmer(evidence, lower)),
    )


def _calmer(evidence: Evidence, lower: Remedy) -> Iterator[Remedy]:
    """What to try against divergence: smaller steps, and where the weights are too large from the start both."""
    too_large = any(exploding(evidence))
    smaller = next(weights.initialize(evidence, "smaller"), None) if too_large else None
    if smaller is not None:
        yield remedies.together("a lower learning rate, and weights of a size that suits the layers", lower, smaller)
        return
    yield lower
    if remedies.went_well(evidence):
        yield from remedies.clip(evidence)
    if not too_large and not any(not_normalized(evidence)):
        yield from remedies.warm_up(evidence)


def _many(steps: int) -> str:
    return f"{steps} step{'' if steps == 1 else 's'}"


def _path(evidence: Evidence) -> Array:
    """The losses of the steps of the last epoch, as far as they were made; of the one before where it was the first."""
    made = evidence.record["diverged"]["step"] if evidence.has_diverged else evidence.steps
    losses = evidence.looked.losses[:made] if evidence.looked is not None else np.zeros(0)
    before = evidence.column("train_loss")[-1:]
    start = before if len(before) else np.array([evidence.start])
    return np.concatenate([start, losses])


def about_to_diverge(evidence: Evidence) -> Iterator[Finding]:
    """A loss that grows and grows."""
    train = evidence.column("train_loss")
    if evidence.has_diverged or len(train) < 3:
        return
    least = int(train.argmin())
    if train[-1] > max(EXPLODED * train[least], evidence.start) and train[-1] == train[least:].max():
        well = remedies.went_well(evidence)
        yield Finding(
            "about_to_diverge",
            f"about to diverge: the loss grew from {size(train[least])} in epoch {least + 1} to {size(train[-1])}",
            epoch=least + 1,
            numbers={"least": float(train[least]), "last": float(train[-1])},
            remedies=(remedies.lr(evidence, 1 / remedies.FRACTION), *(remedies.clip(evidence) if well else ())),
        )


def lr_too_high(evidence: Evidence) -> Iterator[Finding]:
    """A first epoch that made the loss larger, or nothing learned, with weights that were carried away."""
    train = evidence.column("train_loss")
    if evidence.has_diverged or not len(train) or not evidence.descends:
        return
    if not (is_bad(evidence) or train[-1] > evidence.start):
        return
    growth = _growth(evidence)
    grown = float(growth.max())
    rose = train[0] > evidence.start and growth[min(1, len(growth) - 1)] > GROWN
    failed = train[-1] > FAILED * evidence.start and grown > GROWN
    if rose or failed:
        start, first, last = sizes(evidence.start, float(train[0]), float(train[-1]))
        words = f"the loss was {start} before training and {first} in epoch 1"
        after = f"{last} in epoch {len(train)}"
        yield Finding(
            "lr_too_high",
            f"learning rate too high: {words}, {after}, and weights grew to {grown:.3g} times their size",
            epoch=1,
            numbers={"start": evidence.start, "first": float(train[0]), "last": float(train[-1]), "grown": grown},
            remedies=(remedies.lr(evidence, 1 / remedies.FRACTION**2), *remedies.warm_up(evidence)),
        )


def _growth(evidence: Evidence) -> Array:
    """How many times their first size the weights of a layer have at most, at each look. (k)"""
    if evidence.looks is None or not evidence.weighted:
        return np.ones(1)
    norms = np.array([evidence.looks.of(name, "weight") for name in evidence.weighted])
    norms = norms[norms[:, 0] > 0]
    return (norms / norms[:, :1]).max(axis=-2) if len(norms) else np.ones(1)


def lr_too_low(evidence: Evidence) -> Iterator[Finding]:
    """Steps that are too small for the weights, with a high error and a loss that still falls."""
    train = evidence.column("train_loss")
    if evidence.has_diverged or len(train) < 2 or not evidence.descends or not is_bad(evidence):
        return
    if train[-1] >= train[0]:
        return
    first, last = sizes(float(train[0]), float(train[-1]))
    path = f"the loss fell from {first} in epoch 1 to {last} in epoch {len(train)}"
    numbers = {"first": float(train[0]), "last": float(train[-1])}
    if len(evidence.pace):
        pace = float(evidence.pace.max())
        if not pace < SLOW:
            return
        steps = f"a step changed the weights by {size(pace)} of their size at most, where {USUAL:g} is usual"
        numbers["pace"] = pace
    elif len(train) >= FEWEST and _steady(train):
        steps = "it fell almost every epoch, and little"
    else:
        return
    yield Finding(
        "lr_too_low",
        f"learning rate too low: {path}; {steps}",
        numbers=numbers,
        remedies=(remedies.lr(evidence, _faster(evidence)), *remedies.longer(evidence)),
    )


def _faster(evidence: Evidence) -> float:
    """By how many decades a step may grow to be a usual one."""
    if not len(evidence.pace):
        return remedies.FRACTION
    missing = USUAL / max(float(evidence.pace.max()), LOST)
    return float(10.0 ** max(1, round(np.log10(missing))))


def _steady(train: Array) -> bool:
    """Whether a loss falls slowly and evenly."""
    falls = np.diff(train) < 0
    return bool(falls.mean() >= STEADY and train[-1] > (1 - SMALL) * train[0])


def flat(evidence: Evidence) -> Iterator[Finding]:
    """A loss that does not fall from the first epoch on."""
    train = evidence.column("train_loss")
    if evidence.has_diverged or len(train) < 2 or not is_bad(evidence):
        return
    if train.min() > (1 - FLAT) * train[0] and train[-1] > (FAILED * evidence.start):
        first, last = sizes(float(train[0]), float(train[-1]))
        yield Finding(
            "flat_loss",
            f"flat from the start: a loss of {first} in epoch 1 and {last} in epoch {len(train)}",
            epoch=1,
            numbers={"first": float(train[0]), "last": float(train[-1])},
            remedies=(
                remedies.lr(evidence, remedies.FRACTION),
                *weights.initialize(evidence),
                *remedies.normalize(evidence),
            ),
        )


def still_improving(evidence: Evidence) -> Iterator[Finding]:
    """A loss that was still falling at the end, with a high error."""
    train = evidence.column("train_loss")
    if (
        evidence.has_diverged
        or len(train) < 2
        or evidence.record.get("ending") == "stopped_early"
        or not is_bad(evidence)
    ):
        return
    quarter = max(1, len(train) // 4)
    before, last = float(train[-1 - quarter]), float(train[-1])
    if last < (1 - IMPROVING) * before:
        higher, lower = sizes(before, last)
        when = f"in the last {quarter} of {len(train)} epochs" if quarter > 1 else f"in the last of {len(train)} epochs"
        yield Finding(
            "still_improving",
            f"still improving: the loss fell from {higher} to {lower} {when}",
            epoch=len(train),
            numbers={"before": before, "last": last},
            remedies=(*remedies.longer(evidence), remedies.lr(evidence, 3)),
        )


def updates(evidence: Evidence) -> Iterator[Finding]:
    """Layers whose steps are out of proportion to their weights."""
    if evidence.looks is None or evidence.has_diverged or not evidence.descends or len(evidence.pace) < 1:
        return
    steps = {name: _ratios(evidence, name) for name in evidence.weighted}
    small = {name: float(ratio.max()) for name, ratio in steps.items() if len(ratio) and 0 < ratio.max() < LOST}
    large = {name: float(np.median(ratio)) for name, ratio in steps.items() if len(ratio) and np.median(ratio) > HUGE}
    if small:
        least = min(small.values())
        yield Finding(
            "small_updates",
            f"updates too small: a step changes {', '.join(small)} by {size(least)} of its size; {USUAL:g} is usual",
            layers=tuple(small),
            numbers={"ratio": least},
            remedies=(remedies.lr(evidence, remedies.FRACTION), *weights.initialize(evidence)),
        )
    if large:
        most = max(large.values())
        yield Finding(
            "large_updates",
            f"updates too large: a step changes {', '.join(large)} by {size(most)} of its size; {USUAL:g} is usual",
            layers=tuple(large),
            numbers={"ratio": most},
            remedies=(remedies.lr(evidence, 1 / remedies.FRACTION),),
        )


def _ratios(evidence: Evidence, name: str) -> Array:
    """‖ΔW‖/‖W‖ of a layer at each look but the first; W as it began where it has become smaller."""
    assert evidence.looks is not None
    weight = evidence.looks.of(name, "weight")
    update, weight = evidence.looks.of(name, "update")[1:], np.maximum(weight, weight[0])[1:]
    ratio = np.divide(update, weight, out=np.zeros_like(weight), where=weight > 0)
    return np.asarray(ratio[np.isfinite(ratio)])
