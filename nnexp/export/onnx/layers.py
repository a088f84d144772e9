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
from nnexp.export.onnx.activations import ACTIVATION_TRANSLATIONS, Translation, translate_identity
from nnexp.export.onnx.graph import GraphValue, LayerScope
from nnexp.nn.layers.average_pool import AveragePool
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.chain import Chain
from nnexp.nn.layers.classic_dropout import ClassicDropout
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.gated import Gated
from nnexp.nn.layers.gaussian_noise import GaussianNoise
from nnexp.nn.layers.global_average_pool import GlobalAveragePool
from nnexp.nn.layers.group_norm import GroupNorm
from nnexp.nn.layers.heads import Heads
from nnexp.nn.layers.layer_norm import LayerNorm
from nnexp.nn.layers.max_pool import MaxPool
from nnexp.nn.layers.maxout import Maxout
from nnexp.nn.layers.parallel import Parallel
from nnexp.nn.layers.product import Product
from nnexp.nn.layers.rbf import RBF
from nnexp.nn.layers.residual import Residual
from nnexp.nn.layers.residual_block import ResidualBlock
from nnexp.nn.layers.skip_connection import SkipConnection
from nnexp.nn.layers.softmax_gated import SoftmaxGated
from nnexp.nn.layers.tied_autoencoder import TiedAutoencoder
from nnexp.nn.layers.windows import Windows
from nnexp.typing import AnyArray


def translate_layer(layer: Layer, at: LayerScope, x: GraphValue) -> GraphValue:
    """Add a layer, and the layers in it. Raises UsageError where there is one that cannot be exported."""
    translation = LAYER_TRANSLATIONS.get(type(layer)) or ACTIVATION_TRANSLATIONS.get(type(layer))
    if translation is None:
        name = type(layer).__name__
        raise UsageError(f"{at.path} cannot be exported to ONNX: there is no translation of the layer {name}")
    return GraphValue(translation(layer, at, x), layer.declare(x.shape).output)


def translate_chain(layer: Chain, at: LayerScope, x: GraphValue) -> str:
    """f_L( ... f_2(f_1(x)))"""
    for name, entry in zip(layer.names, layer.layers, strict=True):
        x = translate_layer(entry, at.enter_layer(name), x)
    return x.name


def translate_dense(layer: Dense, at: LayerScope, x: GraphValue) -> str:
    """X W + b"""
    return at.add_node(
        "Gemm", x.name, at.add_weight("W"), *([at.add_weight("b", at.w["b"].ravel())] if layer.bias else [])
    )


def translate_maxout(layer: Maxout, at: LayerScope, x: GraphValue) -> str:
    """max_k (x W_k + b_k), piece k in the columns k O to (k + 1) O"""
    z = translate_dense(Dense(layer.pieces * layer.units), at, x)
    pieces = at.add_node("Reshape", z, at.add_integers([-1, layer.pieces, layer.units]))
    return at.add_node("ReduceMax", pieces, at.add_integers([1]), keepdims=0)


def translate_tied_autoencoder(layer: TiedAutoencoder, at: LayerScope, x: GraphValue) -> str:
    """X W Wᵀ"""
    w = at.add_weight("W")
    return at.add_node("Gemm", at.add_node("Gemm", x.name, w), w, transB=1)


def translate_rbf(layer: RBF, at: LayerScope, x: GraphValue) -> str:
    """exp(-d²/2h²), √(d² + h²) or 1/√(d² + h²),  d² = ‖x‖² - 2 x·μ + ‖μ‖²"""
    mu, h = at.w["centers"][0], at.w["widths"][0, 0]
    own = at.add_node("ReduceSum", at.add_node("Mul", x.name, x.name), at.add_integers([-1]), keepdims=1)
    mixed = at.add_node("Gemm", x.name, at.add_weight("twice_centers", 2 * mu.T))
    squares = at.add_node("Add", at.add_node("Sub", own, mixed), at.add_weight("squared_centers", np.vecdot(mu, mu)))
    squares = at.add_node("Max", squares, at.add_number(0))
    if layer.kernel == "gaussian":
        return at.add_node("Exp", at.add_node("Div", squares, at.add_weight("squared_widths", -2 * h * h)))
    y = at.add_node("Sqrt", at.add_node("Add", squares, at.add_weight("squared_widths", h * h)))
    return y if layer.kernel == "multiquadric" else at.add_node("Reciprocal", y)


def translate_classic_dropout(layer: ClassicDropout, at: LayerScope, x: GraphValue) -> str:
    """(1 - rate) x"""
    return at.add_node("Mul", x.name, at.add_number(1 - np.asarray(layer.rate, at.graph.dtype)))


def translate_flatten(layer: Flatten, at: LayerScope, x: GraphValue) -> str:
    """y_(hW + w)C + c = x_hwc"""
    return at.add_node("Flatten", x.name, axis=1)


def translate_conv2d(layer: Conv2D, at: LayerScope, x: GraphValue) -> str:
    """b_f + Σ_ijc x_(su+i)(sv+j)c W_ijcf, the filters as (F, C, K, K)"""
    (top, bottom), (left, right) = Windows(layer.kernel, layer.stride, layer.padding).zero_padding(x.shape)
    filters = at.w["W"][0].reshape(layer.kernel, layer.kernel, x.shape[-1], layer.filters).transpose(3, 2, 0, 1)
    weights = [at.add_weight("W", filters), *([at.add_weight("b", at.w["b"].ravel())] if layer.bias else [])]
    return _add_window_operator(at, "Conv", x, layer.kernel, layer.stride, *weights, pads=[top, left, bottom, right])


def translate_max_pool(layer: MaxPool, at: LayerScope, x: GraphValue) -> str:
    """max_ij x_(su+i)(sv+j)c"""
    return _add_window_operator(at, "MaxPool", x, layer.size, layer.stride or layer.size)


def translate_average_pool(layer: AveragePool, at: LayerScope, x: GraphValue) -> str:
    """Σ_ij x_(su+i)(sv+j)c / K²"""
    return _add_window_operator(at, "AveragePool", x, layer.size, layer.stride or layer.size)


def _add_window_operator(
    at: LayerScope, op: str, x: GraphValue, size: int, stride: int, *weights: str, **attributes: Sequence[int]
) -> str:
    """An operator on square windows, between two transpositions."""
    first = at.add_node("Transpose", x.name, perm=[0, 3, 1, 2])
    y = at.add_node(op, first, *weights, kernel_shape=[size, size], strides=[stride, stride], **attributes)
    return at.add_node("Transpose", y, perm=[0, 2, 3, 1])


def translate_global_average_pool(layer: GlobalAveragePool, at: LayerScope, x: GraphValue) -> str:
    """Σ_hw x_hwc / (H W)"""
    return at.add_node("ReduceMean", x.name, at.add_integers([1, 2]), keepdims=0)


def translate_batch_norm(layer: BatchNorm, at: LayerScope, x: GraphValue) -> str:
    """γ (x - μ) / √(σ² + ε) + β with the stored statistics"""
    mean, variance = at.w["mean"][0], at.w["variance"][0]
    if layer.statistics == "weighted_average":
        mean, variance = mean / at.w["examples"][0], variance / at.w["examples"][0]
    factor = 1 / np.sqrt(variance + np.asarray(layer.epsilon, variance.dtype))
    if layer.scale:
        factor = factor * at.w["gain"][0]
    centered = at.add_node("Sub", x.name, at.add_weight("mean", _flatten_statistic(mean)))
    y = at.add_node("Mul", centered, at.add_weight("factor", _flatten_statistic(factor)))
    return at.add_node("Add", y, at.add_weight("shift", _flatten_statistic(at.w["shift"][0]))) if layer.shift else y


def translate_layer_norm(layer: LayerNorm, at: LayerScope, x: GraphValue) -> str:
    """γ (x - μ) / √(σ² + ε) + β, μ and σ² over the features of one example"""
    return _add_scale_and_shift(at, _add_standardization(at, x.name, list(range(1, 1 + len(x.shape))), layer.epsilon))


def translate_group_norm(layer: GroupNorm, at: LayerScope, x: GraphValue) -> str:
    """γ (x - μ) / √(σ² + ε) + β, μ and σ² over a group of one example's channels"""
    *sides, channels = x.shape
    grouped = at.add_node("Reshape", x.name, at.add_integers([-1, *sides, layer.groups, channels // layer.groups]))
    others = [*range(1, 1 + len(sides)), 2 + len(sides)]
    normed = _add_standardization(at, grouped, others, layer.epsilon)
    return _add_scale_and_shift(at, at.add_node("Reshape", normed, at.add_integers([-1, *x.shape])))


def _add_standardization(at: LayerScope, x: str, axes: Sequence[int], epsilon: object) -> str:
    """(x - μ) / √(σ² + ε) over these axes"""
    axis = at.add_integers(axes)
    centered = at.add_node("Sub", x, at.add_node("ReduceMean", x, axis, keepdims=1))
    variance = at.add_node("ReduceMean", at.add_node("Mul", centered, centered), axis, keepdims=1)
    return at.add_node(
        "Div", centered, at.add_node("Sqrt", at.add_node("Add", variance, at.add_number(np.asarray(epsilon))))
    )


def _add_scale_and_shift(at: LayerScope, x: str) -> str:
    """γ x + β"""
    gain, shift = (at.add_weight(name, at.w[name][0, 0]) for name in ("gain", "shift"))
    return at.add_node("Add", at.add_node("Mul", x, gain), shift)


def _flatten_statistic(statistic: AnyArray) -> AnyArray:
    """One number a feature or channel. (1, ..., C) -> (C)"""
    return statistic.reshape(-1)


def translate_gated(layer: Gated | SoftmaxGated, at: LayerScope, x: GraphValue) -> str:
    """σ(x G + g) ⊙ (x C + c), the sigmoid or the softmax"""
    gate, content = (translate_dense(Dense(layer.units), at.enter_layer(name), x) for name in ("gate", "content"))
    opened = at.add_node("Sigmoid", gate) if isinstance(layer, Gated) else at.add_node("Softmax", gate, axis=-1)
    return at.add_node("Mul", opened, content)


def translate_parallel(layer: Parallel, at: LayerScope, x: GraphValue) -> str:
    """[f_1(x), f_2(x), ...]"""
    return at.add_node("Concat", *_translate_branches(layer.branches, at, x), axis=-1)


def translate_product(layer: Product, at: LayerScope, x: GraphValue) -> str:
    """f_1(x) ⊙ f_2(x) ⊙ ..."""
    return reduce(lambda a, b: at.add_node("Mul", a, b), _translate_branches(layer.branches, at, x))


def translate_heads(layer: Heads, at: LayerScope, x: GraphValue) -> str:
    """[f_1(x), f_2(x), ...], a head for each task"""
    return at.add_node(
        "Concat", *(translate_chain(head, at.enter_layer(name), x) for name, head in layer.heads.items()), axis=-1
    )


def translate_residual(layer: Residual, at: LayerScope, x: GraphValue) -> str:
    """(x G + g) + φ(x C + c)"""
    return at.add_node("Add", *_translate_embeddings(layer, layer.units, layer.units, at, x))


def translate_skip_connection(layer: SkipConnection, at: LayerScope, x: GraphValue) -> str:
    """[x G + g, φ(x C + c)]"""
    return at.add_node("Concat", *_translate_embeddings(layer, layer.linear, layer.nonlinear, at, x), axis=-1)


def translate_residual_block(layer: ResidualBlock, at: LayerScope, x: GraphValue) -> str:
    """X + f(x), or x G + f(x)"""
    straight, inner = at.enter_layer("branch_1"), translate_chain(layer.layers, at.enter_layer("branch_2"), x)
    beside = straight.enter_layer("projection") if layer.projected else None
    return at.add_node(
        "Add", x.name if beside is None else beside.add_node("Gemm", x.name, beside.add_weight("W")), inner
    )


def _translate_branches(branches: Sequence[Chain], at: LayerScope, x: GraphValue) -> list[str]:
    return [translate_chain(branch, at.enter_layer(f"branch_{i}"), x) for i, branch in enumerate(branches, start=1)]


def _translate_embeddings(
    layer: Residual | SkipConnection, linear: int, nonlinear: int, at: LayerScope, x: GraphValue
) -> tuple[str, str]:
    """X G + g and φ(x C + c)"""
    assert layer.activation is not None, "the spec's activation is put here when the network is built"
    first, second = at.enter_layer("branch_1"), at.enter_layer("branch_2")
    bent = Chain(("dense", "activation"), (Dense(nonlinear), layer.activation))
    return translate_chain(Chain(("dense",), (Dense(linear),)), first, x), translate_chain(bent, second, x)


LAYER_TRANSLATIONS: Mapping[type[Layer], Translation] = {
    AveragePool: translate_average_pool,
    BatchNorm: translate_batch_norm,
    Chain: translate_chain,
    ClassicDropout: translate_classic_dropout,
    Conv2D: translate_conv2d,
    Dense: translate_dense,
    Dropout: translate_identity,
    Flatten: translate_flatten,
    Gated: translate_gated,
    GaussianNoise: translate_identity,
    GlobalAveragePool: translate_global_average_pool,
    GroupNorm: translate_group_norm,
    Heads: translate_heads,
    LayerNorm: translate_layer_norm,
    MaxPool: translate_max_pool,
    Maxout: translate_maxout,
    Parallel: translate_parallel,
    Product: translate_product,
    RBF: translate_rbf,
    Residual: translate_residual,
    ResidualBlock: translate_residual_block,
    SkipConnection: translate_skip_connection,
    SoftmaxGated: translate_gated,
    TiedAutoencoder: translate_tied_autoencoder,
}
