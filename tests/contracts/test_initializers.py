"""What every initialiser promises: its distribution, by statistics of one large draw with a fixed seed."""

from __future__ import annotations

from math import exp, prod, sqrt

import numpy as np
import pytest

from nnexp.nn.initialization import draw_parameters
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.orthogonal import Orthogonal
from nnexp.nn.initializers.random_walk import RandomWalk
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import Weight, weight_views
from nnexp.nn.random import make_generators
from nnexp.nn.replicas import stack_replicas
from nnexp.registry import initializers
from nnexp.typing import AnyArray
from tests.contracts.examples import Example, I, O, R, examples, variations

FAN_IN, FAN_OUT = 211, 307
WEIGHT = Weight((FAN_IN, FAN_OUT), fan_in=FAN_IN, fan_out=FAN_OUT)

VARIANCES = [
    ("zeros", {}, 0.0),
    ("constant", {"value": 0.3}, 0.0),
    ("normal", {"std": 0.2}, 0.2**2),
    ("uniform", {"limit": 0.2}, 0.2**2 / 3),
    ("lsuv", {}, 1 / 307),  # orthogonal, until it sees data
    ("data_dependent", {}, 1 / 211),
    ("from_run", {"run": "none"}, 2 / 211),  # what is not taken over: he
    ("xavier", {}, 2 / (211 + 307)),
    ("xavier", {"fan": "in"}, 1 / 211),
    ("xavier", {"fan": "out"}, 1 / 307),
    ("xavier", {"fan": "average", "distribution": "uniform"}, 2 / (211 + 307)),
    ("lecun", {}, 1 / 211),
    ("lecun", {"distribution": "uniform"}, 1 / 211),
    ("orthogonal", {"gain": 1.3}, 1.3**2 / 307),  # 211 orthonormal rows of 307 entries
    ("random_walk", {}, 2 * exp(2.4 / (211 - 2.4)) / 211),
    ("random_walk", {"gain": 1.2}, 1.2**2 / 211),
    ("he", {}, 2 / 211),
    ("he", {"fan": "out", "distribution": "uniform"}, 2 / 307),
    ("he", {"fan": "average"}, 4 / (211 + 307)),
]

LIMITS = [
    ("uniform", {"limit": 0.2}, 0.2),
    ("xavier", {"distribution": "uniform"}, (6 / (211 + 307)) ** 0.5),  # Glorot's √6/√(n_in + n_out)
    ("he", {"distribution": "uniform"}, (6 / 211) ** 0.5),
    ("lecun", {"distribution": "uniform"}, (3 / 211) ** 0.5),
]

every_initializer = pytest.mark.parametrize("example", examples("initializers"), ids=str)


def draw(init: Initializer, weight: Weight = WEIGHT) -> AnyArray:
    return init.draw_weight(make_generators([0], "init"), weight)


def test_every_initializer_has_a_variance_here() -> None:
    assert {name for name, *_ in VARIANCES} == set(initializers)


@pytest.mark.parametrize(("name", "given", "variance"), VARIANCES)
def test_variance_is_as_documented_to_within_three_percent(name: str, given: dict[str, float], variance: float) -> None:
    """64,777 normal numbers have a variance that is right to within 0.6 percent, one standard error."""
    w = draw(initializers[name](**given))
    assert w.var() == pytest.approx(variance, rel=0.03, abs=1e-30)


@pytest.mark.parametrize(("name", "given", "variance"), [case for case in VARIANCES if case[2]])
def test_mean_is_zero_to_within_five_standard_errors(name: str, given: dict[str, float], variance: float) -> None:
    assert abs(draw(initializers[name](**given)).mean()) < 5 * (variance / (FAN_IN * FAN_OUT)) ** 0.5


@pytest.mark.parametrize(("name", "given", "limit"), LIMITS)
def test_uniform_weights_fill_their_limits_and_stay_inside(name: str, given: dict[str, str], limit: float) -> None:
    size = np.abs(draw(initializers[name](**given)))
    assert 0.999 * limit < size.max() <= limit


@pytest.mark.parametrize("name", ["normal", "xavier", "he", "lecun", "random_walk"])
def test_normal_weights_have_the_tails_of_a_normal_distribution(name: str) -> None:
    w = draw(initializers[name]())
    assert np.mean(np.abs(w) < w.std()) == pytest.approx(0.6827, abs=0.01)


@every_initializer
def test_weights_are_drawn_in_double_precision(example: Example) -> None:
    w = stack_replicas(variations(example.component)).draw_weight(make_generators(range(R), "init"), WEIGHT)
    assert w.shape == (R, FAN_IN, FAN_OUT)
    assert w.dtype == np.float64


@pytest.mark.parametrize("example", [e for e in examples("initializers") if e.name != "from_run"], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_biases_all_start_at_the_bias_and_weights_are_rounded_once(example: Example, dtype: str) -> None:
    declaration = Dense(O).declare((I,))
    init = stack_replicas(variations(example.component))
    views = weight_views(declaration, draw_parameters(declaration, init, range(R), dtype))
    assert np.array_equal(views["b"], np.repeat(init.bias, O).reshape(R, 1, O).astype(dtype))
    drawn = init.draw_weight(make_generators(range(R), "init W"), declaration.weights["W"])
    assert np.array_equal(views["W"], drawn.astype(dtype))


@pytest.mark.parametrize("shape", [(I, O), (O, I), (2, 3, I, O), (2, 3, 2, 13), (I, 1), (1, O)], ids=str)
@pytest.mark.parametrize("gain", [1.0, 1.3])
def test_orthogonal_weights_have_orthonormal_columns_or_rows(shape: tuple[int, ...], gain: float) -> None:
    drawn = Orthogonal(gain=gain).draw_weight(make_generators(range(R), "init"), Weight(shape))
    assert drawn.shape == (R, *shape)
    w = drawn.reshape(R, -1, shape[-1])
    products = w.mT @ w if prod(shape[:-1]) >= shape[-1] else w @ w.mT
    np.testing.assert_allclose(
        products, np.broadcast_to(gain**2 * np.eye(products.shape[-1]), products.shape), atol=1e-14
    )


def test_orthogonal_weights_are_uniform_over_all_such_matrices() -> None:
    """Without the signs the first entry of Q would never be positive; with them it is, half the time."""
    draws = Orthogonal().draw_weight(make_generators(range(400), "init"), Weight((3, 3)))
    assert abs(np.mean(draws[:, 0, 0] > 0) - 0.5) < 0.1  # four standard errors


def test_random_walk_gains_by_hand() -> None:
    """g = √2 exp(1.2 / (max(n, 6) - 2.4)): for n = 8, √2 e^(1.2/5.6) = 1.7522; for n below 6, √2 e^(1/3) = 1.9737."""
    for n, gain in ((8, 1.7522), (4, 1.9737)):
        given, unit = (
            RandomWalk(gain=g).draw_weight(make_generators([0], "init"), Weight((n, O), fan_in=n))
            for g in (None, sqrt(n))
        )
        np.testing.assert_allclose(given, gain / sqrt(n) * unit, rtol=1e-4)
