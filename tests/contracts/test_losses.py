"""What every loss promises, and its value by an independent formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nnexp.losses.binary_cross_entropy import BinaryCrossEntropy
from nnexp.losses.cross_entropy import CrossEntropy, smooth
from nnexp.losses.squared_error import SquaredError
from nnexp.replicas import stack
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES, identical, normal, targets
from tests.contracts.examples import Example, N, O, R, examples, variations
from tests.contracts.gradients import check_gradient

LOSSES = examples("losses")
CASES = [
    pytest.param(example, d, id=f"{example}-{kind}-{i}")
    for example in LOSSES
    for kind in example.component.targets
    for i, d in enumerate(targets(kind))
]
every_case = pytest.mark.parametrize(("example", "d"), CASES)


@every_case
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_number_a_replica_and_the_precision_is_kept(example: Example, d: AnyArray, dtype: str) -> None:
    z = normal(R, N, O, dtype=dtype)
    loss, dz = stack(variations(example.component))(z, d.astype(dtype))
    assert loss.shape == (R,)
    assert dz.shape == z.shape
    assert loss.dtype == dz.dtype == dtype


@every_case
def test_dz_is_the_gradient_of_the_mean_loss(example: Example, d: AnyArray) -> None:
    loss, z = stack(variations(example.component)), normal(R, N, O)
    check_gradient(lambda moved: loss(moved, d)[0], z, loss(z, d)[1])


@every_case
def test_seeing_every_example_twice_changes_the_loss_not_and_halves_dz(example: Example, d: AnyArray) -> None:
    z = normal(R, N, O)
    once, dz = example.component(z, d)
    twice, half = example.component(np.concatenate([z, z], axis=-2), np.concatenate([d, d], axis=-2))
    np.testing.assert_allclose(twice, once, rtol=1e-14)
    np.testing.assert_allclose(half[:, :N], dz / 2, rtol=1e-14)


@every_case
def test_a_loss_writes_into_neither_argument_and_takes_shared_targets(example: Example, d: AnyArray) -> None:
    z, shared = normal(R, N, O), d[:1].copy()
    z.flags.writeable = shared.flags.writeable = False
    for given, repeated in zip(example.component(z, shared), example.component(z, shared.repeat(R, 0)), strict=True):
        assert identical(given, repeated)


@every_case
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_outputs_stay_finite(example: Example, d: AnyArray, dtype: str, size: float) -> None:
    z = np.zeros((R, N, O), dtype)
    z[..., ::2] = size
    loss, dz = example.component(z, d.astype(dtype))
    assert np.isfinite(loss).all()
    assert np.isfinite(dz).all()


@pytest.mark.parametrize("example", LOSSES, ids=str)
def test_predictions_are_probabilities_of_logits_and_otherwise_the_outputs(example: Example) -> None:
    z = 5 * normal(R, N, O)
    p = example.component.predict(z)
    if example.component.outputs == "values":
        assert identical(p, z)
    else:
        assert np.array_equal(p.argsort(axis=-1), z.argsort(axis=-1))
        assert ((p > 0) & (p < 1)).all()


def test_softmax_predictions_sum_to_one() -> None:
    np.testing.assert_allclose(CrossEntropy().predict(normal(R, N, O)).sum(axis=-1), 1, rtol=1e-14)


def mean_of(rows: Sequence[Sequence[float]]) -> float:
    return math.fsum(math.fsum(row) for row in rows) / len(rows)


def cross_entropy(z: float, d: float, row: AnyArray) -> float:
    """-d log softmax, by exact sums of exponentials that are not shifted."""
    return -d * (z - math.log(math.fsum(math.exp(other) for other in row)))


def binary_cross_entropy(z: float, d: float, row: AnyArray) -> float:
    p = 1 / (1 + math.exp(-z))
    return -(d * math.log(p) + (1 - d) * math.log(1 - p))


def squared_error(z: float, d: float, row: AnyArray) -> float:
    return (z - d) ** 2 / 2


@pytest.mark.parametrize(
    ("loss", "slow"),
    [
        (CrossEntropy(), cross_entropy),
        (BinaryCrossEntropy(), binary_cross_entropy),
        (SquaredError(), squared_error),
    ],
    ids=["cross_entropy", "binary_cross_entropy", "squared_error"],
)
def test_value_equals_the_slow_formula(loss: Any, slow: Any) -> None:
    z = normal(R, N, O)
    for d in targets(loss.targets[0]):
        wanted = [
            mean_of(
                [[slow(zi, di, row) for zi, di in zip(row, goal, strict=True)] for row, goal in zip(a, b, strict=True)]
            )
            for a, b in zip(z, d, strict=True)
        ]
        np.testing.assert_allclose(loss(z, d)[0], wanted, rtol=1e-13)


def test_squared_error_by_hand() -> None:
    z, d = np.array([[[1.0, 2.0], [0.0, -1.0]]]), np.array([[[0.0, 4.0], [1.0, 1.0]]])
    loss, dz = SquaredError()(z, d)
    assert loss.tolist() == [2.5]  # ½ (1 + 4) and ½ (1 + 4), averaged
    assert dz.tolist() == [[[0.5, -1.0], [-0.5, -1.0]]]


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    d = np.eye(O)[None, :N]
    np.testing.assert_allclose(CrossEntropy()(np.full((1, N, O), 3.0), d)[0], math.log(O), rtol=1e-14)


def test_smoothing_puts_a_tenth_beside_the_class_as_the_notes_do() -> None:
    row = smooth(np.eye(10)[None, :1], 0.1)[0, 0]
    np.testing.assert_allclose(row, [0.9] + 9 * [0.1 / 9], rtol=1e-15)


def test_smoothed_loss_is_the_loss_of_smoothed_targets() -> None:
    z, d = normal(R, N, O), targets("classes")[0]
    smoothed = np.where(d == 1, 0.8, 0.2 / (O - 1))
    for given, wanted in zip(CrossEntropy(label_smoothing=0.2)(z, d), CrossEntropy()(z, smoothed), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-12, atol=1e-15)
