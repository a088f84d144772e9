"""What every optimizer promises: the formula worked by hand in plain numbers, and convergence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import copysign, sqrt
from typing import Any

import numpy as np
import pytest

from nnexp.optim.optimizers.adamw import AdamW
from nnexp.optim.optimizers.base import Optimizer
from nnexp.optim.optimizers.nesterov import Nesterov
from nnexp.registry import optimizers
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import Example, I, R, update_rules

GRADIENTS = (0.7, -0.3)
START = 0.5
FACTORS = (1.0, 0.6)
"""What the schedule multiplies the learning rate by at the first and the second step."""

every_optimizer = pytest.mark.parametrize("example", update_rules(), ids=str)


def run(
    optimizer: Optimizer,
    gradient: Callable[[int, AnyArray], AnyArray],
    start: AnyArray,
    factors: Any,
    decays: bool = True,
) -> AnyArray:
    """Theta (T, ...) after each update, the gradient being asked for where the optimizer wants it."""
    theta, grad = start.copy(), np.zeros_like(start)
    slots = {name: np.zeros_like(start) for name in optimizer.slots}
    update = optimizer.bind(theta, grad, slots, np.full(start.shape[1], decays))
    path = []
    for t, factor in enumerate(factors, start=1):
        optimizer.look_ahead(theta, slots)
        grad[...] = gradient(t, theta)
        update(t, np.full((len(theta), 1), optimizer.lr * factor, theta.dtype))
        path.append(theta.copy())
    return np.array(path)


def sgd(o: Any) -> list[float]:
    (g1, g2), (f1, f2) = GRADIENTS, FACTORS
    first = START - o.lr * f1 * g1
    return [first, first - o.lr * f2 * g2]


def momentum(o: Any) -> list[float]:
    (g1, g2), (f1, f2) = GRADIENTS, FACTORS
    v1 = -o.lr * f1 * g1
    v2 = o.beta * v1 - o.lr * f2 * g2
    return [START + v1, START + v1 + v2]


def adam(o: Any, decay: float = 0.0) -> list[float]:
    theta, m, v, path = START, 0.0, 0.0, []
    for t, (g, factor) in enumerate(zip(GRADIENTS, FACTORS, strict=True), start=1):
        theta -= o.lr * factor * decay * theta
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g**2
        m_hat, v_hat = (m / (1 - o.beta1**t), v / (1 - o.beta2**t)) if o.bias_correction else (m, v)
        theta -= o.lr * factor * m_hat / (sqrt(v_hat) + o.eps)
        path.append(theta)
    return path


def decoupled(o: Any) -> list[float]:
    return adam(o, o.decay)


def ema_momentum(o: Any) -> list[float]:
    (g1, g2), (f1, f2) = GRADIENTS, FACTORS
    v1 = (1 - o.beta) * g1
    v2 = o.beta * v1 + (1 - o.beta) * g2
    c1, c2 = (1 - o.beta, 1 - o.beta**2) if o.bias_correction else (1, 1)
    first = START - o.lr * f1 * v1 / c1
    return [first, first - o.lr * f2 * v2 / c2]


def adagrad(o: Any) -> list[float]:
    (g1, g2), (f1, f2) = GRADIENTS, FACTORS
    first = START - o.lr * f1 * g1 / (abs(g1) + o.eps)
    return [first, first - o.lr * f2 * g2 / (sqrt(g1**2 + g2**2) + o.eps)]


def divided(o: Any) -> tuple[float, float]:
    """RMSProp's two gradients, divided by their running size."""
    g1, g2 = GRADIENTS
    a1 = (1 - o.rho) * g1**2
    a2 = o.rho * a1 + (1 - o.rho) * g2**2
    return g1 / (sqrt(a1) + o.eps), g2 / (sqrt(a2) + o.eps)


def rmsprop(o: Any) -> list[float]:
    (s1, s2), (f1, f2) = divided(o), FACTORS
    return [START - o.lr * f1 * s1, START - o.lr * f1 * s1 - o.lr * f2 * s2]


def rmsprop_momentum(o: Any) -> list[float]:
    (s1, s2), (f1, f2) = divided(o), FACTORS
    v1 = -o.lr * f1 * s1
    return [START + v1, START + v1 + o.beta * v1 - o.lr * f2 * s2]


def nadam(o: Any) -> list[float]:
    theta, m, v, path = START, 0.0, 0.0, []
    for t, (g, factor) in enumerate(zip(GRADIENTS, FACTORS, strict=True), start=1):
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g**2
        c = (1 - o.beta1 ** (t + 1), 1 - o.beta1**t, 1 - o.beta2**t) if o.bias_correction else (1, 1, 1)
        theta -= o.lr * factor * (o.beta1 * m / c[0] + (1 - o.beta1) * g / c[1]) / (sqrt(v / c[2]) + o.eps)
        path.append(theta)
    return path


def amsgrad(o: Any) -> list[float]:
    """The second gradient is the smaller one, and with small β2 so is its v: the maximum acts."""
    theta, m, v, largest, path = START, 0.0, 0.0, 0.0, []
    for t, (g, factor) in enumerate(zip(GRADIENTS, FACTORS, strict=True), start=1):
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g**2
        largest = max(largest, v)
        c1, c2 = (1 - o.beta1**t, 1 - o.beta2**t) if o.bias_correction else (1, 1)
        theta -= o.lr * factor * (m / c1) / (sqrt(largest / c2) + o.eps)
        path.append(theta)
    return path


def adadelta(o: Any) -> list[float]:
    theta, a, u, path = START, 0.0, 0.0, []
    for g, factor in zip(GRADIENTS, FACTORS, strict=True):
        a = o.rho * a + (1 - o.rho) * g**2
        step = sqrt(u + o.eps) / sqrt(a + o.eps) * g
        u = o.rho * u + (1 - o.rho) * step**2
        theta -= o.lr * factor * step
        path.append(theta)
    return path


def lion(o: Any) -> list[float]:
    (g1, g2), (f1, f2) = GRADIENTS, FACTORS
    first = START - o.lr * f1 * (1 + o.decay * START)
    sign = copysign(1, o.beta1 * (1 - o.beta2) * g1 + (1 - o.beta1) * g2)
    return [first, first - o.lr * f2 * (sign + o.decay * first)]


BY_HAND: dict[str, Callable[[Any], list[float]]] = {
    "adadelta": adadelta,
    "adagrad": adagrad,
    "adam": adam,
    "adamw": decoupled,
    "amsgrad": amsgrad,
    "ema_momentum": ema_momentum,
    "lion": lion,
    "momentum": momentum,
    "nadam": nadam,
    "nesterov": momentum,  # where the gradient does not depend on theta, looking ahead changes nothing
    "rmsprop": rmsprop,
    "rmsprop_momentum": rmsprop_momentum,
    "sgd": sgd,
}


def test_every_optimizer_is_worked_by_hand() -> None:
    assert set(BY_HAND) == {example.name for example in update_rules()}


@every_optimizer
def test_two_steps_equal_the_formula_by_hand(example: Example) -> None:
    path = run(example.component, lambda t, _: np.array([[GRADIENTS[t - 1]]]), np.array([[START]]), FACTORS)
    np.testing.assert_allclose(path[:, 0, 0], BY_HAND[example.name](example.component), rtol=1e-14)


@every_optimizer
def test_theta_keeps_its_precision(example: Example) -> None:
    """In single precision 1 - 0.999 is off by 2e-5 of itself, and Adam's second moment with it."""
    start = normal(R, I, dtype="float32")
    path = run(example.component, lambda t, theta: theta, start, FACTORS)
    assert path.dtype == np.float32
    exact = run(example.component, lambda t, theta: theta, start.astype(np.float64), FACTORS)
    np.testing.assert_allclose(path, exact, rtol=1e-4, atol=1e-5)


def test_first_adam_step_is_the_learning_rate_whatever_the_gradient() -> None:
    tiny_and_huge = np.array([[1e-3, 1e3, -1.0]])
    [step] = run(optimizers["adam"](lr=0.1, eps=1e-12), lambda t, _: tiny_and_huge, np.zeros((1, 3)), [1.0])
    np.testing.assert_allclose(step, [[-0.1, -0.1, 0.1]], rtol=1e-8)


def test_adamw_shrinks_regularized_entries_only_and_is_adam_elsewhere() -> None:
    start, decays = normal(R, I), np.arange(I) % 2 == 0
    decayed, kept, plain = (
        run(optimizer, lambda t, theta: np.ones_like(theta), start, FACTORS, mask)
        for optimizer, mask in (
            (AdamW(0.1, decay=0.3), True),
            (AdamW(0.1, decay=0.3), False),
            (AdamW(0.1, decay=0.0), True),
        )
    )
    assert identical(kept, plain)
    theta, grad = start.copy(), np.zeros_like(start)
    slots = {name: np.zeros_like(start) for name in AdamW.slots}
    AdamW(0.1, decay=0.3).bind(theta, grad, slots, decays)(1, np.full((R, 1), 0.1))
    assert np.array_equal(theta[:, ~decays], start[:, ~decays])
    np.testing.assert_allclose(theta[:, decays], start[:, decays] * (1 - 0.1 * 0.3), rtol=1e-15)
    assert (decayed != plain).all()


def rosenbrock(t: int, theta: AnyArray) -> AnyArray:
    """The gradient of (1 - x)² + 100 (y - x²)²."""
    x, y = theta[:, :1], theta[:, 1:]
    return np.concatenate([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], axis=-1)


def height(theta: AnyArray) -> float:
    x, y = theta[0]
    return float((1 - x) ** 2 + 100 * (y - x * x) ** 2)


CURVATURE = np.array([[1.0, 10.0]])

CONVERGENCE = {
    "adadelta": ({"lr": 3.0}, {"lr": 1.0}),
    "adagrad": ({"lr": 1.0}, {"lr": 0.5}),
    "adam": ({"lr": 0.02}, {"lr": 0.02}),
    "adamw": ({"lr": 0.02, "decay": 0.0}, {"lr": 0.02, "decay": 0.0}),
    "amsgrad": ({"lr": 0.02}, {"lr": 0.02}),
    "ema_momentum": ({"lr": 0.1}, {"lr": 1e-3}),
    "lion": ({"lr": 0.01}, {"lr": 1e-3}),
    "momentum": ({"lr": 0.01}, {"lr": 1e-4}),
    "nadam": ({"lr": 0.02}, {"lr": 0.02}),
    "nesterov": ({"lr": 0.01}, {"lr": 1e-4}),
    "rmsprop": ({"lr": 0.01}, {"lr": 1e-3}),
    "rmsprop_momentum": ({"lr": 1e-3}, {"lr": 1e-3}),
    "sgd": ({"lr": 0.1}, {"lr": 1e-3}),
}
"""Parameters for a parabola, and for Rosenbrock's valley."""

FALLING = frozenset({"adadelta", "lion", "rmsprop", "rmsprop_momentum"})
"""Optimizers whose steps do not shrink with the gradient: near the minimum they jump to and fro unless lr falls."""


def factors(name: str, count: int) -> AnyArray:
    """What multiplies the learning rate: 1, or where it has to fall, a straight line to 0."""
    return np.linspace(1, 0, count, endpoint=False) if name in FALLING else np.ones(count)


def test_every_optimizer_has_a_convergence_case() -> None:
    assert set(CONVERGENCE) == {example.name for example in update_rules()}


@pytest.mark.parametrize("name", CONVERGENCE)
def test_converges_on_a_parabola(name: str) -> None:
    """½ (a² + 10 b²) from (3, -2), whose distance 3.6 falls below 1e-4 in 1,000 steps."""
    optimizer = optimizers[name](**CONVERGENCE[name][0])
    path = run(optimizer, lambda t, theta: CURVATURE * theta, np.array([[3.0, -2.0]]), factors(name, 1000))
    assert np.linalg.norm(path[-1]) < 1e-4


@pytest.mark.parametrize("name", CONVERGENCE)
def test_converges_along_rosenbrocks_valley(name: str) -> None:
    """From (-1.2, 1), where the function is 24.2, to below 1e-3 in 10,000 steps; the minimum is 0 at (1, 1)."""
    optimizer = optimizers[name](**CONVERGENCE[name][1])
    path = run(optimizer, rosenbrock, np.array([[-1.2, 1.0]]), factors(name, 10_000))
    assert height(path[-1]) < 1e-3


def test_nesterov_equals_its_form_at_the_point_ahead() -> None:
    """With φ = θ + βv the rule reads v ← βv - lr g(φ), φ ← φ - lr g(φ) + βv: Bengio et al. 2013."""
    lr, beta = 0.004, 0.9
    ahead, v = np.array([[3.0, -2.0]]), np.zeros((1, 2))
    thetas = []
    for _ in range(30):
        g = CURVATURE * ahead
        v = beta * v - lr * g
        ahead = ahead - lr * g + beta * v
        thetas.append(ahead - beta * v)
    path = run(Nesterov(lr, beta), lambda t, theta: CURVATURE * theta, np.array([[3.0, -2.0]]), np.ones(30))
    np.testing.assert_allclose(path, thetas, rtol=1e-12, atol=1e-13)


def test_nesterov_asks_for_the_gradient_ahead_and_leaves_theta_behind_it() -> None:
    asked: list[AnyArray] = []

    def gradient(t: int, theta: AnyArray) -> AnyArray:
        asked.append(theta.copy())
        return np.ones_like(theta)

    path = run(Nesterov(0.1, 0.5), gradient, np.zeros((1, 1)), [1.0, 1.0])
    np.testing.assert_allclose(np.ravel(asked), [0.0, -0.1 + 0.5 * -0.1])
    np.testing.assert_allclose(np.ravel(path), [-0.1, -0.1 + 0.5 * -0.1 - 0.1])


@every_optimizer
def test_no_learning_rate_means_no_change(example: Example) -> None:
    still = replace(example.component, lr=0.0)
    start = normal(R, I)
    path = run(still, lambda t, theta: np.ones_like(theta), start, FACTORS)
    assert np.array_equal(path[-1], start)


def test_amsgrad_never_forgets_a_large_gradient_and_adam_does() -> None:
    """After one gradient of 10, gradients of 0.1: Adam's steps recover to the learning rate, AMSGrad's do not."""
    for name, wanted in (("adam", 0.1), ("amsgrad", 0.1 * 0.1 / (10 * sqrt(0.1)))):
        optimizer = optimizers[name](lr=0.1, beta1=0.5, beta2=0.9)
        path = run(optimizer, lambda t, _: np.array([[10.0 if t == 1 else 0.1]]), np.zeros((1, 1)), np.ones(200))
        assert path[-2, 0, 0] - path[-1, 0, 0] == pytest.approx(wanted, rel=1e-3)


def test_average_without_correction_is_momentum_with_a_smaller_learning_rate() -> None:
    start, slope = normal(1, 2), lambda t, theta: CURVATURE * theta
    average = run(optimizers["ema_momentum"](lr=0.1, beta=0.9, bias_correction=False), slope, start, np.ones(30))
    velocity = run(optimizers["momentum"](lr=0.01, beta=0.9), slope, start, np.ones(30))
    np.testing.assert_allclose(average, velocity, rtol=1e-11)


def test_lion_shrinks_regularized_entries_only() -> None:
    kept, decayed = (
        run(optimizers["lion"](lr=0.1, decay=0.5), lambda t, _: np.ones((1, 2)), np.array([[2.0, -1.0]]), [1.0], mask)
        for mask in (False, True)
    )
    np.testing.assert_allclose(kept, [[[1.9, -1.1]]])
    np.testing.assert_allclose(decayed, [[[1.8, -1.05]]])
