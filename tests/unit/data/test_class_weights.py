"""Weights and draws that make up for rare classes, from the counts of the training part."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.data.balanced_sampler import BalancedSampler
from nnexp.data.class_weights import ClassWeight, compute_class_weights
from nnexp.data.dataset import Description, PredictionTask
from nnexp.errors import DataError
from nnexp.nn.losses.base import Targets
from nnexp.nn.named import Named
from nnexp.nn.random import make_generator
from nnexp.typing import AnyArray

COUNTS = (60, 30, 10)
LABELS = np.repeat(np.arange(3), COUNTS)
CLASSES = Description(100, (2,), "classes", ("no", "perhaps", "yes"))


def one_hot(labels: AnyArray, classes: int = 3) -> AnyArray:
    return np.eye(classes)[labels]


def test_balanced_weights_are_scikit_learns() -> None:
    weights = compute_class_weights("balanced", CLASSES, one_hot(LABELS))
    assert weights is not None
    # n_samples / (n_classes * np.bincount(y)), from scikit-learn's compute_class_weight
    np.testing.assert_allclose(weights.yes, [100 / 180, 100 / 90, 100 / 30], rtol=1e-15)


def test_balanced_weights_have_a_mean_of_1_over_the_examples_and_each_class_the_same_sum() -> None:
    weights = compute_class_weights("balanced", CLASSES, one_hot(LABELS))
    assert weights is not None
    np.testing.assert_allclose(weights.yes[LABELS].mean(), 1, rtol=1e-15)
    np.testing.assert_allclose(weights.yes * COUNTS, 100 / 3, rtol=1e-15)


def test_yes_and_no_of_each_output_have_the_same_sum() -> None:
    d = np.array([[1, 0], [0, 0], [0, 1], [0, 1]], np.float64)
    weights = compute_class_weights("balanced", Description(4, (2,), "binary", ("a", "b")), d)
    assert weights is not None
    np.testing.assert_allclose(weights.yes, [4 / 2, 4 / 4], rtol=1e-15)
    np.testing.assert_allclose(weights.no, [4 / 6, 4 / 4], rtol=1e-15)


@pytest.mark.parametrize("kind", ["classes", "binary"])
def test_a_class_that_is_not_named_counts_once(kind: Targets) -> None:
    asked = Named(("yes",), (ClassWeight(5.0),))
    weights = compute_class_weights(asked, Description(100, (2,), kind, CLASSES.classes), one_hot(LABELS))
    assert weights is not None
    assert weights.yes.tolist() == [1, 1, 5]
    assert weights.no.tolist() == [1, 1, 1]


def test_no_weights_are_none() -> None:
    assert compute_class_weights("none", CLASSES, one_hot(LABELS)) is None


def test_of_several_tasks_each_is_balanced_by_itself_and_values_count_once() -> None:
    tasks = (PredictionTask("kind", "classes", ("a", "b")), PredictionTask("size", "values", ("cm",)))
    about = Description(4, (2,), "tasks", ("kind_a", "kind_b", "size_cm"), tasks)
    d = np.array([[1, 0, 7.5], [1, 0, 2.5], [1, 0, 0], [0, 1, 1]])
    weights = compute_class_weights("balanced", about, d)
    assert weights is not None
    assert weights.targets == ("classes", "values")
    np.testing.assert_allclose(weights.yes, [4 / 6, 4 / 2, 1], rtol=1e-15)
    named = compute_class_weights(Named(("kind_b",), (ClassWeight(3.0),)), about, d)
    assert named is not None
    assert named.yes.tolist() == [1, 3, 1]


def test_a_class_without_an_example_is_named_with_what_to_write() -> None:
    with pytest.raises(DataError, match=r"no example of yes; write .* `class_weights: \{yes: 1\}`"):
        compute_class_weights("balanced", CLASSES, one_hot(np.array([0, 1, 1])))
    with pytest.raises(DataError, match="no yes of b"):
        compute_class_weights(
            "balanced", Description(2, (2,), "binary", ("a", "b")), np.array([[1.0, 0.0], [0.0, 0.0]])
        )


def drawn(labels: AnyArray, epochs: int = 200) -> AnyArray:
    sampler, generator = BalancedSampler(one_hot(labels)), make_generator(3, "shuffle")
    return np.stack([sampler.draw_examples(generator) for _ in range(epochs)])


def test_every_class_is_drawn_as_often_and_every_example_of_a_class_as_often() -> None:
    mixed = np.random.default_rng(0).permutation(LABELS)
    rows = drawn(mixed)
    assert rows.shape == (200, 100)
    shares = np.bincount(mixed[rows.ravel()]) / rows.size
    # 20,000 draws: a share of 1/3 has a standard deviation of 0.0033
    np.testing.assert_allclose(shares, 1 / 3, atol=0.015)
    counts = np.bincount(rows.ravel(), minlength=100)
    for k, count in enumerate(COUNTS):
        expected = rows.size / 3 / count
        assert np.abs(counts[mixed == k] - expected).max() < 6 * np.sqrt(expected)


def test_a_class_without_an_example_is_not_drawn() -> None:
    assert set(LABELS[LABELS != 1][drawn(LABELS[LABELS != 1]).ravel()]) == {0, 2}


def test_one_yes_or_no_output_has_two_classes() -> None:
    d = np.array([[1.0]] + [[0.0]] * 99)
    sampler, generator = BalancedSampler(d), make_generator(3, "shuffle")
    rows = np.concatenate([sampler.draw_examples(generator) for _ in range(100)])
    assert abs((rows == 0).mean() - 0.5) < 0.03


def test_the_same_generator_draws_the_same_examples() -> None:
    assert np.array_equal(drawn(LABELS, 3), drawn(LABELS, 3))
