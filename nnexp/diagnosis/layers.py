"""Rules on the statistics of layers: dead, saturated and symmetric units, vanishing and exploding gradients.

k records of the layers' history
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from nnexp.diagnosis import remedies, weights
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.task_fit import is_underfitting
from nnexp.nn.activations.base import Activation
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.unit_statistics import MIN_AFFECTED_SHARE, MIN_COMPARED_LAYERS, MIN_EXTREME_FACTOR
from nnexp.runs.layer_history import LayerHistory
from nnexp.typing import Array
from nnexp.wording import format_layer_names, format_number, format_percents

UnitFault: TypeAlias = Literal["dead", "saturated"]
"""What may be wrong with units: the name of its statistic."""

MIN_AFFECTED_SHARE_WHEN_FIT = 0.9
"""`MIN_AFFECTED_SHARE` where the training examples are learned: in many a healthy network half of the units are dead or
saturated."""

MAX_STARVED_SHARE = 1 / MIN_EXTREME_FACTOR
"""The share of the output layer's gradient below which a layer gets next to none."""

MAX_NAMED_LAYERS = 3
"""Layers that a finding names one by one; it counts the others."""


def find_dead_units(evidence: RunEvidence) -> Iterator[Finding]:
    """Units that are positive for none of the recorded examples, of activations that are 0 there."""
    history, found = evidence.recorded_history, _find_affected_shares(evidence, "dead")
    if not found or history is None:
        return
    units = dict(zip(history.layout.activations, history.layout.units, strict=True))
    counts = {name: float(round(share * units[name])) for name, share in found.items()}
    named = list(counts)[:MAX_NAMED_LAYERS]
    each = " and ".join(f"{counts[name]:.0f} of {units[name]} units of {name}" for name in named)
    others = len(counts) - len(named)
    more = f", and most of {others} more layers," if others else ""
    yield Finding(
        "dead_units",
        f"dead units: {each}{more} were never positive {_format_epoch(evidence, _choose_record(evidence))}, "
        f"on the same {_count_recorded_examples(evidence)} training examples",
        epoch=evidence.find_epoch(_find_first_affected(evidence, list(found), "dead")),
        layers=tuple(found),
        numbers=counts,
        remedies=tuple(_suggest_against_death(evidence, list(found))),
    )


def _suggest_against_death(evidence: RunEvidence, names: Sequence[str]) -> Iterator[Remedy]:
    """Other first weights; for units that died on the way smaller steps, or else another activation."""
    # Units that are dead before the first step are killed by their weights, later ones by steps.
    was_initial = _is_affected_initially(evidence, names, "dead")
    initializers = list(weights.suggest_initializer(evidence))
    yield from initializers
    if not was_initial or not initializers:
        yield from remedies.suggest_activation(evidence, "leaky_relu", "units that do not die")
    if not was_initial:
        yield remedies.suggest_learning_rate(evidence, 1 / remedies.CHANGE_FACTOR)


def find_saturated_units(evidence: RunEvidence) -> Iterator[Finding]:
    """Outputs near the ends of their range, where the slope is nearly 0."""
    history, found = evidence.recorded_history, _find_affected_shares(evidence, "saturated")
    if not found or history is None:
        return
    names = _format_layers(list(found), history.layout.activations)
    suggested = [*remedies.suggest_normalization(evidence), *weights.suggest_initializer(evidence, "smaller")]
    if not suggested:
        suggested = list(remedies.suggest_activation(evidence, "relu", "an activation that does not saturate"))
    yield Finding(
        "saturated_units",
        f"saturated units: {format_percents(found.values())} of the outputs of {names} were near the ends of their "
        f"range {_format_epoch(evidence, _choose_record(evidence))}, where the slope is nearly 0",
        epoch=evidence.find_epoch(_find_first_affected(evidence, list(found), "saturated")),
        layers=tuple(found),
        numbers=found,
        remedies=tuple(suggested),
    )


def find_symmetric_units(evidence: RunEvidence) -> Iterator[Finding]:
    """Hidden layers whose units had the same weights in every record."""
    history = evidence.recorded_history
    if history is None:
        return
    # Equal at the end means equal all the time: units that have become different do not become equal again.
    found = [name for name in evidence.hidden_layers if history.values_of(name, "symmetric")[-1] == 1]
    if not found:
        return
    until = ""
    if len(history.numbers) > 1:
        until = f" and {_format_epoch(evidence, -1)}"
    yield Finding(
        "symmetric_units",
        f"symmetric units: all units of {_format_layers(found, history.layout.layers)} had the same weights "
        f"before training{until}, so that a layer learns no more than one unit could",
        epoch=0,
        layers=tuple(found),
        remedies=tuple(weights.suggest_initializer(evidence)),
    )


def find_vanishing_gradients(evidence: RunEvidence) -> Iterator[Finding]:
    """Layers that got next to no gradient before training."""
    history, shares = evidence.recorded_history, _compute_gradient_shares(evidence)
    found = {name: float(share[0]) for name, share in shares.items() if 0 < share[0] < MAX_STARVED_SHARE}
    if not found or history is None:
        return
    first = next(iter(found))
    last = shares[first][-1]
    later = ""
    if len(shares[first]) > 1 and last > 0:
        later = f" ({format_number(last)} {_format_epoch(evidence, -1)})"
    yield Finding(
        "vanishing_gradients",
        f"vanishing gradients: before training {_format_layers(list(found), history.layout.layers)} got less than "
        f"1/{MIN_EXTREME_FACTOR:,} of the output layer's gradient, {first} "
        f"{format_number(found[first])} of it{later}",
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
    """Gradients, or inputs of activations, that grew from layer to layer before training."""
    history = evidence.recorded_history
    if history is None:
        return
    shares = _compute_gradient_shares(evidence)
    found = {name: float(share[0]) for name, share in shares.items() if share[0] > MIN_EXTREME_FACTOR}
    if found:
        name = max(found, key=found.__getitem__)
        what = f"{name} got {format_number(found[name])} times the output layer's"
    else:
        # With saturating outputs the gradient stays small: what grows is seen on the way forward.
        found = _find_grown_inputs(history)
        if not found:
            return
        name = max(found, key=found.__getitem__)
        what = f"what goes into {name} was {format_number(found[name])} times the inputs, and so were the gradients"
    yield Finding(
        "exploding_gradients",
        f"exploding gradients: before training {what}",
        epoch=0,
        layers=tuple(found),
        numbers=found,
        remedies=(
            *weights.suggest_initializer(evidence, "smaller"),
            *remedies.suggest_clipping(evidence),
            Remedy("batch norm before each activation"),
        ),
    )


def _find_grown_inputs(history: LayerHistory) -> dict[str, float]:
    """The activations whose inputs were far larger than the network's before training, and how many times."""
    of_network = float(history.values_of("", "input_rms")[0])
    activations = history.layout.activations
    if len(activations) < MIN_COMPARED_LAYERS or not of_network > 0:
        return {}
    found: dict[str, float] = {}
    for name in activations:
        size = float(history.values_of(name, "rms")[0])
        if size > MIN_EXTREME_FACTOR * of_network:
            found[name] = size / of_network
    return found


def is_initial_finding(evidence: RunEvidence, finding: Finding, fault: UnitFault) -> bool:
    """Whether units were dead, or saturated, before the first step already, and not because of what came after."""
    return _is_affected_initially(evidence, finding.layers, fault)


def _is_affected_initially(evidence: RunEvidence, names: Sequence[str], fault: UnitFault) -> bool:
    """Whether the first of these layers was affected before the first step."""
    history = evidence.recorded_history
    if history is None:
        return False
    return not names or bool(history.values_of(names[0], fault)[0] >= MIN_AFFECTED_SHARE)


def _choose_record(evidence: RunEvidence) -> int:
    """The index of the record to judge by: the last one, or of a run that diverged the first.

    What a run that diverged recorded at its end is a consequence of that.
    """
    if evidence.has_diverged:
        return 0
    return -1


def _find_affected_shares(evidence: RunEvidence, fault: UnitFault) -> dict[str, float]:
    """The hidden activations of which a large share is affected, and that share."""
    history = evidence.recorded_history
    if history is None:
        return {}
    is_fit = not evidence.has_diverged and not is_underfitting(evidence)
    min_share = MIN_AFFECTED_SHARE
    if is_fit:
        min_share = MIN_AFFECTED_SHARE_WHEN_FIT
    found: dict[str, float] = {}
    for name in _select_hidden_activations(evidence, history.layout.activations):
        share = float(history.values_of(name, fault)[_choose_record(evidence)])
        if share >= min_share:
            found[name] = share
    return found


def _select_hidden_activations(evidence: RunEvidence, activations: Sequence[str]) -> Sequence[str]:
    """All activations but one after the output layer, where outputs at the ends of the range are right answers."""
    if isinstance(evidence.spec.architecture[-1], Activation | ActivationPlaceholder):
        return activations[:-1]
    return activations


def _find_first_affected(evidence: RunEvidence, names: Sequence[str], fault: UnitFault) -> int:
    """The first record from which on the first of these layers stayed affected."""
    history = evidence.recorded_history
    assert history is not None, "affected layers are found in records"
    shares = history.values_of(names[0], fault)
    if evidence.has_diverged:
        shares = shares[:1]
    # Not `<`: a NaN is no affected share.
    fine = np.flatnonzero(~(shares >= MIN_AFFECTED_SHARE))
    if not len(fine):
        return 0
    return int(fine[-1]) + 1


def _compute_gradient_shares(evidence: RunEvidence) -> Mapping[str, Array]:
    """The gradient of each hidden layer as a share of the largest one of an output layer. (k) each"""
    history = evidence.recorded_history
    # The output layer is one of those that are compared.
    if history is None or len(evidence.hidden_layers) < MIN_COMPARED_LAYERS - 1:
        return {}
    output_layers = [name for name in evidence.weighted_layers if name not in evidence.hidden_layers]
    if not output_layers:
        return {}
    largest = evidence.stack_values(output_layers, "gradient").max(axis=-2)
    if not largest[0] > 0:
        return {}
    # A record without a gradient gives the share 0 and not a NaN.
    divisor = np.where(largest > 0, largest, np.inf)
    return {name: history.values_of(name, "gradient") / divisor for name in evidence.hidden_layers}


def _format_epoch(evidence: RunEvidence, record: int) -> str:
    epoch = evidence.find_epoch(record)
    if not epoch:
        return "before training"
    return f"in epoch {epoch}"


def _count_recorded_examples(evidence: RunEvidence) -> int:
    return min(evidence.spec.diagnostics.examples, evidence.train_examples)


def _format_layers(names: Sequence[str], every: Sequence[str]) -> str:
    # The kind of a layer is its name without its number: dense of dense_2.
    return format_layer_names(names, {name: name.rpartition("_")[0] or name for name in every})
