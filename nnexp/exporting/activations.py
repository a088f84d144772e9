"""The activations in operators of ONNX.   z -> f(z), entry by entry unless said otherwise"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any, TypeAlias

from nnexp.activations.elu import ELU
from nnexp.activations.gelu import GELU
from nnexp.activations.hard_tanh import HardTanh
from nnexp.activations.identity import Identity
from nnexp.activations.leaky_relu import LeakyReLU
from nnexp.activations.mish import Mish
from nnexp.activations.prelu import PReLU
from nnexp.activations.relu import ReLU
from nnexp.activations.selu import ALPHA, LAMBDA, SELU
from nnexp.activations.sigmoid import Sigmoid
from nnexp.activations.silu import SiLU
from nnexp.activations.softmax import Softmax
from nnexp.activations.softplus import Softplus
from nnexp.activations.tanh import Tanh
from nnexp.exporting.graph import Place, Value
from nnexp.layers.base import Layer

Translation: TypeAlias = Callable[[Any, Place, Value], str]
"""(layer, its place, its input) -> the name of its output."""


def one_operator(op: str, **attributes: Any) -> Translation:
    """An activation that ONNX has."""
    return lambda layer, at, z: at.add(op, z.name, **attributes)


def identity(layer: Layer, at: Place, z: Value) -> str:
    """What does nothing, at evaluation at least."""
    return z.name


def elu(layer: ELU, at: Place, z: Value) -> str:
    """Z if z > 0 else α (e^z - 1)"""
    return _kinked(at, z, at.add("Mul", at.number(layer.alpha), _expm1(at, z)))


def selu(layer: SELU, at: Place, z: Value) -> str:
    """λ (z if z > 0 else α (e^z - 1))"""
    return at.add("Mul", at.number(LAMBDA), _kinked(at, z, at.add("Mul", at.number(ALPHA), _expm1(at, z))))


def leaky_relu(layer: LeakyReLU, at: Place, z: Value) -> str:
    """Z if z > 0 else slope z"""
    return _kinked(at, z, at.add("Mul", at.number(layer.slope), z.name))


def prelu(layer: PReLU, at: Place, z: Value) -> str:
    """Z if z > 0 else a z, a per feature or channel"""
    return _kinked(at, z, at.add("Mul", at.weight("slope"), z.name))


def hard_tanh(layer: HardTanh, at: Place, z: Value) -> str:
    """Min(1, max(-1, z))"""
    return at.add("Clip", z.name, at.number(-1), at.number(1))


def silu(layer: SiLU, at: Place, z: Value) -> str:
    """Z σ(z)"""
    return at.add("Mul", z.name, at.add("Sigmoid", z.name))


def mish(layer: Mish, at: Place, z: Value) -> str:
    """Z tanh(log(1 + e^z))"""
    return at.add("Mul", z.name, at.add("Tanh", stable_softplus(at, z.name)))


def softplus(layer: Softplus, at: Place, z: Value) -> str:
    """log(1 + e^z)"""
    return stable_softplus(at, z.name)


def stable_softplus(at: Place, z: str) -> str:
    """Max(z, 0) + log(1 + e^-|z|), which cannot overflow, as ONNX's own operator does in some programs."""
    small = at.add("Exp", at.add("Neg", at.add("Abs", z)))
    return at.add("Add", at.add("Max", z, at.number(0)), at.add("Log", at.add("Add", small, at.number(1))))


def gelu(layer: GELU, at: Place, z: Value) -> str:
    """Z (1 + erf(z / √2)) / 2"""
    half = at.add("Mul", z.name, at.number(0.5))
    erf = at.add("Erf", at.add("Mul", z.name, at.number(1 / sqrt(2))))
    return at.add("Mul", half, at.add("Add", erf, at.number(1)))


def _kinked(at: Place, z: Value, below: str) -> str:
    """Z if z > 0 else what it is below"""
    return at.add("Where", at.add("Greater", z.name, at.number(0)), z.name, below)


def _expm1(at: Place, z: Value) -> str:
    """e^z - 1 where z <= 0, as tanh(z/2) (e^z + 1), which loses no digits near 0."""
    below = at.add("Min", z.name, at.number(0))
    tanh = at.add("Tanh", at.add("Mul", below, at.number(0.5)))
    return at.add("Mul", tanh, at.add("Add", at.add("Exp", below), at.number(1)))


ACTIVATIONS: Mapping[type[Layer], Translation] = {
    ELU: elu,
    GELU: gelu,
    HardTanh: hard_tanh,
    Identity: identity,
    LeakyReLU: leaky_relu,
    Mish: mish,
    PReLU: prelu,
    ReLU: one_operator("Relu"),
    SELU: selu,
    Sigmoid: one_operator("Sigmoid"),
    SiLU: silu,
    Softmax: one_operator("Softmax", axis=-1),
    Softplus: softplus,
    Tanh: one_operator("Tanh"),
}
