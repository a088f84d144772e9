"""What to try, with an override that fits the spec as it was written, where a single one is enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from math import floor, log10

import numpy as np

from nnexp.data.normalizations.linear import Standard
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Remedy
from nnexp.nn.initializers.constant import Constant
from nnexp.nn.initializers.zeros import Zeros
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.classic_dropout import ClassicDropout
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.output import Output
from nnexp.nn.network import walk_layers
from nnexp.nn.penalties.l2 import L2
from nnexp.optim.optimizers.ema_momentum import EMAMomentum
from nnexp.optim.optimizers.momentum import Momentum
from nnexp.optim.optimizers.nesterov import Nesterov
from nnexp.optim.optimizers.sgd import SGD
from nnexp.registry import activations, component_parameters, layers, optimizers, penalties, schedules
from nnexp.spec import overrides
from nnexp.spec.yaml import Node
from nnexp.typing import Array

MIN_PATIENCE_EPOCHS = 3
"""Epochs without improvement, at least, that early stopping is suggested to wait for: the noise of a few passes."""

MAX_PATIENCE_EPOCHS = 10
"""The same at most; between the two a quarter of the epochs of the run."""

EPOCH_FACTORS = (3, 5)
"""How many times as many epochs are suggested: the first that halves the loss at the pace of its last quarter."""

GRADIENT_SCALED_OPTIMIZERS = (SGD, Momentum, Nesterov, EMAMomentum)
"""Optimizers whose step grows with the gradient; the others divide by its size, or take its sign alone."""

MAX_LEARNED_LOSS_SHARE = 0.5
"""The share of the loss before training under which it was while learning went well."""

MIN_BATCH_SIZE = 16
"""The batch size that is suggested for batch norm: a variance that is off by 37 %, and not too few steps."""

HIDDEN_UNITS = 32
"""Units of the hidden layer that is suggested where there is none."""

MAX_LEARNING_RATE = 0.1
"""The largest learning rate that is suggested for an optimizer without a usual one; elsewhere ten times that one."""

PENALTY_STRENGTH = "1e-2"
"""The penalty that is suggested where there is none."""

CHANGE_FACTOR = 10
"""By which factor a number is suggested to be changed that is far off, as learning rates are searched by decades."""


def make_remedy(evidence: RunEvidence, text: str, *candidates: str) -> Remedy:
    """A remedy with the first of these overrides that fits the spec, or with none."""
    for override in candidates:
        if _is_applicable(evidence.written_spec, override):
            return Remedy(text, override)
    return Remedy(text)


def combine_remedies(text: str, *several: Remedy) -> Remedy:
    """Remedies that help together only, in words; the override of one alone would be tried in vain."""
    overrides_together = " ".join(remedy.override for remedy in several)
    # Without any override the sentence ends before its colon.
    return Remedy(f"{text}: {overrides_together}".removesuffix(": "), aim=several[0].aim)


def _is_applicable(written: Node | None, override: str) -> bool:
    """Whether there is a place for an override in the spec as it was written."""
    # `apply_overrides` changes its tree, and returns the problems.
    return written is not None and not overrides.apply_overrides(deepcopy(written), [override])


def format_override_number(value: float) -> str:
    """A number to one significant digit, as it is written in specs.

    >>> [format_override_number(value) for value in (0.00123, 0.03, 0.5, 12)]
    ['1e-3', '3e-2', '0.5', '10']
    """
    exponent = floor(log10(value))
    digit = round(value / 10.0**exponent)
    if digit == 10:
        digit, exponent = 1, exponent + 1
    if exponent < -1:
        return f"{digit}e{exponent}"
    return f"{digit * 10.0**exponent:g}"


def suggest_learning_rate(evidence: RunEvidence, factor: float) -> Remedy:
    """Another learning rate, by this factor; of one that is out of all proportion, the largest that is usual."""
    optimizer = evidence.spec.optimizer
    rate, most = float(optimizer.lr) * factor, _find_max_learning_rate(evidence)
    is_lower = factor < 1
    # A rate above the usual ones that is to be higher still was the user's choice.
    if is_lower or optimizer.lr < most:
        rate = min(rate, most)
    name, value = optimizers.name_of(optimizer), format_override_number(rate)
    candidates = [f"optimizer.{name}.lr={value}"]
    # An optimizer may be written with its first parameter alone: `sgd: 0.1`.
    if component_parameters(type(optimizer))[0].name == "lr":
        candidates.append(f"optimizer.{name}={value}")
    if is_lower:
        lower = make_remedy(evidence, f"a lower learning rate than {optimizer.lr:g}", *candidates)
        return replace(lower, aim="slower")
    higher = make_remedy(evidence, f"a higher learning rate than {optimizer.lr:g}", *candidates)
    return replace(higher, aim="faster")


def _find_max_learning_rate(evidence: RunEvidence) -> float:
    """The largest learning rate of this optimizer that is not out of all proportion."""
    [lr] = [p for p in component_parameters(type(evidence.spec.optimizer)) if p.name == "lr"]
    if lr.is_required:
        return MAX_LEARNING_RATE
    return CHANGE_FACTOR * float(lr.default)


def suggest_clipping(evidence: RunEvidence) -> Iterator[Remedy]:
    """Clipping, where there is none and steps grow with the gradient."""
    if evidence.spec.training.clip_norm is None and isinstance(evidence.spec.optimizer, GRADIENT_SCALED_OPTIMIZERS):
        yield make_remedy(evidence, "clip the gradient's norm", "training.clip_norm=1.0")


def suggest_warmup(evidence: RunEvidence) -> Iterator[Remedy]:
    """A warm-up of the schedule, where it has none; not to a learning rate that is out of all proportion."""
    schedule = evidence.spec.schedule
    # One epoch of two would be no start but half of the training.
    if schedule.warmup_epochs or evidence.spec.training.epochs <= 2:
        return
    name = schedules.name_of(schedule)
    is_usual = float(evidence.spec.optimizer.lr) < _find_max_learning_rate(evidence)
    # A schedule that lowers the rate learned well at a lower one: only the start was too fast.
    if is_usual or (name != "constant" and has_learned_well(evidence)):
        yield make_remedy(evidence, "begin with a warm-up", f"schedule.{name}.warmup_epochs=1")


def has_learned_well(evidence: RunEvidence) -> bool:
    """Whether the loss was once far under what it was before training."""
    train = evidence.collect_column("train_loss")
    return bool(len(train) and np.nanmin(train) < MAX_LEARNED_LOSS_SHARE * evidence.initial_loss)


def has_spec_activation(evidence: RunEvidence) -> bool:
    """Whether any layer takes the activation that the spec names."""
    return ActivationPlaceholder in map(type, walk_layers(evidence.spec.architecture))


def suggest_activation(evidence: RunEvidence, name: str, text: str) -> Iterator[Remedy]:
    """Another activation, where it is another; with an override where the layers do not name theirs themselves."""
    if not has_spec_activation(evidence):
        yield make_remedy(evidence, text)
    elif activations.name_of(evidence.spec.activation) != name:
        yield make_remedy(evidence, text, f"activation={name}")


def suggest_normalization(evidence: RunEvidence) -> Iterator[Remedy]:
    """Normalised inputs, where they are not."""
    if not isinstance(evidence.spec.data.normalize, Standard):
        yield make_remedy(evidence, "inputs with zero mean and unit variance", "data.normalize=standard")


def suggest_larger_network(evidence: RunEvidence) -> Remedy:
    """A larger network; of one without hidden layers, one that has some."""
    if {Flatten, Output}.issuperset(map(type, evidence.spec.architecture)):
        # With equal first weights the units of a hidden layer would stay equal: the override alone would not help.
        if isinstance(evidence.spec.init, Zeros | Constant):
            return make_remedy(evidence, "hidden layers")
        return make_remedy(evidence, "hidden layers", f"architecture={{mlp: {{hidden: [{HIDDEN_UNITS}]}}}}")
    hidden = _find_node(evidence.written_spec, "architecture", "mlp", "hidden")
    widths = hidden and hidden.make_plain()
    if not widths or not isinstance(widths, list):
        return make_remedy(evidence, "a larger network")
    return make_remedy(evidence, "a larger network", f"architecture.mlp.hidden={[2 * width for width in widths]}")


def suggest_longer_training(evidence: RunEvidence) -> Iterator[Remedy]:
    """More epochs, where some times as many would do at the pace of the last ones."""
    if evidence.record.get("ending") == "stopped_early":
        return
    train = evidence.collect_column("train_loss")
    for factor in EPOCH_FACTORS:
        if _estimate_loss_left(train, factor) <= MAX_LEARNED_LOSS_SHARE:
            epochs = factor * evidence.spec.training.epochs
            yield replace(make_remedy(evidence, "train longer", f"training.epochs={epochs}"), aim="longer")
            return


def _estimate_loss_left(train: Array, factor: int) -> float:
    """The share of its loss that a run would have left after `factor` times as many epochs, at its last pace."""
    if len(train) < 2 or not train[-1] > 0:
        return 0.0
    quarter = max(1, len(train) // 4)
    pace = (train[-1 - quarter] - train[-1]) / quarter
    return float(1 - (factor - 1) * len(train) * pace / train[-1])


def suggest_early_stopping(evidence: RunEvidence) -> Iterator[Remedy]:
    """Early stopping, where the run would have stopped by it; or the weights of its best epoch."""
    stopping, dev = evidence.spec.training.early_stopping, evidence.collect_column("dev_loss")
    if evidence.record.get("weights", {}).get("checkpoint") == "best" or not len(dev):
        return
    epochs_after_best = len(dev) - 1 - int(dev.argmin())
    patience = min(MAX_PATIENCE_EPOCHS, max(MIN_PATIENCE_EPOCHS, len(dev) // 4))
    text, override = "stop early, and take the best weights", f"training.early_stopping.patience={patience}"
    if stopping is not None:
        patience = 1
        text, override = "take the weights of the best epoch", "training.early_stopping.restore_best=true"
    if epochs_after_best >= patience:
        yield replace(make_remedy(evidence, text, override), aim="shorter")


def suggest_penalty(evidence: RunEvidence) -> Remedy:
    """A penalty on the weights, or a stronger one."""
    strength = max((float(p.strength) for p in evidence.spec.regularization if isinstance(p, L2)), default=0.0)
    text, value = "a penalty on the weights", PENALTY_STRENGTH
    if strength:
        text, value = f"a stronger penalty than {strength:g}", format_override_number(CHANGE_FACTOR * strength)
    return replace(make_remedy(evidence, text, f"regularization.l2={value}"), aim="tighter")


def suggest_weaker_penalties(evidence: RunEvidence) -> Iterator[Remedy]:
    """Weaker penalties, each by itself."""
    for penalty in evidence.spec.regularization:
        name, strength = penalties.name_of(penalty), getattr(penalty, "strength", 0.0)
        if strength:
            value = format_override_number(strength / CHANGE_FACTOR**2)
            text = f"a weaker {name} than {strength:g}"
            yield replace(make_remedy(evidence, text, f"regularization.{name}={value}"), aim="freer")


def suggest_weaker_decay(evidence: RunEvidence) -> Iterator[Remedy]:
    """Weaker decay in the optimizer."""
    strength = getattr(evidence.spec.optimizer, "decay", 0.0)
    if strength:
        name, value = optimizers.name_of(evidence.spec.optimizer), format_override_number(strength / CHANGE_FACTOR**2)
        text = f"weaker decay than {strength:g}"
        yield replace(make_remedy(evidence, text, f"optimizer.{name}.decay={value}"), aim="freer")


def suggest_less_dropout(evidence: RunEvidence, most: float = 0.2) -> Iterator[Remedy]:
    """Less dropout, layer by layer, or at once where a preset has it."""
    written = _find_node(evidence.written_spec, "architecture")
    # A preset: its name alone, or above its parameters.
    if written is not None and not isinstance(written.value, list):
        name = next(iter(written.value), "") if isinstance(written.value, dict) else written.value
        yield replace(make_remedy(evidence, "less dropout", f"architecture.{name}.dropout={most}"), aim="freer")
        return
    for place, layer in enumerate(evidence.spec.architecture):
        if isinstance(layer, Dropout | ClassicDropout) and layer.rate > most:
            kind = layers.name_of(layer)
            text = f"less {kind.replace('_', ' ')} than {layer.rate:g}"
            yield replace(make_remedy(evidence, text, f"architecture.{place}.{kind}={most}"), aim="freer")


def list_dropout_rates(layers: Sequence[Layer]) -> list[float]:
    """The rates of all dropout layers."""
    return [float(layer.rate) for layer in walk_layers(layers) if isinstance(layer, Dropout | ClassicDropout)]


def suggest_larger_batch(evidence: RunEvidence) -> Remedy:
    """Larger batches, the last of which has more than one example."""
    count = evidence.train_examples
    # A last batch of one example has no variance for batch norm.
    size = next((size for size in range(MIN_BATCH_SIZE, count + 1) if count % size != 1), "full")
    text = "larger batches, and more epochs, for there are fewer steps"
    return make_remedy(evidence, text, f"training.batch_size={size}")


def _find_node(node: Node | None, *keys: str) -> Node | None:
    """The node below these keys, None where there is none."""
    for key in keys:
        if node is None or not isinstance(node.value, dict):
            return None
        node = node.value.get(key)
    return node
