"""How theta begins: weights that settle on the data, or are another run's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.initialization import initialize_parameters
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.data_dependent import DataDependent
from nnexp.nn.initializers.he import He
from nnexp.nn.initializers.lsuv import LSUV
from nnexp.nn.layers.base import EVALUATION_CONTEXT, Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.gated import Gated
from nnexp.nn.layers.parallel import Parallel
from nnexp.nn.layers.rbf import RBF
from nnexp.nn.layers.tied_autoencoder import TiedAutoencoder
from nnexp.nn.parameters import Views, layer_views
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import chained

N, I = 101, 7


def settled(network: Chain, init: Initializer, x: AnyArray, replicas: int = 1) -> Views:
    """The network's weights at the start, for training inputs x (R or 1, N, ...)."""
    declaration = network.declare(x.shape[2:])
    theta, buffers = initialize_parameters(
        network, declaration, init, range(replicas), lambda rows: x[:, rows], "float64"
    )
    return layer_views(declaration, theta, buffers)


def outputs(network: Chain, w: Views, x: AnyArray) -> dict[str, AnyArray]:
    """What each layer gives."""
    found = {}
    for name, layer in zip(network.names, network.layers, strict=True):
        x = layer.forward(w.parts[name], x, EVALUATION_CONTEXT)[0]
        found[name] = x
    return found


def deep() -> Chain:
    return chained(Dense(31), Tanh(), Dense(23), ReLU(), Dense(3))


IMAGES: tuple[Layer, ...] = (Conv2D(5, 3), ReLU(), Conv2D(4, 2), Tanh(), Flatten(), Dense(11))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("init", [LSUV(tolerance=0.01), DataDependent(rounds=0)], ids=["lsuv", "data_dependent"])
def test_every_layer_gives_unit_variance_whatever_the_size_of_the_inputs(init: Initializer, scale: float) -> None:
    for network, x in ((deep(), scale * normal(1, N, I)), (chained(*IMAGES), scale * normal(1, N, 6, 6, 2))):
        found = outputs(network, settled(network, init, x), x)
        for name in (n for n in network.names if n.startswith(("dense", "conv2d"))):
            assert found[name].var() == pytest.approx(1, abs=0.02), name


def test_data_dependent_channels_have_zero_mean_and_unit_variance_each() -> None:
    x = 3 + normal(1, N, 6, 6, 2)
    network = chained(*IMAGES)
    found = outputs(network, settled(network, DataDependent(rounds=0, center=0.3), x), x)
    for name in ("conv2d_1", "conv2d_2", "dense_1"):
        channels = found[name].reshape(-1, found[name].shape[-1])
        np.testing.assert_allclose(channels.mean(axis=0), 0.3, atol=1e-9)
        np.testing.assert_allclose(channels.std(axis=0), 1, atol=1e-9)


def test_balancing_makes_layers_of_relus_learn_at_one_rate_and_keeps_what_they_compute() -> None:
    x = normal(1, 256, I)
    network = chained(Dense(97), ReLU(), Dense(13), ReLU(), Dense(53), ReLU(), Dense(3))
    before, after = (settled(network, DataDependent(rounds=rounds), x) for rounds in (0, 30))
    assert spread_of_rates(network, after, x) < 0.2 * spread_of_rates(network, before, x)
    hidden = [outputs(network, w, x)["dense_4"] for w in (before, after)]
    ratio = hidden[1] / hidden[0]
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-9)  # the last layer alone is not undone


def spread_of_rates(network: Chain, w: Views, x: AnyArray) -> float:
    """How far apart the layers' √E (dl/dW)² / ‖W‖ are, per example and by hand rather than by batch."""
    rates = []
    draw = np.random.default_rng(1)
    squares: dict[str, Any] = dict.fromkeys(("dense_1", "dense_2", "dense_3", "dense_4"), 0.0)
    for n in range(x.shape[1]):
        z, backward = network.forward(w, x[:, n : n + 1], EVALUATION_CONTEXT)
        dw = layer_views(network.declare((I,)), np.zeros((1, network.declare((I,)).weight_count)), np.zeros((1, 0)))
        backward(draw.standard_normal(z.shape), dw)
        squares = {name: total + np.square(dw.parts[name]["W"]).mean() for name, total in squares.items()}
    rates = [np.sqrt(total / x.shape[1]) / np.linalg.norm(w.parts[name]["W"]) for name, total in squares.items()]
    return float(np.std(np.log(rates)))


def test_lsuv_settles_layers_inside_layers_and_gates() -> None:
    x = 20 * normal(1, N, I)
    network = chained(Parallel((chained(Dense(11), Tanh()), chained(Gated(13)))), Dense(3))
    w = settled(network, LSUV(tolerance=0.01), x)
    for path in ("branch_1.dense_1", "branch_2.gated_1.gate", "branch_2.gated_1.content"):
        at = w.parts["parallel_1"]
        for name in path.split("."):
            at = at.parts[name]
        assert (x @ at["W"] + at["b"]).var() == pytest.approx(1, abs=0.02), path


def test_lsuv_comes_to_rest_where_outputs_grow_with_the_square_of_the_weights() -> None:
    x = 20 * normal(1, N, I)
    network = chained(TiedAutoencoder(3))
    found = outputs(network, settled(network, LSUV(tolerance=0.01, max_iterations=30), x), x)
    assert found["tied_autoencoder_1"].var() == pytest.approx(1, abs=0.02)


def test_lsuv_leaves_a_silent_layer_as_it_was() -> None:
    x = np.zeros((1, N, I))
    network = chained(Dense(5))
    w = settled(network, LSUV(), x)
    assert np.isfinite(w.parts["dense_1"]["W"]).all()


@pytest.mark.parametrize("init", [LSUV(), DataDependent()], ids=lambda init: type(init).__name__)
def test_outputs_that_differ_by_rounding_alone_do_not_vary(init: Initializer) -> None:
    x = 0.1 + 1e-16 * normal(1, N, I, seed=3)
    assert np.ptp(x) > 0
    w = settled(chained(Dense(1)), init, x)
    assert np.abs(w.array_of("dense_1.W")).max() < 10


def test_an_initializer_that_sees_no_data_is_not_shown_any() -> None:
    x = normal(1, N, I)
    network = deep()
    with_data, without = settled(network, He(), x), settled(network, He(), np.zeros_like(x))
    assert identical(with_data.parts["dense_3"]["W"], without.parts["dense_3"]["W"])


def clusters(n: int = 90) -> AnyArray:
    """Three tight clusters around (0, 0), (8, 0) and (0, 6)."""
    centers = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 6.0]])
    return (centers[np.arange(n) % 3] + 0.01 * normal(n, 2))[None]


def test_rbf_centers_by_k_means_are_the_middles_of_clusters_and_widths_the_rule_of_thumb() -> None:
    x = clusters()
    rbf = settled(chained(RBF(3, spread=2.0)), He(), x).parts["rbf_1"]
    found = sorted(rbf["centers"][0].round().tolist())
    assert found == [[0, 0], [0, 6], [8, 0]]
    np.testing.assert_allclose(rbf["widths"], 2.0 * 10 / np.sqrt(3), rtol=0.01)  # the farthest are 10 apart


def test_rbf_centers_that_are_sampled_are_training_examples_and_no_two_the_same() -> None:
    x = clusters()
    found = settled(chained(RBF(11, centers="sample")), He(), x, replicas=3).parts["rbf_1"]["centers"]
    rows = [[int(np.flatnonzero((x[0] == center).all(axis=-1))[0]) for center in own] for own in found]
    assert all(len(set(own)) == 11 for own in rows)
    assert rows[0] != rows[1]


def test_rbf_centers_see_what_reaches_their_layer() -> None:
    x = clusters()
    network = chained(Dense(2), Tanh(), RBF(30, centers="sample"))
    w = settled(network, He(), x)
    reached = outputs(network, w, x)["tanh_1"][0]
    assert all((reached == center).all(axis=-1).any() for center in w.parts["rbf_1"]["centers"][0])


def test_one_rbf_center_is_as_wide_as_the_data_are() -> None:
    x = normal(1, N, 2)
    rbf = settled(chained(RBF(1, centers="normal")), He(), x).parts["rbf_1"]
    squares = np.square(x[0] - rbf["centers"][0]).sum(axis=-1)
    np.testing.assert_allclose(rbf["widths"], np.sqrt(squares.mean()), rtol=1e-12)
