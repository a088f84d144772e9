"""The diagnosis of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nnexp.diagnosis import fit, layers, setup, stability
from nnexp.diagnosis.evidence import Evidence, evidence
from nnexp.diagnosis.findings import Aim, Cause, Diagnosis, Finding

RULES: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    stability.diverged,
    stability.about_to_diverge,
    layers.symmetric,
    setup.not_normalized,
    layers.dead,
    layers.saturated,
    layers.exploding,
    layers.vanishing,
    setup.over_regularized,
    stability.lr_too_high,
    stability.lr_too_low,
    setup.small_batches,
    fit.guessing,
    stability.flat,
    setup.never_predicted,
    stability.updates,
    fit.overfitting,
    stability.still_improving,
    fit.bias,
    fit.variance,
    fit.gap,
)
"""The gravest, and what others follow from, first."""

STALLED: tuple[Cause, ...] = (
    "flat_loss",
    "still_improving",
    "high_bias",
    "class_never_predicted",
    "small_updates",
    "lr_too_low",
    "large_gap",
)
"""What follows where the weights cannot learn, whatever the reason."""

CONSEQUENCES: Mapping[Cause, tuple[Cause, ...]] = {
    "about_to_diverge": ("lr_too_high", *STALLED),
    "symmetric_units": ("vanishing_gradients", "dead_units", "over_regularized", "lr_too_high", *STALLED),
    "not_normalized": ("saturated_units", "exploding_gradients", "lr_too_high", *STALLED),
    "dead_units": ("vanishing_gradients", "lr_too_high", *STALLED),
    "saturated_units": ("vanishing_gradients", "exploding_gradients", *STALLED),
    "exploding_gradients": ("vanishing_gradients", *STALLED),
    "vanishing_gradients": ("lr_too_high", *STALLED),
    "over_regularized": ("lr_too_high", *STALLED),
    "lr_too_high": ("large_updates", *STALLED),
    "lr_too_low": STALLED,
    "no_better_than_guessing": ("overfitting", "high_variance", "large_gap"),
    "flat_loss": STALLED,
    "overfitting": ("large_gap",),
    "high_variance": ("large_gap",),
}
"""What a finding makes superfluous, as a mere consequence."""

OPPOSITES: Mapping[Aim, Aim] = {
    "longer": "shorter",
    "shorter": "longer",
    "faster": "slower",
    "slower": "faster",
    "tighter": "freer",
    "freer": "tighter",
}
"""What contradicts what."""


def diagnose(folder: Path, optimal_error: float = 0.0) -> Diagnosis:
    """What the record of the run in this folder says. Raises RunError where the folder is none or is damaged.

    optimal_error: the error that cannot be avoided, a share of the examples, beside which bias is judged; of values a
    share of their variance.
    """
    found = evidence(folder, optimal=optimal_error)
    if found is None:
        return Diagnosis(folder.name, recorded=False)
    errors = tuple(fit.errors for fit in fit.fits(found))
    return Diagnosis(folder.name, tuple(findings(found)), fit.balance(found), found.looks is not None, errors)


def findings(seen: Evidence) -> list[Finding]:
    """All that is wrong, the gravest first, without what merely follows from something else."""
    with np.errstate(all="ignore"):  # what went wrong is seldom finite
        found = [finding for rule in RULES for finding in rule(seen)]
    found = [finding for finding in found if not _came_later(seen, finding, found)]
    kept: list[Finding] = []
    hidden: set[Cause] = set()
    for finding in found:
        if finding.cause not in hidden:
            kept.append(finding)
            hidden.update(CONSEQUENCES.get(finding.cause, ()))
    return _agreeing(kept)


def _agreeing(found: Sequence[Finding]) -> list[Finding]:
    """The findings without remedies against those of one above, which is graver."""
    agreed, barred = [], set[Aim]()
    for finding in found:
        agreed.append(replace(finding, remedies=tuple(r for r in finding.remedies if r.aim not in barred)))
        barred |= {OPPOSITES[remedy.aim] for remedy in agreed[-1].remedies if remedy.aim}
    return agreed


def _came_later(seen: Evidence, finding: Finding, found: list[Finding]) -> bool:
    """Whether units died or saturated for another reason that is named, having been fine before the first step."""
    what = {"dead_units": "dead", "saturated_units": "saturated"}.get(finding.cause)
    if what is None or not any(
        other.cause in ("lr_too_high", "over_regularized", "vanishing_gradients") for other in found
    ):
        return False
    return not layers.begins_so(seen, finding, what)
