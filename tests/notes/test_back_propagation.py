"""Back-propagation as the notes write it, against the gradient of a model.

N4, both cheat sheets (columns: Wˡ is n_(l+1) x n_l; rows: n_l x n_(l+1)) and its questions; N2, "Aggregated backward
pass for a 2-layer" and "for a k-layer neural network"; N1, the graph of a sigmoid unit and the third homework's
three-layer network.

N4's error is E = ½ ‖y - y'‖² after the last f, averaged over the N examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

import numpy as np
import pytest

from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.elu import ELU
from nnexp.nn.activations.identity import Identity
from nnexp.nn.activations.leaky_relu import LeakyReLU
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.dense import Dense
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.model import Model
from nnexp.nn.penalties.l2 import L2
from nnexp.typing import AnyArray
from tests.notes.networks import ByName, close, draw, gradients, model_of, one_hot, weights

N, SIZES = 6, (3, 5, 4, 2)
X, Y = draw(N, SIZES[0]), draw(N, SIZES[-1], seed=1)

Curve = Callable[[AnyArray], AnyArray]

F: dict[str, tuple[Activation, Curve, Callable[[AnyArray, AnyArray], AnyArray]]] = {
    "sigmoid": (Sigmoid(), lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "identity": (Identity(), lambda z: z, lambda z, a: np.ones_like(z)),
    "relu": (ReLU(), lambda z: np.maximum(0, z), lambda z, a: (z > 0).astype(float)),
}
"""N4's activations: the layer, f, and f' as the sheet has it, by z and a."""


def plain(f: Layer, penalties: tuple[L2, ...] = ()) -> Model:
    """N4's network: no biases, f after every layer, the last one too."""
    layers = [layer for units in SIZES[1:] for layer in (Dense(units, bias=False), f)]
    return model_of((SIZES[0],), layers, SquaredError(), penalties)


def matrices(named: ByName) -> list[AnyArray]:
    return [named[f"dense_{l}.W"] for l in range(1, len(SIZES))]


def mean(each: Sequence[AnyArray]) -> AnyArray:
    return np.add.reduce(each) / len(each)


def by_columns(ws: list[AnyArray], x: AnyArray, y: AnyArray, name: str) -> tuple[float, list[AnyArray]]:
    """The first sheet, one example as a column: zˡ⁺¹ = Wˡ aˡ, δᴸ = -(y - aᴸ) x f'(zᴸ), δˡ = (Wˡ)ᵀ δˡ⁺¹ x f'(zˡ)."""
    _, f, slope = F[name]
    a, z = [x[:, None]], [x[:, None]]
    for w in ws:
        z.append(w @ a[-1])
        a.append(f(z[-1]))
    delta = -(y[:, None] - a[-1]) * slope(z[-1], a[-1])
    nabla: list[AnyArray] = []
    for l in range(len(ws) - 1, -1, -1):
        nabla.insert(0, delta @ a[l].T)
        if l:
            delta = (ws[l].T @ delta) * slope(z[l], a[l])
    return float(((y[:, None] - a[-1]) ** 2).sum() / 2), nabla


def by_rows(ws: list[AnyArray], x: AnyArray, y: AnyArray, name: str) -> tuple[float, list[AnyArray]]:
    """The second sheet, one example as a row: zˡ⁺¹ = aˡ Wˡ, δˡ = δˡ⁺¹ (Wˡ)ᵀ x f'(zˡ), ∇ = (aˡ)ᵀ δˡ⁺¹."""
    _, f, slope = F[name]
    a, z = [x[None]], [x[None]]
    for w in ws:
        z.append(a[-1] @ w)
        a.append(f(z[-1]))
    delta = -(y[None] - a[-1]) * slope(z[-1], a[-1])
    nabla: list[AnyArray] = []
    for l in range(len(ws) - 1, -1, -1):
        nabla.insert(0, a[l].T @ delta)
        if l:
            delta = (delta @ ws[l].T) * slope(z[l], a[l])
    return float(((y[None] - a[-1]) ** 2).sum() / 2), nabla


@pytest.mark.parametrize("name", F)
def test_the_sheet_in_columns(name: str) -> None:
    model = plain(F[name][0])
    objective, found = gradients(model, X, Y)
    ws = [w.T for w in matrices(weights(model))]
    each = [by_columns(ws, x, y, name) for x, y in zip(X, Y, strict=True)]
    assert objective == pytest.approx(sum(e for e, _ in each) / N, rel=1e-12)
    for l, own in enumerate(matrices(found)):
        close(own, mean([nabla[l] for _, nabla in each]).T)


@pytest.mark.parametrize("name", F)
def test_the_sheet_in_rows(name: str) -> None:
    model = plain(F[name][0])
    objective, found = gradients(model, X, Y)
    each = [by_rows(matrices(weights(model)), x, y, name) for x, y in zip(X, Y, strict=True)]
    assert objective == pytest.approx(sum(e for e, _ in each) / N, rel=1e-12)
    for l, own in enumerate(matrices(found)):
        close(own, mean([nabla[l] for _, nabla in each]))


def test_a_penalty_adds_lambda_w_to_the_sheets_gradient() -> None:
    """N4, question 2: E = 1/2N Σ ‖·‖² + λ/2 Σ ‖W‖²."""
    model, lam = plain(Sigmoid(), (L2(0.3),)), 0.3
    objective, found = gradients(model, X, Y)
    ws = matrices(weights(model))
    each = [by_rows(ws, x, y, "sigmoid") for x, y in zip(X, Y, strict=True)]
    assert objective == pytest.approx(sum(e for e, _ in each) / N + lam / 2 * sum((w**2).sum() for w in ws), rel=1e-12)
    for l, own in enumerate(matrices(found)):
        close(own, mean([nabla[l] for _, nabla in each]) + lam * ws[l])


def test_a_network_of_two_layers_by_hand() -> None:
    """x = 1, W¹ = (1, -1), W² = (2, 1)ᵀ, ReLU, y = 3, every number by hand.

    z² = (1, -1), a² = (1, 0), z³ = 2 = a³; δ³ = -(3 - 2) · 1 = -1; ∇W² = (a²)ᵀ δ³ = (-1, 0)ᵀ;
    δ² = δ³ (W²)ᵀ x f'(z²) = (-2, -1) x (1, 0) = (-2, 0); ∇W¹ = (-2, 0); E = ½.
    """
    model = model_of((1,), [Dense(2, bias=False), ReLU(), Dense(1, bias=False), ReLU()], SquaredError())
    model.theta[0] = [1, -1, 2, 1]
    objective, found = gradients(model, np.array([[1.0]]), np.array([[3.0]]))
    assert objective == 0.5
    assert found["dense_1.W"].tolist() == [[-2, 0]]
    assert found["dense_2.W"].tolist() == [[-1], [0]]


H: dict[str, tuple[Activation, Curve, Curve]] = {
    "relu": (ReLU(), lambda s: np.maximum(0, s), lambda s: (s > 0).astype(float)),
    "tanh": (Tanh(), np.tanh, lambda s: 1 - np.tanh(s) ** 2),
    "leaky_relu": (LeakyReLU(0.1), lambda s: np.maximum(0.1 * s, s), lambda s: np.where(s > 0, 1, 0.1)),
}


@pytest.mark.parametrize("name", H)
@pytest.mark.parametrize("sizes", [(3, 4), (3, 5, 4), (3, 5, 2, 4)], ids=lambda s: f"{len(s) - 1} layers")
def test_the_aggregated_backward_pass_of_a_k_layer_network(name: str, sizes: tuple[int, ...]) -> None:
    """N2: g = -yᵀ/(yᵀp) (diag(p) - p pᵀ), then for i = k ... 1: ∂b = g, ∂W = gᵀ xᵀ + 2λW, g = g W diag(h'(s))."""
    activation, h, slope = H[name]
    layers: list[Layer] = []
    for units in sizes[1:]:
        layers += [activation, Dense(units)] if layers else [Dense(units)]
    k, lam, d = len(sizes) - 1, 0.05, one_hot([1, 3, 0, 2, 2, 1], 4)
    model = model_of((3,), layers, CrossEntropy(), (L2(2 * lam),))
    w = weights(model)
    ws = [w[f"dense_{i}.W"].T for i in range(1, k + 1)]
    bs = [w[f"dense_{i}.b"].T for i in range(1, k + 1)]
    dws, dbs = [np.zeros_like(m) for m in ws], [np.zeros_like(b.T) for b in bs]
    loss = 0.0
    for row, goal in zip(X, d, strict=True):
        x, s, y = [row[:, None]], [], goal[:, None]
        for i in range(k):
            s.append(ws[i] @ x[-1] + bs[i])
            x.append(h(s[-1]))
        p = np.exp(s[-1]) / np.exp(s[-1]).sum()
        loss -= np.log((y.T @ p).item())
        g = -y.T / (y.T @ p) @ (np.diag(p[:, 0]) - p @ p.T)
        for i in range(k - 1, -1, -1):
            dbs[i] += g
            dws[i] += g.T @ x[i].T
            if i:
                g = g @ ws[i] @ np.diag(slope(s[i - 1][:, 0]))
    objective, found = gradients(model, X, d)
    assert objective == pytest.approx(loss / N + lam * sum((m**2).sum() for m in ws), rel=1e-12)
    for i in range(k):
        close(found[f"dense_{i + 1}.W"], (dws[i] / N + 2 * lam * ws[i]).T)
        close(found[f"dense_{i + 1}.b"], dbs[i] / N)


def test_the_graph_of_a_sigmoid_unit() -> None:
    """N1: L = 1/(1 + e^-(w0 x0 + w1 x1 + w2)), node by node: ∂L/∂w0 = e^c x0/a² with c = -(...) and a = 1 + e^c.

    With w = (2, -3, -3) and x = (-1, -2): c = -1, a = 1 + 1/e, e^c/a² = 0.1966; ∂w0 = -0.1966, ∂w1 = -0.3932.
    """
    (w0, w1, w2), (x0, x1) = (2.0, -3.0, -3.0), (-1.0, -2.0)
    c = -(w0 * x0 + w1 * x1 + w2)
    dc = exp(c) / (1 + exp(c)) ** 2
    model = model_of((2,), [Dense(1), Sigmoid()], SquaredError())
    model.theta[0] = [w0, w1, w2]
    z = model.compute_outputs(np.array([[[x0, x1]]]))
    objective, found = gradients(model, np.array([[x0, x1]]), z[0] - 1)  # so that the loss's slope is 1
    assert objective == pytest.approx(0.5, rel=1e-12)
    assert z.item() == pytest.approx(1 / (1 + exp(c)), rel=1e-14)
    close(found["dense_1.W"], dc * np.array([[x0], [x1]]))
    close(found["dense_1.b"], np.array([[dc]]))
    np.testing.assert_allclose(found["dense_1.W"].ravel(), [-0.1966, -0.3932], atol=1e-4)


def test_the_three_layer_network_of_the_homework() -> None:
    """N1, homework 3: L = ½ ‖b‖², b = W3 h2 - y, h2 = ELU(W2 h1), h1 = leaky ReLU(W1 x)."""
    slope, alpha = 0.1, 0.7
    layers = [Dense(5, bias=False), LeakyReLU(slope), Dense(4, bias=False), ELU(alpha), Dense(2, bias=False)]
    model = model_of((3,), layers, SquaredError())
    w = weights(model)
    w1, w2, w3 = (w[f"dense_{i}.W"].T for i in (1, 2, 3))
    wanted = [np.zeros_like(m) for m in (w1, w2, w3)]
    for x, y in zip(X[..., None], Y[..., None], strict=True):
        e = w1 @ x
        h1 = np.where(e < 0, slope * e, e)
        d = w2 @ h1
        h2 = np.where(d < 0, alpha * (np.exp(d) - 1), d)
        b = w3 @ h2 - y
        dd = np.where(d < 0, alpha * np.exp(d), 1) * (w3.T @ b)
        de = ((e < 0) * slope + (e >= 0)) * (w2.T @ dd)
        wanted = [total + part for total, part in zip(wanted, (de @ x.T, dd @ h1.T, b @ h2.T), strict=True)]
    _, found = gradients(model, X, Y)
    for own, total in zip(matrices(found), wanted, strict=True):
        close(own, total.T / N)


@pytest.mark.parametrize("seed", range(5))
def test_positive_inputs_move_all_weights_of_a_unit_the_same_way(seed: int) -> None:
    """N1 and N2, zigzag: after a sigmoid all inputs are positive, so a unit's gradients all have one sign; not so after
    tanh, where they are centred.
    """
    x, y = draw(1, 7, seed=seed), draw(1, 1, seed=seed + 9)
    for activation, same in ((Sigmoid(), True), (Tanh(), False)):
        model = model_of((7,), [Dense(11), activation, Dense(1)], SquaredError())
        signs = np.unique(np.sign(gradients(model, x, y)[1]["dense_2.W"]))
        assert (len(signs) == 1) == same


def test_equal_weights_stay_equal() -> None:
    """N1 and N2, "all zeroes": units that start alike get the same gradient, and of zeros most get none."""
    model = model_of((3,), [Dense(4), Tanh(), Dense(2)], SquaredError())
    for start, moving in ((0.3, True), (0.0, False)):
        model.theta[...] = start
        _, found = gradients(model, X, Y)
        assert np.ptp(found["dense_1.W"], axis=1).max() < 1e-15
        assert bool(found["dense_1.W"].any()) == moving
