"""A sweep from its definition to its runs: plan, train, make the ensembles, write the table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from nnexp.errors import Interrupted, SpecError, UsageError
from nnexp.execution.driver import StopRequest
from nnexp.execution.interrupts import InterruptListener
from nnexp.spec.problems import Problem
from nnexp.sweeps.definition.definition import Point, SweepDefinition
from nnexp.sweeps.definition.settings import RUNGS_PATH
from nnexp.sweeps.executors.base import Executor
from nnexp.sweeps.planning import samplers
from nnexp.sweeps.planning.forecast import forecast_sweep
from nnexp.sweeps.planning.plan import PlannedRun, RunPlanner, resolve_base
from nnexp.sweeps.planning.stacking import StackPlanner
from nnexp.sweeps.running.ensembles import EnsembleStatus, find_status, group_members, make_ensembles
from nnexp.sweeps.running.folder import SweepFolder
from nnexp.sweeps.running.objective import check_choosing, choose_objective
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.origins import describe_trained_before
from nnexp.sweeps.running.progress import SweepProgress, count_planned_epochs, load_progress
from nnexp.sweeps.running.pruning import FullTraining, Strategy, SuccessiveHalving, average_metric, find_ended_outcome
from nnexp.sweeps.running.run_data import RunData
from nnexp.sweeps.running.scheduler import Scheduler, WatchProgress
from nnexp.wording import format_count

MAX_UNCONFIRMED_RUNS = 10_000
"""Runs of a plan that is trained without --yes: more are likely to be a slip."""

MAX_FORECAST_STRUCTURES = 16
"""Structures of a round that are timed for the estimate: of more, the timing itself would take long."""

ALL_STATES = ("done", "diverged", "failed", "pruned", "running", "waiting")
"""The states of runs, in the order in which they are told."""


@dataclass(slots=True)
class SweepState:
    """A sweep on disk: its folder, its runs, and their states.

    duplicate_count: how many of its points are the same run as another. alike: the labels of such variants, each with
    that of the earlier one. is_complete: whether nothing is left to train.
    """

    folder: SweepFolder
    root: Path
    progress: SweepProgress
    data: RunData
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


def plan_sweep(definition: SweepDefinition, root: Path, *, yes: bool = False) -> SweepState:
    """The sweep with all its runs, resolved and checked, none of them trained; nothing is written.

    Of a sweep that learns from its trials, the first batch. Raises SpecError with everything that is wrong, UsageError
    for very many runs without `yes`, ResumeError if runs are of other data than there are.
    """
    planner, trials = _plan_first_trials(definition, yes=yes)
    folder = SweepFolder(definition, root)
    runs = list(chain.from_iterable(trials))
    data = RunData(folder, root)
    data.settle_runs([*folder.read_plan().values(), *runs])
    progress = load_progress(definition, runs, folder)
    return SweepState(folder, root, progress, data, planner.duplicate_count, planner.alike)


def run_sweep(
    definition: SweepDefinition, root: Path, options: SweepOptions, watch: WatchProgress = lambda progress: None
) -> SweepState:
    """Train the runs of a sweep that are missing.

    Raises what `plan_sweep` raises, ResumeError if the base spec changed, Interrupted after a signal; then the same
    call goes on.
    """
    began = time.monotonic()
    data = RunData(SweepFolder(definition, root), root)
    # A finished sweep needs no plan and no workers: it is read from its folder in a moment.
    finished = _load_finished_sweep(definition, data, options)
    if finished:
        return finished
    with InterruptListener() as interrupts, options.executor() as executor:
        training = _SweepTraining(definition, data, options, watch, interrupts, executor)
        for points in samplers.draw_rounds(definition.sampled, training.compute_trial_value):
            training.train_round(points)
            training.state.elapsed_seconds = time.monotonic() - began
            if not training.state.is_complete:
                break
    return training.state


def format_state_counts(progress: SweepProgress, *, at_work: bool = False) -> str:
    """The numbers of runs by state, in words; unless they are `at_work`, those being trained were interrupted."""
    words = []
    for state in ALL_STATES:
        count = progress.count_runs(state)
        if count:
            name = "interrupted" if state == "running" and not at_work else state
            words.append(f"{count} {name}")
    return ", ".join(words) or "no runs"


def _load_finished_sweep(definition: SweepDefinition, data: RunData, options: SweepOptions) -> SweepState | None:
    """The sweep, if this very request was planned before and nothing of it is due.

    Raises ResumeError where its runs are of other data than there are.
    """
    folder = data.folder
    if samplers.is_adaptive(definition.sampled):
        return None  # what it draws next depends on the outcomes
    if options.restart:
        return None  # the runs of other data are found when all is planned
    runs = folder.find_frozen_runs()
    if not runs:
        return None
    progress = load_progress(definition, runs, folder, retry=options.retries_failed)
    state = SweepState(folder, data.root, progress, data)
    strategy = _make_strategy(definition, runs, state.progress)
    if strategy.find_due_runs(state.progress.outcomes):
        return None
    data.settle_runs(folder.read_plan().values())
    _tell_unchecked(data, options)
    with InterruptListener() as interrupts:
        _finish_ensembles(state, strategy, interrupts)
    return state


class _SweepTraining:
    """A sweep while it is trained: round by round of trials, each planned when those before it are done."""

    def __init__(
        self,
        definition: SweepDefinition,
        data: RunData,
        options: SweepOptions,
        watch: WatchProgress,
        interrupts: StopRequest,
        executor: Executor,
    ) -> None:
        self._definition = definition
        self._options = options
        self._watch = watch
        self._interrupts = interrupts
        self._executor = executor
        self._planner, self._trials = _plan_first_trials(definition, yes=options.yes)
        # After the plan: a mistake in it is told before any run of other data is discarded.
        data.settle_runs(data.folder.read_plan().values(), restart=options.restart)
        self._runs: list[PlannedRun] = []
        self.state = SweepState(data.folder, data.root, self._build_progress(data.folder), data)

    def compute_trial_value(self, number: int) -> float:
        """What the sampler minimizes: the mean of the objective over the runs of a trial, NaN if one has failed."""
        progress = self.state.progress
        ended = [find_ended_outcome(progress.outcomes, run.run) for run in self._trials[number]]
        return -progress.objective.sign * average_metric(progress.objective.metric, list(filter(None, ended)))

    def train_round(self, points: list[Point]) -> None:
        """Train the runs of these trials, then make the ensembles and write the table."""
        new_runs = self._plan_round(points)
        strategy = _make_strategy(self._definition, new_runs, self.state.progress)
        scheduler = self._make_scheduler(new_runs)
        try:
            self.state.is_complete = scheduler.run_strategy(strategy)
        except Interrupted as error:
            counts = format_state_counts(self.state.progress)
            _write_table(self.state, strategy)
            raise Interrupted(f"{error}: {counts}", error.signal) from None
        _finish_ensembles(self.state, strategy, self._interrupts)

    def _plan_round(self, points: list[Point]) -> list[PlannedRun]:
        """The new runs of a round, in the frozen plan; the first one was planned before anything was trained."""
        if self._runs:
            self._trials += self._planner.plan_trials(points)
        everything = list(chain.from_iterable(self._trials))
        new_runs = everything[len(self._runs) :]
        self._runs = everything
        state = self.state
        # Any of them may be there already, of `nnexp train` or of another sweep.
        state.data.settle_runs(new_runs, restart=self._options.restart)
        self._tell_notices(new_runs)
        state.folder.freeze_plan(everything, resolve_base(self._definition))
        state.progress = self._build_progress(state.folder)
        state.duplicate_count, state.alike = self._planner.duplicate_count, self._planner.alike
        return new_runs

    def _tell_notices(self, new_runs: Sequence[PlannedRun]) -> None:
        """Tell what a user should know before these runs are trained."""
        _tell_unchecked(self.state.data, self._options)
        missing = [run for run in new_runs if not self.state.folder.has_run(run.run)]
        text = describe_trained_before(missing, self._definition.base_text)
        if text:
            self._options.notify(text)

    def _build_progress(self, folder: SweepFolder) -> SweepProgress:
        return load_progress(self._definition, self._runs, folder, retry=self._options.retries_failed)

    def _make_scheduler(self, new_runs: Sequence[PlannedRun]) -> Scheduler:
        """What trains these runs, after the estimate of the time that they take."""
        plan = {run.run: run for run in self._runs}
        base_text, state = self._definition.base_text, self.state
        stacks = StackPlanner(plan, base_text, self._executor.workers, self._options.max_stack)
        structures = {stacks.find_structure(run.run) for run in new_runs}
        if len(structures) <= MAX_FORECAST_STRUCTURES:
            state.estimated_seconds += forecast_sweep(state.progress, stacks).seconds
        return Scheduler(
            state.folder,
            state.root,
            self._executor,
            stacks,
            state.progress,
            plan,
            state.data,
            self._interrupts,
            self._watch,
            self._options.limits,
        )


def _plan_first_trials(definition: SweepDefinition, *, yes: bool) -> tuple[RunPlanner, list[list[PlannedRun]]]:
    """The trials that can be planned before anything is trained; the bounds of later ones are checked as well."""
    if definition.run_count > MAX_UNCONFIRMED_RUNS and not yes:
        raise UsageError(f"the plan has {definition.run_count:,} runs; add --yes to train so many")
    # Planned for its checks alone, and by a planner of its own, which does not count these points as runs.
    RunPlanner(definition).plan_trials(samplers.make_corner_points(definition.sampled))
    planner = RunPlanner(definition)
    trials = planner.plan_trials(samplers.draw_first_round(definition.sampled))
    runs = list(chain.from_iterable(trials))
    if not runs:
        raise UsageError("the plan has no run: `exclude` leaves none")
    _check_rungs(definition, runs)
    check_choosing(definition, choose_objective(definition, runs[0].build_spec(definition.base_text)))
    return planner, trials


def _check_rungs(definition: SweepDefinition, runs: Sequence[PlannedRun]) -> None:
    """Raises SpecError if no run reaches the last rung."""
    pruning = definition.settings.pruning
    if pruning is None:
        return
    rung, epochs = max(pruning.successive_halving.rungs), max(map(count_planned_epochs, runs))
    if rung > epochs:
        message = f"no run reaches epoch {rung}: they end after {format_count(epochs, 'epoch')}"
        raise SpecError([Problem(definition.places["pruning"], RUNGS_PATH, message)])


def _tell_unchecked(data: RunData, options: SweepOptions) -> None:
    """Tell why runs could not be compared with the data that they were trained on."""
    for reason in data.unchecked:
        options.notify(f"whether the data are still those of the runs was not checked: {reason}")


def _make_strategy(definition: SweepDefinition, runs: Sequence[PlannedRun], progress: SweepProgress) -> Strategy:
    pruning = definition.settings.pruning
    if pruning is None:
        return FullTraining(runs)
    return SuccessiveHalving(runs, pruning.successive_halving, progress.objective)


def _finish_ensembles(state: SweepState, strategy: Strategy, stop: StopRequest) -> None:
    """Write the table, make the ensembles whose members are done, and write the table with these."""
    # The table is written first, as it shall be there when making an ensemble is interrupted.
    _write_table(state, strategy)
    base_text = state.folder.definition.base_text
    errors = make_ensembles(state.ensembles, state.root, base_text, state.progress.outcomes, stop)
    if any(entry.state == "waiting" for entry in state.ensembles):
        _write_table(state, strategy, errors)


def _write_table(state: SweepState, strategy: Strategy, errors: Mapping[str, str] | None = None) -> None:
    """Write sweep.csv anew; `errors` are of ensembles that could not be made, by their names."""
    progress, kind = state.progress, state.folder.definition.settings.ensemble
    progress.pruned = strategy.find_pruned_runs(progress.outcomes)
    progress.running = set()
    ensembles = []
    if kind:
        groups = group_members(state.folder.read_plan().values(), kind)
        ensembles = [find_status(group, state.root, progress.outcomes, progress.pruned, errors) for group in groups]
    rows = [entry.build_row() for entry in ensembles]
    state.folder.write_table(progress.collect_states(), progress.outcomes, rows)
    # The plan on disk holds runs of earlier requests as well; this call tells of its own alone.
    asked = {run.run for run in progress.runs}
    state.ensembles = [entry for entry in ensembles if entry.members.runs[0].run in asked]
