"""The optimizers of N0, "Optimization algorithms", and of N1, "Stochastic gradient descent" to "Newton's method".

Each is written as the notes' loop and run on a line through 30 points, whose gradient is known, beside a training of
the same line by a spec. Two steps of every rule, with a schedule, are worked by hand in
tests/contracts/test_optimizers.py; `clip` is in tests/unit/training/test_clipping.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
import pytest

from nnexp.errors import SpecError
from nnexp.optim.optimizers.base import Optimizer
from nnexp.registry import optimizers
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.training.stack import Stack
from nnexp.typing import AnyArray
from tests.notes.networks import begun

LINE = """
data: {source: {sine: {examples: 40}}, split: {train: 30, dev: 0, test: 10}}
architecture: [output]
init: {normal: {std: 2.0, bias: 1.0}}
loss: squared_error
training: {epochs: 25, batch_size: full, dtype: float64}
"""

Gradient = Callable[[AnyArray], AnyArray]
Loop = Callable[[AnyArray, Gradient], Iterator[AnyArray]]


def sgd(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N1: θ ← θ - ε g."""
    while True:
        theta = theta - 0.1 * g(theta)
        yield theta


def momentum(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N1: v ← α v - ε g, θ ← θ + v."""
    v = 0 * theta
    while True:
        v = 0.9 * v - 0.05 * g(theta)
        theta = theta + v
        yield theta


def averaged_momentum(theta: AnyArray, dw: Gradient) -> Iterator[AnyArray]:
    """N0: V = β V + (1 - β) dw, corrected by 1 - βᵗ, w = w - α V."""
    v, t = 0 * theta, 0
    while True:
        t += 1
        v = 0.9 * v + (1 - 0.9) * dw(theta)
        theta = theta - 0.5 * (v / (1 - 0.9**t))
        yield theta


def nesterov(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N1: the gradient at θ + α v, then as momentum."""
    v = 0 * theta
    while True:
        v = 0.9 * v - 0.05 * g(theta + 0.9 * v)
        theta = theta + v
        yield theta


def adagrad(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N1: a ← a + g ⊙ g, θ ← θ - ε/(√a + γ) ⊙ g, γ = 1e-7."""
    a = 0 * theta
    while True:
        slope = g(theta)
        a = a + slope * slope
        theta = theta - 0.3 / (np.sqrt(a) + 1e-7) * slope
        yield theta


def rmsprop(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N1: a ← β a + (1 - β) g ⊙ g, then as Adagrad."""
    a = 0 * theta
    while True:
        slope = g(theta)
        a = 0.8 * a + (1 - 0.8) * slope * slope
        theta = theta - 0.05 / (np.sqrt(a) + 1e-7) * slope
        yield theta


def rmsprop_without_gamma(theta: AnyArray, dw: Gradient) -> Iterator[AnyArray]:
    """N0: S = ρ S + (1 - ρ) dw², w = w - α dw/√S."""
    s = 0 * theta
    while True:
        slope = dw(theta)
        s = 0.9 * s + (1 - 0.9) * slope**2
        theta = theta - 0.05 * slope / np.sqrt(s)
        yield theta


def rmsprop_with_momentum(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N1: v ← α v - ε/(√a + γ) ⊙ g, θ ← θ + v."""
    a, v = 0 * theta, 0 * theta
    while True:
        slope = g(theta)
        a = 0.8 * a + (1 - 0.8) * slope * slope
        v = 0.7 * v - 0.05 / (np.sqrt(a) + 1e-7) * slope
        theta = theta + v
        yield theta


def adam(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N0 and N1, "with bias correction": β1 = 0.9, β2 = 0.999, ε = 1e-8."""
    v, s, t = 0 * theta, 0 * theta, 0
    while True:
        t += 1
        slope = g(theta)
        v = 0.9 * v + (1 - 0.9) * slope
        s = 0.999 * s + (1 - 0.999) * slope**2
        theta = theta - 0.1 * ((v / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8))
        yield theta


def adam_without_correction(theta: AnyArray, g: Gradient) -> Iterator[AnyArray]:
    """N1, "without bias correction", γ = 1e-7."""
    v, a = 0 * theta, 0 * theta
    while True:
        slope = g(theta)
        v = 0.9 * v + (1 - 0.9) * slope
        a = 0.99 * a + (1 - 0.99) * slope * slope
        theta = theta - 0.1 / (np.sqrt(a) + 1e-7) * v
        yield theta


LOOPS: dict[str, tuple[str, Loop]] = {
    "sgd": ("{sgd: {lr: 0.1}}", sgd),
    "momentum": ("{momentum: {lr: 0.05}}", momentum),
    "momentum as an average": ("{ema_momentum: {lr: 0.5}}", averaged_momentum),
    "nesterov": ("{nesterov: {lr: 0.05}}", nesterov),
    "adagrad": ("{adagrad: {lr: 0.3}}", adagrad),
    "rmsprop": ("{rmsprop: {lr: 0.05, rho: 0.8}}", rmsprop),
    "rmsprop without gamma": ("{rmsprop: {lr: 0.05, eps: 1e-100}}", rmsprop_without_gamma),
    "rmsprop with momentum": ("{rmsprop_momentum: {lr: 0.05, rho: 0.8, beta: 0.7}}", rmsprop_with_momentum),
    "adam": ("{adam: {lr: 0.1}}", adam),
    "adam without correction": (
        "{adam: {lr: 0.1, beta2: 0.99, eps: 1e-7, bias_correction: false}}",
        adam_without_correction,
    ),
}


def path(stack: Stack) -> list[AnyArray]:
    thetas = []
    for _ in range(stack.training.epochs):
        stack.begin_epoch()
        for batch in stack.remaining_batches():
            stack.train_step(batch)
            thetas.append(stack.state.theta[0].copy())
        stack.end_epoch()
    return thetas


@pytest.mark.parametrize("name", LOOPS)
def test_25_steps_of_a_training_are_the_notes_loop(name: str) -> None:
    written, loop = LOOPS[name]
    stack = begun(LINE, f"optimizer={written}")
    train, start = stack.parts[0].train, stack.state.theta[0].copy()
    x = np.column_stack([train.x, np.ones(30)])

    def gradient(theta: AnyArray) -> AnyArray:
        """1/m Σ_i ∇J: of ½ (θᵀx - y)², the mean of x (θᵀx - y)."""
        return sum(row * (theta @ row - y) for row, y in zip(x, train.d[:, 0], strict=True)) / 30

    wanted = loop(start, gradient)
    found = path(stack)
    assert len(found) == 25
    for theta in found:
        np.testing.assert_allclose(theta, next(wanted), rtol=1e-9, atol=1e-11)
    assert np.linalg.norm(gradient(found[-1])) < np.linalg.norm(gradient(start))


def moves(optimizer: Optimizer, gradients: list[float]) -> list[float]:
    """By how much each gradient moves θ."""
    theta, grad = np.zeros((1, 1)), np.zeros((1, 1))
    slots = {name: np.zeros((1, 1)) for name in optimizer.slots}
    update = optimizer.bind(theta, grad, slots, np.array([True]))
    found = []
    for t, g in enumerate(gradients, start=1):
        before = theta.item()
        grad[...] = g
        update(t, np.full((1, 1), optimizer.lr))
        found.append(theta.item() - before)
    return found


def test_the_fourth_velocity_weighs_four_gradients() -> None:
    """N1: v4 = -(α³ g1 + α² g2 + α g3 + g4), times the learning rate."""
    g, alpha, lr = [0.3, -0.7, 1.1, 0.4], 0.9, 0.5
    wanted = -lr * (alpha**3 * g[0] + alpha**2 * g[1] + alpha * g[2] + g[3])
    assert moves(optimizers["momentum"](lr=lr, beta=alpha), g)[3] == pytest.approx(wanted, rel=1e-13)


def test_an_average_is_biased_towards_zero_at_the_start_and_the_correction_mends_it() -> None:
    """N0: of a constant gradient V_t = (1 - βᵗ) g, 0.1 g at first and 0.651 g after ten; divided by 1 - βᵗ it is g."""
    plain, corrected = (
        moves(optimizers["ema_momentum"](lr=1.0, beta=0.9, bias_correction=flag), [2.0] * 200) for flag in (False, True)
    )
    np.testing.assert_allclose(plain, [-2 * (1 - 0.9**t) for t in range(1, 201)], rtol=1e-12)
    np.testing.assert_allclose([plain[0] / -2, plain[9] / -2], [0.1, 0.651], atol=5e-4)
    np.testing.assert_allclose(corrected, -2, rtol=1e-12)
    assert plain[-1] == pytest.approx(corrected[-1], rel=1e-8)  # "as t → ∞, ṽ → v"


def test_without_its_correction_adam_starts_with_larger_steps() -> None:
    """N1: the first is (1 - β1)/√(1 - β2) = 0.1/√0.001 = 3.16 learning rates, not one."""
    plain, corrected = (
        moves(optimizers["adam"](lr=0.01, eps=1e-12, bias_correction=flag), [5.0]) for flag in (False, True)
    )
    assert plain[0] == pytest.approx(-0.01 * 0.1 / sqrt(0.001), rel=1e-9)
    assert corrected[0] == pytest.approx(-0.01, rel=1e-9)


def test_adagrads_steps_only_shrink_and_rmsprops_grow_again() -> None:
    """N1: equal gradients after one large gradient, ε/(√a + γ) by its moves."""
    gradients = [10.0] + [0.1] * 100
    shrinking, growing = (
        np.array(moves(optimizers[name](lr=0.1), gradients)[1:]) / -0.1 for name in ("adagrad", "rmsprop")
    )
    assert (np.diff(shrinking) < 0).all()
    assert (np.diff(growing) > 0).all()
    assert growing[-1] > 10 * growing[0]


def test_clipping_a_training_steps_along_the_gradient_by_the_clip() -> None:
    """N1: where ‖g‖ ≥ clip, g ← g/‖g‖ · clip; so sgd moves by lr · clip."""
    free, clipped = (
        begun(LINE, "optimizer={sgd: {lr: 0.1}}", "training.epochs=1", *more)
        for more in ([], ["training.clip_norm=0.25"])
    )
    start = free.state.theta[0].copy()
    [step], [short] = ([end - start for end in path(stack)] for stack in (free, clipped))
    np.testing.assert_allclose(short, step / np.linalg.norm(step) * 0.1 * 0.25, rtol=1e-12)
    assert np.linalg.norm(step) > 2 * np.linalg.norm(short)


def test_the_hessian_of_a_million_weights_is_refused() -> None:
    """N1: 10⁶ weights, 4 bytes a number, 3.8 TB. 4 · 10¹² bytes are 3.64 TiB; here numbers have 8 bytes."""
    text = "data: {source: {blobs: {classes: 2, features: 500000}}}\narchitecture: [output: {bias: false}]\n"
    with pytest.raises(SpecError, match=r"1,000,000 x 1,000,000 numbers, 8,000,000,000,000 bytes"):
        load_network_spec(SpecText("s.yaml", text + "optimizer: newton"), name="s")
