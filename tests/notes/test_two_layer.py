"""N3, "Gradients for the first layer", TWO.45 to TWO.54: the gradient of each embedding by the notes' formulas.

N3 has columns, with a 1 before the inputs: x_a = (1, x), C_a (1 + N x N_E) with the biases in its first row, and
∂L/∂C_a = (∂L/∂v)ᵀ ⊗ x_a, which is x_a (∂L/∂v)ᵀ. The output layer after it is z = Wᵀ y_E + b, and L the squared error,
so that ∂L/∂y_E = W ∂L/∂z. That the multiquadric's printed gradient is refused is in
tests/unit/checks/test_planted_faults.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.gated import Gated
from nnexp.nn.layers.product import Product
from nnexp.nn.layers.rbf import RBF
from nnexp.nn.layers.residual import Residual
from nnexp.nn.layers.skip_connection import SkipConnection
from nnexp.nn.layers.softmax_gated import SoftmaxGated
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.typing import AnyArray
from tests.contracts.examples import chained
from tests.notes.networks import ByName, close, draw, gradients, model_of, weights

N, I, E, M = 6, 3, 4, 2
X, D = draw(N, I), draw(N, M, seed=1)

Embedding = Callable[[ByName, AnyArray], tuple[AnyArray, Callable[[AnyArray], ByName]]]
"""The weights and x_a: y_E, and the way from ∂L/∂y_E to ∂L/∂C_a of each matrix, by the layer's name."""


def augmented(w: ByName, name: str) -> AnyArray:
    """C_a: the biases above the weights."""
    return np.vstack([w[f"{name}.b"], w[f"{name}.W"]])


def sigmoid(v: AnyArray) -> AnyArray:
    return 1 / (1 + np.exp(-v))


def linear(w: ByName, xa: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], ByName]]:
    """TWO.45."""
    return augmented(w, "dense_1").T @ xa, lambda dy: {"dense_1": np.outer(xa, dy)}


def with_relu(w: ByName, xa: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], ByName]]:
    """TWO.46: (∂L/∂y_E)ᵀ diag(φ'(v)) ⊗ x_a."""
    v = augmented(w, "dense_1").T @ xa
    return np.maximum(v, 0), lambda dy: {"dense_1": np.outer(xa, dy @ np.diag((v > 0).astype(float)))}


def skip_connection(w: ByName, xa: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], ByName]]:
    """TWO.48: the gradient on y_E = (g, e) is split in two parts; the sizes differ."""
    linear_, nonlinear = "skip_connection_1.branch_1.dense", "skip_connection_1.branch_2.dense"
    g, e = augmented(w, linear_).T @ xa, sigmoid(augmented(w, nonlinear).T @ xa)
    return np.concatenate([g, e]), lambda dy: {
        linear_: np.outer(xa, dy[: len(g)]),
        nonlinear: np.outer(xa, dy[len(g) :] @ np.diag(e * (1 - e))),
    }


def residual(w: ByName, xa: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], ByName]]:
    """TWO.49: both parts get the whole gradient."""
    linear_, nonlinear = "residual_1.branch_1.dense", "residual_1.branch_2.dense"
    e = np.tanh(augmented(w, nonlinear).T @ xa)
    return augmented(w, linear_).T @ xa + e, lambda dy: {
        linear_: np.outer(xa, dy),
        nonlinear: np.outer(xa, dy @ np.diag(1 - e**2)),
    }


def gated(w: ByName, xa: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], ByName]]:
    """TWO.50: y_E = g ⊙ e; ∂L/∂e = ∂L/∂y_E ⊙ g and ∂L/∂g = ∂L/∂y_E ⊙ e."""
    g = sigmoid(augmented(w, "gated_1.gate").T @ xa)
    e = augmented(w, "gated_1.content").T @ xa
    return g * e, lambda dy: {
        "gated_1.content": np.outer(xa, g * dy),
        "gated_1.gate": np.outer(xa, (e * dy) @ np.diag(g * (1 - g))),
    }


def softmax_gated(w: ByName, xa: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], ByName]]:
    """TWO.51: across the softmax diag(g) - g gᵀ."""
    v = np.exp(augmented(w, "softmax_gated_1.gate").T @ xa)
    g = v / v.sum()
    e = augmented(w, "softmax_gated_1.content").T @ xa
    return g * e, lambda dy: {
        "softmax_gated_1.content": np.outer(xa, g * dy),
        "softmax_gated_1.gate": np.outer(xa, (dy * e) @ (np.diag(g) - np.outer(g, g))),
    }


def product(w: ByName, xa: AnyArray) -> tuple[AnyArray, Callable[[AnyArray], ByName]]:
    """TWO.27 and the multiplier of TWO.50, for two linear branches: a quadratic function of x."""
    one, two = "product_1.branch_1.dense_1", "product_1.branch_2.dense_1"
    a, b = augmented(w, one).T @ xa, augmented(w, two).T @ xa
    return a * b, lambda dy: {one: np.outer(xa, dy * b), two: np.outer(xa, dy * a)}


EMBEDDINGS: dict[str, tuple[list[Layer], Embedding]] = {
    "linear": ([Dense(E)], linear),
    "relu": ([Dense(E), ReLU()], with_relu),
    "skip_connection": ([SkipConnection(2, 3, Sigmoid())], skip_connection),
    "residual": ([Residual(E, Tanh())], residual),
    "gated": ([Gated(E)], gated),
    "softmax_gated": ([SoftmaxGated(E)], softmax_gated),
    "product": ([Product((chained(Dense(E)), chained(Dense(E))))], product),
}


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_the_gradient_of_an_embedding_by_the_notes_formula(name: str) -> None:
    layers, embed = EMBEDDINGS[name]
    model = model_of((I,), [*layers, Dense(M)], SquaredError())
    w = weights(model)
    output = f"dense_{1 + sum(isinstance(layer, Dense) for layer in layers)}"
    wanted: ByName = {}
    loss = 0.0
    for x, d in zip(X, D, strict=True):
        y, backward = embed(w, np.concatenate([[1.0], x]))
        dz = augmented(w, output).T @ np.concatenate([[1.0], y]) - d
        loss += float(dz @ dz) / 2
        parts = {**backward(w[f"{output}.W"] @ dz), output: np.outer(np.concatenate([[1.0], y]), dz)}
        wanted = {key: wanted.get(key, 0) + part for key, part in parts.items()}
    objective, found = gradients(model, X, D)
    assert objective == pytest.approx(loss / N, rel=1e-12)
    assert {key.rpartition(".")[0] for key in found} == set(wanted)
    for key, total in wanted.items():
        close(augmented(found, key), total / N)


def test_a_gate_in_its_linear_range_makes_a_quadratic_function() -> None:
    """N3, "Gated architectures": about σ(v) = ½ + v/4, y_E = (½ + (gᵀx + d)/4) ⊙ (cᵀx + b); open it is cᵀx + b."""
    model = model_of((I,), [Gated(E)], SquaredError())
    w = weights(model)
    content = X @ w["gated_1.content.W"] + w["gated_1.content.b"]
    for scale, shift, wanted in ((1e-3, 0.0, None), (0.0, 40.0, content), (0.0, -40.0, 0 * content)):
        model.theta[0] = np.concatenate(
            [scale * w["gated_1.gate.W"].ravel(), np.full(E, shift), w["gated_1.content.W"].ravel(), [0.1] * E]
        )
        quadratic = (0.5 + scale * X @ w["gated_1.gate.W"] / 4) * content
        found = model.compute_outputs(X[None])[0]
        np.testing.assert_allclose(found, quadratic if wanted is None else wanted, atol=1e-8)


Kernel = Callable[[AnyArray, float], tuple[float, AnyArray, float]]
"""x - μ and h (β of the multiquadrics): y, ∂y/∂μ and ∂y/∂h."""


def gaussian(away: AnyArray, h: float) -> tuple[float, AnyArray, float]:
    y = float(np.exp(-(away @ away) / (2 * h * h)))
    return y, y * away / h**2, y * float(away @ away) / h**3


def inverse_multiquadric(away: AnyArray, beta: float) -> tuple[float, AnyArray, float]:
    y = 1 / float(np.sqrt(away @ away + beta**2))
    return y, y**3 * away, -(y**3) * beta


def multiquadric(away: AnyArray, beta: float) -> tuple[float, AnyArray, float]:
    """The derivation before the sign of equality; what N3 prints after it is `printed`."""
    y = float(np.sqrt(away @ away + beta**2))
    return y, -away / y, beta / y


def printed(away: AnyArray, beta: float) -> tuple[float, AnyArray, float]:
    """N3 takes 1/√ for y, which is so for the inverse only."""
    y = float(np.sqrt(away @ away + beta**2))
    return y, -y * away, y * beta


CASES: dict[str, tuple[str, Kernel, bool]] = {
    "gaussian": ("gaussian", gaussian, True),
    "inverse_multiquadric": ("inverse_multiquadric", inverse_multiquadric, True),
    "multiquadric": ("multiquadric", multiquadric, True),
    "multiquadric as printed": ("multiquadric", printed, False),
}


@pytest.mark.parametrize("case", CASES)
def test_radial_basis_functions_have_the_notes_gradients_but_for_the_printed_multiquadric(case: str) -> None:
    name, kernel, right = CASES[case]
    model = model_of((I,), [RBF(E, kernel=name)], SquaredError())  # type: ignore[arg-type]
    mu, h = draw(E, I, seed=2), np.array([0.7, 1.1, 1.6, 2.3])
    model.theta[0] = np.concatenate([mu.ravel(), h])
    d = draw(N, E, seed=3)
    loss, dmu, dh = 0.0, np.zeros_like(mu), np.zeros_like(h)
    for x, goal in zip(X, d, strict=True):
        for u in range(E):
            y, by_mu, by_h = kernel(x - mu[u], h[u])
            loss += (y - goal[u]) ** 2 / 2
            dmu[u] += (y - goal[u]) * by_mu
            dh[u] += (y - goal[u]) * by_h
    objective, found = gradients(model, X, d)
    assert objective == pytest.approx(loss / N, rel=1e-12)
    for own, total in ((found["rbf_1.centers"], dmu), (found["rbf_1.widths"][0], dh)):
        assert np.allclose(own, total / N, rtol=1e-9, atol=1e-12) == right
        assert np.abs(own - total / N).max() > 0.1 or right


def test_widths_start_at_the_largest_distance_over_the_root_of_their_number() -> None:
    """N3: h = d_max/√N_E; for centres (0, 0), (3, 4), (1, 1), (0, 1), d_max = 5 and h = 2.5."""
    layer = RBF(4, centers="sample")
    model = model_of((2,), [layer], SquaredError())
    points = np.array([[0.0, 0], [3, 4], [1, 1], [0, 1]])
    views = model.w.parts["rbf_1"]
    layer.initialize_from_inputs(views, points[None], [0])
    assert {tuple(row) for row in views["centers"][0]} == {tuple(row) for row in points}
    np.testing.assert_allclose(views["widths"], 2.5, rtol=1e-15)
