"""Normalisation within an example, noise, classic dropout, maxout and PReLU: what each computes."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.activations.prelu import PReLU
from nnexp.nn.initialization import draw_parameters
from nnexp.nn.initializers.he import He
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Context, ShapeError
from nnexp.nn.layers.classic_dropout import ClassicDropout
from nnexp.nn.layers.gaussian_noise import GaussianNoise
from nnexp.nn.layers.group_norm import GroupNorm
from nnexp.nn.layers.layer_norm import LayerNorm
from nnexp.nn.layers.maxout import Maxout
from nnexp.nn.parameters import Views
from nnexp.nn.random import make_generators
from nnexp.typing import AnyArray
from tests.contracts.arrays import bind, identical, normal
from tests.contracts.examples import I, N, R


def training() -> Context:
    return Context(training=True, generators=make_generators(range(R), "dropout"))


def test_layer_norm_by_hand() -> None:
    """1, 2, 3, 6 have mean 3 and variance (4 + 1 + 0 + 9) / 4 = 3.5; with ε = 0.5 they are divided by 2."""
    w = Views()
    w["gain"], w["shift"] = np.array([[[1.0, 1, 1, 2]]]), np.array([[[0.0, 0, 5, 0]]])
    y, _ = LayerNorm(epsilon=0.5).forward(w, np.array([[[1.0, 2, 3, 6]]]), EVALUATION_CONTEXT)
    assert y[0, 0].tolist() == [-1, -0.5, 5, 3]


def plain(groups: int, x: AnyArray) -> AnyArray:
    """Group normalisation without gain and shift."""
    w = Views()
    w["gain"], w["shift"] = np.ones(()), np.zeros(())
    return GroupNorm(groups, epsilon=1e-15).forward(w, x, EVALUATION_CONTEXT)[0]


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_every_group_of_neighbouring_channels_has_zero_mean_and_unit_variance(groups: int) -> None:
    y = plain(groups, 3 * normal(R, N, 4, 5, 6) + 5)
    for first in range(0, 6, 6 // groups):
        group = y[..., first : first + 6 // groups]
        np.testing.assert_allclose(group.mean(axis=(-3, -2, -1)), 0, atol=1e-13)
        np.testing.assert_allclose(group.var(axis=(-3, -2, -1)), 1, rtol=1e-12)


def test_one_group_is_layer_norm_and_the_batch_does_not_matter() -> None:
    x = normal(R, N, 4, 5, 6)
    layer = LayerNorm(epsilon=1e-15)
    w = Views()
    w["gain"], w["shift"] = np.ones((R, 1, 4, 5, 6)), np.zeros((R, 1, 4, 5, 6))
    np.testing.assert_allclose(plain(1, x), layer.forward(w, x, EVALUATION_CONTEXT)[0], rtol=1e-12, atol=1e-14)
    assert identical(plain(2, x[:, 1:2]), plain(2, x)[:, 1:2])


def test_what_cannot_be_normalised_is_refused() -> None:
    with pytest.raises(ShapeError, match="7 channels cannot be cut into 2 equal groups: 1, 7 are possible"):
        GroupNorm(2).declare((4, 4, 7))
    with pytest.raises(ShapeError, match="more than one number in a group"):
        GroupNorm(7).declare((7,))
    with pytest.raises(ShapeError, match="more than one number in an example"):
        LayerNorm().declare((1,))


def test_classic_dropout_divides_nothing_at_training_and_scales_at_evaluation() -> None:
    x = np.ones((1, 100, 100))
    y, backward = ClassicDropout(0.3).forward(Views(), x, training())
    assert set(np.unique(y)) == {0.0, 1.0}
    assert np.mean(y == 0) == pytest.approx(0.3, abs=0.023)  # five standard errors of 10,000 units
    assert identical(backward(x, Views()), y)
    y, backward = ClassicDropout(0.3).forward(Views(), x, EVALUATION_CONTEXT)
    assert np.unique(y).tolist() == [0.7]
    assert identical(backward(x, Views()), y)


def test_noise_has_the_given_deviation_at_training_and_is_not_there_at_evaluation() -> None:
    x = normal(R, 100, 100)
    y, backward = GaussianNoise(0.3).forward(Views(), x, training())
    noise = y - x
    assert np.abs(noise.mean(axis=(-2, -1))).max() < 0.015  # five standard errors: 5 · 0.3 / √10,000
    np.testing.assert_allclose(noise.std(axis=(-2, -1)), 0.3, atol=0.011)
    assert len(np.unique(noise[:, 0, 0])) == R
    assert identical(backward(x, Views()), x)
    assert identical(GaussianNoise(0.3).forward(Views(), x, EVALUATION_CONTEXT)[0], x)


def test_noise_without_deviation_changes_nothing() -> None:
    x = normal(R, N, I)
    assert np.array_equal(GaussianNoise(0.0).forward(Views(), x, training())[0], x)


def test_maxout_by_hand_and_at_a_tie_the_first_piece() -> None:
    """Two units of two pieces on one input x = 2: unit 1 is max(2·1, 2·3 - 1) = 5, unit 2 max(2·2, 2·1 + 2) = 4."""
    w, dw = Views(), Views()
    w["W"], w["b"] = np.array([[[1.0, 2, 3, 1]]]), np.array([[[0.0, 0, -1, 2]]])
    dw["W"], dw["b"] = np.empty((1, 1, 4)), np.empty((1, 1, 4))
    y, backward = Maxout(2).forward(w, np.array([[[2.0]]]), training())
    dx = backward(np.array([[[10.0, 100.0]]]), dw)
    assert y.tolist() == [[[5, 4]]]
    assert dw["b"].tolist() == [[[0, 100, 10, 0]]]
    assert dw["W"].tolist() == [[[0, 200, 20, 0]]]
    assert dx is not None
    assert dx.tolist() == [[[10 * 3 + 100 * 2]]]


def test_maxout_of_dense_layers_takes_the_largest() -> None:
    bound, x = bind(Maxout(5, pieces=3), (I,)), normal(R, N, I)
    w = bound.views()
    pieces = (x @ w["W"] + w["b"]).reshape(R, N, 3, 5)
    assert np.array_equal(bound.forward(x)[0], pieces.max(axis=-2))


def test_prelu_learns_one_slope_a_channel_from_the_given_start_and_it_is_not_regularised() -> None:
    declaration = PReLU(0.4).declare((2, 3, I))
    assert declaration.weights["slope"].shape == (1, 1, 1, I)
    assert not declaration.regularized_mask().any()
    assert np.unique(draw_parameters(declaration, He(), range(R), "float64")).tolist() == [0.4]


def test_prelu_by_hand() -> None:
    w, dw = Views(), Views()
    w["slope"], dw["slope"] = np.array([[[0.5, 0.1]]]), np.empty((1, 1, 2))
    y, backward = PReLU().forward(w, np.array([[[-2.0, -10.0], [3.0, 0.0]]]), EVALUATION_CONTEXT)
    dx = backward(np.array([[[1.0, 2.0], [4.0, 8.0]]]), dw)
    assert y.tolist() == [[[-1, -1], [3, 0]]]
    assert dx is not None
    np.testing.assert_allclose(dx, [[[0.5, 0.2], [4, 0.8]]])
    assert dw["slope"].tolist() == [[[-2, -20]]]
