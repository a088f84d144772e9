"""The diagnosis of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nnexp.diagnosis import fit, layers, learning_rate, setup, stability
from nnexp.diagnosis.evidence import RunEvidence, read_evidence
from nnexp.diagnosis.findings import Cause, Diagnosis, Finding, RemedyAim
from nnexp.diagnosis.task_fit import compute_fits, format_balance

DIAGNOSIS_RULES: tuple[Callable[[RunEvidence], Iterator[Finding]], ...] = (
    stability.find_divergence,
    stability.find_growing_loss,
    layers.find_symmetric_units,
    setup.find_unnormalized_inputs,
    layers.find_dead_units,
    layers.find_saturated_units,
    layers.find_exploding_gradients,
    layers.find_vanishing_gradients,
    setup.find_over_regularization,
    learning_rate.find_high_learning_rate,
    learning_rate.find_low_learning_rate,
    setup.find_small_batches,
    fit.find_guessing,
    stability.find_flat_loss,
    setup.find_unpredicted_classes,
    learning_rate.find_unusual_updates,
    fit.find_overfitting,
    stability.find_improving_loss,
    fit.find_high_bias,
    fit.find_high_variance,
    fit.find_large_gap,
)
"""The gravest first, and causes before their consequences: a finding hides only findings of later rules, and remedies
only contradict those of graver ones."""

STALLED_CAUSES: tuple[Cause, ...] = (
    "flat_loss",
    "still_improving",
    "high_bias",
    "class_never_predicted",
    "small_updates",
    "lr_too_low",
    "large_gap",
)
"""The consequences where the weights cannot learn, whatever the reason."""

CAUSE_CONSEQUENCES: Mapping[Cause, tuple[Cause, ...]] = {
    "about_to_diverge": ("lr_too_high", *STALLED_CAUSES),
    "symmetric_units": ("vanishing_gradients", "dead_units", "over_regularized", "lr_too_high", *STALLED_CAUSES),
    "not_normalized": ("saturated_units", "exploding_gradients", "lr_too_high", *STALLED_CAUSES),
    "dead_units": ("vanishing_gradients", "lr_too_high", *STALLED_CAUSES),
    "saturated_units": ("vanishing_gradients", "exploding_gradients", *STALLED_CAUSES),
    "exploding_gradients": ("vanishing_gradients", *STALLED_CAUSES),
    "vanishing_gradients": ("lr_too_high", *STALLED_CAUSES),
    "over_regularized": ("lr_too_high", *STALLED_CAUSES),
    "lr_too_high": ("large_updates", *STALLED_CAUSES),
    "lr_too_low": STALLED_CAUSES,
    "no_better_than_guessing": ("overfitting", "high_variance", "large_gap"),
    "flat_loss": STALLED_CAUSES,
    "overfitting": ("large_gap",),
    "high_variance": ("large_gap",),
}
"""The findings that are mere consequences of another, and are left out beside it."""

OPPOSITE_AIMS: Mapping[RemedyAim, RemedyAim] = {
    "longer": "shorter",
    "shorter": "longer",
    "faster": "slower",
    "slower": "faster",
    "tighter": "freer",
    "freer": "tighter",
}
"""Remedies with opposite aims contradict each other."""

UNIT_FAULTS: Mapping[Cause, layers.UnitFault] = {"dead_units": "dead", "saturated_units": "saturated"}

UNIT_FAULT_REASONS: tuple[Cause, ...] = ("lr_too_high", "over_regularized", "vanishing_gradients")
"""Why units may die or saturate during training that were fine before."""


def diagnose_run(folder: Path, optimal_error: float = 0.0) -> Diagnosis:
    """Diagnose the run in this folder from its record. Raises RunError where it is no folder of a run, or is damaged.

    optimal_error: the error that nobody can avoid, from which on bias is counted: a share of the examples, of values a
    share of their variance.
    """
    evidence = read_evidence(folder, optimal=optimal_error)
    if evidence is None:
        return Diagnosis(folder.name, has_layer_history=False)
    findings = tuple(collect_findings(evidence))
    balance = format_balance(evidence)
    errors = tuple(fit_of_task.errors for fit_of_task in compute_fits(evidence))
    return Diagnosis(folder.name, findings, balance, evidence.recorded_history is not None, errors)


def collect_findings(evidence: RunEvidence) -> list[Finding]:
    """All that is wrong, the gravest first, without mere consequences of something else."""
    found: list[Finding] = []
    with np.errstate(all="ignore"):  # the numbers of a run that went wrong are seldom finite
        for rule in DIAGNOSIS_RULES:
            found.extend(rule(evidence))
    causes = {finding.cause for finding in found}
    kept: list[Finding] = []
    hidden: set[Cause] = set()
    for finding in found:
        if finding.cause in hidden or _is_later_consequence(evidence, finding, causes):
            continue
        kept.append(finding)
        hidden.update(CAUSE_CONSEQUENCES.get(finding.cause, ()))
    return _drop_contradicting_remedies(kept)


def _drop_contradicting_remedies(findings: Sequence[Finding]) -> list[Finding]:
    """The findings without remedies that contradict one of a graver finding."""
    agreed: list[Finding] = []
    barred: set[RemedyAim] = set()
    for finding in findings:
        remedies = tuple(remedy for remedy in finding.remedies if remedy.aim not in barred)
        agreed.append(replace(finding, remedies=remedies))
        barred |= {OPPOSITE_AIMS[remedy.aim] for remedy in remedies if remedy.aim}
    return agreed


def _is_later_consequence(evidence: RunEvidence, finding: Finding, causes: set[Cause]) -> bool:
    """Whether units died or saturated during training, for a reason that another finding names."""
    fault = UNIT_FAULTS.get(finding.cause)
    if fault is None or causes.isdisjoint(UNIT_FAULT_REASONS):
        return False
    return not layers.is_initial_finding(evidence, finding, fault)
