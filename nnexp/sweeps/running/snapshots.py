"""When the snapshots of a run are taken, and what of its spec has to be so that they are worth it."""

from __future__ import annotations

from nnexp.errors import SpecError
from nnexp.optim.schedules.cosine import Cosine
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.problems import Place, Problem
from nnexp.spec.spec import Spec
from nnexp.sweeps.definition.settings import EnsembleSettings


def compute_snapshot_epochs(spec: Spec, count: int) -> tuple[int, ...]:
    """The epochs after which snapshots are taken: the last whole ones in each of the schedule's cycles.

        e_k = ⌊w + k (E - w) / K⌋,  k = 1, ..., K

    E epochs, w of them warm-up, K snapshots. The last one is the end of training. Source: Huang et al. 2017.
    """
    epochs, warmup = spec.training.epochs, float(spec.schedule.warmup_epochs)
    return tuple(int(warmup + (k * (epochs - warmup)) / count + 1e-9) for k in range(1, count + 1))


def check_ensemble_members(spec: AnySpec, ensemble: EnsembleSettings, place: Place) -> None:
    """Raises SpecError with all that keeps the runs of a spec from being members of an ensemble."""
    if isinstance(spec, BaselineSpec):
        raise SpecError([Problem(place, "ensemble", "an ensemble is made of networks, and the base fits a baseline")])
    found: list[tuple[str, str]] = []
    if ensemble.bagging and spec.data.targets.needs_inputs:
        message = "the targets are made of the inputs, which each resample normalises in its own way"
        found.append((message, "`members: ...` averages networks that are trained on the same data"))
    if ensemble.bagging and spec.data.split.bootstrap is not None:
        found.append(("the members draw their own resamples: leave data.split.bootstrap out", ""))
    if ensemble.snapshots:
        found += _find_snapshot_problems(spec, ensemble.snapshots)
    if found:
        raise SpecError([Problem(place, "ensemble", message, suggestion) for message, suggestion in found])


def _find_snapshot_problems(spec: Spec, count: int) -> list[tuple[str, str]]:
    """What is wrong, each with what to do about it."""
    found, schedule, epochs = [], spec.schedule, spec.training.epochs
    if epochs - schedule.warmup_epochs < count:
        warmed = f", {schedule.warmup_epochs:g} of them warm-up," if schedule.warmup_epochs else ""
        message = f"{epochs} epochs{warmed} are too few for {count} snapshots, one at the end of an epoch"
        found.append((message, f"such as training.epochs={10 * count}"))
    if not isinstance(schedule, Cosine):
        message = f"snapshots are taken where the rate of a cosine comes to its end, {count} times"
        found.append((message, f"schedule={{cosine: {{cycles: {count}}}}}"))
    elif schedule.cycles != count:
        message = f"{count} snapshots need a schedule of {count} cycles, and it has {schedule.cycles}"
        found.append((message, f"schedule.cosine.cycles={count}"))
    if spec.training.early_stopping:
        message = "a run that stops early may not come to its last snapshots"
        found.append((message, "training.early_stopping=null"))
    return found
