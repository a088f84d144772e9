"""Remedies for the first weights: an initialiser that suits the activation."""

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
"""How many times the scale of another initialiser one has at least that is suggested for its scale."""

MAX_SAMPLED_UNITS = 64
"""Units that weights are drawn for, to measure their scale: more are slow to draw, orthogonal ones above all."""

MIN_SCALE = 1e-30
"""The divisor where weights are all 0."""


def suggest_initializer(evidence: RunEvidence, scale: Literal["", "larger", "smaller"] = "") -> Iterator[Remedy]:
    """The initialiser that suits the activation, if the spec has another one, and with `scale` if it is so."""
    spec = evidence.spec
    name = _choose_initializer(_find_activation(evidence))
    ratio = _measure_scale(evidence, initializers[name]()) / max(_measure_scale(evidence, spec.init), MIN_SCALE)
    if scale == "larger" and ratio < MIN_SCALE_RATIO:
        return
    if scale == "smaller" and ratio * MIN_SCALE_RATIO > 1:
        return
    # A bias that is far from 0 can spoil the same initialiser.
    if initializers.name_of(spec.init) != name or spec.init.bias:
        yield remedies.make_remedy(evidence, "random weights of a size that suits the layers", f"init={name}")


def _find_activation(evidence: RunEvidence) -> Activation:
    """The activation of the hidden layers: the spec's, or where no layer takes that the first one in the layers."""
    spec = evidence.spec
    if not remedies.has_spec_activation(evidence):
        for layer in walk_layers(spec.architecture):
            if isinstance(layer, Activation):
                return layer
    return spec.activation


def _choose_initializer(activation: Activation) -> str:
    """The initialiser that keeps the variance from layer to layer under an activation.

    Sources: Klambauer et al. 2017 (LeCun for SELU), Glorot & Bengio 2010 (Xavier), He et al. 2015.
    """
    if isinstance(activation, SELU):
        return "lecun"
    if isinstance(activation, Sigmoid | Tanh):
        return "xavier"
    return "he"


def _measure_scale(evidence: RunEvidence, init: Initializer) -> float:
    """The root mean square of weights that an initialiser draws for a hidden layer of the network's width."""
    dense = (layer.units for layer in walk_layers(evidence.spec.architecture) if isinstance(layer, Dense))
    width = next(dense, remedies.HIDDEN_UNITS)
    weight = Weight((width, min(width, MAX_SAMPLED_UNITS)), fan_in=width, fan_out=width)
    return float(np.sqrt(np.square(init.draw_weight([np.random.default_rng(0)], weight)).mean()))


def suggest_steeper_activation(evidence: RunEvidence) -> Iterator[Remedy]:
    """For sigmoids, whose slope is a quarter at most: relu, with weights that are large enough for it."""
    if not isinstance(evidence.spec.activation, Sigmoid) or not remedies.has_spec_activation(evidence):
        return
    [relu] = remedies.suggest_activation(evidence, "relu", "an activation with a slope of 1")
    scale, enough = _measure_scale(evidence, evidence.spec.init), _measure_scale(evidence, He())
    # Xavier's weights pass, which relu still trains with: He's are √2 = 1.41 times as large, and 1.2² is 1.44.
    if MIN_SCALE_RATIO**2 * scale >= enough:
        yield relu
    else:
        yield remedies.combine_remedies("an activation with a slope of 1, and weights that suit it", relu, HE_REMEDY)
