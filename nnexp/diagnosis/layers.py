"""What the looks into the layers show: dead, saturated and symmetric units, vanishing and exploding gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from nnexp.diagnosis import remedies, weights
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.fit import is_underfitting
from nnexp.nn.activations.base import Activation
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.typing import Array
from nnexp.wording import format_layer_names, format_number, format_percents

MIN_AFFECTED_SHARE, MIN_AFFECTED_SHARE_WHEN_FIT = 0.5, 0.9
"""The share of a layer's units that are dead, or of its outputs that are saturated, from which on they are spoken of,
before training too: the second where the training examples are learned all the same."""

MAX_STARVED_SHARE = 1e-3
"""The share of the output layer's gradient under which a layer gets next to none, as before training."""

MIN_EXPLODED_FACTOR = 1e3
"""How many times the output layer's a gradient is that explodes, or the inputs' size what goes into an activation."""

MIN_LAYERS = 3
"""The layers that a change from layer to layer is seen in."""


def find_dead_units(evidence: RunEvidence) -> Iterator[Finding]:
    """Units that are never positive where such are dead."""
    found = _find_affected_shares(evidence, "dead")
    if not found or evidence.recorded_history is None:
        return
    at = _choose_record_index(evidence)
    units = dict(zip(evidence.recorded_history.layout.activations, evidence.recorded_history.layout.units, strict=True))
    counts = {name: round(share * units[name]) for name, share in found.items()}
    began, drawn = _is_affected_initially(evidence, found, "dead"), [*weights.suggest_initializer(evidence)]
    each = [f"{count} of {units[name]} units of {name}" for name, count in list(counts.items())[:3]]
    more = f", and most of {len(counts) - 3} more layers," if len(counts) > 3 else ""
    yield Finding(
        "dead_units",
        f"dead units: {' and '.join(each)}{more} were never positive {_format_epoch(evidence, at)}, "
        f"on the same {_count_recorded_examples(evidence)} training examples",
        epoch=evidence.find_epoch(_find_first_affected(evidence, list(found), "dead")),
        layers=tuple(found),
        numbers={name: float(count) for name, count in counts.items()},
        remedies=(
            *drawn,
            *([] if began and drawn else remedies.suggest_activation(evidence, "leaky_relu", "units that do not die")),
            *([] if began else [remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR)]),
        ),
    )


def find_saturated_units(evidence: RunEvidence) -> Iterator[Finding]:
    """Outputs near the ends of their range, where the slope is nearly nothing."""
    found = _find_affected_shares(evidence, "saturated")
    if not found or evidence.recorded_history is None:
        return
    names = _format_layers(list(found), evidence.recorded_history.layout.activations)
    settled = [*remedies.suggest_normalization(evidence), *weights.suggest_initializer(evidence, "smaller")]
    yield Finding(
        "saturated_units",
        f"saturated units: {format_percents(found.values())} of the outputs of {names} were near the ends of "
        "their range "
        f"{_format_epoch(evidence, _choose_record_index(evidence))}, where the slope is nearly 0",
        epoch=evidence.find_epoch(_find_first_affected(evidence, list(found), "saturated")),
        layers=tuple(found),
        numbers=found,
        remedies=(*(settled or remedies.suggest_activation(evidence, "relu", "an activation that does not saturate")),),
    )


def find_symmetric_units(evidence: RunEvidence) -> Iterator[Finding]:
    """Hidden layers whose units have all had the same weights to the end."""
    looks = evidence.recorded_history
    found = [
        name for name in evidence.hidden_layers if looks is not None and looks.values_of(name, "symmetric")[-1] == 1
    ]
    if found and looks is not None:
        still = f" and {_format_epoch(evidence, -1)}" if len(looks.numbers) > 1 else ""
        yield Finding(
            "symmetric_units",
            f"symmetric units: all units of {_format_layers(found, looks.layout.layers)} had the same weights "
            "before training"
            f"{still}, so that a layer learns no more than one unit could",
            epoch=0,
            layers=tuple(found),
            remedies=(*weights.suggest_initializer(evidence),),
        )


def find_vanishing_gradients(evidence: RunEvidence) -> Iterator[Finding]:
    """Layers that got next to no gradient before training."""
    beside = _compute_gradient_shares(evidence)
    found = {name: float(share[0]) for name, share in beside.items() if 0 < share[0] < MAX_STARVED_SHARE}
    if not found or evidence.recorded_history is None:
        return
    first = next(iter(found))
    last = beside[first][-1]
    yield Finding(
        "vanishing_gradients",
        "vanishing gradients: before training "
        f"{_format_layers(list(found), evidence.recorded_history.layout.layers)} got less than "
        f"1/{round(1 / MAX_STARVED_SHARE):,} of the output layer's gradient, {first} "
        f"{format_number(found[first])} of it"
        + (f" ({format_number(last)} {_format_epoch(evidence, -1)})" if len(beside[first]) > 1 and last > 0 else ""),
        epoch=0,
        layers=tuple(found),
        numbers=found,
        remedies=(
            *weights.suggest_steeper_activation(evidence),
            *weights.suggest_initializer(evidence, "larger"),
            Remedy("batch norm before each activation"),
            Remedy("fewer layers, or residual blocks"),
        ),
    )


def find_exploding_gradients(evidence: RunEvidence) -> Iterator[Finding]:
    """Gradients, or what goes into the activations, that grew from layer to layer before training."""
    beside = _compute_gradient_shares(evidence)
    found = {name: float(share[0]) for name, share in beside.items() if share[0] > MIN_EXPLODED_FACTOR}
    looks = evidence.recorded_history
    if looks is None:
        return
    sizes = {name: float(looks.values_of(name, "rms")[0]) for name in looks.layout.activations}
    inputs = float(looks.values_of("", "input_rms")[0])
    grown = {
        n: s / inputs
        for n, s in sizes.items()
        if len(sizes) >= MIN_LAYERS and inputs > 0 and s > MIN_EXPLODED_FACTOR * inputs
    }
    if not (found or grown):
        return
    most = max(found or grown, key=(found or grown).__getitem__)
    words = (
        f"{most} got {format_number(found[most])} times the output layer's"
        if found
        else f"what goes into {most} was {format_number(grown[most])} times the inputs, and so were the gradients"
    )
    yield Finding(
        "exploding_gradients",
        f"exploding gradients: before training {words}",
        epoch=0,
        layers=tuple(found or grown),
        numbers=found or grown,
        remedies=(
            *weights.suggest_initializer(evidence, "smaller"),
            *remedies.suggest_clipping(evidence),
            Remedy("batch norm before each activation"),
        ),
    )


def is_initial_finding(evidence: RunEvidence, finding: Finding, what: str) -> bool:
    """Whether units were dead, or saturated, before the first step already, and not because of what came after."""
    return _is_affected_initially(evidence, finding.layers, what)


def _is_affected_initially(evidence: RunEvidence, names: Iterable[str], what: str) -> bool:
    """Whether it was so in the first of these layers before the first step."""
    looks = evidence.recorded_history
    return looks is not None and all(looks.values_of(name, what)[0] >= MIN_AFFECTED_SHARE for name in list(names)[:1])


def _choose_record_index(evidence: RunEvidence) -> int:
    """The look that counts: the last one, or where the run diverged the first."""
    return 0 if evidence.has_diverged else -1


def _find_affected_shares(evidence: RunEvidence, what: str) -> dict[str, float]:
    """The hidden activations with many such units, and the share of them."""
    looks = evidence.recorded_history
    if looks is None:
        return {}
    shares = {
        name: float(looks.values_of(name, what)[_choose_record_index(evidence)])
        for name in _select_hidden_activations(evidence, looks.layout.activations)
    }
    least = MIN_AFFECTED_SHARE if evidence.has_diverged or is_underfitting(evidence) else MIN_AFFECTED_SHARE_WHEN_FIT
    return {name: share for name, share in shares.items() if share >= least}


def _select_hidden_activations(evidence: RunEvidence, activations: Sequence[str]) -> Sequence[str]:
    """All activations but one after the output layer, which belongs to what is predicted."""
    last = evidence.spec.architecture[-1]
    return activations[:-1] if isinstance(last, Activation | ActivationPlaceholder) else activations


def _find_first_affected(evidence: RunEvidence, names: Sequence[str], what: str) -> int:
    """The first look from which on it stayed so in the first of these layers."""
    assert evidence.recorded_history is not None
    column = evidence.recorded_history.values_of(names[0], what)[: None if _choose_record_index(evidence) else 1]
    fine = np.flatnonzero(~(column >= MIN_AFFECTED_SHARE))
    return int(fine[-1]) + 1 if len(fine) else 0


def _compute_gradient_shares(evidence: RunEvidence) -> dict[str, Array]:
    """The gradient of each hidden layer as a share of the largest one of an output layer. (k) each"""
    looks = evidence.recorded_history
    if looks is None or len(evidence.hidden_layers) < MIN_LAYERS - 1:
        return {}
    ends = [
        looks.values_of(name, "gradient") for name in evidence.weighted_layers if name not in evidence.hidden_layers
    ]
    if not ends:
        return {}
    largest = np.max(ends, axis=-2)
    if not largest[0] > 0:
        return {}
    safe = np.where(largest > 0, largest, np.inf)
    return {name: looks.values_of(name, "gradient") / safe for name in evidence.hidden_layers}


def _format_epoch(evidence: RunEvidence, look: int) -> str:
    epoch = evidence.find_epoch(look)
    return f"in epoch {epoch}" if epoch else "before training"


def _count_recorded_examples(evidence: RunEvidence) -> int:
    return min(evidence.spec.diagnostics.examples, evidence.train_examples)


def _format_layers(names: Sequence[str], every: Sequence[str]) -> str:
    return format_layer_names(names, {name: name.rpartition("_")[0] or name for name in every})
