"""Components held against PyTorch's stored results, each difference of convention converted where it is met.

tests/fixtures/make_torch_components.py made the numbers; PyTorch is not needed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.he import He
from nnexp.nn.initializers.orthogonal import Orthogonal
from nnexp.nn.initializers.xavier import Xavier
from nnexp.nn.layers.base import Context
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.losses.absolute_error import AbsoluteError
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.binary_cross_entropy import BinaryCrossEntropy
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.hinge import Hinge
from nnexp.nn.losses.huber import Huber
from nnexp.nn.losses.kl_divergence import KLDivergence
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.losses.squared_hinge import SquaredHinge
from nnexp.nn.parameters import Weight, layer_views, weight_views
from nnexp.nn.random import make_generators
from nnexp.optim.optimizers.adadelta import Adadelta
from nnexp.optim.optimizers.adagrad import Adagrad
from nnexp.optim.optimizers.adam import Adam
from nnexp.optim.optimizers.adamw import AdamW
from nnexp.optim.optimizers.amsgrad import AMSGrad
from nnexp.optim.optimizers.base import Optimizer
from nnexp.optim.optimizers.momentum import Momentum
from nnexp.optim.optimizers.nadam import Nadam
from nnexp.optim.optimizers.nesterov import Nesterov
from nnexp.optim.optimizers.rmsprop import RMSProp
from nnexp.optim.optimizers.rmsprop_momentum import RMSPropMomentum
from nnexp.optim.optimizers.sgd import SGD
from nnexp.typing import AnyArray
from tests.contracts.test_optimizers import run

STORED = json.loads((Path(__file__).parents[1] / "fixtures" / "torch_components.json").read_text(encoding="utf-8"))
RTOL = 1e-12

K = len(STORED["losses"]["z"][0])

LOSSES: dict[str, tuple[Loss, float]] = {
    "L1Loss": (AbsoluteError(), K),
    "MSELoss": (SquaredError(), K / 2),
    "HuberLoss": (Huber(0.7), K),
    "SmoothL1Loss": (Huber(0.7), 0.7 * K),
    "BCEWithLogitsLoss": (BinaryCrossEntropy(), K),
    "CrossEntropyLoss": (CrossEntropy(), 1),
    "CrossEntropyLoss soft": (CrossEntropy(), 1),
    "CrossEntropyLoss smoothed": (CrossEntropy(label_smoothing=0.2 * (K - 1) / K), 1),
    "KLDivLoss": (KLDivergence(), 1),
    "MultiMarginLoss": (Hinge(0.7), K),
    "MultiMarginLoss squared": (SquaredHinge(0.7), K),
}
"""The loss, and how many times PyTorch's it is: PyTorch's mean is over outputs too, and its margins' over classes."""


def test_everything_stored_is_compared() -> None:
    assert set(LOSSES) == set(STORED["losses"]["results"])
    assert set(OPTIMIZERS) | {"SGD nesterov"} == set(STORED["optimizers"]["results"])
    assert set(SIZES) == set(STORED["initializers"]["sizes"])


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    loss, times = LOSSES[name]
    stored = STORED["losses"]
    wanted = stored["results"][name]
    d = np.array(stored["targets"][wanted["targets"]])
    if wanted["targets"] == "labels":
        d = np.eye(K)[d]
    value, dz = loss(np.array(stored["z"])[None], d[None])
    np.testing.assert_allclose(value, [times * wanted["loss"]], rtol=RTOL)
    np.testing.assert_allclose(dz[0], times * np.array(wanted["dz"]), rtol=RTOL, atol=1e-15)


ADAM: dict[str, Any] = {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3}

OPTIMIZERS: dict[str, Optimizer] = {
    "SGD": SGD(0.05),
    "SGD momentum": Momentum(0.05, 0.8),  # lr inside the velocity: the same while lr stays the same
    "Adagrad": Adagrad(0.3, 1e-7),
    "RMSprop": RMSProp(0.05, 0.8, 1e-7),
    "RMSprop momentum": RMSPropMomentum(0.05, 0.8, 0.6, 1e-7),  # lr inside, as in momentum
    "Adam": Adam(**ADAM),
    "AdamW": AdamW(**ADAM, decay=0.3),  # all entries are weights here; PyTorch's decay acts on biases too
    "Adam amsgrad": AMSGrad(**{**ADAM, "beta2": 0.5}),
    "NAdam": Nadam(**ADAM),  # PyTorch's with a momentum that does not change
    "Adadelta": Adadelta(1.0, 0.8, 1e-3),
}


def path_of(optimizer: Optimizer) -> AnyArray:
    """Theta after each step on the stored parabola, (T, P)."""
    stored = STORED["optimizers"]
    steps = len(stored["results"]["SGD"]["path"])
    curvature = np.array(stored["curvature"])
    return run(optimizer, lambda t, theta: curvature * theta, np.array([stored["start"]]), np.ones(steps))[:, 0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str) -> None:
    np.testing.assert_allclose(path_of(OPTIMIZERS[name]), STORED["optimizers"]["results"][name]["path"], rtol=RTOL)


def test_nesterov_is_pytorchs_one_look_ahead_behind() -> None:
    """PyTorch keeps the point ahead, θ + βv, where this package keeps θ; v is the last step of θ."""
    path = path_of(Nesterov(0.05, 0.8))
    velocity = np.diff(path, axis=-2, prepend=[STORED["optimizers"]["start"]])
    ahead = STORED["optimizers"]["results"]["SGD nesterov"]["path"]
    np.testing.assert_allclose(path + 0.8 * velocity, ahead, rtol=RTOL)


SIZES: dict[str, Initializer] = {
    "xavier_uniform": Xavier(distribution="uniform"),
    "xavier_normal": Xavier(),
    "kaiming_uniform": He(distribution="uniform"),
    "kaiming_uniform fan_out": He(fan="out", distribution="uniform"),
    "kaiming_normal": He(),
}


@pytest.mark.parametrize("name", SIZES)
def test_limits_and_standard_deviations_of_initial_weights(name: str) -> None:
    """A weight of any shape may have these fans: one large enough shows the limit, or the deviation to 0.5 percent."""
    fans = {fan: STORED["initializers"][fan] for fan in ("fan_in", "fan_out")}
    drawn = SIZES[name].draw_weight(make_generators([0], "init"), Weight((300, 1000), **fans))
    wanted = STORED["initializers"]["sizes"][name]
    if "uniform" in name:
        assert 0.9999 * wanted < np.abs(drawn).max() <= wanted
    else:
        assert drawn.std() == pytest.approx(wanted, rel=0.005)


@pytest.mark.parametrize("case", STORED["initializers"]["orthogonal"], ids=["wide", "tall"])
def test_orthogonal_weights_of_the_same_normal_numbers(case: dict[str, Any]) -> None:
    normal = np.array(case["normal"])
    source: Any = SimpleNamespace(standard_normal=normal.reshape)
    w = Orthogonal(gain=1.3).draw_weight([source], Weight(normal.shape))
    np.testing.assert_allclose(w[0], case["weights"], rtol=1e-11, atol=1e-14)


def test_batch_norm() -> None:
    """PyTorch's momentum is 1 minus this package's, and its running variance is unbiased: N/(N - 1) times."""
    stored = {name: np.array(value) for name, value in STORED["batch_norm"].items()}
    x, features = stored["x"][None], stored["x"].shape[-1]
    layer = BatchNorm(momentum=1 - stored["momentum"].item(), epsilon=stored["eps"].item())
    declaration = layer.declare((features,))
    theta, buffers = np.concatenate([stored["gain"], stored["shift"]])[None], declaration.initial_buffers()
    views, grad = layer_views(declaration, theta, buffers), np.empty_like(theta)
    y, backward = layer.forward(views, x, Context(training=True))
    dx = backward(stored["dy"][None], weight_views(declaration, grad))
    assert dx is not None
    found = {"y": y[0], "dx": dx[0], "dgain": grad[0, :features], "dshift": grad[0, features:]}
    count = x.shape[-2]
    old, new = 0.7, 0.3
    biased = old + (stored["running_var"] - old) * (count - 1) / count
    assert new == stored["momentum"]
    for name, value in found.items():
        np.testing.assert_allclose(value, stored[name], rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(views["mean"].ravel(), stored["running_mean"], rtol=RTOL)
    np.testing.assert_allclose(views["variance"].ravel(), biased, rtol=RTOL)
    views["variance"][...] = stored["running_var"]
    evaluated = layer.forward(views, x, Context(training=False))[0]
    np.testing.assert_allclose(evaluated[0], stored["y at evaluation"], rtol=1e-11, atol=1e-14)
