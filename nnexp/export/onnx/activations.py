"""The activations in operators of ONNX.   z -> f(z), entry by entry unless said otherwise"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any, TypeAlias

from nnexp.export.onnx.graph import GraphValue, LayerScope
from nnexp.nn.activations.elu import ELU
from nnexp.nn.activations.gelu import GELU
from nnexp.nn.activations.hard_tanh import HardTanh
from nnexp.nn.activations.identity import Identity
from nnexp.nn.activations.leaky_relu import LeakyReLU
from nnexp.nn.activations.mish import Mish
from nnexp.nn.activations.prelu import PReLU
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.selu import SELU, SELU_ALPHA, SELU_LAMBDA
from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.activations.silu import SiLU
from nnexp.nn.activations.softmax import Softmax
from nnexp.nn.activations.softplus import Softplus
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Layer

Translation: TypeAlias = Callable[[Any, LayerScope, GraphValue], str]
"""(layer, its place, its input) -> the name of its output."""


def make_operator(op: str, **attributes: Any) -> Translation:
    """An activation that ONNX has."""
    return lambda layer, at, z: at.add_node(op, z.name, **attributes)


def translate_identity(layer: Layer, at: LayerScope, z: GraphValue) -> str:
    """What does nothing, at evaluation at least."""
    return z.name


def translate_elu(layer: ELU, at: LayerScope, z: GraphValue) -> str:
    """Z if z > 0 else α (e^z - 1)"""
    return _select_by_sign(at, z, at.add_node("Mul", at.add_number(layer.alpha), _add_expm1(at, z)))


def translate_selu(layer: SELU, at: LayerScope, z: GraphValue) -> str:
    """λ (z if z > 0 else α (e^z - 1))"""
    return at.add_node(
        "Mul",
        at.add_number(SELU_LAMBDA),
        _select_by_sign(at, z, at.add_node("Mul", at.add_number(SELU_ALPHA), _add_expm1(at, z))),
    )


def translate_leaky_relu(layer: LeakyReLU, at: LayerScope, z: GraphValue) -> str:
    """Z if z > 0 else slope z"""
    return _select_by_sign(at, z, at.add_node("Mul", at.add_number(layer.slope), z.name))


def translate_prelu(layer: PReLU, at: LayerScope, z: GraphValue) -> str:
    """Z if z > 0 else a z, a per feature or channel"""
    return _select_by_sign(at, z, at.add_node("Mul", at.add_weight("slope"), z.name))


def translate_hard_tanh(layer: HardTanh, at: LayerScope, z: GraphValue) -> str:
    """Min(1, max(-1, z))"""
    return at.add_node("Clip", z.name, at.add_number(-1), at.add_number(1))


def translate_silu(layer: SiLU, at: LayerScope, z: GraphValue) -> str:
    """Z σ(z)"""
    return at.add_node("Mul", z.name, at.add_node("Sigmoid", z.name))


def translate_mish(layer: Mish, at: LayerScope, z: GraphValue) -> str:
    """Z tanh(log(1 + e^z))"""
    return at.add_node("Mul", z.name, at.add_node("Tanh", add_stable_softplus(at, z.name)))


def translate_softplus(layer: Softplus, at: LayerScope, z: GraphValue) -> str:
    """log(1 + e^z)"""
    return add_stable_softplus(at, z.name)


def add_stable_softplus(at: LayerScope, z: str) -> str:
    """Max(z, 0) + log(1 + e^-|z|), which cannot overflow, as ONNX's own operator does in some programs."""
    small = at.add_node("Exp", at.add_node("Neg", at.add_node("Abs", z)))
    return at.add_node(
        "Add", at.add_node("Max", z, at.add_number(0)), at.add_node("Log", at.add_node("Add", small, at.add_number(1)))
    )


def translate_gelu(layer: GELU, at: LayerScope, z: GraphValue) -> str:
    """Z (1 + erf(z / √2)) / 2"""
    half = at.add_node("Mul", z.name, at.add_number(0.5))
    erf = at.add_node("Erf", at.add_node("Mul", z.name, at.add_number(1 / sqrt(2))))
    return at.add_node("Mul", half, at.add_node("Add", erf, at.add_number(1)))


def _select_by_sign(at: LayerScope, z: GraphValue, below: str) -> str:
    """Z if z > 0 else what it is below"""
    return at.add_node("Where", at.add_node("Greater", z.name, at.add_number(0)), z.name, below)


def _add_expm1(at: LayerScope, z: GraphValue) -> str:
    """e^z - 1 where z <= 0, as tanh(z/2) (e^z + 1), which loses no digits near 0."""
    below = at.add_node("Min", z.name, at.add_number(0))
    tanh = at.add_node("Tanh", at.add_node("Mul", below, at.add_number(0.5)))
    return at.add_node("Mul", tanh, at.add_node("Add", at.add_node("Exp", below), at.add_number(1)))


ACTIVATION_TRANSLATIONS: Mapping[type[Layer], Translation] = {
    ELU: translate_elu,
    GELU: translate_gelu,
    HardTanh: translate_hard_tanh,
    Identity: translate_identity,
    LeakyReLU: translate_leaky_relu,
    Mish: translate_mish,
    PReLU: translate_prelu,
    ReLU: make_operator("Relu"),
    SELU: translate_selu,
    Sigmoid: make_operator("Sigmoid"),
    SiLU: translate_silu,
    Softmax: make_operator("Softmax", axis=-1),
    Softplus: translate_softplus,
    Tanh: make_operator("Tanh"),
}
