"""Every loss of the registry with classes that count differently: its value, its gradient, and the replica law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.nn.losses.base import Loss, Targets
from nnexp.nn.losses.class_weights import ClassWeights, compute_loss
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.perceptron import Perceptron
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.losses.tasks import TaskLosses, WeightedLoss
from nnexp.nn.named import Named
from nnexp.nn.replicas import stack_replicas, take_replicas
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES, identical, normal, random, row, targets
from tests.contracts.examples import Example, N, O, R, examples, variations
from tests.contracts.gradients import check_gradient

WEIGHTED: tuple[Targets, ...] = ("classes", "binary")
CASES = [
    pytest.param(example, kind, d, id=f"{example}-{kind}-{i}")
    for example in examples("losses")
    for kind in example.component.targets
    if kind in WEIGHTED
    for i, d in enumerate(targets(kind))
]
every_case = pytest.mark.parametrize(("example", "kind", "d"), CASES)


def weights_of(kind: Targets, replicas: int = R) -> ClassWeights:
    draw = random(7)
    no, yes = (0.1 + 3 * draw.random((replicas, O)) for _ in range(2))
    return ClassWeights((kind,), no, yes)


def narrow(kind: Targets, example: Example, *arrays: AnyArray) -> tuple[AnyArray, ...]:
    """The perceptron takes one yes-or-no output, all others take several."""
    if kind == "binary" and isinstance(example.component, Perceptron):
        return tuple(array[..., :1] for array in arrays)
    return arrays


def case(example: Example, kind: Targets, d: AnyArray, dtype: str = "float64") -> tuple[Any, ClassWeights, Any, Any]:
    whole = weights_of(kind)
    z, d, no, yes = narrow(kind, example, normal(R, N, O, dtype=dtype), d.astype(dtype), whole.no, whole.yes)
    return stack_replicas(variations(example.component)), ClassWeights((kind,), no, yes), z, d


@every_case
def test_each_example_or_output_counts_by_the_weight_of_its_class(example: Example, kind: Targets, d: AnyArray) -> None:
    """By the loss of each example alone, and for yes or no of each output alone, added up in a loop."""
    loss, weights, z, d = case(example, kind, d)
    for r in range(R):
        one: Loss = take_replicas(loss, [r])
        total = 0.0
        for n in range(N):
            here = z[r, n][None, None], d[r, n][None, None]
            if kind == "classes":
                total += float(one(*here)[0][0]) * sum(weights.yes[r, k] * d[r, n, k] for k in range(O))
                continue
            for o in range(z.shape[-1]):
                w = weights.yes[r, o] * d[r, n, o] + weights.no[r, o] * (1 - d[r, n, o])
                total += w * float(one(here[0][..., o : o + 1], here[1][..., o : o + 1])[0][0])
        assert compute_loss(loss, weights, z, d)[0][r] == pytest.approx(total / N, rel=1e-12)


@every_case
def test_dz_is_the_gradient_of_the_weighted_loss(example: Example, kind: Targets, d: AnyArray) -> None:
    loss, weights, z, d = case(example, kind, d)
    check_gradient(lambda moved: compute_loss(loss, weights, moved, d)[0], z, compute_loss(loss, weights, z, d)[1])


@every_case
def test_weights_of_one_are_the_loss_itself(example: Example, kind: Targets, d: AnyArray) -> None:
    loss, weights, z, d = case(example, kind, d)
    ones = ClassWeights((kind,), np.ones_like(weights.no), np.ones_like(weights.yes))
    for found, wanted in zip(compute_loss(loss, ones, z, d), loss(z, d), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)
    for found, wanted in zip(compute_loss(loss, None, z, d), loss(z, d), strict=True):
        assert identical(found, wanted)


@every_case
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_a_replica_of_a_stack_is_the_same_alone(
    example: Example, kind: Targets, d: AnyArray, dtype: str, shared: bool
) -> None:
    loss, weights, z, d = case(example, kind, d, dtype)
    if shared:
        d, weights = d[:1], take_replicas(weights, [0])
    together = compute_loss(loss, weights, z, d)
    assert together[0].dtype == together[1].dtype == dtype
    for r in range(R):
        own = ClassWeights((kind,), row(weights.no, r), row(weights.yes, r))
        alone = compute_loss(take_replicas(loss, [r]), own, z[r : r + 1], row(d, r))
        assert all(identical(a[r : r + 1], b) for a, b in zip(together, alone, strict=True))


def test_of_several_tasks_each_has_the_weights_of_its_own_columns() -> None:
    [d] = targets("tasks")
    tasks = Named(("a", "b"), (WeightedLoss(CrossEntropy(), 2.0), WeightedLoss(SquaredError(), 0.3)))
    loss, z = stack_replicas([TaskLosses(tasks, widths=(4, O - 4))] * R), normal(R, N, O)
    weights = ClassWeights(("classes", "values"), np.ones((R, O)), 0.1 + random(3).random((R, O)))
    first = compute_loss(CrossEntropy(), weights.take_columns(slice(0, 4), 0), z[..., :4], d[..., :4])
    second = SquaredError()(z[..., 4:], d[..., 4:])
    found = compute_loss(loss, weights, z, d)
    np.testing.assert_allclose(found[0], 2 * first[0] + 0.3 * second[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], np.concatenate([2 * first[1], 0.3 * second[1]], axis=-1), rtol=1e-12)


def test_cross_entropy_by_the_formula_of_the_books() -> None:
    z, d = normal(1, N, O), targets("classes")[0][:1]
    weights = weights_of("classes", 1)
    p = np.exp(z[0]) / np.exp(z[0]).sum(axis=-1, keepdims=True)
    label = d[0].argmax(axis=-1)
    expected = -np.mean(weights.yes[0, label] * np.log(p[np.arange(N), label]))
    assert compute_loss(CrossEntropy(), weights, z, d)[0][0] == pytest.approx(expected, rel=1e-12)
