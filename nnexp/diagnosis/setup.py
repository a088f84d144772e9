"""Rules on the setup of a training: inputs, batches, penalties and dropout, classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import NamedTuple

import numpy as np

from nnexp.data.dataset import PredictionTask
from nnexp.diagnosis import remedies
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Finding, Remedy
from nnexp.diagnosis.task_fit import find_final_metrics, is_underfitting
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.global_average_pool import GlobalAveragePool
from nnexp.nn.network import walk_layers
from nnexp.wording import format_number, format_numbers

MAX_FEATURE_OFFSET = 5.0
"""The largest |mean| of a feature of inputs that count as normalised, where standardised ones have 0."""

MAX_INPUT_RMS = 10.0
"""The largest root mean square of such inputs, where standardised ones have 1."""

MAX_STD_RATIO = 20.0
"""How many times the median standard deviation of the features one may have, where standardised ones have 1."""

MIN_BATCH_EXAMPLES = 8
"""Examples of a batch below which its variance is a bad estimate: off by √(2 / (N - 1)), half of itself at 8."""

MIN_CLASS_EXAMPLES = 3
"""Training examples of a class from which on it is missed if it is never predicted."""

MAX_PREDICTED_SHARE = 0.05
"""Predictions of a class, as a share of its examples, up to which it counts as missed."""

MAX_NAMED_CLASSES = 3
"""Classes that a finding names; it counts the others."""

MIN_HEAVY_DROPOUT = 0.8
"""The rate from which on dropout is too strong wherever the training examples are not learned."""

MIN_SUSPECT_DROPOUT = 0.5
"""The rate from which on it is too strong if it makes the loss larger by `MIN_DROPOUT_LOSS_RATIO`."""

MIN_DROPOUT_LOSS_RATIO = 2.0
"""How many times the loss without dropout the loss with it is."""

MIN_PENALTY_SHARE = 0.3
"""The share of the objective from which on penalties are too strong, if the weights have not grown."""

MAX_WEIGHTS_LEFT = 0.5
"""The share of their first norm up to which the weights have shrunk too far under penalties or decay."""


def find_unnormalized_inputs(evidence: RunEvidence) -> Iterator[Finding]:
    """Inputs that are far from 0, large, or of very different sizes."""
    history = evidence.recorded_history
    if history is None:
        return
    rms = float(history.values_of("", "input_rms")[0])
    offset = float(history.values_of("", "input_offset")[0])
    spread = float(history.values_of("", "input_spread")[0])
    words = []
    if offset > MAX_FEATURE_OFFSET:
        words.append(f"the mean of a feature is {format_number(offset)} away from 0")
    if spread > MAX_STD_RATIO:
        words.append(f"one feature is {format_number(spread)} times as spread as the middle one")
    # The size says more than an offset or a feature of its own only where neither explains it.
    if rms > MAX_INPUT_RMS and not words:
        words.append(f"they are of size {format_number(rms)}")
    if words:
        yield Finding(
            "not_normalized",
            f"inputs that are not normalised: {' and '.join(words)}",
            epoch=0,
            numbers={"rms": rms, "offset": offset, "spread": spread},
            remedies=tuple(remedies.suggest_normalization(evidence)),
        )


def find_small_batches(evidence: RunEvidence) -> Iterator[Finding]:
    """Batch norm of flat layers with the statistics of very few examples."""
    size = evidence.spec.training.batch_size
    if size == "full" or size >= MIN_BATCH_EXAMPLES or not _has_flat_batch_norm(evidence):
        return
    # The relative standard error of a variance of N normal values.
    error = np.sqrt(2 / max(size - 1, 1))
    yield Finding(
        "small_batches",
        f"batch norm with batches of {size}: the variance of so few is off by about {100 * error:.0f} %",
        numbers={"batch_size": float(size)},
        remedies=(
            remedies.suggest_larger_batch(evidence),
            Remedy("layer norm, which looks at one example at a time"),
        ),
    )


def _has_flat_batch_norm(evidence: RunEvidence) -> bool:
    """Whether a batch norm has one value a unit and example; in images it has many, also from few examples."""
    is_flat = evidence.layer_history is not None and len(evidence.layer_history.description.shape) == 1
    for layer in walk_layers(evidence.spec.architecture):
        if isinstance(layer, Flatten | GlobalAveragePool | Dense):
            is_flat = True
        if is_flat and isinstance(layer, BatchNorm):
            return True
    return False


def find_unpredicted_classes(evidence: RunEvidence) -> Iterator[Finding]:
    """Classes that occur in the training part and are not predicted there, or hardly ever."""
    counts = evidence.record.get("classes", {}).get("train")
    if not counts:
        return
    for task, columns in evidence.locate_tasks():
        if task.targets == "values":
            continue  # numbers, of which none is a class
        rows = zip(task.classes, counts["predicted"][columns], counts["occurring"][columns], strict=True)
        missed = [count for count in starmap(_ClassCount, rows) if count.is_missed]
        if missed:
            yield _make_unpredicted_finding(evidence, task, missed)


class _ClassCount(NamedTuple):
    """How often a class, or a yes of an output, is predicted and occurs."""

    name: str
    predicted: int
    occurring: int

    @property
    def is_missed(self) -> bool:
        return self.occurring >= MIN_CLASS_EXAMPLES and self.predicted <= MAX_PREDICTED_SHARE * self.occurring

    def format_count(self, examples: str) -> str:
        return f"{self.name} ({self.predicted} predictions for {self.occurring} of {examples})"


def _make_unpredicted_finding(evidence: RunEvidence, task: PredictionTask, missed: Sequence[_ClassCount]) -> Finding:
    """The finding on the classes of a task that are never predicted, or the outputs that never say yes."""
    kind = "class" if task.targets == "classes" else "output"
    of_task = f" of {task.name}" if task.name else ""
    examples = f"{evidence.train_examples:,} training examples"
    named = [one.format_count(examples) for one in missed[:MAX_NAMED_CLASSES]]
    others = len(missed) - len(named)
    more = f" and {others} more" if others else ""
    ever = "hardly ever" if any(one.predicted for one in missed) else "never"
    suggested = [Remedy("more examples of what is rare")]
    if is_underfitting(evidence):
        suggested += [*remedies.suggest_longer_training(evidence), remedies.suggest_larger_network(evidence)]
    return Finding(
        "class_never_predicted",
        f"{ever} predicted: {kind}{of_task} {', '.join(named)}{more}",
        numbers={one.name: float(one.occurring) for one in missed},
        remedies=tuple(suggested),
    )


def find_over_regularization(evidence: RunEvidence) -> Iterator[Finding]:
    """Dropout, penalties or decay that keep the training examples from being learned."""
    if evidence.has_diverged or not evidence.metric_rows or not is_underfitting(evidence):
        return
    yield from _find_strong_dropout(evidence)
    yield from _find_strong_penalties(evidence)


def _find_strong_dropout(evidence: RunEvidence) -> Iterator[Finding]:
    """A rate that is large anyway, or large and much worse than without dropout."""
    rate = max(remedies.list_dropout_rates(evidence.spec.architecture), default=0.0)
    # Training measures the loss with dropout on, the evaluation of the final weights with it off.
    with_dropout = evidence.metric_rows[-1]["train_loss"]
    without_dropout = find_final_metrics(evidence)[0].get("loss", np.nan)
    is_heavy = rate >= MIN_HEAVY_DROPOUT
    is_harmful = rate >= MIN_SUSPECT_DROPOUT and with_dropout > MIN_DROPOUT_LOSS_RATIO * without_dropout
    if not (is_heavy or is_harmful):
        return
    higher, lower = format_numbers(with_dropout, without_dropout)
    yield Finding(
        "over_regularized",
        f"too much dropout: with a rate of {rate:g} the training loss is {higher}, "
        f"without {lower}, and the training examples are not learned",
        numbers={"rate": rate, "with": with_dropout, "without": without_dropout},
        remedies=tuple(remedies.suggest_less_dropout(evidence)),
    )


def _find_strong_penalties(evidence: RunEvidence) -> Iterator[Finding]:
    """Penalties that outweigh the loss, or decay that outweighs its gradient."""
    row = evidence.metric_rows[-1]
    objective = row["train_objective"]
    # Of an objective of 0 there are no shares.
    share = (objective - row["train_loss"]) / objective if objective > 0 else 0.0
    has_penalty = any(getattr(penalty, "strength", 0) for penalty in evidence.spec.regularization)
    decay = getattr(evidence.spec.optimizer, "decay", 0.0)
    left = _measure_weights_left(evidence)
    # Weights that have grown are restrained by no penalty, however large a share of the objective it is.
    if has_penalty and (left < MAX_WEIGHTS_LEFT or (share > MIN_PENALTY_SHARE and left <= 1)):
        words = f"the penalty is {100 * share:.0f} % of the objective"
    elif decay and left < MAX_WEIGHTS_LEFT:
        words = f"decay of {decay:g} outweighs the gradient"
    else:
        return
    suggested = remedies.suggest_weaker_penalties if has_penalty else remedies.suggest_weaker_decay
    shrunk = f", and the weights have {100 * left:.0f} % of the size that they began with" if left < 1 else ""
    yield Finding(
        "over_regularized",
        f"too strong a restraint on the weights: {words}{shrunk}",
        numbers={"share": share, "left": left},
        remedies=tuple(suggested(evidence)),
    )


def _measure_weights_left(evidence: RunEvidence) -> float:
    """The norm of all weights as a share of their first norm."""
    if evidence.recorded_history is None or not evidence.weighted_layers:
        return 1.0
    norms = evidence.combine_norms("weight")
    # Weights that began at 0 have not shrunk.
    if not norms[0] > 0:
        return 1.0
    return float(norms[-1] / norms[0])
