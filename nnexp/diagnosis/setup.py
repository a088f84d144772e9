"""What is wrong with how a training was set up: its inputs, its batches, its restraints, its classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnexp.diagnosis import remedies
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.fit import find_final_metrics, is_underfitting
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.global_average_pool import GlobalAveragePool
from nnexp.nn.network import walk_layers
from nnexp.wording import format_number, format_numbers

MAX_FEATURE_OFFSET, MAX_INPUT_RMS, MAX_STD_RATIO = 5.0, 10.0, 20.0
"""Inputs that are not normalised have a feature whose mean is so far from 0, are so large altogether, or have a feature
that is so many times as spread as the middle one, where normalised ones have 0, 1 and 1."""

MIN_BATCH_EXAMPLES = 8
"""Examples of a batch under which its variance is a bad guess: off by √(2 / (N - 1)), half of itself at 8."""

MIN_CLASS_EXAMPLES, MAX_PREDICTED_SHARE = 3, 0.05
"""Training examples of a class, at least, that is missed where it is never predicted, or so seldom beside them."""

MIN_HEAVY_DROPOUT, MIN_DROPOUT_LOSS_RATIO = 0.8, 2.0
"""Dropout is too strong where a rate is so large, or where it makes the loss so many times what it is without."""

MIN_PENALTY_SHARE, MAX_WEIGHTS_LEFT = 0.3, 0.5
"""Penalties are too strong where they are so large a share of the objective, the weights not having grown; or where so
little of the weights is left."""


def find_unnormalized_inputs(evidence: RunEvidence) -> Iterator[Finding]:
    """Inputs that are far from 0, large, or of very different sizes."""
    looks = evidence.recorded_history
    if looks is None:
        return
    rms, offset, spread = (float(looks.values_of("", n)[0]) for n in ("input_rms", "input_offset", "input_spread"))
    words = []
    if offset > MAX_FEATURE_OFFSET:
        words.append(f"the mean of a feature is {format_number(offset)} away from 0")
    if spread > MAX_STD_RATIO:
        words.append(f"one feature is {format_number(spread)} times as spread as the middle one")
    if rms > MAX_INPUT_RMS and not words:
        words.append(f"they are of size {format_number(rms)}")
    if words:
        yield Finding(
            "not_normalized",
            f"inputs that are not normalised: {' and '.join(words)}",
            epoch=0,
            numbers={"rms": rms, "offset": offset, "spread": spread},
            remedies=(*remedies.suggest_normalization(evidence),),
        )


def find_small_batches(evidence: RunEvidence) -> Iterator[Finding]:
    """Batch norm of flat layers with the statistics of very few examples."""
    count = evidence.spec.training.batch_size
    if count == "full" or count >= MIN_BATCH_EXAMPLES:
        return
    flat = evidence.layer_history is not None and len(evidence.layer_history.description.shape) == 1
    found = 0
    for layer in walk_layers(evidence.spec.architecture):
        flat = flat or isinstance(layer, Flatten | GlobalAveragePool | Dense)
        found += flat and isinstance(layer, BatchNorm)
    if found:
        error = np.sqrt(2 / max(count - 1, 1))
        yield Finding(
            "small_batches",
            f"batch norm with batches of {count}: the variance of so few is off by about {100 * error:.0f} %",
            numbers={"batch_size": float(count)},
            remedies=(
                remedies.suggest_larger_batch(evidence),
                Remedy("layer norm, which looks at one example at a time"),
            ),
        )


def find_unpredicted_classes(evidence: RunEvidence) -> Iterator[Finding]:
    """Classes that occur and are not predicted for a single training example."""
    counts = evidence.record.get("classes", {}).get("train")
    if not counts or evidence.layer_history is None:
        return
    described = evidence.layer_history.description
    kinds = [(t.name, t.targets, len(t.classes)) for t in described.tasks] or [
        ("", described.targets, described.output_count)
    ]
    start = 0
    for task, targets, width in kinds:
        here, start = slice(start, start + width), start + width
        predicted, occurring, names = counts["predicted"][here], counts["occurring"][here], described.classes[here]
        rows = zip(names, predicted, occurring, strict=True)
        missed = {
            n: (given, wanted)
            for n, given, wanted in rows
            if given <= MAX_PREDICTED_SHARE * wanted and wanted >= MIN_CLASS_EXAMPLES
        }
        if targets != "values" and missed:
            yield _make_unpredicted_finding(evidence, task, "class" if targets == "classes" else "output", missed)


def _make_unpredicted_finding(
    evidence: RunEvidence, task: str, kind: str, missed: dict[str, tuple[int, int]]
) -> Finding:
    """The finding for the classes of a task that are never predicted, or the outputs that never say yes."""
    named = [
        f"{name} ({given} predictions for {wanted} of {evidence.train_examples:,} training examples)"
        for name, (given, wanted) in list(missed.items())[:3]
    ]
    ever = "never" if not any(given for given, _ in missed.values()) else "hardly ever"
    more = f" and {len(missed) - 3} more" if len(missed) > 3 else ""
    of = f" of {task}" if task else ""
    return Finding(
        "class_never_predicted",
        f"{ever} predicted: {kind}{of} {', '.join(named)}{more}",
        numbers={name: float(wanted) for name, (_, wanted) in missed.items()},
        remedies=(
            Remedy("more examples of what is rare"),
            *(
                [*remedies.suggest_longer_training(evidence), remedies.suggest_larger_network(evidence)]
                if is_underfitting(evidence)
                else []
            ),
        ),
    )


def find_over_regularization(evidence: RunEvidence) -> Iterator[Finding]:
    """Dropout, penalties or decay that keep the training examples from being learned."""
    if evidence.has_diverged or not evidence.metric_rows or not is_underfitting(evidence):
        return
    rates = remedies.list_dropout_rates(evidence.spec.architecture)
    trained, answered = evidence.metric_rows[-1]["train_loss"], find_final_metrics(evidence)[0].get("loss", np.nan)
    restrained, free = format_numbers(trained, answered)
    if rates and (
        max(rates) >= MIN_HEAVY_DROPOUT
        or (max(rates) >= MIN_HEAVY_DROPOUT - 0.3 and trained > MIN_DROPOUT_LOSS_RATIO * answered)
    ):
        yield Finding(
            "over_regularized",
            f"too much dropout: with a rate of {max(rates):g} the training loss is {restrained}, "
            f"without {free}, and the training examples are not learned",
            numbers={"rate": max(rates), "with": trained, "without": answered},
            remedies=(*remedies.suggest_less_dropout(evidence),),
        )
    yield from _find_strong_penalties(evidence)


def _find_strong_penalties(evidence: RunEvidence) -> Iterator[Finding]:
    """Penalties that outweigh the loss, or decay that outweighs its gradient."""
    row = evidence.metric_rows[-1]
    penalty = row["train_objective"] - row["train_loss"]
    share = penalty / row["train_objective"] if row["train_objective"] > 0 else 0.0
    restrained = any(getattr(p, "strength", 0) for p in evidence.spec.regularization)
    decay = getattr(evidence.spec.optimizer, "decay", 0.0)
    left = _measure_weights_left(evidence)
    if restrained and (left < MAX_WEIGHTS_LEFT or (share > MIN_PENALTY_SHARE and left <= 1)):
        words = f"the penalty is {100 * share:.0f} % of the objective"
    elif decay and left < MAX_WEIGHTS_LEFT:
        words = f"decay of {decay:g} outweighs the gradient"
    else:
        return
    shrunk = f", and the weights have {100 * left:.0f} % of the size that they began with" if left < 1 else ""
    yield Finding(
        "over_regularized",
        f"too strong a restraint on the weights: {words}{shrunk}",
        numbers={"share": share, "left": left},
        remedies=(
            *(remedies.suggest_weaker_penalties(evidence) if restrained else remedies.suggest_weaker_decay(evidence)),
        ),
    )


def _measure_weights_left(evidence: RunEvidence) -> float:
    """How much of their first size the weights have, together."""
    if evidence.recorded_history is None or not evidence.weighted_layers:
        return 1.0
    norms = np.linalg.norm(
        [evidence.recorded_history.values_of(name, "weight") for name in evidence.weighted_layers], axis=-2
    )
    return float(norms[-1] / norms[0]) if norms[0] > 0 else 1.0
