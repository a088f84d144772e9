"""k nearest neighbours against all distances, sorted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.baselines.knn import KNearestNeighbors
from nnexp.typing import Array
from tests.unit.baselines.data import digits_accuracy, outputs

DISTANCES: dict[str, Callable[[Array], Array]] = {
    "euclidean": lambda difference: np.sqrt((difference**2).sum(axis=-1)),
    "manhattan": lambda difference: np.abs(difference).sum(axis=-1),
    "chebyshev": lambda difference: np.abs(difference).max(axis=-1),
}


def by_sorting(x: Array, d: Array, new: Array, k: int, metric: str) -> Array:
    """The mean of the k targets that come first by distance and then by number."""
    rows = []
    for point in new:
        distances = DISTANCES[metric](x - point)
        first = sorted(range(len(x)), key=lambda n: (distances[n], n))[:k]
        rows.append(d[first].mean(axis=-2))
    return np.array(rows)


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("k", [1, 2, 5, 89])
def test_it_is_the_mean_of_the_targets_that_come_first_by_distance(k: int, metric: str) -> None:
    rng = np.random.default_rng(0)
    x, d, new = rng.normal(size=(89, 7)), rng.normal(size=(89, 3)), rng.normal(size=(13, 7))
    found = outputs(KNearestNeighbors(k, metric), x, d, new)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, by_sorting(x, d, new, k, metric), rtol=1e-12)


@given(st.integers(0, 10_000), st.integers(1, 9), st.sampled_from(sorted(DISTANCES)), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_of_examples_at_one_distance_the_first_in_the_part_are_taken(seed: int, k: int, metric: str, side: int) -> None:
    """On a small grid nearly all distances are ties, and exact in binary."""
    rng = np.random.default_rng(seed)
    x, new = rng.integers(-side, side + 1, (61, 2)) + 0.0, rng.integers(-side, side + 1, (11, 2)) + 0.0
    d = np.eye(61)
    found = outputs(KNearestNeighbors(k, metric), x, d, new)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found > 0, by_sorting(x, d, new, k, metric) > 0)


def test_of_many_equal_examples_the_first_k_are_taken() -> None:
    z = outputs(KNearestNeighbors(3), np.ones((1000, 2)), np.eye(1000), np.zeros((1, 2)))
    assert np.flatnonzero(z[0]).tolist() == [0, 1, 2]


def test_votes_are_shares_and_of_equal_ones_the_class_named_first_wins() -> None:
    x = np.array([[0.0], [1.0], [2.0], [10.0]])
    d = np.eye(3)[[2, 1, 1, 2]]
    z = outputs(KNearestNeighbors(4), x, d, np.array([[0.0]]))
    assert z.tolist() == [[0, 0.5, 0.5]]
    assert z.argmax(axis=-1).tolist() == [1]


def test_with_one_neighbour_every_training_example_is_right() -> None:
    x = np.random.default_rng(1).normal(size=(53, 3))
    d = np.eye(5)[np.arange(53) % 5]
    assert (outputs(KNearestNeighbors(1), x, d, x) == d).all()


def test_metrics_disagree_where_they_should() -> None:
    x = np.array([[3.0, 3.0], [5.0, 0.0]])  # at √18 and 5, at 6 and 5, at 3 and 5
    d = np.eye(2)
    zero = np.zeros((1, 2))
    nearest = {m: int(outputs(KNearestNeighbors(1, m), x, d, zero).argmax()) for m in DISTANCES}  # type: ignore[arg-type]
    assert nearest == {"euclidean": 0, "manhattan": 1, "chebyshev": 0}


def test_five_neighbours_read_98_percent_of_the_digits() -> None:
    assert digits_accuracy(KNearestNeighbors(5)) >= 0.98
