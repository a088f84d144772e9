"""The diagnosis of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nnexp.diagnosis import fit, layers, setup, stability
from nnexp.diagnosis.evidence import RunEvidence, read_evidence
from nnexp.diagnosis.findings import Cause, Diagnosis, Finding, RemedyAim

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
    stability.find_high_learning_rate,
    stability.find_low_learning_rate,
    setup.find_small_batches,
    fit.find_guessing,
    stability.find_flat_loss,
    setup.find_unpredicted_classes,
    stability.find_unusual_updates,
    fit.find_overfitting,
    stability.find_improving_loss,
    fit.find_high_bias,
    fit.find_high_variance,
    fit.find_large_gap,
)
"""The gravest, and what others follow from, first."""

STALLED_CAUSES: tuple[Cause, ...] = (
    "flat_loss",
    "still_improving",
    "high_bias",
    "class_never_predicted",
    "small_updates",
    "lr_too_low",
    "large_gap",
)
"""What follows where the weights cannot learn, whatever the reason."""

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
"""What a finding makes superfluous, as a mere consequence."""

OPPOSITE_AIMS: Mapping[RemedyAim, RemedyAim] = {
    "longer": "shorter",
    "shorter": "longer",
    "faster": "slower",
    "slower": "faster",
    "tighter": "freer",
    "freer": "tighter",
}
"""What contradicts what."""


def diagnose_run(folder: Path, optimal_error: float = 0.0) -> Diagnosis:
    """What the record of the run in this folder says. Raises RunError where the folder is none or is damaged.

    optimal_error: the error that cannot be avoided, a share of the examples, beside which bias is judged; of values a
    share of their variance.
    """
    found = read_evidence(folder, optimal=optimal_error)
    if found is None:
        return Diagnosis(folder.name, has_layer_history=False)
    errors = tuple(fit.errors for fit in fit.compute_fits(found))
    return Diagnosis(
        folder.name,
        tuple(collect_findings(found)),
        fit.format_balance(found),
        found.recorded_history is not None,
        errors,
    )


def collect_findings(seen: RunEvidence) -> list[Finding]:
    """All that is wrong, the gravest first, without what merely follows from something else."""
    with np.errstate(all="ignore"):  # what went wrong is seldom finite
        found = [finding for rule in DIAGNOSIS_RULES for finding in rule(seen)]
    found = [finding for finding in found if not _is_later_consequence(seen, finding, found)]
    kept: list[Finding] = []
    hidden: set[Cause] = set()
    for finding in found:
        if finding.cause not in hidden:
            kept.append(finding)
            hidden.update(CAUSE_CONSEQUENCES.get(finding.cause, ()))
    return _drop_contradicting_remedies(kept)


def _drop_contradicting_remedies(found: Sequence[Finding]) -> list[Finding]:
    """The findings without remedies against those of one above, which is graver."""
    agreed, barred = [], set[RemedyAim]()
    for finding in found:
        agreed.append(replace(finding, remedies=tuple(r for r in finding.remedies if r.aim not in barred)))
        barred |= {OPPOSITE_AIMS[remedy.aim] for remedy in agreed[-1].remedies if remedy.aim}
    return agreed


def _is_later_consequence(seen: RunEvidence, finding: Finding, found: list[Finding]) -> bool:
    """Whether units died or saturated for another reason that is named, having been fine before the first step."""
    what = {"dead_units": "dead", "saturated_units": "saturated"}.get(finding.cause)
    if what is None or not any(
        other.cause in ("lr_too_high", "over_regularized", "vanishing_gradients") for other in found
    ):
        return False
    return not layers.is_initial_finding(seen, finding, what)
