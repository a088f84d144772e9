"""The importance of parameters on functions whose variance is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nnexp.reports.importance import assign_levels, compute_importance


def shares(values: dict[str, list[object]], results: list[float], noise: float | None = None) -> dict[str, float]:
    found = compute_importance(values, results, noise)
    assert found is not None
    return {one.parameter: one.share for one in found.parameters}


def grid(*levels: list[object]) -> dict[str, list[object]]:
    return dict(zip("abc", map(list, zip(*product(*levels), strict=True)), strict=False))


def test_main_effects_of_a_complete_grid_are_exact() -> None:
    # y = 3 a + b on {-1, 1}²: the variances are 9 and 1
    values = grid([-1, 1], [-1, 1])
    results = [3.0 * a + b for a, b in zip(values["a"], values["b"], strict=True)]  # type: ignore[operator]
    found = compute_importance(values, results)
    assert found is not None
    assert [one.parameter for one in found.parameters] == ["a", "b"]
    assert [one.share for one in found.parameters] == pytest.approx([0.9, 0.1])
    assert found.is_complete
    assert found.remaining_share == pytest.approx(0.0)


def test_what_only_combinations_explain_is_no_parameters_own() -> None:
    values = grid([-1, 1], [-1, 1])
    found = compute_importance(values, [1.0, -1.0, -1.0, 1.0])  # y = a b
    assert found is not None
    assert [one.share for one in found.parameters] == [0.0, 0.0]
    assert found.remaining_share == pytest.approx(1.0)


def test_words_and_numbers_count_alike() -> None:
    values: dict[str, list[object]] = {"activation": ["relu", "relu", "tanh", "tanh"], "lr": [0.1, 0.2, 0.1, 0.2]}
    assert shares(values, [1.0, 1.0, 3.0, 3.0]) == {"activation": pytest.approx(1.0), "lr": pytest.approx(0.0)}


def test_the_mark_of_chance_on_a_grid_comes_from_the_spread_over_seeds() -> None:
    values = grid([1, 2, 3], [1, 2])
    results = [float(a) for a in values["a"]]  # type: ignore[arg-type]  # Σ (y - 2)² = 4
    found = compute_importance(values, results, noise=0.5)
    assert found is not None
    assert {one.parameter: one.chance_share for one in found.parameters} == {
        "a": pytest.approx(2 * 0.5 / 4),
        "b": pytest.approx(0.5 / 4),
    }
    assert all(one.chance_share is None for one in compute_importance(values, results).parameters)  # type: ignore[union-attr]


def test_without_a_grid_chance_is_that_of_levels_drawn_by_lot() -> None:
    random = np.random.default_rng(0)
    found = []
    for _ in range(300):
        values: dict[str, list[object]] = {name: random.random(40).tolist() for name in "ab"}
        done = compute_importance(values, random.normal(size=40).tolist())
        assert done is not None
        assert not done.is_complete
        found.append(done.parameters)
    assert found[0][0].chance_share == pytest.approx(3 / 39)
    assert np.mean([one.share for each in found for one in each]) == pytest.approx(3 / 39, rel=0.1)


def test_a_linear_function_of_random_numbers_has_nearly_its_sobol_index() -> None:
    # y = 2 a + b of independent uniform numbers: 4/5 and 1/5; four groups hold 15/16 of a uniform number's variance
    random = np.random.default_rng(1)
    a, b = random.random((2, 4000))
    found = shares({"a": a.tolist(), "b": b.tolist()}, (2 * a + b).tolist())
    assert found == {"a": pytest.approx(0.8 * 15 / 16, abs=0.02), "b": pytest.approx(0.2 * 15 / 16, abs=0.02)}


def test_nothing_is_said_where_nothing_can_be() -> None:
    values = grid([1, 2], [1, 2])
    assert compute_importance({"a": values["a"]}, [1.0, 2.0, 3.0, 4.0]) is None
    assert compute_importance(values, [1.0, 1.0, 1.0, 1.0]) is None
    assert compute_importance({"a": [1, 2, 3], "b": [1, 1, 2]}, [1.0, 2.0, 3.0]) is None


def test_few_numbers_are_levels_and_many_are_groups_of_equal_size() -> None:
    assert assign_levels([3, 1, 3]) == [0, 1, 0]
    assert np.bincount(assign_levels(list(range(20)))).tolist() == [5, 5, 5, 5]


def test_parameters_that_part_the_variants_alike_count_as_one_and_the_grid_is_complete() -> None:
    values: dict[str, list[object]] = {
        "optimizer": ["sgd", "adam"] * 3,
        "lr": [0.1, ""] * 3,
        "architecture": ["a", "a", "b", "b", "c", "c"],
    }
    found = compute_importance(values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert found is not None
    # Σ (y - 3.5)² = 17.5; the architectures' means 1.5, 3.5, 5.5 give 2 · (4 + 4) = 16, the optimizers' 3 · 0.5 = 1.5
    assert {one.parameter: one.share for one in found.parameters} == {
        "architecture": pytest.approx(16 / 17.5),
        "optimizer, lr": pytest.approx(1.5 / 17.5),
    }
    assert found.is_complete
    assert found.remaining_share == pytest.approx(0.0)
    assert (
        compute_importance({name: values[name] for name in ("optimizer", "lr")}, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) is None
    )
