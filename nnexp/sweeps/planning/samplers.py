"""Drawing the values of trials: at random, by a Sobol sequence, or in view of earlier trials (TPE).

Trial i is the same however many there are, so more trials extend a sweep.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from nnexp.nn.random import make_generator
from nnexp.optional import import_optional
from nnexp.sweeps.definition.definition import Point, SampledKeys
from nnexp.sweeps.definition.settings import TrialSettings
from nnexp.sweeps.definition.space import CHOICE_KEY, SearchDimension

TrialValue: TypeAlias = Callable[[int], float]
"""Gives the value of the trial with a number, which is minimized; NaN if it has none."""

BATCH_SEED_FACTOR = 1_000_003
"""A prime larger than any number of trials, so that no two batches of any two seeds share a seed."""


def draw_rounds(sampled: SampledKeys | None, value: TrialValue) -> Iterator[list[Point]]:
    """The points of the trials, as many at a time as can be drawn before any of them is trained."""
    if sampled is None:
        yield [()]
    elif sampled.sampler == "tpe":
        yield from _draw_learned_rounds(sampled, value)
    else:
        yield [sampled.draw_point(partial(_map_unit_value, units)) for units in _draw_unit_points(sampled)]


def draw_first_round(sampled: SampledKeys | None) -> list[Point]:
    """The points that are drawn before anything is trained."""
    return next(draw_rounds(sampled, lambda number: math.nan))


def is_adaptive(sampled: SampledKeys | None) -> bool:
    """Whether later trials depend on earlier ones."""
    return sampled is not None and sampled.sampler == "tpe"


def make_corner_points(sampled: SampledKeys | None) -> list[Point]:
    """Points at the bounds of the space, each choice made once: if they are sound, the others are likely to be."""
    if sampled is None:
        return []
    choices = [int(dimension.high) for dimension in sampled.list_dimensions() if dimension.kind == CHOICE_KEY]
    points = []
    for end in (0.0, math.nextafter(1.0, 0.0)):  # the unit interval is open at 1
        for choice in range(max(choices, default=1)):
            pick = partial(_pick_bound, end, choice)
            points.append(sampled.draw_point(pick))
    return points


def _pick_bound(end: float, choice: int, dimension: SearchDimension) -> float | int:
    return min(choice, int(dimension.high) - 1) if dimension.kind == CHOICE_KEY else dimension.compute_value(end)


def _map_unit_value(units: Mapping[str, float], dimension: SearchDimension) -> float | int:
    return dimension.compute_value(units[dimension.path])


def _draw_unit_points(sampled: SampledKeys) -> Iterator[dict[str, float]]:
    """A point of the unit cube for each trial, by the paths of the dimensions."""
    paths = [dimension.path for dimension in sampled.list_dimensions()]
    draw = _draw_sobol_rows if sampled.sampler == "sobol" else _draw_random_rows
    for row in draw(len(paths), sampled.trials):
        yield dict(zip(paths, map(float, row), strict=True))


def _draw_sobol_rows(dimension_count: int, trials: TrialSettings) -> Any:
    from scipy.stats import qmc

    engine = qmc.Sobol(dimension_count, scramble=True, rng=trials.seed)
    # A Sobol sequence is balanced in powers of two, and SciPy warns of any other number.
    return engine.random_base2(math.ceil(math.log2(trials.trials)))[: trials.trials]


def _draw_random_rows(dimension_count: int, trials: TrialSettings) -> Any:
    # A generator of its own for each trial, so that its values do not depend on how many trials there are.
    return [make_generator(trials.seed, f"trial {number}").random(dimension_count) for number in range(trials.trials)]


def _draw_learned_rounds(sampled: SampledKeys, value: TrialValue) -> Iterator[list[Point]]:
    """Batches of trials that Optuna's tree-structured Parzen estimator chooses, given all earlier ones.

    Each batch is drawn by a sampler with a seed of its own, so that it depends on the earlier trials' values alone.
    Source: Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization.
    """
    optuna = import_optional("optuna", "tune", "the sampler tpe")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    past: list[Any] = []
    while len(past) < sampled.trials.trials:
        count = min(sampled.trials.batch, sampled.trials.trials - len(past))
        seed = sampled.trials.seed * BATCH_SEED_FACTOR + len(past)
        # constant_liar: without it the trials of one batch, which have no values yet, come out close to each other.
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True))
        study.add_trials([_make_finished_trial(optuna, trial, value(number)) for number, trial in enumerate(past)])
        asked = [study.ask() for _ in range(count)]
        yield [sampled.draw_point(partial(_suggest_value, trial)) for trial in asked]
        past += asked


def _make_finished_trial(optuna: Any, trial: Any, value: float) -> Any:
    """A trial with its value, for a new study."""
    states = optuna.trial.TrialState
    is_complete = math.isfinite(value)
    return optuna.trial.create_trial(
        params=trial.params,
        distributions=trial.distributions,
        state=states.COMPLETE if is_complete else states.FAIL,
        value=value if is_complete else None,
    )


def _suggest_value(trial: Any, dimension: SearchDimension) -> float | int:
    if dimension.kind == CHOICE_KEY:
        return int(trial.suggest_categorical(dimension.path, list(range(int(dimension.high)))))
    if dimension.is_whole:
        return int(trial.suggest_int(dimension.path, int(dimension.low), int(dimension.high), log=dimension.is_log))
    return dimension.round_value(
        trial.suggest_float(dimension.path, dimension.low, dimension.high, log=dimension.is_log)
    )
