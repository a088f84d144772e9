"""A sweep from its definition to its runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnexp.errors import Interrupted, SpecError, UsageError
from nnexp.execution.driver import StopRequest
from nnexp.execution.interrupts import InterruptListener
from nnexp.metrics import tasks
from nnexp.metrics.better import larger_is_better
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.problems import Place, Problem, SpecText
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.definition.settings import RUNGS_PATH, SweepObjective
from nnexp.sweeps.executors.base import Executor
from nnexp.sweeps.planning import samplers
from nnexp.sweeps.planning.forecast import forecast_sweep
from nnexp.sweeps.planning.plan import PlannedRun, RunPlanner, resolve_base
from nnexp.sweeps.planning.stacking import StackPlanner
from nnexp.sweeps.running import ensembles as ensembles_
from nnexp.sweeps.running.ensembles import EnsembleStatus, group_members, make_ensembles
from nnexp.sweeps.running.folder import SweepFolder
from nnexp.sweeps.running.progress import SweepProgress
from nnexp.sweeps.running.pruning import FullTraining, Strategy, SuccessiveHalving, average_metric, find_ended_outcome
from nnexp.sweeps.running.scheduler import Scheduler, SchedulerLimits, WatchProgress
from nnexp.wording import format_count, suggest_nearest

MAX_UNCONFIRMED_RUNS = 10_000
"""Runs of a plan that is carried out without being asked twice."""

MAX_FORECAST_STRUCTURES = 16
"""Structures that are all measured for the forecast; of more, only those of which there are several runs."""


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How a sweep is carried out; nothing of it changes a number.

    executor: makes the executor. most: the largest stack. limits: when to give up. retry: train runs again that failed
    before. yes: carry out a plan of very many runs.
    """

    executor: Callable[[], Executor]
    max_stack: int | None = None
    limits: SchedulerLimits = field(default_factory=SchedulerLimits)
    retry_failed: bool = False
    yes: bool = False


@dataclass(slots=True)
class SweepState:
    """A sweep on disk: its folder, its runs, and how they stand.

    same: how many of its points are the same run as another;
    alike: the words of such variants, and of the earlier ones. complete: whether all was done that can be.
    """

    folder: SweepFolder
    root: Path
    progress: SweepProgress
    duplicate_count: int = 0
    alike: Mapping[str, str] = field(default_factory=dict)
    is_complete: bool = True
    ensembles: list[EnsembleStatus] = field(default_factory=list)
    elapsed_seconds: float = 0.0
    estimated_seconds: float = 0.0
    """Seconds that the sweep took, and those that were forecast for what was missing."""

    @property
    def path(self) -> Path:
        return self.folder.path


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_worker_count(definition: SweepDefinition) -> int:
    """As many workers as there are cores for their BLAS threads, as far as the base spec says how many these are."""
    training = definition.base.make_plain().get("training", None)
    threads = training.get("threads", 1) if isinstance(training, dict) else 1
    return max(1, count_cores() // threads) if isinstance(threads, int) and threads >= 1 else 1


def plan_sweep(definition: SweepDefinition, root: Path, *, yes: bool = False) -> SweepState:
    """The sweep with all its runs, resolved and checked, none of them trained; nothing is written.

    Of a sweep that learns from its trials, the first batch. Raises SpecError with everything that is wrong, UsageError
    where there are very many runs and `yes` is not said.
    """
    planning, trials = _plan_first_trials(definition, yes=yes)
    folder = SweepFolder(definition, root)
    runs = [run for trial in trials for run in trial]
    return SweepState(folder, root, _build_progress(definition, runs, folder), planning.duplicate_count, planning.alike)


def run_sweep(
    definition: SweepDefinition, root: Path, options: SweepOptions, watch: WatchProgress = lambda board: None
) -> SweepState:
    """Make the runs of a sweep exist, as far as they do not yet.

    Raises what `plan_sweep` raises, ResumeError where the base spec changed, Interrupted where a signal stopped it;
    then the same call goes on.
    """
    began, folder = time.monotonic(), SweepFolder(definition, root)
    if not samplers.is_adaptive(definition.sampled) and (runs := folder.find_frozen_runs()):
        found = SweepState(folder, root, _build_progress(definition, runs, folder, retry=options.retry_failed))
        strategy = _make_strategy(definition, runs, found.progress)
        if not strategy.find_due_runs(found.progress.outcomes):
            with InterruptListener() as interrupts:
                return _finish_ensembles(found, strategy, interrupts)
    with InterruptListener() as interrupts, options.executor() as executor:
        planning, trials = _plan_first_trials(definition, yes=options.yes)
        found = SweepState(folder, root, _build_progress(definition, [], folder, retry=options.retry_failed))
        everything: list[PlannedRun] = []

        def compute_trial_value(number: int) -> float:
            return -found.progress.objective.sign * _average_objective(found.progress, trials[number])

        for points in samplers.draw_rounds(definition.sampled, compute_trial_value):
            if everything:
                trials += planning.plan_trials(points)
            new = [run for trial in trials for run in trial][len(everything) :]
            everything += new
            folder.freeze_plan(everything, resolve_base(definition))
            found.progress = _build_progress(definition, everything, folder, retry=options.retry_failed)
            found.duplicate_count, found.alike = planning.duplicate_count, planning.alike
            strategy = _make_strategy(definition, new, found.progress)
            plan = {run.run: run for run in everything}
            stacks = StackPlanner(plan, definition.base_text, executor.workers, options.max_stack)
            if len({stacks.find_structure(run.run) for run in new}) <= MAX_FORECAST_STRUCTURES:
                found.estimated_seconds += forecast_sweep(found.progress, stacks).seconds
            conductor = Scheduler(
                folder, root, executor, stacks, found.progress, plan, interrupts, watch, options.limits
            )
            try:
                found.is_complete = conductor.run_strategy(strategy)
            except Interrupted as error:
                stood = format_state_counts(found.progress)
                _write_table(found, strategy)
                raise Interrupted(f"{error}: {stood}", error.signal) from None
            _finish_ensembles(found, strategy, interrupts)
            found.elapsed_seconds = time.monotonic() - began
            if not found.is_complete:
                break
    return found


def format_state_counts(board: SweepProgress, *, at_work: bool = False) -> str:
    """The numbers of runs by state, in words; unless they are `at_work`, those being trained were interrupted."""
    counts = {
        state: board.count_runs(state) for state in ("done", "diverged", "failed", "pruned", "running", "waiting")
    }
    names = {} if at_work else {"running": "interrupted"}
    return ", ".join(f"{count} {names.get(state, state)}" for state, count in counts.items() if count) or "no runs"


def _plan_first_trials(definition: SweepDefinition, *, yes: bool) -> tuple[RunPlanner, list[list[PlannedRun]]]:
    """The trials that can be planned before anything is trained, and the bounds of what may be drawn later checked."""
    if definition.run_count > MAX_UNCONFIRMED_RUNS and not yes:
        raise UsageError(f"the plan has {definition.run_count:,} runs; --yes carries it out")
    RunPlanner(definition).plan_trials(samplers.make_corner_points(definition.sampled))
    planning = RunPlanner(definition)
    trials = planning.plan_trials(samplers.draw_first_round(definition.sampled))
    if not any(trials):
        raise UsageError("the plan has no run: `exclude` leaves none")
    runs = [run for trial in trials for run in trial]
    _check_rungs(definition, runs)
    _choose_objective(definition, runs[0].build_spec(definition.base_text))
    return planning, trials


def _check_rungs(definition: SweepDefinition, runs: Sequence[PlannedRun]) -> None:
    """Raises SpecError where no run comes to the last rung."""
    pruning, epochs = definition.settings.pruning, max(map(_count_planned_epochs, runs))
    if pruning and (rung := max(pruning.successive_halving.rungs)) > epochs:
        message = f"no run comes to epoch {rung}: they end after {format_count(epochs, 'epoch')}"
        raise SpecError([Problem(definition.places["pruning"], RUNGS_PATH, message)])


def _build_progress(
    definition: SweepDefinition, runs: Sequence[PlannedRun], folder: SweepFolder, *, retry: bool = False
) -> SweepProgress:
    """How the runs stand by the ledger; failures are forgotten that are to be tried again, and runs that are gone."""
    known = {
        run: [r for r in receipts if r.state not in ("done", "diverged") or folder.has_run(run)]
        for run, receipts in folder.read_ledger().items()
    }
    if retry:
        known = {run: [r for r in receipts if r.state != "failed"] for run, receipts in known.items()}
    first = runs[0].build_spec(definition.base_text) if runs else None
    board = SweepProgress(
        runs, _choose_objective(definition, first), {run.run: _count_planned_epochs(run) for run in runs}, known
    )
    board.epochs_at_start = board.epochs_done
    return board


def _count_planned_epochs(run: PlannedRun) -> int:
    return int(run.plain_spec.get("training", {}).get("epochs", 1))


def _choose_objective(definition: SweepDefinition, spec: AnySpec | None) -> SweepObjective:
    """What is asked for, or the accuracy where there are classes, otherwise the loss, on the dev part if there is one.

    Raises SpecError where there is no such metric.
    """
    if spec is None:
        return definition.settings.objective or SweepObjective()
    found = describe_data(spec.data)
    sizes = spec.data.split.count_examples(found.examples, found.own_test)
    parts = [part for part in ("dev", "test", "train") if sizes[part]]
    metrics = (*(() if isinstance(spec, BaselineSpec) else ("loss",)), *tasks.list_metric_names(found))
    known = [f"{part}_{metric}" for part in parts for metric in metrics]
    asked = definition.settings.objective
    if asked is None:
        part = parts[0]
        accuracy = next((metric for metric in metrics if "accuracy" in metric), None)
        return (
            SweepObjective(maximize=f"{part}_{accuracy}")
            if accuracy
            else SweepObjective(minimize=f"{part}_{metrics[0]}")
        )
    if asked.metric not in known:
        place = definition.places.get("objective", Place(SpecText("objective", "")))
        raise SpecError(
            [
                Problem(
                    place, "objective", f"no run has the metric {asked.metric!r}", suggest_nearest(asked.metric, known)
                )
            ]
        )
    wrong_way = larger_is_better(asked.metric) != (asked.sign > 0)
    if wrong_way:
        word, other = ("maximize", "minimize") if asked.sign > 0 else ("minimize", "maximize")
        place = definition.places.get("objective", Place(SpecText("objective", "")))
        message = f"to {word} {asked.metric} would choose the worst run as the best"
        raise SpecError([Problem(place, "objective", message, f"write {{{other}: {asked.metric}}}")])
    return asked


def _make_strategy(definition: SweepDefinition, runs: Sequence[PlannedRun], board: SweepProgress) -> Strategy:
    pruning = definition.settings.pruning
    return SuccessiveHalving(runs, pruning.successive_halving, board.objective) if pruning else FullTraining(runs)


def _average_objective(board: SweepProgress, runs: Iterable[PlannedRun]) -> float:
    """The mean of the objective over the runs of a trial."""
    return average_metric(
        board.objective.metric, [receipt for run in runs if (receipt := find_ended_outcome(board.outcomes, run.run))]
    )


def _write_table(found: SweepState, strategy: Strategy, failed: Mapping[str, str] | None = None) -> SweepState:
    """The sweep, with its table written anew; `failed` says why ensembles could not be made, by their names."""
    found.progress.pruned = strategy.find_pruned_runs(found.progress.outcomes)
    found.progress.running = set()
    known, pruned = found.progress.outcomes, found.progress.pruned
    kind = found.folder.definition.settings.ensemble
    everything = found.folder.read_plan().values() if kind else ()
    ensembles = [
        ensembles_.find_status(members, found.root, known, pruned, failed or {})
        for members in group_members(everything, kind)
    ]
    found.folder.write_table(found.progress.collect_states(), known, [entry.build_row() for entry in ensembles])
    asked = {run.run for run in found.progress.runs}
    found.ensembles = [entry for entry in ensembles if entry.members.runs[0].run in asked]
    return found


def _finish_ensembles(found: SweepState, strategy: Strategy, stop: StopRequest) -> SweepState:
    """The sweep, with the ensembles made whose members are done, and its table written anew."""
    _write_table(found, strategy)
    failed = make_ensembles(
        found.ensembles, found.root, found.folder.definition.base_text, found.progress.outcomes, stop
    )
    return (
        _write_table(found, strategy, failed) if any(entry.state == "waiting" for entry in found.ensembles) else found
    )
