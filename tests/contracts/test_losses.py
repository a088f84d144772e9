"""What every loss promises, and its value by an independent formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pytest

from nnexp.nn.losses.absolute_error import AbsoluteError
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.binary_cross_entropy import BinaryCrossEntropy
from nnexp.nn.losses.cross_entropy import CrossEntropy, smooth_labels
from nnexp.nn.losses.hinge import Hinge
from nnexp.nn.losses.huber import Huber
from nnexp.nn.losses.kl_divergence import KLDivergence
from nnexp.nn.losses.log_cosh import LogCosh
from nnexp.nn.losses.perceptron import Perceptron
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.losses.squared_hinge import SquaredHinge
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.nn.replicas import stack_replicas
from nnexp.registry import losses
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
    loss, dz = stack_replicas(variations(example.component))(z, d.astype(dtype))
    assert loss.shape == (R,)
    assert dz.shape == z.shape
    assert loss.dtype == dz.dtype == dtype


@every_case
def test_dz_is_the_gradient_of_the_mean_loss(example: Example, d: AnyArray) -> None:
    loss, z = stack_replicas(variations(example.component)), normal(R, N, O)
    check_gradient(lambda moved: loss(moved, d)[0], z, loss(z, d)[1])


@every_case
@pytest.mark.parametrize("size", [1, 1e3])
def test_averaged_outputs_say_the_mean_of_what_each_says(example: Example, d: AnyArray, size: float) -> None:
    z = size * normal(R, N, O)
    said = stack_replicas([example.component]).predict(z)
    averaged = example.component.average_outputs(z)
    assert averaged.shape == (N, O)
    np.testing.assert_allclose(example.component.predict(averaged[None])[0], sum(said) / R, rtol=1e-12, atol=1e-300)
    assert np.isfinite(example.component(averaged[None], d[:1])[0]).all()


@every_case
def test_the_loss_of_the_average_of_the_same_outputs_is_their_loss(example: Example, d: AnyArray) -> None:
    z = normal(1, N, O)
    averaged = example.component.average_outputs(np.concatenate([z, z, z]))[None]
    np.testing.assert_allclose(example.component(averaged, d[:1])[0], example.component(z, d[:1])[0], rtol=1e-12)


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


@pytest.mark.parametrize("example", [e for e in LOSSES if e.name != "tasks"], ids=str)
def test_predictions_are_probabilities_of_logits_and_otherwise_the_outputs(example: Example) -> None:
    z = 5 * normal(R, N, O)
    p = example.component.predict(z)
    if example.component.outputs != "logits":
        assert identical(p, z)
    else:
        assert np.array_equal(p.argsort(axis=-1), z.argsort(axis=-1))
        assert ((p > 0) & (p < 1)).all()


def test_softmax_predictions_sum_to_one() -> None:
    np.testing.assert_allclose(CrossEntropy().predict(normal(R, N, O)).sum(axis=-1), 1, rtol=1e-14)


Slow: TypeAlias = Callable[[float, float, AnyArray], float]
"""An output, its target, and all outputs of the example to a number."""


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


def kl_divergence(z: float, d: float, row: AnyArray) -> float:
    p = math.exp(z) / math.fsum(math.exp(other) for other in row)
    return d * math.log(d / p) if d else 0.0


def huber(z: float, d: float, row: AnyArray) -> float:
    size = abs(z - d)
    return size**2 / 2 if size <= 0.7 else 0.7 * (size - 0.35)


SLOW: dict[Loss, Slow] = {
    AbsoluteError(): lambda z, d, row: abs(z - d),
    BinaryCrossEntropy(): binary_cross_entropy,
    CrossEntropy(): cross_entropy,
    Huber(0.7): huber,
    KLDivergence(): kl_divergence,
    LogCosh(): lambda z, d, row: math.log(math.cosh(z - d)),
    SquaredError(): squared_error,
}
"""For each loss that adds up numbers of single outputs, that number by plain arithmetic."""

ON_MARGINS: dict[Loss, Callable[[list[float], float], float]] = {
    Hinge(0.7): lambda wrong, right: math.fsum(max(0.0, z - right + 0.7) for z in wrong),
    Perceptron(): lambda wrong, right: max(0.0, max(wrong) - right),
    SquaredHinge(0.7): lambda wrong, right: math.fsum(max(0.0, z - right + 0.7) ** 2 for z in wrong),
}
"""For each loss on margins, its value for the scores of the wrong classes and of the right one."""


def test_every_loss_has_a_slow_formula() -> None:
    assert {type(loss) for loss in [*SLOW, *ON_MARGINS]} == {losses[name] for name in losses} - {TaskLosses}


@pytest.mark.parametrize("loss", ON_MARGINS, ids=str)
def test_value_on_margins_equals_the_slow_formula(loss: Any) -> None:
    z, hard = normal(R, N, O), targets("classes")[0]
    wanted = [
        math.fsum(
            ON_MARGINS[loss](row[goal == 0].tolist(), row[goal == 1].item()) for row, goal in zip(a, b, strict=True)
        )
        for a, b in zip(z, hard, strict=True)
    ]
    np.testing.assert_allclose(loss(z, hard)[0], np.array(wanted) / N, rtol=1e-13)


@pytest.mark.parametrize("loss", ON_MARGINS, ids=str)
def test_on_margins_the_class_with_the_largest_share_counts(loss: Any) -> None:
    z, soft = normal(R, N, O), targets("classes")[1]
    hard = np.eye(O)[soft.argmax(axis=-1)]
    for given, wanted in zip(loss(z, soft), loss(z, hard), strict=True):
        assert identical(given, wanted)


@pytest.mark.parametrize("loss", SLOW, ids=str)
def test_value_equals_the_slow_formula(loss: Any) -> None:
    z, slow = normal(R, N, O), SLOW[loss]
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
    row = smooth_labels(np.eye(10)[None, :1], 0.1)[0, 0]
    np.testing.assert_allclose(row, [0.9] + 9 * [0.1 / 9], rtol=1e-15)


def test_smoothed_loss_is_the_loss_of_smoothed_targets() -> None:
    z, d = normal(R, N, O), targets("classes")[0]
    smoothed = np.where(d == 1, 0.8, 0.2 / (O - 1))
    for given, wanted in zip(CrossEntropy(label_smoothing=0.2)(z, d), CrossEntropy()(z, smoothed), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-12, atol=1e-15)


def test_kl_divergence_is_zero_for_the_targets_own_distribution_and_cross_entropy_for_one_hot_ones() -> None:
    z, (hard, soft) = normal(R, N, O), targets("classes")
    loss, dz = KLDivergence()(np.log(soft) + 3, soft)
    np.testing.assert_allclose(loss, 0, atol=1e-14)
    np.testing.assert_allclose(dz, 0, atol=1e-15)
    for given, wanted in zip(KLDivergence()(z, hard), CrossEntropy()(z, hard), strict=True):
        assert identical(given, wanted)


def test_log_cosh_keeps_its_digits_at_both_ends() -> None:
    """log cosh ε is ε²/2 - ε⁴/12 + ... near 0, and |ε| - log 2 far from it."""
    for dtype, rtol in (("float32", 1e-6), ("float64", 1e-12)):
        errors = np.array([1e-3, 0.1, 1000.0], dtype)
        wanted = [5e-7 - 1e-12 / 12, 0.005 - 1e-4 / 12 + 1e-6 / 45 - 17e-8 / 2520 + 31e-10 / 14175, 1000 - math.log(2)]
        given = LogCosh()(errors[:, None, None], np.zeros((1, 1, 1), dtype))[0]
        np.testing.assert_allclose(given, wanted, rtol=rtol)


def test_robust_losses_by_hand() -> None:
    z, d = np.array([[[3.0, 0.5], [0.0, -1.0]]]), np.array([[[0.0, 0.0], [0.0, 1.0]]])
    loss, dz = Huber(1.0)(z, d)
    assert loss.tolist() == [(2.5 + 0.125 + 0 + 1.5) / 2]  # 1 (3 - ½), ½ 0.25, 0, 1 (2 - ½)
    assert dz.tolist() == [[[0.5, 0.25], [0.0, -0.5]]]
    loss, dz = AbsoluteError()(z, d)
    assert loss.tolist() == [(3 + 0.5 + 0 + 2) / 2]
    assert dz.tolist() == [[[0.5, 0.5], [0.0, -0.5]]]


def test_losses_on_margins_by_hand() -> None:
    """The right class is the second, 1 above the first and ½ below the third."""
    z, d = np.array([[[1.0, 2.0, 2.5]]]), np.array([[[0.0, 1.0, 0.0]]])
    for loss, wanted, slopes in (
        (Hinge(1.0), 1.5, [0.0, -1.0, 1.0]),  # 0 and ½ + 1; the first is just outside the margin
        (SquaredHinge(2.0), 1 + 6.25, [2.0, -7.0, 5.0]),  # (-1 + 2)² and (½ + 2)²
        (Perceptron(), 0.5, [0.0, -1.0, 1.0]),
    ):
        value, dz = loss(z, d)
        assert value.tolist() == [wanted]
        assert dz.tolist() == [[slopes]]


def test_one_perceptron_output_is_the_difference_of_two() -> None:
    """max(0, -y z) for the four cases of y = ±1 and z = ±2, and a mistake on the boundary."""
    z, yes = np.array([[[2.0], [2.0], [-2.0], [-2.0], [0.0]]]), np.array([[[1.0], [0.0], [1.0], [0.0], [1.0]]])
    loss, dz = Perceptron()(z, yes)
    assert loss.tolist() == [4 / 5]
    assert (dz * 5).ravel().tolist() == [0, 1, -1, 0, -1]
    two, dtwo = Perceptron()(np.concatenate([z - 1, np.full_like(z, -1)], -1), np.concatenate([yes, 1 - yes], -1))
    assert identical(two, loss)
    assert np.array_equal(dtwo, np.concatenate([dz, -dz], -1))


def test_the_perceptron_rule_moves_the_weights_by_the_example_on_a_mistake_only() -> None:
    """w ← w + y x where the sign is wrong: Rosenblatt's rule in plain numbers against gradient steps of size 1."""
    x, y = normal(30, 2), np.where(normal(30, seed=1) > 0, 1, -1)
    w, theta = np.zeros(2), np.zeros((1, 2, 1))
    for xi, yi in zip(x, y, strict=True):
        if yi * (w @ xi) <= 0:
            w = w + yi * xi
        row_ = xi[None, None]
        dz = Perceptron()(row_ @ theta, np.array([[[(yi + 1) / 2]]]))[1]
        theta = theta - row_.mT @ dz
    np.testing.assert_allclose(theta.ravel(), w, rtol=1e-13)
