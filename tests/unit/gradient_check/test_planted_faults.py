"""Faults planted in copies of layers are seen, and the right layer is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from nnexp.errors import GradientMismatch
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.tied_autoencoder import TiedAutoencoder
from nnexp.nn.losses.base import Loss, Outputs, Targets
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.model import Model
from nnexp.nn.parameters import Declaration, Views, Weight
from nnexp.nn.penalties.base import Penalty
from nnexp.nn.penalties.l2 import L2
from nnexp.nn.random import draw_uniform
from nnexp.typing import AnyArray, Array, Shape
from tests.unit.gradient_check.planted import H, O, Pass, Planted, around, checked, model_of, x_and_d

DX = "dx, which it hands back,"


def scaled(name: str, factor: float) -> Any:
    def fault(p: Pass, dx: AnyArray | None) -> AnyArray | None:
        p.dw[name][...] *= factor
        return dx

    return fault


def bias_over_the_wrong_axis(p: Pass, dx: AnyArray | None) -> AnyArray | None:
    p.dw["b"][...] = p.dy.sum(axis=-1)[:, None, :H]
    return dx


def transposed_dw(p: Pass, dx: AnyArray | None) -> AnyArray | None:
    p.dw["W"][...] = p.dw["W"].mT.copy()
    return dx


def first_term_only(p: Pass, dx: AnyArray | None) -> AnyArray | None:
    p.dw["W"][...] = p.x.mT @ (p.dy @ p.w["W"])
    return dx


def one_entry_wrong(p: Pass, dx: AnyArray | None) -> AnyArray | None:
    p.dw["W"][:, 2, 4] += 1e-5
    return dx


def statistics_as_constants(p: Pass, dx: AnyArray | None) -> AnyArray | None:
    return p.dy * p.w["gain"] / np.sqrt(p.x.var(axis=-2, keepdims=True) + 1e-5)


def mask_drawn_anew(p: Pass, dx: AnyArray | None) -> AnyArray | None:
    return p.dy * (draw_uniform(p.ctx.generators, p.x.shape[1:]) >= 0.4) / 0.6


RELU_OF_EVERYTHING = Planted(ReLU(), lambda p, dx: p.dy)

FAULTS: dict[str, tuple[Planted, str]] = {
    "wrong sign of dW": (Planted(Dense(H), scaled("W", -1)), "the gradient of W"),
    "wrong scale of dW": (Planted(Dense(H), scaled("W", 2)), "the gradient of W"),
    "slightly wrong scale of dW": (Planted(Dense(H), scaled("W", 1 + 1e-4)), "the gradient of W"),
    "scale of db wrong in the seventh digit": (Planted(Dense(H), scaled("b", 1 + 5e-7)), "the gradient of b"),
    "db summed over the wrong axis": (Planted(Dense(H), bias_over_the_wrong_axis), "the gradient of b"),
    "dW transposed": (Planted(Dense(H), transposed_dw), "the gradient of W"),
    "db forgotten": (Planted(Dense(H), scaled("b", 0)), "the gradient of b"),
    "missing term": (Planted(TiedAutoencoder(4), first_term_only), "the gradient of W"),
    "a single entry": (Planted(Dense(H), one_entry_wrong), "the gradient of W"),
    "NaN": (Planted(Dense(H), scaled("W", np.nan)), "the gradient of W"),
    "wrong sign of dx": (Planted(Dense(H), lambda p, dx: None if dx is None else -dx), DX),
    "slightly wrong scale of dx": (Planted(Tanh(), lambda p, dx: None if dx is None else dx * (1 + 1e-4)), DX),
    "weight transposed in dx": (Planted(Dense(H), lambda p, dx: p.dy @ p.w["W"]), DX),
    "derivative forgotten": (RELU_OF_EVERYTHING, DX),
    "examples mixed up in dx": (Planted(Tanh(), lambda p, dx: None if dx is None else np.roll(dx, 1, -2)), DX),
    "batch norm's statistics as constants": (Planted(BatchNorm(), statistics_as_constants), DX),
    "dropout's mask drawn anew": (Planted(Dropout(0.4), mask_drawn_anew), DX),
}


@pytest.mark.parametrize(("planted", "what"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_seen_and_blamed_on_its_layer_alone(planted: Planted, what: str) -> None:
    assert checked(model_of(around(planted.layer))).verdict == "right"
    found = checked(model_of(around(planted)))
    assert found.verdict == "wrong"
    assert [(fault.part, fault.what) for fault in found.faults] == [("layer_2", what)]


@pytest.mark.parametrize("fault", ["wrong sign of dx", "weight transposed in dx", "slightly wrong scale of dx"])
def test_layers_before_a_wrong_dx_are_wrong_in_the_table_but_not_blamed(fault: str) -> None:
    found = checked(model_of([Dense(H), Tanh(), Dense(H), FAULTS[fault][0], Dense(O)]))
    assert {row.layer: row.verdict for row in found.parameters if row.layer != "layer_4"} == {
        "layer_1": "wrong",
        "layer_3": "wrong",
        "layer_5": "right",
    }
    assert [fault.part for fault in found.faults] == ["layer_4"]


def test_two_faults_are_both_blamed_the_one_nearest_to_the_loss_first() -> None:
    wrong = Planted(Dense(H), scaled("b", 2))
    found = checked(model_of([wrong, RELU_OF_EVERYTHING, wrong, Dense(O)]))
    assert [(fault.part, fault.what) for fault in found.faults] == [
        ("layer_3", "the gradient of b"),
        ("layer_2", DX),
        ("layer_1", "the gradient of b"),
    ]


def test_a_stale_input_is_seen() -> None:
    def stale(p: Pass, dx: AnyArray | None) -> AnyArray | None:
        p.dw["W"][...] = planted.memory.x.mT @ p.dy  # type: ignore[union-attr]
        return dx

    planted = Planted(Dense(H), stale)
    model = model_of([planted, Tanh(), Dense(O)])
    model.compute_gradient(*x_and_d(seed=1), Context(training=True))  # what it should have forgotten
    found = checked(model)
    assert [(fault.part, fault.what) for fault in found.faults] == [("layer_1", "the gradient of W")]
    assert [row.name for row in found.parameters if row.verdict == "wrong"] == ["layer_1.W"]


def test_a_mismatch_names_layer_parameter_entry_and_both_values() -> None:
    found = checked(model_of(around(FAULTS["a single entry"][0])))
    with pytest.raises(GradientMismatch) as caught:
        found.raise_if_failed()
    error = caught.value
    assert (error.layer, error.parameter, error.index, error.exit_code) == ("layer_2", "layer_2.W", (2, 4), 4)
    assert error.analytic - error.numeric == pytest.approx(1e-5, rel=1e-4)
    assert "layer_2.W is wrong: [2, 4] is" in str(error)
    assert "layer_2: the gradient of W is wrong by itself" in str(error)


@dataclass(frozen=True)
class Forgetful(Penalty):
    """A penalty without a gradient."""

    def __call__(self, weights: Array) -> tuple[Array, Array]:
        return L2(0.3)(weights)[0], np.zeros_like(weights)


def test_a_penalty_without_its_gradient_is_seen_and_blamed() -> None:
    found = checked(model_of([Dense(H), Tanh(), Dense(O)], penalties=(L2(0.1), Forgetful())))
    assert [fault.part for fault in found.faults] == ["penalty Forgetful"]
    assert {row.name for row in found.parameters if row.verdict == "wrong"} == {"layer_1.W", "layer_3.W"}


def test_a_model_that_forgets_its_penalties_is_seen_and_no_part_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Model.compute_gradient

    def forgetful(self: Model, x: Array, d: Array, ctx: Context) -> tuple[Array, Array, Array]:
        monkeypatch.setattr(self, "penalties", ())
        return right(self, x, d, ctx)

    model = model_of([Dense(H), Tanh(), Dense(O)], penalties=(L2(0.1),))
    monkeypatch.setattr(Model, "compute_gradient", forgetful)
    found = checked(model)
    assert (found.verdict, found.faults) == ("wrong", ())
    with pytest.raises(GradientMismatch, match="look at what joins them"):
        found.raise_if_failed()


@dataclass(frozen=True)
class SumInsteadOfMean(Loss):
    """A loss whose gradient is not divided by the number of examples."""

    targets: ClassVar[tuple[Targets, ...]] = ("values",)
    outputs: ClassVar[Outputs] = "values"

    def __call__(self, z: Array, d: Array) -> tuple[Array, Array]:
        loss, dz = SquaredError()(z, d)
        return loss, dz * z.shape[-2]

    def predict(self, z: Array) -> Array:
        return z


def test_a_wrong_loss_makes_everything_wrong_and_is_blamed_alone() -> None:
    found = checked(model_of([Dense(H), Tanh(), Dense(O)], SumInsteadOfMean()))
    assert {row.verdict for row in found.rows} == {"wrong"}
    assert [(fault.part, fault.what) for fault in found.faults] == [("loss", "dz")]


@pytest.mark.parametrize("fault", ["wrong sign of dW", "slightly wrong scale of dx", "db forgotten", "a single entry"])
def test_a_sample_of_entries_and_directions_sees_faults_too(fault: str) -> None:
    found = checked(model_of(around(FAULTS[fault][0])), entries=2)
    assert not found.exhaustive
    assert [fault.part for fault in found.faults] == ["layer_2"]


@dataclass(frozen=True)
class Multiquadric(Layer):
    """y = √(d² + β²), d² = ‖x - μ‖², with the gradients as they should be or as the lecture notes print them."""

    units: int
    printed: bool

    def declare(self, x: Shape) -> Declaration:
        weights = {"mu": Weight((self.units, *x), fan_in=1, fan_out=1), "beta": Weight((1, self.units), fill=0.7)}
        return Declaration((self.units,), weights)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        away, beta = x[..., None, :] - w["mu"][:, None], w["beta"]
        y = np.sqrt(np.square(away).sum(axis=-1) + beta * beta)

        def backward(dy: Array, dw: Views) -> Array | None:
            by_mu, by_beta = (-y, y * beta) if self.printed else (-1 / y, beta / y)
            dw["mu"][...] = ((dy * by_mu)[..., None] * away).sum(axis=-3)
            dw["beta"][...] = (dy * by_beta).sum(axis=-2, keepdims=True)
            return ((dy / y)[..., None] * away).sum(axis=-2)

        return y, backward


def test_the_printed_gradient_of_the_multiquadric_fails_and_the_right_one_passes() -> None:
    assert checked(model_of(around(Multiquadric(H, printed=False)))).passed
    found = checked(model_of(around(Multiquadric(H, printed=True))))
    assert [(fault.part, fault.what) for fault in found.faults] == [
        ("layer_2", "the gradient of mu"),
        ("layer_2", "the gradient of beta"),
    ]
    assert [row.name for row in found.parameters if row.verdict == "wrong"] == ["layer_2.mu", "layer_2.beta"]


def test_a_fault_in_images_is_blamed_on_its_layer() -> None:
    wrong = Planted(Conv2D(2, 3), scaled("b", 1 + 1e-4))
    assert wrong.declare((5, 5, 1)).output == (3, 3, 2)
    found = checked(model_of([Dense(25), ToImage(), wrong, ToVector(), Dense(O)]))
    assert [(fault.part, fault.what) for fault in found.faults] == [("layer_3", "the gradient of b")]


@dataclass(frozen=True)
class ToImage(Layer):
    """Vectors of 25 numbers as images."""

    def declare(self, x: Shape) -> Declaration:
        return Declaration((5, 5, 1))

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return x.reshape(*x.shape[:2], 5, 5, 1), lambda dy, dw: dy.reshape(x.shape)


@dataclass(frozen=True)
class ToVector(Layer):
    """Images as vectors."""

    def declare(self, x: Shape) -> Declaration:
        return Declaration((18,))

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return x.reshape(*x.shape[:2], 18), lambda dy, dw: dy.reshape(x.shape)
