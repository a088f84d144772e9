"""Weights to begin with: an initialiser that suits the activation and is not worse than the one that was used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from nnexp.diagnosis import remedies
from nnexp.diagnosis.evidence import RunEvidence
from nnexp.diagnosis.findings import Remedy
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.selu import SELU
from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.he import He
from nnexp.nn.layers.dense import Dense
from nnexp.nn.network import walk_layers
from nnexp.nn.parameters import Weight
from nnexp.registry import initializers

HE_REMEDY = Remedy("", "init=he")

MIN_SCALE_RATIO = 1.2
"""How many times the scale of an initialiser another one must have to make a difference."""

MAX_SAMPLED_UNITS = 64
"""The units that weights are drawn for to see their scale."""

MIN_SCALE = 1e-30
"""The scale of weights that are all 0, to divide by."""


def suggest_initializer(evidence: RunEvidence, scale: Literal["", "larger", "smaller"] = "") -> Iterator[Remedy]:
    """The initialiser that suits the activation, where it is another, and gives weights of such a scale."""
    spec = evidence.spec
    kinds = [layer for layer in walk_layers(spec.architecture) if isinstance(layer, Activation)]
    activation = spec.activation if remedies.has_spec_activation(evidence) or not kinds else kinds[0]
    name = _choose_initializer(activation)
    times = _measure_scale(evidence, initializers[name]()) / max(_measure_scale(evidence, spec.init), MIN_SCALE)
    if scale == "larger" and times < MIN_SCALE_RATIO:
        return
    if scale == "smaller" and times * MIN_SCALE_RATIO > 1:
        return
    if initializers.name_of(spec.init) != name or spec.init.bias:
        yield remedies.make_remedy(evidence, "random weights of a size that suits the layers", f"init={name}")


def _choose_initializer(activation: Activation) -> str:
    """The initialiser that was derived for an activation: it keeps the variance from layer to layer."""
    if isinstance(activation, SELU):
        return "lecun"
    return "xavier" if isinstance(activation, Sigmoid | Tanh) else "he"


def _measure_scale(evidence: RunEvidence, init: Initializer) -> float:
    """The root mean square of the weights that it draws for a hidden layer between two of the network's width."""
    dense = [layer.units for layer in walk_layers(evidence.spec.architecture) if isinstance(layer, Dense)]
    width = dense[0] if dense else remedies.HIDDEN_UNITS
    weight = Weight((width, min(width, MAX_SAMPLED_UNITS)), fan_in=width, fan_out=width)
    return float(np.sqrt(np.square(init.draw_weight([np.random.default_rng(0)], weight)).mean()))


def suggest_steeper_activation(evidence: RunEvidence) -> Iterator[Remedy]:
    """For sigmoids, whose slope is a quarter at most: relu, and weights that are large enough for it."""
    if not isinstance(evidence.spec.activation, Sigmoid) or not remedies.has_spec_activation(evidence):
        return
    enough = MIN_SCALE_RATIO**2 * _measure_scale(evidence, evidence.spec.init) >= _measure_scale(evidence, He())
    [relu] = remedies.suggest_activation(evidence, "relu", "an activation with a slope of 1")
    yield (
        relu
        if enough
        else remedies.combine_remedies("an activation with a slope of 1, and weights that suit it", relu, HE_REMEDY)
    )
