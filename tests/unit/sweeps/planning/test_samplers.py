"""Drawing trials: the same ones however many there are, and by TPE from what earlier ones came to."""

from __future__ import annotations

import importlib
import math
import random
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import qmc

from nnexp.errors import UsageError
from nnexp.sweeps.definition.definition import Point, SampledKeys
from nnexp.sweeps.planning import samplers
from tests.unit.sweeps.support import from_text

SPACE = """
    optimizer.adam.lr: {log_uniform: [1e-4, 1e-1]}
    optimizer.adam.beta1: {uniform: [0.5, 0.99]}
    architecture.0.dense.units: {integer: [2, 20]}
    activation: {choice: [relu, tanh, {elu: {alpha: {uniform: [0.5, 2]}}}]}
"""


def sampled(folder: Path, sampler: str, trials: int, seed: int = 0, batch: int = 8, space: str = SPACE) -> SampledKeys:
    learns = f"  batch: {batch}\n" if sampler == "tpe" else ""  # the others draw all their trials at once
    text = f"{sampler}:\n  trials: {trials}\n  seed: {seed}\n{learns}  space:{space}"
    found = from_text(folder, text).sampled
    assert found
    return found


def plain(points: list[Point]) -> list[dict[str, Any]]:
    return [{assignment.path: assignment.value.make_plain() for assignment in point} for point in points]


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_trial_is_the_same_however_many_there_are(sampler: str, tmp_path: Path) -> None:
    many = plain(samplers.draw_first_round(sampled(tmp_path, sampler, 23)))
    assert len(many) == 23
    for count in (1, 2, 7, 16):
        assert plain(samplers.draw_first_round(sampled(tmp_path, sampler, count))) == many[:count]


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_another_seed_draws_others(sampler: str, tmp_path: Path) -> None:
    one, two = (plain(samplers.draw_first_round(sampled(tmp_path, sampler, 5, seed))) for seed in (0, 1))
    assert all(a != b for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_nothing_is_learned_from_trials(sampler: str, tmp_path: Path) -> None:
    assert not samplers.is_adaptive(sampled(tmp_path, sampler, 3))
    assert len(list(samplers.draw_rounds(sampled(tmp_path, sampler, 3), lambda number: 0.0))) == 1


def test_a_sobol_sequence_is_scipys(tmp_path: Path) -> None:
    space = "\n    optimizer.adam.lr: {uniform: [0, 1]}\n    optimizer.adam.beta1: {uniform: [0, 1]}\n"
    found = plain(samplers.draw_first_round(sampled(tmp_path, "sobol", 8, seed=5, space=space)))
    expected = qmc.Sobol(2, scramble=True, rng=5).random_base2(3)
    for point, (lr, beta) in zip(found, expected, strict=True):
        assert point["optimizer.adam.lr"] == pytest.approx(lr, rel=1e-3)
        assert point["optimizer.adam.beta1"] == pytest.approx(beta, rel=1e-3)


def test_a_sobol_sequence_fills_the_space_evenly(tmp_path: Path) -> None:
    found = samplers.draw_first_round(
        sampled(tmp_path, "sobol", 16, space="\n    optimizer.adam.lr: {uniform: [0, 1]}\n")
    )
    sixteenths = sorted(int(16 * point["optimizer.adam.lr"]) for point in plain(found))
    assert sixteenths == list(range(16))  # one in each


def test_random_draws_by_the_logarithm_where_that_is_said(tmp_path: Path) -> None:
    found = [point["optimizer.adam.lr"] for point in plain(samplers.draw_first_round(sampled(tmp_path, "random", 300)))]
    decades = [sum(10.0**k <= rate < 10.0 ** (k + 1) for rate in found) for k in (-4, -3, -2)]
    assert all(70 < count < 130 for count in decades), decades  # 100 in each on average, 8 the deviation


def test_without_anything_drawn_there_is_one_empty_point() -> None:
    assert samplers.draw_first_round(None) == [()]
    assert samplers.make_corner_points(None) == []


def test_corners_are_the_bounds_and_every_choice(tmp_path: Path) -> None:
    found = plain(samplers.make_corner_points(sampled(tmp_path, "tpe", 4)))
    assert {point["optimizer.adam.lr"] for point in found} == {1e-4, 1e-1}
    assert {point["architecture.0.dense.units"] for point in found} == {2, 20}
    choices = [point["activation"] for point in found]
    assert all(choice in choices for choice in ("relu", "tanh", {"elu": {"alpha": 0.5}}, {"elu": {"alpha": 2.0}}))


def parabola(point: dict[str, Any]) -> float:
    """The least value, 0, is at lr = 1e-2, 13 units and tanh."""
    rate, units = math.log10(point["optimizer.adam.lr"]), point["architecture.0.dense.units"]
    return (rate + 2) ** 2 + ((units - 13) / 10) ** 2 + (point["activation"] != "tanh")


def learned(drawing: SampledKeys, objective: Callable[[dict[str, Any]], float]) -> list[dict[str, Any]]:
    """All trials of TPE, each batch knowing the values of the ones before."""
    found: list[dict[str, Any]] = []

    def value(number: int) -> float:
        return objective(found[number])

    for batch in samplers.draw_rounds(drawing, value):
        found.extend(plain(batch))
    return found


def test_tpe_draws_batch_by_batch(tmp_path: Path) -> None:
    drawing = sampled(tmp_path, "tpe", 11, batch=4)
    assert samplers.is_adaptive(drawing)
    assert [len(batch) for batch in samplers.draw_rounds(drawing, lambda number: 0.0)] == [4, 4, 3]


def test_tpe_draws_the_same_again(tmp_path: Path) -> None:
    one, two = (learned(sampled(tmp_path, "tpe", 20), parabola) for _ in range(2))
    assert one == two
    assert learned(sampled(tmp_path, "tpe", 20, seed=1), parabola) != one


def test_more_trials_of_tpe_go_on_from_the_same_ones(tmp_path: Path) -> None:
    assert learned(sampled(tmp_path, "tpe", 24), parabola)[:16] == learned(sampled(tmp_path, "tpe", 16), parabola)


def test_tpe_finds_better_values_than_drawing_at_random(tmp_path: Path) -> None:
    def mean_of_last(sampler: str, seed: int) -> float:
        found = learned(sampled(tmp_path, sampler, 60, seed), parabola)
        return statistics.mean(parabola(point) for point in found[30:])

    by_tpe, at_random = ([mean_of_last(sampler, seed) for seed in range(3)] for sampler in ("tpe", "random"))
    assert max(by_tpe) < min(at_random)
    assert statistics.mean(by_tpe) < 0.7 * statistics.mean(at_random)


def test_tpe_goes_on_past_trials_that_came_to_nothing(tmp_path: Path) -> None:
    found = learned(sampled(tmp_path, "tpe", 24), lambda point: math.nan)
    assert len(found) == 24
    source = random.Random(0)
    found = learned(sampled(tmp_path, "tpe", 24), lambda point: math.nan if source.random() < 0.5 else parabola(point))
    assert len(found) == 24


def test_tpe_keeps_within_the_space_with_few_digits(tmp_path: Path) -> None:
    for point in learned(sampled(tmp_path, "tpe", 24), parabola):
        rate = point["optimizer.adam.lr"]
        assert 1e-4 <= rate <= 1e-1
        assert rate == float(f"{rate:.4g}")
        assert point["architecture.0.dense.units"] in range(2, 21)


def test_tpe_without_optuna_says_which_extra_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name == "optuna":
            raise ModuleNotFoundError("No module named 'optuna'", name="optuna")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(UsageError, match=r"nnexp\[tune\]"):
        samplers.draw_first_round(sampled(tmp_path, "tpe", 4))
