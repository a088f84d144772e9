"""What every schedule promises, and its values by hand."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.nn.replicas import stack_replicas
from nnexp.optim.schedules.base import raise_to_power
from nnexp.optim.schedules.cosine import Cosine
from nnexp.registry import schedules
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical
from tests.contracts.examples import Example, R, examples, variations

STEPS, EPOCHS = 5, 7

every_schedule = pytest.mark.parametrize("example", examples("schedules"), ids=str)


def course(schedule: Any, steps: int = STEPS, epochs: int = EPOCHS) -> AnyArray:
    """The factors of a whole training, one after another."""
    return np.concatenate([schedule.compute_factors(epoch, steps, epochs) for epoch in range(epochs)], axis=-1)[0]


def half_cosine(behind: float, final: float = 0.0) -> float:
    return final + (1 - final) * (1 + cos(pi * behind)) / 2


BY_HAND: list[tuple[str, dict[str, Any], dict[int, float]]] = [
    ("constant", {}, {0: 1, 17: 1, 34: 1}),
    ("constant", {"warmup_epochs": 2}, {0: 0.1, 1: 0.2, 8: 0.9, 9: 1, 10: 1, 34: 1}),
    ("constant", {"warmup_epochs": 0.5}, {0: 0.4, 1: 0.8, 2: 1, 3: 1}),
    ("inverse_time", {"decay": 0.5}, {0: 1, 4: 1, 5: 1 / 1.5, 9: 1 / 1.5, 10: 1 / 2, 34: 1 / 4}),
    ("inverse_time", {"decay": 0.5, "warmup_epochs": 1}, {0: 0.2, 4: 1, 5: 1, 9: 1, 10: 1 / 1.5, 15: 1 / 2}),
    ("exponential", {"base": 0.5}, {0: 1, 4: 1, 5: 0.5, 14: 0.25, 15: 0.125, 34: 1 / 64}),
    ("exponential", {"base": 0.5, "warmup_epochs": 2}, {0: 0.1, 9: 1, 10: 1, 14: 1, 15: 0.5, 20: 0.25}),
    ("inverse_sqrt", {}, {0: 1, 4: 1, 5: 1 / sqrt(2), 15: 1 / 2, 34: 1 / sqrt(7)}),
    ("inverse_sqrt", {"k": 0.5, "per": "batch"}, {0: 0.5, 1: 0.5 / sqrt(2), 3: 0.25, 24: 0.1}),
    ("inverse_sqrt", {"k": 2.0, "per": "batch", "warmup_epochs": 1}, {0: 0.4, 4: 2, 5: 2, 8: 1, 20: 0.5}),
    ("linear", {}, {0: 1, 7: 28 / 35, 34: 1 / 35}),
    ("linear", {"final": 0.2, "warmup_epochs": 2}, {0: 0.1, 9: 1, 10: 1, 15: 1 - 0.8 * 5 / 25, 34: 0.2 + 0.8 / 25}),
    ("plateau", {}, {0: 1, 34: 1}),  # without a history; with one in tests/unit/test_plateau.py
    ("plateau", {"warmup_epochs": 2}, {0: 0.1, 9: 1, 10: 1, 34: 1}),
    ("polynomial", {"power": 2}, {0: 1, 7: (28 / 35) ** 2, 34: 1 / 35**2}),
    ("polynomial", {"power": 0.5, "final": 0.2}, {0: 1, 7: 0.2 + 0.8 * sqrt(28 / 35), 34: 0.2 + 0.8 * sqrt(1 / 35)}),
    ("polynomial", {"power": 3, "warmup_epochs": 2}, {0: 0.1, 10: 1, 15: (20 / 25) ** 3, 34: 1 / 25**3}),
    ("piecewise", {"boundaries": (2.0, 5.0), "values": (1.0, 0.5, 0.1)}, {0: 1, 9: 1, 10: 0.5, 24: 0.5, 25: 0.1}),
    ("piecewise", {"boundaries": (), "values": (0.5,)}, {0: 0.5, 34: 0.5}),
    (
        "piecewise",
        {"boundaries": (2.0,), "values": (0.5, 0.1), "warmup_epochs": 1},
        {0: 0.1, 4: 0.5, 14: 0.5, 15: 0.1},
    ),
    ("one_cycle", {"rise": 0.4, "start": 0.2, "final": 0.1}, {0: 0.2, 7: 0.6, 14: 1, 21: half_cosine(1 / 3, 0.1)}),
    ("one_cycle", {}, {0: 0.04, 34: half_cosine((34 / 35 - 0.3) / 0.7, 4e-6)}),
    ("one_cycle", {"rise": 0, "final": 0.1}, {0: 1, 7: half_cosine(0.2, 0.1), 34: half_cosine(34 / 35, 0.1)}),
    ("one_cycle", {"rise": 0.4, "start": 0.2, "warmup_epochs": 2}, {0: 0.02, 9: 0.2, 10: 0.2, 15: 0.6, 20: 1}),
    ("step", {"every": 2}, {0: 1, 9: 1, 10: 0.1, 19: 0.1, 20: 0.01, 34: 0.001}),
    ("step", {"every": 1.5, "factor": 0.5}, {0: 1, 9: 1, 10: 0.5, 14: 0.5, 15: 0.25, 30: 0.0625}),
    ("step", {"every": 2, "warmup_epochs": 1}, {0: 0.2, 4: 1, 14: 1, 15: 0.1}),
    ("cosine", {}, {0: 1, 7: half_cosine(7 / 35), 20: half_cosine(20 / 35), 34: half_cosine(34 / 35)}),
    ("cosine", {"final": 0.2}, {0: 1, 7: half_cosine(7 / 35, 0.2), 34: half_cosine(34 / 35, 0.2)}),
    (
        "cosine",
        {"warmup_epochs": 2},
        {0: 0.1, 9: 1 * half_cosine(0), 10: 1, 15: half_cosine(5 / 25), 34: half_cosine(24 / 25)},
    ),
    ("cosine", {"cycles": 7}, {0: 1, 4: half_cosine(4 / 5), 5: 1, 9: half_cosine(4 / 5), 30: 1}),
]


def test_every_schedule_is_worked_by_hand_with_and_without_warm_up() -> None:
    assert {name for name, *_ in BY_HAND} == set(schedules)
    assert {name for name, given_, _ in BY_HAND if "warmup_epochs" in given_} == set(schedules)


@pytest.mark.parametrize(("name", "parameters", "values"), BY_HAND)
def test_factors_by_hand(name: str, parameters: dict[str, Any], values: dict[int, float]) -> None:
    factors = course(schedules[name](**parameters))
    np.testing.assert_allclose(factors[list(values)], list(values.values()), rtol=1e-14)


@every_schedule
def test_shape_and_precision_of_the_factors_of_an_epoch(example: Example) -> None:
    factors = stack_replicas(variations(example.component)).compute_factors(0, STEPS, EPOCHS)
    assert factors.dtype == np.float64
    assert np.broadcast_shapes(factors.shape, (R, STEPS)) == (R, STEPS)


@every_schedule
@pytest.mark.parametrize("warmup", [1, 2, 0.6])
def test_warm_up_rises_in_equal_steps_and_then_the_schedule_runs_on_its_own_clock(
    example: Example, warmup: float
) -> None:
    plain = replace(example.component, warmup_epochs=0.0)
    warmed = course(replace(plain, warmup_epochs=warmup))
    steps = round(warmup * STEPS)
    first = course(plain)[0]
    np.testing.assert_allclose(warmed[:steps], first * np.arange(1, steps + 1) / steps, rtol=1e-14)
    if warmup == int(warmup):
        np.testing.assert_allclose(warmed[steps:], course(plain, epochs=EPOCHS - int(warmup)), rtol=1e-14)


@given(cycles=st.integers(1, 20), epochs=st.integers(1, 9), steps=st.integers(1, 13), final=st.floats(0, 0.99))
def test_cosine_cycles_start_at_exactly_one(cycles: int, epochs: int, steps: int, final: float) -> None:
    factors = course(Cosine(cycles, final), steps * cycles, epochs)
    assert (factors[:: steps * epochs] == 1).all()
    assert (factors <= 1).all()
    assert (factors >= final).all()


@given(st.integers(0, 6), st.integers(1, 9))
def test_a_schedule_is_a_pure_function_of_progress(epoch: int, steps: int) -> None:
    for example in examples("schedules"):
        first, second = (example.component.compute_factors(epoch, steps, 7) for _ in range(2))
        assert np.array_equal(first, second)
        assert (first > 0).all()


def test_powers_have_the_same_bits_in_a_stack_and_alone() -> None:
    """NumPy squares where one exponent, 2, is shared, and rounds otherwise than its power: by a bit, one time in 20."""
    bases, shapes = np.random.default_rng(0).random((1000, 1)), [(1, 1), (1, 3), (1000, 1)]
    for shape in shapes:
        exponents = np.full(shape, 2.0)
        together = np.broadcast_to(raise_to_power(bases, exponents), (1000, shape[1]))
        for r in range(1000):
            assert identical(raise_to_power(bases[r : r + 1], exponents[:1]), together[r : r + 1].copy())
