"""Drawing the values of trials: at random, by a Sobol sequence, or by what earlier trials came to (TPE).

Trial i is the same however many there are, so more trials extend a sweep.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from nnexp.extras import needed
from nnexp.replicas import generator
from nnexp.sweeps.definition import Point, Sampled
from nnexp.sweeps.space import CHOICE, Leaf

Value: TypeAlias = Callable[[int], float]
"""The value of the trial with a number, to be small; NaN where it has none."""


def rounds(sampled: Sampled | None, value: Value) -> Iterator[list[Point]]:
    """What is drawn for each trial, as many trials at a time as can be drawn before any of them is trained."""
    if sampled is None:
        yield [()]
    elif sampled.sampler == "tpe":
        yield from _learned(sampled, value)
    else:
        yield [sampled.point(partial(_at, row)) for row in _units(sampled)]


def first(sampled: Sampled | None) -> list[Point]:
    """What is drawn before anything is trained."""
    return next(rounds(sampled, lambda number: math.nan))


def learns(sampled: Sampled | None) -> bool:
    """Whether later trials depend on earlier ones."""
    return sampled is not None and sampled.sampler == "tpe"


def corners(sampled: Sampled | None) -> list[Point]:
    """Points at the bounds of the space, each choice made once: where they are sound, all are likely to be."""
    if sampled is None:
        return []
    most = max((int(leaf.high) for leaf in sampled.leaves() if leaf.kind == CHOICE), default=1)
    ends = (0.0, math.nextafter(1.0, 0.0))
    return [sampled.point(partial(_bound, end, choice)) for end in ends for choice in range(most)]


def _bound(end: float, choice: int, leaf: Leaf) -> float | int:
    return min(choice, int(leaf.high) - 1) if leaf.kind == CHOICE else leaf.at(end)


def _at(units: Mapping[str, float], leaf: Leaf) -> float | int:
    return leaf.at(units[leaf.path])


def _units(sampled: Sampled) -> Iterator[dict[str, float]]:
    """For each trial a point of the unit cube, by the paths of the leaves."""
    paths, trials = [leaf.path for leaf in sampled.leaves()], sampled.trials
    if sampled.sampler == "sobol":
        from scipy.stats import qmc

        engine = qmc.Sobol(len(paths), scramble=True, rng=trials.seed)
        rows: Any = engine.random_base2(math.ceil(math.log2(trials.trials)))[: trials.trials]
    else:
        rows = [generator(trials.seed, f"trial {number}").random(len(paths)) for number in range(trials.trials)]
    for row in rows:
        yield dict(zip(paths, map(float, row), strict=True))


def _learned(sampled: Sampled, value: Value) -> Iterator[list[Point]]:
    """Batches of trials that Optuna's tree-structured Parzen estimator chooses, knowing all earlier ones.

    Each batch is drawn by a sampler with a seed of its own, so that it depends on the earlier trials' values alone.
    Source: Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization.
    """
    optuna = needed("optuna", "tune", "the sampler tpe")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    past: list[Any] = []
    while len(past) < sampled.trials.trials:
        count = min(sampled.trials.batch, sampled.trials.trials - len(past))
        seed = sampled.trials.seed * 1_000_003 + len(past)
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True))
        study.add_trials([_told(optuna, trial, value(number)) for number, trial in enumerate(past)])
        asked = [study.ask() for _ in range(count)]
        yield [sampled.point(partial(_suggested, trial)) for trial in asked]
        past += asked


def _told(optuna: Any, trial: Any, value: float) -> Any:
    """A trial with its value, for a new study."""
    state = optuna.trial.TrialState.COMPLETE if math.isfinite(value) else optuna.trial.TrialState.FAIL
    known = {"params": trial.params, "distributions": trial.distributions, "state": state}
    return optuna.trial.create_trial(**known, value=value if math.isfinite(value) else None)


def _suggested(trial: Any, leaf: Leaf) -> float | int:
    if leaf.kind == CHOICE:
        return int(trial.suggest_categorical(leaf.path, list(range(int(leaf.high)))))
    if leaf.is_whole:
        return int(trial.suggest_int(leaf.path, int(leaf.low), int(leaf.high), log=leaf.is_log))
    return leaf.rounded(trial.suggest_float(leaf.path, leaf.low, leaf.high, log=leaf.is_log))
