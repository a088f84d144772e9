"""N2, "Effect of weight initialization & activation function on gradient flow", N0 and N1 on Xavier and He.

The study: 10 layers of 500 units, inputs N(0, 1²) with d = 500. Beside the words of the notes stands a second formula:
in a wide layer the sums are N(0, q), q = 500 Var(W) E[a²], and E[a²] of the next layer is the mean of f(√q g)² over
standard normal g, an integral.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import exp, pi, sqrt

import numpy as np
import pytest

from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.initialization import draw_parameters, make_buffers
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.he import He
from nnexp.nn.initializers.normal import Normal
from nnexp.nn.initializers.xavier import Xavier
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Context
from nnexp.nn.layers.dense import Dense
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.model import Model
from nnexp.nn.parameters import Weight, weight_views
from nnexp.nn.random import make_generators
from nnexp.typing import AnyArray
from tests.contracts.examples import chained

WIDTH, DEPTH, N = 500, 10, 50

STUDY: dict[str, tuple[Initializer, Activation, float]] = {
    # what draws, what follows, and 500 Var(W)
    "tanh, std 0.01": (Normal(0.01), Tanh(), 500 * 0.01**2),
    "tanh, std 1": (Normal(1.0), Tanh(), 500.0),
    "tanh, xavier": (Xavier(), Tanh(), 1.0),
    "relu, xavier": (Xavier(), ReLU(), 1.0),
    "relu, he": (He(), ReLU(), 2.0),
}


@cache
def study(case: str) -> tuple[list[AnyArray], list[AnyArray]]:
    """The outputs of each activation, and the gradient of each weight matrix, the loss's slopes being of size 1/N."""
    init, activation, _ = STUDY[case]
    network = chained(*[layer for _ in range(DEPTH) for layer in (Dense(WIDTH), activation)])
    declaration = network.declare((WIDTH,))
    theta = draw_parameters(declaration, init, [0], "float64")
    model = Model(network, declaration, SquaredError(), (), theta, make_buffers(declaration, 1, "float64"))
    x = np.random.default_rng(0).standard_normal((1, N, WIDTH))
    outputs: list[AnyArray] = []
    a: AnyArray = x
    w = weight_views(declaration, theta)
    for name, layer in zip(network.names, network.layers, strict=True):
        a, _ = layer.forward(w.parts[name], a, EVALUATION_CONTEXT)
        if not name.startswith("dense"):
            outputs.append(a[0])
    model.compute_gradient(x, a - np.random.default_rng(1).standard_normal(a.shape), Context(training=True))
    slopes = weight_views(declaration, model.grad)
    return outputs, [slopes.array_of(f"dense_{l}.W")[0] for l in range(1, DEPTH + 1)]


def spread(case: str) -> list[float]:
    """√E[a²] of each layer."""
    return [float(np.sqrt(np.mean(a * a))) for a in study(case)[0]]


def integral(case: str) -> list[float]:
    """The same for infinitely wide layers."""
    _, activation, gain = STUDY[case]
    g = np.linspace(-9, 9, 20_001)
    density = np.exp(-g * g / 2) / sqrt(2 * pi)
    found, square = [], 1.0
    for _ in range(DEPTH):
        a, _ = activation.apply(np.sqrt(gain * square) * g[None, None])
        square = float(np.trapezoid(a[0, 0] ** 2 * density, g))
        found.append(sqrt(square))
    return found


@pytest.mark.parametrize("case", STUDY)
def test_every_layers_spread_is_the_integral_of_wide_layers(case: str) -> None:
    """To within 3 percent a layer for tanh; the squares of 500 ReLUs scatter by a tenth, more in every layer."""
    tolerance = 0.03 if "tanh" in case else 0.15
    for layer, (found, wanted) in enumerate(zip(spread(case), integral(case), strict=True), start=1):
        assert found == pytest.approx(wanted, rel=tolerance * sqrt(layer)), layer


def test_small_weights_let_tanh_activations_die() -> None:
    """N2: "all activations become zero at the layers > 2". Each layer has 0.01 √500 = 0.2236 of the one before."""
    found = spread("tanh, std 0.01")
    assert found[0] == pytest.approx(0.2236, rel=0.06)
    assert found[2] < 0.012
    np.testing.assert_allclose(np.array(found[2:]) / found[1:-1], 0.2236, rtol=0.03)
    assert found[-1] == pytest.approx(0.2236**10, rel=0.3)


def test_small_weights_let_the_gradient_die_too() -> None:
    """N2: ∂J/∂W_i = gᵀ x⁽ⁱ⁻¹⁾ᵀ, and x is zero in the last layers, g in the first: with xavier it is neither."""
    small, xavier = ([float(np.abs(slope).mean()) for slope in study(c)[1]] for c in ("tanh, std 0.01", "tanh, xavier"))
    assert max(small) < 1e-4 * min(xavier)
    assert max(xavier) < 3 * min(xavier)


def test_large_weights_saturate_almost_all_tanh_units() -> None:
    """N2: "either -1 or +1". |tanh z| > 0.99 where |z| > 2.65, and z is about N(0, 22²): in 0.90 of the cases."""
    for a in study("tanh, std 1")[0]:
        assert np.mean(np.abs(a) > 0.99) == pytest.approx(0.90, abs=0.02)
        assert np.median(1 - a * a) < 1e-6
        assert abs(np.mean(a)) < 0.1


def test_large_weights_close_most_units_to_the_gradient_and_yet_it_explodes() -> None:
    """N2 says "gradients will be all zero". Most units' own slopes are; but what the others let through is multiplied
    by weights of size 1, so that a layer's gradient is √(500 E[(1 - tanh²)²]) = 3.4 times the next one's.
    """
    g = np.linspace(-9, 9, 20_001)
    slopes = 1 - np.tanh(integral("tanh, std 1")[-1] * sqrt(500) * g) ** 2
    gain = sqrt(500 * float(np.trapezoid(slopes**2 * np.exp(-g * g / 2), g)) / sqrt(2 * pi))
    assert gain == pytest.approx(3.4, abs=0.1)
    sizes = [float(np.sqrt(np.mean(slope**2))) for slope in study("tanh, std 1")[1]]
    ratios = np.array(sizes[:-1]) / sizes[1:]
    np.testing.assert_allclose(ratios[1:], gain, rtol=0.1)
    assert sizes[0] > 1e4 * sizes[-1]


def test_xavier_keeps_the_spread_of_tanh_activations() -> None:
    """N2's histograms for xavier: every layer alive and none saturated, the spread falling slowly."""
    found, outputs = spread("tanh, xavier"), study("tanh, xavier")[0]
    assert found[0] == pytest.approx(0.628, abs=0.01)
    assert 0.2 < found[-1] < 0.3
    assert all(later < earlier < 1.35 * later for earlier, later in pairwise(found))
    assert all(np.mean(np.abs(a) > 0.99) < 0.01 for a in outputs)


def test_xavier_lets_relu_activations_shrink_and_he_keeps_them() -> None:
    """N1 and N2: half the units are zero, so E[a²] halves in every layer, to 2⁻¹⁰; with twice the variance it stays."""
    shrinking, kept = spread("relu, xavier"), spread("relu, he")
    assert shrinking[0] ** 2 == pytest.approx(0.5, rel=0.05)
    assert 0.5 * 2**-10 < shrinking[-1] ** 2 < 2 * 2**-10
    assert all(0.5 < s * s < 2 for s in kept)
    assert np.mean(study("relu, he")[0][-1] == 0) == pytest.approx(0.5, abs=0.1)
    # the same standard normal numbers, √2 times as large in each of the ten layers
    np.testing.assert_allclose(np.array(kept) / shrinking, sqrt(2) ** np.arange(1, 11), rtol=1e-9)


VARIANCES = [
    (Xavier(fan="in"), 1 / 4),  # N1: "var(w_ij) = 1/4 or 1/3 or 2/7" for 4 units before and 3 after
    (Xavier(fan="out"), 1 / 3),
    (Xavier(fan="average"), 2 / 7),
    (He(), 2 / 4),
]


@pytest.mark.parametrize(("init", "variance"), VARIANCES, ids=str)
def test_the_variances_of_a_layer_from_4_to_3(init: Initializer, variance: float) -> None:
    """N0: random numbers times √(1/n), √(2/n) or √(2/(n + n')): the same numbers as N(0, 1) would give."""
    found, unit = (
        some.draw_weight(make_generators([0], "init"), Weight((4, 3), "init", 4, 3)) for some in (init, Normal(1.0))
    )
    np.testing.assert_allclose(found, sqrt(variance) * unit, rtol=1e-14)


def test_deep_linear_networks_explode_or_vanish_by_powers() -> None:
    """N0, "Vanishing / exploding gradients": with weights 1.5 or 0.5 on the diagonal, activations go as 1.5ᴸ and 0.5ᴸ,
    and so does the gradient that comes back to the inputs.
    """
    for factor in (1.5, 0.5):
        network = chained(*[Dense(2, bias=False) for _ in range(50)])
        declaration = network.declare((2,))
        theta = np.tile(factor * np.eye(2).ravel(), 50)[None]
        y, backward = network.forward(weight_views(declaration, theta), np.ones((1, 1, 2)), EVALUATION_CONTEXT)
        dx = backward(np.ones((1, 1, 2)), weight_views(declaration, np.empty_like(theta)))
        assert dx is not None
        np.testing.assert_allclose([y, dx], factor**50, rtol=1e-12)
        assert exp(20) < factor**50 or factor**50 < 1e-15
