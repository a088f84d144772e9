"""The parts of a sweep file that have fixed keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt, MinLen

from nnexp.typing import Count


@dataclass(frozen=True, slots=True)
class SweepObjective:
    """What the runs are ranked by: one metric, such as dev_accuracy or dev_loss, to be large or to be small."""

    maximize: str | None = None
    minimize: str | None = None

    @property
    def metric(self) -> str:
        return self.maximize or self.minimize or ""

    @property
    def sign(self) -> int:
        """1 where large values are good, -1 where small ones are."""
        return 1 if self.maximize else -1


RUNGS_PATH = "pruning.successive_halving.rungs"
"""The path of the rungs in a sweep file."""


@dataclass(frozen=True, slots=True)
class HalvingSettings:
    """Successive halving: at each rung, an epoch, the share `keep` of the variants goes on, at least one.

    All runs of a variant go on, or none; its value is their mean. With `asynchronous` a variant goes on as soon as it
    is among the best of those that have come to the rung; then which ones do depends on who comes first.
    Source: Jamieson & Talwalkar 2016, Non-stochastic Best Arm Identification and Hyperparameter Optimization;
    asynchronous: Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning.
    """

    rungs: Annotated[tuple[Count, ...], MinLen(1)]
    keep: Annotated[float, Gt(0), Lt(1)] = 0.33
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class PruningSettings:
    """How the training of variants that do badly is cut short."""

    successive_halving: HalvingSettings


@dataclass(frozen=True, slots=True)
class EnsembleSettings:
    """Networks whose outputs are averaged: members with seeds of their own, on resampled data, or snapshots of one run.

    Of the three just one is given. `snapshots` are taken at the ends of equal stretches of the training, at each of
    which a cosine schedule with as many cycles comes to its lowest rate.
    Source: lecture notes on regularisation; Breiman 1996, Bagging Predictors; Huang et al. 2017, Snapshot Ensembles.
    """

    members: Annotated[int, Ge(2)] | None = None
    bagging: Annotated[int, Ge(2)] | None = None
    snapshots: Annotated[int, Ge(2)] | None = None

    @property
    def member_count(self) -> int:
        return self.members or self.bagging or self.snapshots or 0


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """How many variants are drawn, and with which seed. `tpe` chooses `batch` of them at a time.

    It learns from all earlier batches: a smaller batch learns more, a larger one keeps more workers busy.
    """

    trials: Count
    seed: Annotated[int, Ge(0)] = 0
    batch: Count = 8


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """The keys of a sweep file besides those that say which values are tried."""

    name: str | None = None
    folds: Annotated[int, Ge(2)] | None = None
    objective: SweepObjective | None = None
    pruning: PruningSettings | None = None
    ensemble: EnsembleSettings | None = None
