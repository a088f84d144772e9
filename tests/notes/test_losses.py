"""Losses and their gradients as the notes derive them.

N0, "Cross entropy function" and "softmax derivative"; N1, "Softmax classifier", "Output activations", "Label smoothing"
and the second homework; N3, "Backward flow on the output layer", TWO.41 to TWO.44.

Hinge losses are worked by hand in tests/contracts/test_losses.py.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

import numpy as np
import pytest

from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.activations.softmax import Softmax
from nnexp.nn.layers.dense import Dense
from nnexp.nn.losses.absolute_error import AbsoluteError
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.binary_cross_entropy import BinaryCrossEntropy
from nnexp.nn.losses.cross_entropy import CrossEntropy, smooth_labels
from nnexp.nn.losses.huber import Huber
from nnexp.nn.losses.kl_divergence import KLDivergence
from nnexp.nn.losses.log_cosh import LogCosh
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.typing import AnyArray
from tests.notes.networks import close, draw, gradients, model_of, one_hot, weights

M, K, I = 5, 4, 3
Z = draw(M, K)
HARD = one_hot([2, 0, 3, 3, 1], K)
SOFT = np.random.default_rng(1).dirichlet(np.ones(K), M)


def called(loss: Loss, z: AnyArray, d: AnyArray) -> tuple[float, AnyArray]:
    value, dz = loss(z[None], d[None])
    return float(value[0]), dz[0]


def softmax_of(z: AnyArray) -> AnyArray:
    """N0: t = e^z, a = t / Σ t."""
    t = np.exp(z)
    return t / t.sum(axis=-1, keepdims=True)


def test_the_cross_entropy_function_of_the_notes() -> None:
    """N0: p = softmax(x), log-likelihood = -log(p[range(m), y]), loss = their sum / m."""
    y = HARD.argmax(axis=-1)
    likelihood = -np.log(softmax_of(Z)[range(M), y])
    assert called(CrossEntropy(), Z, HARD)[0] == pytest.approx(likelihood.sum() / M, rel=1e-13)
    assert called(CrossEntropy(), Z + 1000, HARD)[0] == pytest.approx(likelihood.sum() / M, rel=1e-12)


def test_the_loss_of_the_softmax_classifier_is_a_logarithm_of_a_sum_minus_the_right_score() -> None:
    """N1: 1/m Σ_i [log Σ_j e^(a_j) - a_(y_i)]."""
    wanted = np.mean([log(sum(map(exp, row))) - row[goal.argmax()] for row, goal in zip(Z, HARD, strict=True)])
    assert called(CrossEntropy(), Z, HARD)[0] == pytest.approx(wanted, rel=1e-13)


def softmax_derivative(a: AnyArray) -> AnyArray:
    """N0: ∂A_ab/∂z_ij = [δ_ia A_ab (1 - A_ab) - A_ib A_ab (1 - δ_ia)] δ_bj, examples b in columns."""
    classes, examples = a.shape
    out = np.zeros((classes, examples, classes, examples))
    for k, b, i, j in np.ndindex(*out.shape):
        same = float(i == k)
        out[k, b, i, j] = (same * a[k, b] * (1 - a[k, b]) - a[i, b] * a[k, b] * (1 - same)) * (b == j)
    return out


@pytest.mark.parametrize("d", [HARD, SOFT], ids=["one-hot", "soft"])
def test_cross_entropy_through_softmax_by_indices_is_p_minus_d(d: AnyArray) -> None:
    """N0: ∂h/∂ŷ_ij = -1/m y_ij/ŷ_ij, summed against the softmax derivative: 1/m (ŷ_ij - y_ij)."""
    a, y = softmax_of(Z).T, d.T
    chained = np.einsum("kb,kbij->ij", -y / a / M, softmax_derivative(a))
    close(chained, (a - y) / M)
    close(called(CrossEntropy(), Z, d)[1].T, chained)


def test_the_softmax_layer_goes_back_by_the_jacobian_of_the_notes() -> None:
    """N3: ∂y/∂z = diag(y) - y yᵀ."""
    a, back = Softmax().apply(Z[None])
    da = draw(M, K, seed=3)
    wanted = np.array([(np.diag(row) - np.outer(row, row)) @ slope for row, slope in zip(a[0], da, strict=True)])
    close(back(da[None])[0], wanted)


def test_kl_divergence_by_two_steps() -> None:
    """N3: L = Σ d log(d/y), ∂L/∂y = -d/y, ∂L/∂z = (∂y/∂z)ᵀ ∂L/∂y = y - d; the loss is zero at y = d."""
    value, dz = called(KLDivergence(), Z, SOFT)
    y = softmax_of(Z)
    assert value == pytest.approx((SOFT * np.log(SOFT / y)).sum() / M, rel=1e-12)
    steps = [(np.diag(p) - np.outer(p, p)).T @ (-d / p) for p, d in zip(y, SOFT, strict=True)]
    close(dz, np.array(steps) / M)
    close(np.array(steps), y - SOFT)


def test_binary_cross_entropy_by_two_steps() -> None:
    """N3: ∂L/∂y = (y - d)/(y (1 - y)), ∂y/∂z = diag(y (1 - y)): the denominators cancel, ∂L/∂z = y - d."""
    d = np.random.default_rng(2).random((M, K))
    y = 1 / (1 + np.exp(-Z))
    value, dz = called(BinaryCrossEntropy(), Z, d)
    assert value == pytest.approx((d * np.log(1 / y) + (1 - d) * np.log(1 / (1 - y))).sum() / M, rel=1e-12)
    close(dz, (y - d) / (y * (1 - y)) * (y * (1 - y)) / M)


PSI: dict[str, tuple[Loss, Callable[[AnyArray], AnyArray]]] = {
    "absolute_error": (AbsoluteError(), np.sign),
    "huber": (Huber(0.5), lambda e: np.where(abs(e) <= 0.5, e, 0.5 * np.sign(e))),
    "log_cosh": (LogCosh(), np.tanh),
    "squared_error": (SquaredError(), lambda e: e),  # ψ = ε²/2; N3 has ε², and -2ε
}


@pytest.mark.parametrize(("loss", "slope"), PSI.values(), ids=PSI)
def test_a_regression_loss_goes_back_by_minus_psi_prime(loss: Loss, slope: Callable[[AnyArray], AnyArray]) -> None:
    """N3: L = Σ ψ(d_i - y_i), ∂L/∂y = -ψ'(ε)."""
    d = draw(M, K, seed=4)
    close(called(loss, Z, d)[1], -slope(d - Z) / M)


def test_the_quadratic_loss_without_a_half_is_twice_ours() -> None:
    """N3: ψ(ε) = ε², ∂L/∂y = -2ε."""
    d = draw(M, K, seed=4)
    value, dz = called(SquaredError(), Z, d)
    assert 2 * value == pytest.approx(((d - Z) ** 2).sum() / M, rel=1e-13)
    close(2 * dz, -2 * (d - Z) / M)


def test_least_squares_on_the_number_of_a_class_calls_one_mistake_36_times_another() -> None:
    """N1: class 7 for which 6 or 1 is said costs (6 - 7)² = 1 or (1 - 7)² = 36; as classes both are equally wrong."""
    costs = [2 * called(SquaredError(), np.array([[said]]), np.array([[7.0]]))[0] for said in (6.0, 1.0)]
    assert costs == [1, 36]
    sure = 3 * np.eye(10)
    as_classes = [called(CrossEntropy(), sure[[said]], np.eye(10)[[7]])[0] for said in (6, 1)]
    assert as_classes[0] == pytest.approx(as_classes[1], rel=1e-14)


def test_the_likelihood_of_eight_coins() -> None:
    """N1: of H T H H T T H T, θ = ¾ has the likelihood 0.75⁴ 0.25⁴, θ = ½ the largest, 0.5⁸; the derivative is 0."""
    heads = np.array([[1.0], [0], [1], [1], [0], [0], [1], [0]])
    for theta, likelihood in ((0.75, 0.75**4 * 0.25**4), (0.5, 0.5**8)):
        value, dz = called(BinaryCrossEntropy(), np.full((8, 1), log(theta / (1 - theta))), heads)
        assert exp(-8 * value) == pytest.approx(likelihood, rel=1e-12)
        assert dz.sum() == pytest.approx(theta - 0.5, abs=1e-15)


def test_the_gradient_of_a_softmax_classifier_by_row() -> None:
    """N1, homework 2, the gradient of log L: x - p_i x for the right class i, -p_i x for the others."""
    model = model_of((I,), [Dense(K)], CrossEntropy())
    x = draw(M, I, seed=5)
    w = weights(model)
    wanted = np.zeros((K, I))
    for row, goal in zip(x, HARD, strict=True):
        scores = [exp(w["dense_1.W"][:, k] @ row + w["dense_1.b"][0, k]) for k in range(K)]
        for i in range(K):
            wanted[i] += (row if i == goal.argmax() else 0) - scores[i] / sum(scores) * row
    close(gradients(model, x, HARD)[1]["dense_1.W"], -wanted.T / M)


def test_smoothed_labels_of_ten_classes_are_0_9_and_0_011() -> None:
    row = smooth_labels(np.eye(10)[None, 3:4], 0.1)[0, 0]
    assert [f"{p:.3f}".rstrip("0") for p in row] == ["0.011"] * 3 + ["0.9"] + ["0.011"] * 6
    assert row.sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_smoothing_over_all_classes_is_ours_with_epsilon_times_k_minus_1_over_k(classes: int) -> None:
    """ε'/K on every class and 1 - ε' + ε'/K on the right one."""
    z, hard, spread = draw(M, classes), one_hot([0, 1, 1, 0, 1], classes), 0.3
    other = (1 - spread) * hard + spread / classes
    ours = CrossEntropy(label_smoothing=spread * (classes - 1) / classes)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    value, dz = called(ours, z, hard)
    assert value == pytest.approx(-(other * log_p).sum() / M, rel=1e-12)
    close(dz, (np.exp(log_p) - other) / M)


def sigmoid_and_squared_error(z: float, y: float) -> float:
    """∂/∂z of ½ (y - σ(z))², through the layer and the loss."""
    a, back = Sigmoid().apply(np.array([[[z]]]))
    return float(back(SquaredError()(a, np.array([[[y]]]))[1]).item())


@pytest.mark.parametrize("z", [-20.0, -10.0, -5.0, -1.0, 0.0, 2.0])
def test_squared_error_after_a_sigmoid_has_the_notes_gradient(z: float) -> None:
    """N1: -(y - σ) σ (1 - σ) (the notes' factor 2 belongs to a loss without ½), against σ - 1 of cross-entropy."""
    s = 1 / (1 + exp(-z))
    assert sigmoid_and_squared_error(z, 1.0) == pytest.approx(-(1 - s) * s * (1 - s), rel=1e-9)
    assert called(BinaryCrossEntropy(), np.array([[z]]), np.array([[1.0]]))[1].item() == pytest.approx(s - 1, rel=1e-12)


def test_a_saturated_mistake_learns_with_cross_entropy_and_not_with_squared_error() -> None:
    """At z = -10 for y = 1: σ = 4.54e-5, so the gradients are -0.99995 and -4.54e-5; at z = -20, -1 and -2.06e-9."""
    for z, by_squares, by_entropy in ((-10.0, -4.5394e-5, -0.9999546), (-20.0, -2.0612e-9, -1.0)):
        assert sigmoid_and_squared_error(z, 1.0) == pytest.approx(by_squares, rel=1e-4)
        found = called(BinaryCrossEntropy(), np.array([[z]]), np.array([[1.0]]))[1].item()
        assert found == pytest.approx(by_entropy, rel=1e-6)
