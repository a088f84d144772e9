"""Drawing the values of trials: at random, by a Sobol sequence, or by what earlier trials came to (TPE).

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
from nnexp.sweeps.definition.space import CHOICE_KEY, SearchDimension

TrialValue: TypeAlias = Callable[[int], float]
"""The value of the trial with a number, to be small; NaN where it has none."""


def draw_rounds(sampled: SampledKeys | None, value: TrialValue) -> Iterator[list[Point]]:
    """What is drawn for each trial, as many trials at a time as can be drawn before any of them is trained."""
    if sampled is None:
        yield [()]
    elif sampled.sampler == "tpe":
        yield from _draw_learned_rounds(sampled, value)
    else:
        yield [sampled.draw_point(partial(_map_unit_value, row)) for row in _draw_unit_points(sampled)]


def draw_first_round(sampled: SampledKeys | None) -> list[Point]:
    """What is drawn before anything is trained."""
    return next(draw_rounds(sampled, lambda number: math.nan))


def is_adaptive(sampled: SampledKeys | None) -> bool:
    """Whether later trials depend on earlier ones."""
    return sampled is not None and sampled.sampler == "tpe"


def make_corner_points(sampled: SampledKeys | None) -> list[Point]:
    """Points at the bounds of the space, each choice made once: where they are sound, all are likely to be."""
    if sampled is None:
        return []
    most = max((int(leaf.high) for leaf in sampled.list_dimensions() if leaf.kind == CHOICE_KEY), default=1)
    ends = (0.0, math.nextafter(1.0, 0.0))
    return [sampled.draw_point(partial(_pick_bound, end, choice)) for end in ends for choice in range(most)]


def _pick_bound(end: float, choice: int, leaf: SearchDimension) -> float | int:
    return min(choice, int(leaf.high) - 1) if leaf.kind == CHOICE_KEY else leaf.compute_value(end)


def _map_unit_value(units: Mapping[str, float], leaf: SearchDimension) -> float | int:
    return leaf.compute_value(units[leaf.path])


def _draw_unit_points(sampled: SampledKeys) -> Iterator[dict[str, float]]:
    """For each trial a point of the unit cube, by the paths of the leaves."""
    paths, trials = [leaf.path for leaf in sampled.list_dimensions()], sampled.trials
    if sampled.sampler == "sobol":
        from scipy.stats import qmc

        engine = qmc.Sobol(len(paths), scramble=True, rng=trials.seed)
        rows: Any = engine.random_base2(math.ceil(math.log2(trials.trials)))[: trials.trials]
    else:
        rows = [make_generator(trials.seed, f"trial {number}").random(len(paths)) for number in range(trials.trials)]
    for row in rows:
        yield dict(zip(paths, map(float, row), strict=True))


def _draw_learned_rounds(sampled: SampledKeys, value: TrialValue) -> Iterator[list[Point]]:
    """Batches of trials that Optuna's tree-structured Parzen estimator chooses, knowing all earlier ones.

    Each batch is drawn by a sampler with a seed of its own, so that it depends on the earlier trials' values alone.
    Source: Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization.
    """
    optuna = import_optional("optuna", "tune", "the sampler tpe")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    past: list[Any] = []
    while len(past) < sampled.trials.trials:
        count = min(sampled.trials.batch, sampled.trials.trials - len(past))
        seed = sampled.trials.seed * 1_000_003 + len(past)
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True))
        study.add_trials([_make_finished_trial(optuna, trial, value(number)) for number, trial in enumerate(past)])
        asked = [study.ask() for _ in range(count)]
        yield [sampled.draw_point(partial(_suggest_value, trial)) for trial in asked]
        past += asked


def _make_finished_trial(optuna: Any, trial: Any, value: float) -> Any:
    """A trial with its value, for a new study."""
    state = optuna.trial.TrialState.COMPLETE if math.isfinite(value) else optuna.trial.TrialState.FAIL
    known = {"params": trial.params, "distributions": trial.distributions, "state": state}
    return optuna.trial.create_trial(**known, value=value if math.isfinite(value) else None)


def _suggest_value(trial: Any, leaf: SearchDimension) -> float | int:
    if leaf.kind == CHOICE_KEY:
        return int(trial.suggest_categorical(leaf.path, list(range(int(leaf.high)))))
    if leaf.is_whole:
        return int(trial.suggest_int(leaf.path, int(leaf.low), int(leaf.high), log=leaf.is_log))
    return leaf.round_value(trial.suggest_float(leaf.path, leaf.low, leaf.high, log=leaf.is_log))
