"""After which epochs the snapshots of a run are taken, and what a spec needs to be a member of an ensemble."""

from __future__ import annotations

from dataclasses import dataclass, field

from nnexp.errors import SpecError
from nnexp.optim.schedules.cosine import Cosine
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.problems import Place, Problem
from nnexp.spec.spec import Spec
from nnexp.sweeps.definition.settings import EnsembleSettings

ROUNDING_GUARD = 1e-9
"""Added before a number of epochs is rounded down: a quotient that is whole may come out a little below."""


def compute_snapshot_epochs(spec: Spec, count: int) -> tuple[int, ...]:
    """The epochs after which snapshots are taken: the last whole ones in each of the schedule's cycles.

        e_k = ⌊w + k (E - w) / K⌋,  k = 1, ..., K

    E epochs, w of them warm-up, K snapshots. The last one is the end of training. Source: Huang et al. 2017.
    """
    epochs, warmup = spec.training.epochs, float(spec.schedule.warmup_epochs)
    return tuple(int(warmup + (k * (epochs - warmup)) / count + ROUNDING_GUARD) for k in range(1, count + 1))


def check_ensemble_members(spec: AnySpec, ensemble: EnsembleSettings, place: Place) -> None:
    """Raises SpecError with everything that keeps the runs of a spec from being members of an ensemble."""
    check = _EnsembleCheck(place)
    if isinstance(spec, BaselineSpec):
        check.add_problem("an ensemble is made of networks, and the base fits a baseline")
    else:
        if spec.decision is not None:
            check.add_problem("a threshold of one member is none of their average", "leave `decision` out of the base")
        if ensemble.bagging:
            check.check_bagging(spec)
        if ensemble.snapshots:
            check.check_snapshots(spec, ensemble.snapshots)
    if check.problems:
        raise SpecError(check.problems)


@dataclass(slots=True)
class _EnsembleCheck:
    """Collects what is wrong with an ensemble at its place in the sweep file."""

    place: Place
    problems: list[Problem] = field(default_factory=list)

    def add_problem(self, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(self.place, "ensemble", message, suggestion))

    def check_bagging(self, spec: Spec) -> None:
        if spec.data.targets.needs_inputs:
            self.add_problem(
                "the targets are made of the inputs, which each resample normalises in its own way",
                "`members: ...` averages networks that are trained on the same data",
            )
        if spec.data.split.bootstrap is not None:
            self.add_problem("the members draw their own resamples: leave data.split.bootstrap out")

    def check_snapshots(self, spec: Spec, count: int) -> None:
        schedule, epochs = spec.schedule, spec.training.epochs
        if epochs - schedule.warmup_epochs < count:
            warmup = f", {schedule.warmup_epochs:g} of them warm-up," if schedule.warmup_epochs else ""
            self.add_problem(
                f"{epochs} epochs{warmup} are too few for {count} snapshots, one at the end of an epoch",
                f"such as training.epochs={10 * count}",
            )
        if not isinstance(schedule, Cosine):
            self.add_problem(
                f"snapshots are taken where a cosine schedule reaches its lowest learning rate, {count} times",
                f"schedule={{cosine: {{cycles: {count}}}}}",
            )
        elif schedule.cycles != count:
            self.add_problem(
                f"{count} snapshots need a schedule of {count} cycles, and it has {schedule.cycles}",
                f"schedule.cosine.cycles={count}",
            )
        if spec.training.early_stopping:
            self.add_problem("a run that stops early may not reach its last snapshots", "training.early_stopping=null")
