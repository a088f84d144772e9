"""What batch normalisation computes and remembers."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.initialization import make_buffers
from nnexp.nn.layers.base import Context
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.parameters import layer_views
from nnexp.typing import AnyArray
from tests.contracts.arrays import normal
from tests.contracts.examples import IMAGE, I, N, R

EPSILON = 1e-5


def passed(layer: BatchNorm, *seen: tuple[AnyArray, bool], evaluated: AnyArray) -> tuple[list[AnyArray], AnyArray]:
    """The outputs at training for batches (x, whether a new epoch begins), then the output at evaluation."""
    declaration = layer.declare(evaluated.shape[2:])
    theta = np.repeat([[1.0, 0.0]], evaluated.shape[-1], axis=1)
    w = layer_views(declaration, np.repeat(theta, R, axis=0), make_buffers(declaration, R, "float64"))
    outputs = [layer.forward(w, x, Context(training=True, new_epoch=new))[0] for x, new in seen]
    return outputs, layer.forward(w, evaluated, Context(training=False))[0]


@pytest.mark.parametrize("shape", [(I,), IMAGE], ids=["vectors", "images"])
def test_every_feature_has_zero_mean_and_unit_variance_over_the_batch(shape: tuple[int, ...]) -> None:
    x = 3 * normal(R, N, *shape) + 5
    [y], _ = passed(BatchNorm(epsilon=1e-15), (x, True), evaluated=x)
    axes = tuple(range(1, x.ndim - 1))
    np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-14)
    np.testing.assert_allclose(y.var(axis=axes), 1, rtol=1e-12)


def test_running_statistics_are_moving_averages_of_the_biased_ones() -> None:
    a, b, z = normal(R, N, I), 2 * normal(R, N, I, seed=1) + 3, normal(R, N, I, seed=2)
    _, y = passed(BatchNorm(momentum=0.7), (a, True), (b, False), evaluated=z)
    mean = 0.7 * (0.3 * a.mean(axis=1, keepdims=True)) + 0.3 * b.mean(axis=1, keepdims=True)
    variance = 0.7 * (0.7 + 0.3 * a.var(axis=1, keepdims=True)) + 0.3 * b.var(axis=1, keepdims=True)
    np.testing.assert_allclose(y, (z - mean) / np.sqrt(variance + EPSILON), rtol=1e-12)


def test_weighted_average_is_over_the_last_epochs_batches_by_their_size() -> None:
    old, a, b, z = (normal(R, n, I, seed=n) + n for n in (13, 5, 2, 3))
    _, y = passed(BatchNorm(statistics="weighted_average"), (old, True), (a, True), (b, False), evaluated=z)
    mean, variance = (
        (5 * f(a, axis=1, keepdims=True) + 2 * f(b, axis=1, keepdims=True)) / 7 for f in (np.mean, np.var)
    )
    np.testing.assert_allclose(y, (z - mean) / np.sqrt(variance + EPSILON), rtol=1e-12)


@pytest.mark.parametrize("statistics", ["running", "weighted_average"])
def test_before_training_evaluation_changes_nothing_but_epsilon(statistics: str) -> None:
    z = normal(R, N, I)
    _, y = passed(BatchNorm(statistics=statistics), evaluated=z)  # type: ignore[arg-type]
    np.testing.assert_allclose(y, z / np.sqrt(1 + EPSILON), rtol=1e-14)
