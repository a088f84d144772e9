"""The layers in operators of ONNX, as at evaluation.

N examples, I inputs, O outputs, H W C image, K side of a window, F filters

Images are channels last, as everywhere in nnexp; ONNX's windows want channels first, and are turned round on the spot.
Matrix products are Gemm and not MatMul, into which onnxruntime draws a factor before it, in single precision always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from nnexp.errors import UsageError
from nnexp.exporting.activations import ACTIVATIONS, Translation, identity
from nnexp.exporting.graph import Place, Value
from nnexp.layers.average_pool import AveragePool
from nnexp.layers.base import Layer
from nnexp.layers.batch_norm import BatchNorm
from nnexp.layers.chain import Chain
from nnexp.layers.classic_dropout import ClassicDropout
from nnexp.layers.conv2d import Conv2D
from nnexp.layers.dense import Dense
from nnexp.layers.dropout import Dropout
from nnexp.layers.flatten import Flatten
from nnexp.layers.gated import Gated
from nnexp.layers.gaussian_noise import GaussianNoise
from nnexp.layers.global_average_pool import GlobalAveragePool
from nnexp.layers.group_norm import GroupNorm
from nnexp.layers.heads import Heads
from nnexp.layers.layer_norm import LayerNorm
from nnexp.layers.max_pool import MaxPool
from nnexp.layers.maxout import Maxout
from nnexp.layers.parallel import Parallel
from nnexp.layers.product import Product
from nnexp.layers.rbf import RBF
from nnexp.layers.residual import Residual
from nnexp.layers.residual_block import ResidualBlock
from nnexp.layers.skip_connection import SkipConnection
from nnexp.layers.softmax_gated import SoftmaxGated
from nnexp.layers.tied_autoencoder import TiedAutoencoder
from nnexp.layers.windows import Windows
from nnexp.typing import AnyArray


def translate(layer: Layer, at: Place, x: Value) -> Value:
    """Add a layer, and the layers in it. Raises UsageError where there is one that cannot be exported."""
    translation = LAYERS.get(type(layer)) or ACTIVATIONS.get(type(layer))
    if translation is None:
        name = type(layer).__name__
        raise UsageError(f"{at.path} cannot be exported to ONNX: there is no translation of the layer {name}")
    return Value(translation(layer, at, x), layer.declare(x.shape).output)


def chain(layer: Chain, at: Place, x: Value) -> str:
    """f_L( ... f_2(f_1(x)))"""
    for name, entry in zip(layer.names, layer.layers, strict=True):
        x = translate(entry, at.part(name), x)
    return x.name


def dense(layer: Dense, at: Place, x: Value) -> str:
    """X W + b"""
    return at.add("Gemm", x.name, at.weight("W"), *([at.weight("b", at.w["b"].ravel())] if layer.bias else []))


def maxout(layer: Maxout, at: Place, x: Value) -> str:
    """max_k (x W_k + b_k), piece k in the columns k O to (k + 1) O"""
    z = dense(Dense(layer.pieces * layer.units), at, x)
    pieces = at.add("Reshape", z, at.whole([-1, layer.pieces, layer.units]))
    return at.add("ReduceMax", pieces, at.whole([1]), keepdims=0)


def tied_autoencoder(layer: TiedAutoencoder, at: Place, x: Value) -> str:
    """X W Wᵀ"""
    w = at.weight("W")
    return at.add("Gemm", at.add("Gemm", x.name, w), w, transB=1)


def rbf(layer: RBF, at: Place, x: Value) -> str:
    """exp(-d²/2h²), √(d² + h²) or 1/√(d² + h²),  d² = ‖x‖² - 2 x·μ + ‖μ‖²"""
    mu, h = at.w["centers"][0], at.w["widths"][0, 0]
    own = at.add("ReduceSum", at.add("Mul", x.name, x.name), at.whole([-1]), keepdims=1)
    mixed = at.add("Gemm", x.name, at.weight("twice_centers", 2 * mu.T))
    squares = at.add("Add", at.add("Sub", own, mixed), at.weight("squared_centers", np.vecdot(mu, mu)))
    squares = at.add("Max", squares, at.number(0))
    if layer.kernel == "gaussian":
        return at.add("Exp", at.add("Div", squares, at.weight("squared_widths", -2 * h * h)))
    y = at.add("Sqrt", at.add("Add", squares, at.weight("squared_widths", h * h)))
    return y if layer.kernel == "multiquadric" else at.add("Reciprocal", y)


def classic_dropout(layer: ClassicDropout, at: Place, x: Value) -> str:
    """(1 - rate) x"""
    return at.add("Mul", x.name, at.number(1 - np.asarray(layer.rate, at.graph.dtype)))


def flatten(layer: Flatten, at: Place, x: Value) -> str:
    """y_(hW + w)C + c = x_hwc"""
    return at.add("Flatten", x.name, axis=1)


def conv2d(layer: Conv2D, at: Place, x: Value) -> str:
    """b_f + Σ_ijc x_(su+i)(sv+j)c W_ijcf, the filters as (F, C, K, K)"""
    (top, bottom), (left, right) = Windows(layer.kernel, layer.stride, layer.padding).zeros(x.shape)
    filters = at.w["W"][0].reshape(layer.kernel, layer.kernel, x.shape[-1], layer.filters).transpose(3, 2, 0, 1)
    weights = [at.weight("W", filters), *([at.weight("b", at.w["b"].ravel())] if layer.bias else [])]
    return _windows(at, "Conv", x, layer.kernel, layer.stride, *weights, pads=[top, left, bottom, right])


def max_pool(layer: MaxPool, at: Place, x: Value) -> str:
    """max_ij x_(su+i)(sv+j)c"""
    return _windows(at, "MaxPool", x, layer.size, layer.stride or layer.size)


def average_pool(layer: AveragePool, at: Place, x: Value) -> str:
    """Σ_ij x_(su+i)(sv+j)c / K²"""
    return _windows(at, "AveragePool", x, layer.size, layer.stride or layer.size)


def _windows(at: Place, op: str, x: Value, size: int, stride: int, *weights: str, **attributes: Sequence[int]) -> str:
    """An operator on square windows, between two transpositions."""
    first = at.add("Transpose", x.name, perm=[0, 3, 1, 2])
    y = at.add(op, first, *weights, kernel_shape=[size, size], strides=[stride, stride], **attributes)
    return at.add("Transpose", y, perm=[0, 2, 3, 1])


def global_average_pool(layer: GlobalAveragePool, at: Place, x: Value) -> str:
    """Σ_hw x_hwc / (H W)"""
    return at.add("ReduceMean", x.name, at.whole([1, 2]), keepdims=0)


def batch_norm(layer: BatchNorm, at: Place, x: Value) -> str:
    """γ (x - μ) / √(σ² + ε) + β with the stored statistics"""
    mean, variance = at.w["mean"][0], at.w["variance"][0]
    if layer.statistics == "weighted_average":
        mean, variance = mean / at.w["examples"][0], variance / at.w["examples"][0]
    factor = 1 / np.sqrt(variance + np.asarray(layer.epsilon, variance.dtype))
    if layer.scale:
        factor = factor * at.w["gain"][0]
    centered = at.add("Sub", x.name, at.weight("mean", _of_feature(mean)))
    y = at.add("Mul", centered, at.weight("factor", _of_feature(factor)))
    return at.add("Add", y, at.weight("shift", _of_feature(at.w["shift"][0]))) if layer.shift else y


def layer_norm(layer: LayerNorm, at: Place, x: Value) -> str:
    """γ (x - μ) / √(σ² + ε) + β, μ and σ² over the features of one example"""
    return _scaled(at, _standardized(at, x.name, list(range(1, 1 + len(x.shape))), layer.epsilon))


def group_norm(layer: GroupNorm, at: Place, x: Value) -> str:
    """γ (x - μ) / √(σ² + ε) + β, μ and σ² over a group of one example's channels"""
    *sides, channels = x.shape
    grouped = at.add("Reshape", x.name, at.whole([-1, *sides, layer.groups, channels // layer.groups]))
    others = [*range(1, 1 + len(sides)), 2 + len(sides)]
    normed = _standardized(at, grouped, others, layer.epsilon)
    return _scaled(at, at.add("Reshape", normed, at.whole([-1, *x.shape])))


def _standardized(at: Place, x: str, axes: Sequence[int], epsilon: object) -> str:
    """(x - μ) / √(σ² + ε) over these axes"""
    axis = at.whole(axes)
    centered = at.add("Sub", x, at.add("ReduceMean", x, axis, keepdims=1))
    variance = at.add("ReduceMean", at.add("Mul", centered, centered), axis, keepdims=1)
    return at.add("Div", centered, at.add("Sqrt", at.add("Add", variance, at.number(np.asarray(epsilon)))))


def _scaled(at: Place, x: str) -> str:
    """γ x + β"""
    gain, shift = (at.weight(name, at.w[name][0, 0]) for name in ("gain", "shift"))
    return at.add("Add", at.add("Mul", x, gain), shift)


def _of_feature(statistic: AnyArray) -> AnyArray:
    """One number a feature or channel. (1, ..., C) -> (C)"""
    return statistic.reshape(-1)


def gated(layer: Gated | SoftmaxGated, at: Place, x: Value) -> str:
    """σ(x G + g) ⊙ (x C + c), the sigmoid or the softmax"""
    gate, content = (dense(Dense(layer.units), at.part(name), x) for name in ("gate", "content"))
    opened = at.add("Sigmoid", gate) if isinstance(layer, Gated) else at.add("Softmax", gate, axis=-1)
    return at.add("Mul", opened, content)


def parallel(layer: Parallel, at: Place, x: Value) -> str:
    """[f_1(x), f_2(x), ...]"""
    return at.add("Concat", *_branches(layer.branches, at, x), axis=-1)


def product(layer: Product, at: Place, x: Value) -> str:
    """f_1(x) ⊙ f_2(x) ⊙ ..."""
    return reduce(lambda a, b: at.add("Mul", a, b), _branches(layer.branches, at, x))


def heads(layer: Heads, at: Place, x: Value) -> str:
    """[f_1(x), f_2(x), ...], a head for each task"""
    return at.add("Concat", *(chain(head, at.part(name), x) for name, head in layer.heads.items()), axis=-1)


def residual(layer: Residual, at: Place, x: Value) -> str:
    """(x G + g) + φ(x C + c)"""
    return at.add("Add", *_embeddings(layer, layer.units, layer.units, at, x))


def skip_connection(layer: SkipConnection, at: Place, x: Value) -> str:
    """[x G + g, φ(x C + c)]"""
    return at.add("Concat", *_embeddings(layer, layer.linear, layer.nonlinear, at, x), axis=-1)


def residual_block(layer: ResidualBlock, at: Place, x: Value) -> str:
    """X + f(x), or x G + f(x)"""
    straight, inner = at.part("branch_1"), chain(layer.layers, at.part("branch_2"), x)
    beside = straight.part("projection") if layer.projected else None
    return at.add("Add", x.name if beside is None else beside.add("Gemm", x.name, beside.weight("W")), inner)


def _branches(branches: Sequence[Chain], at: Place, x: Value) -> list[str]:
    return [chain(branch, at.part(f"branch_{i}"), x) for i, branch in enumerate(branches, start=1)]


def _embeddings(layer: Residual | SkipConnection, linear: int, nonlinear: int, at: Place, x: Value) -> tuple[str, str]:
    """X G + g and φ(x C + c)"""
    assert layer.activation is not None, "the spec's activation is put here when the network is built"
    first, second = at.part("branch_1"), at.part("branch_2")
    bent = Chain(("dense", "activation"), (Dense(nonlinear), layer.activation))
    return chain(Chain(("dense",), (Dense(linear),)), first, x), chain(bent, second, x)


LAYERS: Mapping[type[Layer], Translation] = {
    AveragePool: average_pool,
    BatchNorm: batch_norm,
    Chain: chain,
    ClassicDropout: classic_dropout,
    Conv2D: conv2d,
    Dense: dense,
    Dropout: identity,
    Flatten: flatten,
    Gated: gated,
    GaussianNoise: identity,
    GlobalAveragePool: global_average_pool,
    GroupNorm: group_norm,
    Heads: heads,
    LayerNorm: layer_norm,
    MaxPool: max_pool,
    Maxout: maxout,
    Parallel: parallel,
    Product: product,
    RBF: rbf,
    Residual: residual,
    ResidualBlock: residual_block,
    SkipConnection: skip_connection,
    SoftmaxGated: gated,
    TiedAutoencoder: tied_autoencoder,
}
