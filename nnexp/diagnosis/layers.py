"""What the looks into the layers show: dead, saturated and symmetric units, vanishing and exploding gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from nnexp.activations.base import Activation
from nnexp.diagnosis import remedies, weights
from nnexp.diagnosis.evidence import Evidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.fit import is_bad
from nnexp.layers.activation import ActivationHere
from nnexp.phrases import percents, size, span
from nnexp.typing import Array

MANY, MOST = 0.5, 0.9
"""The share of a layer's units that are dead, or of its outputs that are saturated, from which on they are spoken of,
before training too: the second where the training examples are learned all the same."""

STARVED = 1e-3
"""The share of the output layer's gradient under which a layer gets next to none, as before training."""

EXPLODED = 1e3
"""How many times the output layer's a gradient is that explodes, or the inputs' size what goes into an activation."""

FEWEST = 3
"""The layers that a change from layer to layer is seen in."""


def dead(evidence: Evidence) -> Iterator[Finding]:
    """Units that are never positive where such are dead."""
    found = _shares(evidence, "dead")
    if not found or evidence.looks is None:
        return
    at = _at(evidence)
    units = dict(zip(evidence.looks.seen.activations, evidence.looks.seen.units, strict=True))
    counts = {name: round(share * units[name]) for name, share in found.items()}
    began, drawn = _began(evidence, found, "dead"), [*weights.initialize(evidence)]
    each = [f"{count} of {units[name]} units of {name}" for name, count in list(counts.items())[:3]]
    more = f", and most of {len(counts) - 3} more layers," if len(counts) > 3 else ""
    yield Finding(
        "dead_units",
        f"dead units: {' and '.join(each)}{more} were never positive {_when(evidence, at)}, "
        f"on the same {_examples(evidence)} training examples",
        epoch=evidence.epoch(_since(evidence, list(found), "dead")),
        layers=tuple(found),
        numbers={name: float(count) for name, count in counts.items()},
        remedies=(
            *drawn,
            *([] if began and drawn else remedies.activate(evidence, "leaky_relu", "units that do not die")),
            *([] if began else [remedies.lr(evidence, 1 / remedies.FRACTION)]),
        ),
    )


def saturated(evidence: Evidence) -> Iterator[Finding]:
    """Outputs near the ends of their range, where the slope is nearly nothing."""
    found = _shares(evidence, "saturated")
    if not found or evidence.looks is None:
        return
    names = _span(list(found), evidence.looks.seen.activations)
    settled = [*remedies.normalize(evidence), *weights.initialize(evidence, "smaller")]
    yield Finding(
        "saturated_units",
        f"saturated units: {percents(found.values())} of the outputs of {names} were near the ends of their range "
        f"{_when(evidence, _at(evidence))}, where the slope is nearly 0",
        epoch=evidence.epoch(_since(evidence, list(found), "saturated")),
        layers=tuple(found),
        numbers=found,
        remedies=(*(settled or remedies.activate(evidence, "relu", "an activation that does not saturate")),),
    )


def symmetric(evidence: Evidence) -> Iterator[Finding]:
    """Hidden layers whose units have all had the same weights to the end."""
    looks = evidence.looks
    found = [name for name in evidence.hidden if looks is not None and looks.of(name, "alike")[-1] == 1]
    if found and looks is not None:
        still = f" and {_when(evidence, -1)}" if len(looks.numbers) > 1 else ""
        yield Finding(
            "symmetric_units",
            f"symmetric units: all units of {_span(found, looks.seen.layers)} had the same weights before training"
            f"{still}, so that a layer learns no more than one unit could",
            epoch=0,
            layers=tuple(found),
            remedies=(*weights.initialize(evidence),),
        )


def vanishing(evidence: Evidence) -> Iterator[Finding]:
    """Layers that got next to no gradient before training."""
    beside = _gradients(evidence)
    found = {name: float(share[0]) for name, share in beside.items() if 0 < share[0] < STARVED}
    if not found or evidence.looks is None:
        return
    first = next(iter(found))
    last = beside[first][-1]
    yield Finding(
        "vanishing_gradients",
        f"vanishing gradients: before training {_span(list(found), evidence.looks.seen.layers)} got less than "
        f"1/{round(1 / STARVED):,} of the output layer's gradient, {first} {size(found[first])} of it"
        + (f" ({size(last)} {_when(evidence, -1)})" if len(beside[first]) > 1 and last > 0 else ""),
        epoch=0,
        layers=tuple(found),
        numbers=found,
        remedies=(
            *weights.steepen(evidence),
            *weights.initialize(evidence, "larger"),
            Remedy("batch norm before each activation"),
            Remedy("fewer layers, or residual blocks"),
        ),
    )


def exploding(evidence: Evidence) -> Iterator[Finding]:
    """Gradients, or what goes into the activations, that grew from layer to layer before training."""
    beside = _gradients(evidence)
    found = {name: float(share[0]) for name, share in beside.items() if share[0] > EXPLODED}
    looks = evidence.looks
    if looks is None:
        return
    sizes = {name: float(looks.of(name, "rms")[0]) for name in looks.seen.activations}
    inputs = float(looks.of("", "input_rms")[0])
    grown = {n: s / inputs for n, s in sizes.items() if len(sizes) >= FEWEST and inputs > 0 and s > EXPLODED * inputs}
    if not (found or grown):
        return
    most = max(found or grown, key=(found or grown).__getitem__)
    words = (
        f"{most} got {size(found[most])} times the output layer's"
        if found
        else f"what goes into {most} was {size(grown[most])} times the inputs, and so were the gradients"
    )
    yield Finding(
        "exploding_gradients",
        f"exploding gradients: before training {words}",
        epoch=0,
        layers=tuple(found or grown),
        numbers=found or grown,
        remedies=(
            *weights.initialize(evidence, "smaller"),
            *remedies.clip(evidence),
            Remedy("batch norm before each activation"),
        ),
    )


def begins_so(evidence: Evidence, finding: Finding, what: str) -> bool:
    """Whether units were dead, or saturated, before the first step already, and not because of what came after."""
    return _began(evidence, finding.layers, what)


def _began(evidence: Evidence, names: Iterable[str], what: str) -> bool:
    """Whether it was so in the first of these layers before the first step."""
    looks = evidence.looks
    return looks is not None and all(looks.of(name, what)[0] >= MANY for name in list(names)[:1])


def _at(evidence: Evidence) -> int:
    """The look that counts: the last one, or where the run diverged the first."""
    return 0 if evidence.has_diverged else -1


def _shares(evidence: Evidence, what: str) -> dict[str, float]:
    """The hidden activations with many such units, and the share of them."""
    looks = evidence.looks
    if looks is None:
        return {}
    shares = {name: float(looks.of(name, what)[_at(evidence)]) for name in _hidden(evidence, looks.seen.activations)}
    least = MANY if evidence.has_diverged or is_bad(evidence) else MOST
    return {name: share for name, share in shares.items() if share >= least}


def _hidden(evidence: Evidence, activations: Sequence[str]) -> Sequence[str]:
    """All activations but one after the output layer, which belongs to what is predicted."""
    last = evidence.spec.architecture[-1]
    return activations[:-1] if isinstance(last, Activation | ActivationHere) else activations


def _since(evidence: Evidence, names: Sequence[str], what: str) -> int:
    """The first look from which on it stayed so in the first of these layers."""
    assert evidence.looks is not None
    column = evidence.looks.of(names[0], what)[: None if _at(evidence) else 1]
    fine = np.flatnonzero(~(column >= MANY))
    return int(fine[-1]) + 1 if len(fine) else 0


def _gradients(evidence: Evidence) -> dict[str, Array]:
    """The gradient of each hidden layer as a share of the largest one of an output layer. (k) each"""
    looks = evidence.looks
    if looks is None or len(evidence.hidden) < FEWEST - 1:
        return {}
    ends = [looks.of(name, "gradient") for name in evidence.weighted if name not in evidence.hidden]
    if not ends:
        return {}
    largest = np.max(ends, axis=-2)
    if not largest[0] > 0:
        return {}
    safe = np.where(largest > 0, largest, np.inf)
    return {name: looks.of(name, "gradient") / safe for name in evidence.hidden}


def _when(evidence: Evidence, look: int) -> str:
    epoch = evidence.epoch(look)
    return f"in epoch {epoch}" if epoch else "before training"


def _examples(evidence: Evidence) -> int:
    return min(evidence.spec.diagnostics.examples, evidence.examples)


def _span(names: Sequence[str], every: Sequence[str]) -> str:
    return span(names, {name: name.rpartition("_")[0] or name for name in every})
