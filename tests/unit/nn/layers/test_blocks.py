"""The two-layer embeddings of the lecture notes, against their formulas written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Layer, ShapeError
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.gated import Gated
from nnexp.nn.layers.parallel import Parallel
from nnexp.nn.layers.product import Product
from nnexp.nn.layers.residual import Residual
from nnexp.nn.layers.residual_block import ResidualBlock
from nnexp.nn.layers.skip_connection import SkipConnection
from nnexp.nn.layers.softmax_gated import SoftmaxGated
from nnexp.nn.layers.tied_autoencoder import TiedAutoencoder
from nnexp.typing import AnyArray
from tests.contracts.arrays import bind, normal
from tests.contracts.examples import I, N, O, chained

Weights = dict[str, AnyArray]


def forward(layer: Layer) -> tuple[AnyArray, AnyArray, Weights]:
    """An input of one replica, the layer's output, and its weights by their full names."""
    bound = bind(layer, (I,))
    x = normal(1, N, I)
    theta = bound.theta[:1]
    views: Any = bound.views(theta)
    weights = {}
    for name, _ in bound.declaration.iterate_weights():
        at = views
        *parts, own = name.split(".")
        for part in parts:
            at = at.parts[part]
        weights[name] = at[own][0]
    y, _ = bound.forward(np.repeat(x, len(bound.theta), axis=0))
    return x[0], y[0], weights


def affine(x: AnyArray, w: Weights, part: str) -> AnyArray:
    return x @ w[f"{part}.W"] + w[f"{part}.b"]


def test_a_skip_connection_puts_a_linear_and_a_nonlinear_embedding_side_by_side() -> None:
    x, y, w = forward(SkipConnection(2, O, Tanh()))
    linear, nonlinear = affine(x, w, "branch_1.dense"), np.tanh(affine(x, w, "branch_2.dense"))
    np.testing.assert_allclose(y, np.hstack([linear, nonlinear]), rtol=1e-12)


def test_a_residual_adds_a_linear_and_a_nonlinear_embedding() -> None:
    x, y, w = forward(Residual(O, Tanh()))
    np.testing.assert_allclose(y, affine(x, w, "branch_1.dense") + np.tanh(affine(x, w, "branch_2.dense")), rtol=1e-12)


def test_gates_let_a_linear_layer_through() -> None:
    x, y, w = forward(Gated(O))
    gate = 1 / (1 + np.exp(-affine(x, w, "gate")))
    np.testing.assert_allclose(y, gate * affine(x, w, "content"), rtol=1e-12)


def test_softmax_gates_sum_to_one() -> None:
    x, y, w = forward(SoftmaxGated(O))
    raised = np.exp(affine(x, w, "gate"))
    np.testing.assert_allclose(y, raised / raised.sum(axis=-1, keepdims=True) * affine(x, w, "content"), rtol=1e-12)


def test_a_product_of_dense_branches_is_a_sum_product_network() -> None:
    x, y, w = forward(Product((chained(Dense(O)), chained(Dense(O)))))
    np.testing.assert_allclose(y, affine(x, w, "branch_1.dense_1") * affine(x, w, "branch_2.dense_1"), rtol=1e-12)


def test_an_empty_branch_hands_the_input_on() -> None:
    x, y, w = forward(Parallel((chained(), chained(Dense(O)))))
    np.testing.assert_allclose(y, np.hstack([x, affine(x, w, "branch_2.dense_1")]), rtol=1e-12)


def test_a_residual_block_without_layers_doubles_its_input() -> None:
    x, y, _ = forward(ResidualBlock(chained()))
    np.testing.assert_array_equal(y, 2 * x)


def test_a_projected_residual_block_takes_the_input_through_a_matrix() -> None:
    x, y, w = forward(ResidualBlock(chained(Dense(O)), projected=True))
    np.testing.assert_allclose(y, x @ w["branch_1.projection.W"] + affine(x, w, "branch_2.dense_1"), rtol=1e-12)


def test_the_gradient_of_a_tied_autoencoder_is_the_sum_of_both_paths() -> None:
    bound = bind(TiedAutoencoder(2), (I,))
    x, dy = normal(3, N, I), normal(3, N, I)
    _, _, grad = bound.gradients(x, dy, training=True)
    w = bound.theta.reshape(-1, I, 2)
    encoder, decoder = Dense(2, bias=False), Dense(I, bias=False)
    through_encoder = x.mT @ (dy @ w)  # as if the decoder were another matrix
    through_decoder = ((x @ w).mT @ dy).mT  # as if the encoder were, transposed back
    assert encoder.declare((I,)).weight_count == decoder.declare((2,)).weight_count
    np.testing.assert_allclose(grad.reshape(-1, I, 2), through_encoder + through_decoder, rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Parallel((chained(),)), "at least two branches"),
        (Product((chained(Dense(2)), chained(Dense(3)))), "give 2 and 3, which cannot be multiplied"),
        (ResidualBlock(chained(Dense(O))), "7 into 11, which cannot be added: write `projected: true`"),
    ],
    ids=["one branch", "unequal factors", "unequal sum"],
)
def test_shapes_that_do_not_meet_are_refused(layer: Layer, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        layer.declare((I,))
