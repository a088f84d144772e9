"""What to try, with an override that fits the spec as it was written, where one word can do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from math import floor, log10

from nnexp.activations.base import Activation
from nnexp.activations.selu import SELU
from nnexp.activations.sigmoid import Sigmoid
from nnexp.activations.tanh import Tanh
from nnexp.data.normalizations.linear import Standard
from nnexp.diagnosis.evidence import Evidence
from nnexp.diagnosis.findings import Remedy
from nnexp.initializers.constant import Constant
from nnexp.initializers.zeros import Zeros
from nnexp.layers.activation import ActivationHere
from nnexp.layers.base import Layer
from nnexp.layers.classic_dropout import ClassicDropout
from nnexp.layers.dropout import Dropout
from nnexp.layers.flatten import Flatten
from nnexp.layers.output import Output
from nnexp.network import walk
from nnexp.penalties.l2 import L2
from nnexp.registry import activations, initializers, optimizers, parameters, penalties, schedules
from nnexp.spec import overrides
from nnexp.spec.text import Node

PATIENCE = 10
"""Epochs without improvement that early stopping is suggested to wait for."""

BATCH = 32
"""The batch size of a spec that names none, which is also what is suggested."""

UNITS = 32
"""Units of the hidden layer that is suggested where there is none."""

LARGEST = 0.1
"""The largest learning rate that is suggested for an optimizer without a usual one; elsewhere ten times that."""

FRACTION = 10
"""By which factor a number is suggested to be changed that is far off, as learning rates are searched by decades."""


def remedy(evidence: Evidence, text: str, *candidates: str) -> Remedy:
    """A remedy with the first of these overrides that fits the spec, or with none."""
    return Remedy(text, next((candidate for candidate in candidates if _fits(evidence.written, candidate)), ""))


def _fits(written: Node | None, override: str) -> bool:
    """Whether there is a place for an override in the spec as it was written."""
    return written is not None and not overrides.apply(deepcopy(written), [override])


def number(value: float) -> str:
    """A number to one significant digit, as it is written in specs.

    >>> [number(value) for value in (0.00123, 0.03, 0.5, 12)]
    ['1e-3', '3e-2', '0.5', '10']
    """
    exponent = floor(log10(value))
    digit = round(value / 10.0**exponent)
    digit, exponent = (1, exponent + 1) if digit == 10 else (digit, exponent)
    return f"{digit}e{exponent}" if exponent < -1 else f"{digit * 10.0**exponent:g}"


def lr(evidence: Evidence, factor: float) -> Remedy:
    """Another learning rate, by this factor; of one that is out of all proportion, the largest that is usual."""
    optimizer = evidence.spec.optimizer
    known = {p.name: p for p in parameters(type(optimizer))}
    most = FRACTION * known["lr"].default if not known["lr"].required else LARGEST
    other = float(optimizer.lr) * factor
    name, value = optimizers.name_of(optimizer), number(min(other, most) if factor < 1 else other)
    short = [f"optimizer.{name}={value}"] if next(iter(known)) == "lr" else []
    text = f"a {'lower' if factor < 1 else 'higher'} learning rate than {optimizer.lr:g}"
    return remedy(evidence, text, f"optimizer.{name}.lr={value}", *short)


def clip(evidence: Evidence) -> Iterator[Remedy]:
    """Clipping, where there is none."""
    if evidence.spec.training.clip_norm is None and evidence.descends:
        yield remedy(evidence, "clip the gradient's norm", "training.clip_norm=1.0")


def warm_up(evidence: Evidence) -> Iterator[Remedy]:
    """A warm-up of the schedule, where it has none."""
    schedule = evidence.spec.schedule
    if not schedule.warmup_epochs and evidence.spec.training.epochs > 2:
        name = schedules.name_of(schedule)
        yield remedy(evidence, "begin with a warm-up", f"schedule.{name}.warmup_epochs=1")


def initialize(evidence: Evidence) -> Iterator[Remedy]:
    """The initialiser that suits the activation, where it is another."""
    spec = evidence.spec
    kinds = [layer for layer in walk(spec.architecture) if isinstance(layer, Activation)]
    activation = spec.activation if uses_activation(evidence) or not kinds else kinds[0]
    name = "lecun" if isinstance(activation, SELU) else "xavier" if isinstance(activation, Sigmoid | Tanh) else "he"
    if initializers.name_of(spec.init) != name or spec.init.bias:
        yield remedy(evidence, "random weights of a size that suits the layers", f"init={name}")


def uses_activation(evidence: Evidence) -> bool:
    """Whether any layer takes the activation that the spec names."""
    return any(isinstance(layer, ActivationHere) for layer in walk(evidence.spec.architecture))


def activate(evidence: Evidence, name: str, text: str) -> Iterator[Remedy]:
    """Another activation, where it is another; in one word where the layers do not name theirs themselves."""
    used = uses_activation(evidence)
    if not (used and activations.name_of(evidence.spec.activation) == name):
        yield remedy(evidence, text, *([f"activation={name}"] if used else []))


def normalize(evidence: Evidence) -> Iterator[Remedy]:
    """Normalised inputs, where they are not."""
    if not isinstance(evidence.spec.data.normalize, Standard):
        yield remedy(evidence, "inputs with zero mean and unit variance", "data.normalize=standard")


def larger(evidence: Evidence) -> Remedy:
    """A larger network; of one without hidden layers, one that has some."""
    if all(isinstance(layer, Flatten | Output) for layer in evidence.spec.architecture):
        equal = isinstance(evidence.spec.init, Zeros | Constant)  # the units of a hidden layer would stay alike
        words = [] if equal else [f"architecture={{mlp: {{hidden: [{UNITS}]}}}}"]
        return remedy(evidence, "hidden layers", *words)
    hidden = _at(evidence.written, "architecture", "mlp", "hidden")
    widths = hidden.plain() if hidden is not None else None
    wider = [2 * width for width in widths] if isinstance(widths, list) else []
    return remedy(evidence, "a larger network", *([f"architecture.mlp.hidden={wider}"] if wider else []))


def longer(evidence: Evidence, factor: int = 3) -> Remedy:
    """More epochs."""
    return remedy(evidence, "train longer", f"training.epochs={factor * evidence.spec.training.epochs}")


def stop_early(evidence: Evidence) -> Iterator[Remedy]:
    """Early stopping, or the weights of its best epoch."""
    stopping = evidence.spec.training.early_stopping
    if stopping is None:
        yield remedy(evidence, "stop early, and take the best weights", f"training.early_stopping.patience={PATIENCE}")
    elif not stopping.restore_best:
        yield remedy(evidence, "take the weights of the best epoch", "training.early_stopping.restore_best=true")


def decay(evidence: Evidence) -> Remedy:
    """A penalty on the weights, or a stronger one."""
    strength = max((float(p.strength) for p in evidence.spec.regularization if isinstance(p, L2)), default=0.0)
    text = f"a stronger penalty than {strength:g}" if strength else "a penalty on the weights"
    return remedy(evidence, text, f"regularization.l2={number(FRACTION * strength) if strength else '1e-3'}")


def relax(evidence: Evidence) -> Iterator[Remedy]:
    """Weaker penalties, each by itself."""
    for penalty in evidence.spec.regularization:
        name, strength = penalties.name_of(penalty), getattr(penalty, "strength", 0.0)
        if strength:
            value = number(strength / FRACTION**2)
            yield remedy(evidence, f"a weaker {name} than {strength:g}", f"regularization.{name}={value}")


def decay_less(evidence: Evidence) -> Iterator[Remedy]:
    """Weaker decay in the optimizer."""
    strength = getattr(evidence.spec.optimizer, "decay", 0.0)
    if strength:
        name, value = optimizers.name_of(evidence.spec.optimizer), number(strength / FRACTION**2)
        yield remedy(evidence, f"weaker decay than {strength:g}", f"optimizer.{name}.decay={value}")


def drop_less(evidence: Evidence, most: float = 0.2) -> Iterator[Remedy]:
    """Less dropout, layer by layer, or at once where a preset has it."""
    written = _at(evidence.written, "architecture")
    if written is not None and not isinstance(written.value, list):
        name = next(iter(written.value), "") if isinstance(written.value, dict) else written.value
        yield remedy(evidence, "less dropout", f"architecture.{name}.dropout={most}")
        return
    for place, layer in enumerate(evidence.spec.architecture):
        if isinstance(layer, Dropout | ClassicDropout) and layer.rate > most:
            kind = "dropout" if isinstance(layer, Dropout) else "classic_dropout"
            text = f"less {kind.replace('_', ' ')} than {layer.rate:g}"
            yield remedy(evidence, text, f"architecture.{place}.{kind}={most}")


def rates(layers: Sequence[Layer]) -> list[float]:
    """The rates of all dropout layers."""
    return [float(layer.rate) for layer in walk(layers) if isinstance(layer, Dropout | ClassicDropout)]


def batch(evidence: Evidence) -> Remedy:
    """Larger batches, the last of which has more than one example."""
    count = evidence.examples
    size = next((size for size in range(BATCH, count + 1) if count % size != 1), "full")
    return remedy(evidence, "larger batches, and more epochs, for there are fewer steps", f"training.batch_size={size}")


def _at(node: Node | None, *keys: str) -> Node | None:
    """The node below these keys, None where there is none."""
    for key in keys:
        if node is None or not isinstance(node.value, dict):
            return None
        node = node.value.get(key)
    return node
