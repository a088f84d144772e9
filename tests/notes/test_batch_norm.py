"""The backward pass of batch normalisation, derived three times in the notes, against each other and the layer.

N0, "Batch Normalization": by indices, ∂x̂_kl/∂x_ij with Kronecker's deltas, and the closed form. The scan drops factors
and a sign: in the last lines N belongs before ∂h/∂y_ij, and (σ² + ε) has the exponent -1.
N1, "Batch normalization, backpropagation": node by node through y = a + β, a = γ b, b = c d, d = 1/e, e = √f.
N2, "Gradient computations for a BN layer": ∂J/∂v, ∂J/∂μ and ∂J/∂s_i, without gain and shift.
N0, "Test time": the weighted average over minibatches; N2: running averages.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nnexp.nn.layers.base import Context
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.parameters import layer_views, weight_views
from nnexp.typing import AnyArray, Shape
from tests.notes.networks import begun, close, draw

N, D, EPS = 7, 5, 1e-3
X, DY = 2 * draw(N, D) + 1, draw(N, D, seed=1)
GAMMA, BETA = draw(D, seed=2), draw(D, seed=3)

Gradients = tuple[AnyArray, AnyArray, AnyArray]
"""dx (N, D), dγ (D), dβ (D)."""


def through(x: AnyArray, dy: AnyArray, layer: BatchNorm) -> tuple[AnyArray, Gradients]:
    """y, and the layer's own gradients."""
    declaration = layer.declare(x.shape[1:])
    flat = np.concatenate([GAMMA if layer.scale else [], BETA if layer.shift else []])[None]
    buffers = declaration.initial_buffers()
    y, backward = layer.forward(layer_views(declaration, flat, buffers), x[None], Context(training=True))
    grad = np.full_like(flat, np.nan)
    dx = backward(dy[None], weight_views(declaration, grad))
    assert dx is not None
    return y[0], (dx[0], *np.split(grad[0], 2))


def by_indices(x: AnyArray, dy: AnyArray) -> Gradients:
    """N0: ∂h/∂x_ij = Σ_k Σ_l ∂h/∂y_kl γ_l ∂x̂_kl/∂x_ij, every sum written out."""
    n, d = x.shape
    mu = [sum(x[p, l] for p in range(n)) / n for l in range(d)]
    var = [sum((x[p, l] - mu[l]) ** 2 for p in range(n)) / n for l in range(d)]
    dx = np.zeros_like(x)
    for i, j, k in np.ndindex(n, d, n):
        l = j  # the deltas leave this one of the sum over l
        translation = float(k == i) - 1 / n
        variance = 2 / n * (x[i, j] - mu[j])
        normed = translation * (var[l] + EPS) ** -0.5 - 0.5 * variance * (x[k, l] - mu[l]) * (var[l] + EPS) ** -1.5
        dx[i, j] += dy[k, l] * GAMMA[l] * normed
    hat = (x - mu) / np.sqrt(np.array(var) + EPS)
    dgamma = np.array([sum(dy[k, j] * hat[k, j] for k in range(n)) for j in range(d)])
    return dx, dgamma, np.array([sum(dy[k, j] for k in range(n)) for j in range(d)])


def closed_form(x: AnyArray, dy: AnyArray) -> Gradients:
    """N0's last line: γ/N (σ² + ε)^-½ [N dy_ij - Σ_k dy_kj - (x_ij - μ_j)(σ² + ε)^-1 Σ_k dy_kj (x_kj - μ_j)]."""
    n, mu = len(x), x.mean(axis=0)
    away, s = x - mu, x.var(axis=0) + EPS
    dx = GAMMA / n * s**-0.5 * (n * dy - dy.sum(axis=0) - away / s * (dy * away).sum(axis=0))
    return dx, (dy * away / np.sqrt(s)).sum(axis=0), dy.sum(axis=0)


def node_by_node(x: AnyArray, dy: AnyArray) -> Gradients:
    """N1: one gradient for each node of the graph, summed over examples where μ and σ² are shared."""
    m = len(x)
    mu = x.mean(axis=0)
    c = x - mu
    f = (c**2).mean(axis=0) + EPS
    e = np.sqrt(f)
    d = 1 / e
    b = c * d
    db = GAMMA * dy
    dc = d * db
    dd = (c * db).sum(axis=0)
    de = -1 / e**2 * dd
    df = 1 / (2 * np.sqrt(f)) * de  # also that of σ²
    dmu = -dc.sum(axis=0) + df * -2 / m * c.sum(axis=0)
    return dc + df * 2 * c / m + dmu / m, (b * dy).sum(axis=0), dy.sum(axis=0)


def of_the_slides(s: AnyArray, dhat: AnyArray) -> AnyArray:
    """N2: ∂J/∂v, ∂J/∂μ, then ∂J/∂s_i for each row s_i, with V_b = diag(v + ε) as a matrix."""
    n, mu = len(s), s.sum(axis=0) / len(s)
    v = ((s - mu) ** 2).sum(axis=0) / n
    root, cube = np.diag((v + EPS) ** -0.5), np.diag((v + EPS) ** -1.5)
    dv = -0.5 * sum(dhat[i] @ cube @ np.diag(s[i] - mu) for i in range(n))
    dmu = -sum(dhat[i] @ root for i in range(n))
    return np.array([dhat[i] @ root + 2 / n * dv @ np.diag(s[i] - mu) + dmu / n for i in range(n)])


DERIVATIONS: dict[str, Callable[[AnyArray, AnyArray], Gradients]] = {
    "by indices": by_indices,
    "closed form": closed_form,
    "node by node": node_by_node,
}


@pytest.mark.parametrize("name", DERIVATIONS)
def test_the_layer_has_the_notes_gradients(name: str) -> None:
    _, found = through(X, DY, BatchNorm(epsilon=EPS))
    for own, wanted in zip(found, DERIVATIONS[name](X, DY), strict=True):
        close(own, wanted)


def test_the_layer_without_gain_and_shift_has_the_slides_gradient() -> None:
    _, (dx, *_) = through(X, DY, BatchNorm(epsilon=EPS, scale=False, shift=False))
    close(dx, of_the_slides(X, DY))


def test_the_derivations_agree_with_each_other() -> None:
    exact = by_indices(X, DY)
    for other in (closed_form(X, DY), node_by_node(X, DY)):
        for a, b in zip(exact, other, strict=True):
            close(a, b)
    close(exact[0], of_the_slides(X, GAMMA * DY))  # the gain is one more factor on the way down


def test_the_closed_form_as_it_is_scanned_is_not_the_gradient() -> None:
    """Without N before dy_ij, and with the exponent +½ on (σ² + ε)."""
    away, s = X - X.mean(axis=0), X.var(axis=0) + EPS
    scanned = GAMMA / N * s**-0.5 * (DY - DY.sum(axis=0) - away * s**0.5 * (DY * away).sum(axis=0))
    assert np.abs(scanned - by_indices(X, DY)[0]).max() > 0.1


@pytest.mark.parametrize("shape", [(3, 2, D), (1, 4, D)], ids=str)
def test_over_images_n_counts_examples_and_pixels(shape: Shape) -> None:
    """The formulas of the notes on the pixels of all images, one row each."""
    x, dy = draw(N, *shape), draw(N, *shape, seed=4)
    _, (dx, dgain, dshift) = through(x, dy, BatchNorm(epsilon=EPS))
    wanted = closed_form(x.reshape(-1, D), dy.reshape(-1, D))
    for own, other in zip((dx.reshape(-1, D), dgain, dshift), wanted, strict=True):
        close(own, other)


def test_a_unit_has_the_mean_beta_and_the_variance_gamma_squared() -> None:
    """N1: E(y_i) = β_i, var(y_i) = γ_i²."""
    y, _ = through(X, DY, BatchNorm(epsilon=1e-14))
    close(y.mean(axis=0), BETA)
    close(y.var(axis=0), GAMMA**2)


TRAINING = """
data: {source: {moons: {examples: 100}}, split: {train: 75, dev: 25, test: 0}, normalize: none}
architecture: [batch_norm, output]
training: {epochs: 2, batch_size: 20, dtype: float64}
"""


def after_two_epochs(*overrides: str) -> tuple[list[list[AnyArray]], AnyArray, AnyArray]:
    """The batches (20, 20, 20 and 15 examples) of both epochs, then other inputs, before and after normalisation."""
    stack, seen = begun(TRAINING, *overrides), []
    for _ in range(2):
        stack.begin_epoch()
        batches = list(stack.remaining_batches())
        seen.append([batch.x[0] for batch in batches])
        for batch in batches:
            stack.train_step(batch)
        stack.end_epoch()
    dev = stack.parts[0].dev.x
    w = layer_views(stack.model.declaration, stack.state.theta, stack.state.buffers)
    z = stack.model.compute_outputs(dev[None])[0]
    gain, shift = (w.array_of(f"batch_norm_1.{name}")[0] for name in ("gain", "shift"))
    normed = np.linalg.lstsq(w.array_of("output.W")[0].T, (z - w.array_of("output.b")[0]).T, rcond=None)[0].T
    return seen, dev, (normed - shift) / gain


def test_at_test_time_statistics_are_the_weighted_average_over_the_last_epochs_minibatches() -> None:
    seen, dev, normed = after_two_epochs("architecture.0={batch_norm: {statistics: weighted_average}}")
    last = seen[-1]
    assert [len(batch) for batch in last] == [20, 20, 20, 15]
    mean = sum(len(batch) * batch.mean(axis=0) for batch in last) / 75
    variance = sum(len(batch) * batch.var(axis=0) for batch in last) / 75
    close(normed, (dev - mean) / np.sqrt(variance + 1e-5), rtol=1e-8)


def test_at_test_time_statistics_are_running_averages() -> None:
    seen, dev, normed = after_two_epochs()
    mean, variance = np.zeros(2), np.ones(2)
    for batch in (batch for epoch in seen for batch in epoch):
        mean, variance = 0.9 * mean + 0.1 * batch.mean(axis=0), 0.9 * variance + 0.1 * batch.var(axis=0)
    close(normed, (dev - mean) / np.sqrt(variance + 1e-5), rtol=1e-8)
