"""The looks into the layers: what they measure, when they happen, and that they change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.nn.replicas import take_replicas
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Diagnostics
from nnexp.training.events import RunDone
from nnexp.training.layer_recorder import NETWORK_STATISTICS, UNIT_STATISTICS, WEIGHT_STATISTICS, choose_gap_steps
from nnexp.training.loop import train_stack
from nnexp.training.stack import Stack
from nnexp.training.state import TrainingState
from nnexp.typing import AnyArray
from tests.laws.stacks import differences

SMALL = """
data: {source: {moons: {examples: 50}}}
architecture: [dense: 7, relu, output]
optimizer: {sgd: {lr: 0.1}}
training: {epochs: 3, batch_size: full, dtype: float64}
diagnostics: {every: 1, examples: 1000}
"""

DRAWING = """
data: {source: {moons: {examples: 50}}}
architecture: [dense: 7, batch_norm: {statistics: weighted_average}, relu, dropout: 0.3, gaussian_noise: 0.1, output]
training: {epochs: 3, batch_size: 11}
"""


def stack_of(text: str, *overrides: str) -> Stack:
    spec = load_network_spec(SpecText("spec.yaml", text), overrides, name="probe")
    return Stack([spec], [spec.prepare()])


def trained(stack: Stack) -> TrainingState:
    with np.errstate(all="ignore"):
        return next(event for event in train_stack(stack) if isinstance(event, RunDone)).state


def measured(stack: Stack, state: TrainingState) -> dict[tuple[str, str], AnyArray]:
    assert stack._recorder
    return dict(zip(stack._recorder.layout.list_columns(), state.layer_history[0].T, strict=True))


def test_looking_changes_no_bit_of_what_is_trained() -> None:
    often, never = (trained(stack_of(DRAWING, f"diagnostics.every={every}")) for every in ("0.1", "never"))
    assert differences(often, never) == ["layer_history"]
    assert often.layer_history.shape[1] == 1 + 3 * 4  # each of four steps: a tenth of an epoch is less than one
    assert never.layer_history.size == 0


def test_the_first_look_measures_what_a_pass_by_hand_gives() -> None:
    stack = stack_of(SMALL)
    found = measured(stack, stack.state)
    w, x, d = stack.model.w, stack.parts[0].train.x, stack.parts[0].train.d
    W1, b1, W2, b2 = (w.array_of(name)[0] for name in ("dense_1.W", "dense_1.b", "output.W", "output.b"))
    z1 = x @ W1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2 + b2
    p = np.exp(z2) / np.exp(z2).sum(axis=-1, keepdims=True)
    dz2 = (p - d) / len(x)
    dz1 = (dz2 @ W2.T) * (z1 > 0)
    norms = [
        np.sqrt(np.sum((before.T @ dz) ** 2) + np.sum(dz.sum(axis=0) ** 2)) for before, dz in ((x, dz1), (a1, dz2))
    ]
    assert found["", "loss"] == pytest.approx(-np.log((p * d).sum(axis=-1)).mean())
    assert found["", "step"] == 0
    assert [found[layer, "gradient"][0] for layer in ("dense_1", "output")] == pytest.approx(norms)
    assert found["output", "weight"] == pytest.approx(np.sqrt((W2**2).sum() + (b2**2).sum()))
    assert found["relu_1", "dead"] == pytest.approx(np.mean((z1 <= 0).all(axis=0)))
    assert found["relu_1", "rms"] == pytest.approx(np.sqrt((z1**2).mean()))
    assert np.isnan(found["relu_1", "saturated"][0])
    assert np.isnan(found["dense_1", "update"][0])
    assert found["", "input_rms"] == pytest.approx(np.sqrt((x**2).mean()))


def test_the_update_of_gradient_descent_is_the_rate_times_the_gradient_of_the_look_before() -> None:
    stack = stack_of(SMALL)
    found = measured(stack, trained(stack))
    assert found["", "step"].tolist() == [0, 1, 2, 3]
    for layer in ("dense_1", "output"):
        assert found[layer, "update"][1:] == pytest.approx(0.1 * found[layer, "gradient"][:-1])


def test_penalties_are_not_in_the_gradients() -> None:
    plain, penalized = (stack_of(SMALL, *more) for more in ((), ("regularization={l2: 3.0}",)))
    assert np.array_equal(plain.state.layer_history, penalized.state.layer_history, equal_nan=True)


@pytest.mark.parametrize(("init", "symmetric"), [("zeros", 1.0), ("he", 0.0)])
def test_units_with_the_same_weights_are_symmetric(init: str, symmetric: float) -> None:
    stack = stack_of(SMALL, f"init={init}")
    assert measured(stack, stack.state)["dense_1", "symmetric"] == symmetric


@pytest.mark.parametrize(
    ("activation", "beyond", "slope"),
    [
        ("tanh", 2.65, lambda z: 1 - np.tanh(z) ** 2),
        ("sigmoid", 4.6, lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
        ("hard_tanh", 1.0, lambda z: np.abs(z) < 1),
    ],
)
def test_saturated_is_where_the_slope_is_next_to_nothing(activation: str, beyond: float, slope: Any) -> None:
    stack = stack_of(SMALL, f"architecture.1={activation}", "init={normal: {std: 3.0}}")
    w, x = stack.model.w, stack.parts[0].train.x
    z = x @ w.array_of("dense_1.W")[0]
    steep = slope(z) > (0.02 if activation == "tanh" else 0.0101)
    assert measured(stack, stack.state)[f"{activation}_1", "saturated"] == pytest.approx(np.mean(np.abs(z) > beyond))
    assert np.mean(~steep) == pytest.approx(np.mean(np.abs(z) > beyond), abs=0.02)


def test_a_dead_unit_of_images_is_a_channel_that_is_positive_nowhere() -> None:
    text = """
data: {source: {digits: {flat: false}}}
architecture: [conv2d: {filters: 3, kernel: 3}, relu, flatten, output]
"""
    stack = stack_of(text)
    stack.model.w.array_of("conv2d_1.b")[..., 1] = -1e6
    assert stack._recorder
    look = dict(
        zip(
            stack._recorder.layout.list_columns(),
            stack._recorder.record(0, stack.state.dropout, None)[0].T,
            strict=True,
        )
    )
    assert look["relu_1", "dead"] == pytest.approx(1 / 3)
    assert stack._recorder.layout.units == (3,)


def test_layers_inside_of_layers_are_seen() -> None:
    block = "residual_block: {layers: [dense: 7, relu, dense: 7]}"
    stack = stack_of(SMALL, f"architecture=[dense: 7, tanh, {{{block}}}, output]")
    assert stack._recorder
    inside = "residual_block_1.branch_2"
    assert stack._recorder.layout.layers == ("dense_1", f"{inside}.dense_1", f"{inside}.dense_2", "output")
    assert stack._recorder.layout.activations == ("tanh_1", f"{inside}.relu_1")
    size = len(NETWORK_STATISTICS) + 4 * len(WEIGHT_STATISTICS) + 2 * len(UNIT_STATISTICS)
    assert stack.state.layer_history.shape == (1, 1, size)


@pytest.mark.parametrize(
    ("every", "steps", "epochs", "expected"),
    [
        ("never", 45, 20, None),
        ("auto", 45, 20, 45),
        ("auto", 10, 20, 40),  # four short epochs
        ("auto", 1, 20, 40),
        ("auto", 45, 1000, 225),  # 200 looks in all
        (1, 10, 20, 10),
        (3, 10, 20, 30),
        (0.1, 45, 20, 4.5),
        (1e308, 45, 20, 2.0**52),
        (0.001, 45, 20, 1),
    ],
)
def test_looks_are_as_far_apart_as_is_said(every: Any, steps: int, epochs: int, expected: float | None) -> None:
    assert choose_gap_steps(Diagnostics(every), steps, epochs) == expected


def test_a_run_that_goes_on_looks_as_if_it_had_never_stopped() -> None:
    whole, stopped = stack_of(DRAWING, "diagnostics.every=0.5"), stack_of(DRAWING, "diagnostics.every=0.5")
    expected = trained(whole)
    events = train_stack(stopped)
    for _ in range(7):
        next(events)
    middle = take_replicas(stopped.state, [0])
    goes_on = Stack(stopped.specs, stopped.parts, middle)
    assert 1 < middle.layer_history.shape[1] < expected.layer_history.shape[1]
    assert differences(trained(goes_on), expected) == []


def test_the_examples_are_spread_over_the_training_part() -> None:
    stack = stack_of(SMALL, "diagnostics.examples=8")
    assert stack._recorder
    assert np.array_equal(stack._recorder._x[0], stack.parts[0].train.x[::5])
