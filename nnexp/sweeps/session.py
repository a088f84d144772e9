"""A sweep from its definition to its runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnexp import scoring
from nnexp.errors import Interrupted, SpecError, UsageError
from nnexp.runs.conduct import Stop
from nnexp.runs.interrupts import Interrupts
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.memory import described
from nnexp.spec.places import counted
from nnexp.spec.problems import Place, Problem, Text, nearest
from nnexp.sweeps import ensembles as ensembles_
from nnexp.sweeps import samplers
from nnexp.sweeps.board import Board
from nnexp.sweeps.conductor import Conductor, Limits, Watch
from nnexp.sweeps.definition import Definition
from nnexp.sweeps.ensembles import Averaged, groups, make
from nnexp.sweeps.executors.base import Executor
from nnexp.sweeps.folder import SweepFolder
from nnexp.sweeps.forecast import forecast
from nnexp.sweeps.plan import Planned, Planning, base_of
from nnexp.sweeps.sections import RUNGS, Objective
from nnexp.sweeps.stacks import Stacks
from nnexp.sweeps.strategies import Plain, Strategy, SuccessiveHalving, ended, mean

MANY = 10_000
"""Runs of a plan that is carried out without being asked twice."""

SMALL_IS_GOOD = ("loss", "rmse", "mae")
"""How the names of those metrics end that are small where a network is good; all others are large."""

FEW = 16
"""Structures that are all measured for the forecast; of more, only those of which there are several runs."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a sweep is carried out; nothing of it changes a number.

    executor: makes the executor. most: the largest stack. limits: when to give up. retry: train runs again that failed
    before. yes: carry out a plan of very many runs.
    """

    executor: Callable[[], Executor]
    most: int | None = None
    limits: Limits = field(default_factory=Limits)
    retry: bool = False
    yes: bool = False


@dataclass(slots=True)
class Sweep:
    """A sweep on disk: its folder, its runs, and how they stand.

    same: how many of its points are the same run as another;
    alike: the words of such variants, and of the earlier ones. complete: whether all was done that can be.
    """

    folder: SweepFolder
    root: Path
    board: Board
    same: int = 0
    alike: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    ensembles: list[Averaged] = field(default_factory=list)
    took: float = 0.0
    estimated: float = 0.0
    """Seconds that the sweep took, and those that were forecast for what was missing."""

    @property
    def path(self) -> Path:
        return self.folder.path


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers(definition: Definition) -> int:
    """As many workers as there are cores for their BLAS threads, as far as the base spec says how many these are."""
    training = definition.base.plain().get("training", None)
    threads = training.get("threads", 1) if isinstance(training, dict) else 1
    return max(1, cores() // threads) if isinstance(threads, int) and threads >= 1 else 1


def planned(definition: Definition, root: Path, *, yes: bool = False) -> Sweep:
    """The sweep with all its runs, resolved and checked, none of them trained; nothing is written.

    Of a sweep that learns from its trials, the first batch. Raises SpecError with everything that is wrong, UsageError
    where there are very many runs and `yes` is not said.
    """
    planning, trials = _first(definition, yes=yes)
    folder = SweepFolder(definition, root)
    runs = [run for trial in trials for run in trial]
    return Sweep(folder, root, _board(definition, runs, folder), planning.same, planning.alike)


def sweep(definition: Definition, root: Path, options: Options, watch: Watch = lambda board: None) -> Sweep:
    """Make the runs of a sweep exist, as far as they do not yet.

    Raises what `planned` raises, ResumeError where the base spec changed, Interrupted where a signal stopped it; then
    the same call goes on.
    """
    began, folder = time.monotonic(), SweepFolder(definition, root)
    if not samplers.learns(definition.sampled) and (runs := folder.frozen()):
        found = Sweep(folder, root, _board(definition, runs, folder, retry=options.retry))
        strategy = _strategy(definition, runs, found.board)
        if not strategy.due(found.board.known):
            with Interrupts() as interrupts:
                return _averaged(found, strategy, interrupts)
    with Interrupts() as interrupts, options.executor() as executor:
        planning, trials = _first(definition, yes=options.yes)
        found = Sweep(folder, root, _board(definition, [], folder, retry=options.retry))
        everything: list[Planned] = []

        def value(number: int) -> float:
            return -found.board.objective.sign * _value(found.board, trials[number])

        for points in samplers.rounds(definition.sampled, value):
            if everything:
                trials += planning.trials(points)
            new = [run for trial in trials for run in trial][len(everything) :]
            everything += new
            folder.freeze(everything, base_of(definition))
            found.board = _board(definition, everything, folder, retry=options.retry)
            found.same, found.alike = planning.same, planning.alike
            strategy = _strategy(definition, new, found.board)
            plan = {run.run: run for run in everything}
            stacks = Stacks(plan, definition.base_text, executor.workers, options.most)
            if len({stacks.structure(run.run) for run in new}) <= FEW:
                found.estimated += forecast(found.board, stacks).seconds
            conductor = Conductor(folder, root, executor, stacks, found.board, plan, interrupts, watch, options.limits)
            try:
                found.complete = conductor.run(strategy)
            except Interrupted as error:
                stood = standing(found.board)
                _written(found, strategy)
                raise Interrupted(f"{error}: {stood}", error.signal) from None
            _averaged(found, strategy, interrupts)
            found.took = time.monotonic() - began
            if not found.complete:
                break
    return found


def standing(board: Board, *, at_work: bool = False) -> str:
    """The numbers of runs by state, in words; unless they are `at_work`, those being trained were interrupted."""
    counts = {state: board.count(state) for state in ("done", "diverged", "failed", "pruned", "running", "waiting")}
    names = {} if at_work else {"running": "interrupted"}
    return ", ".join(f"{count} {names.get(state, state)}" for state, count in counts.items() if count) or "no runs"


def _first(definition: Definition, *, yes: bool) -> tuple[Planning, list[list[Planned]]]:
    """The trials that can be planned before anything is trained, and the bounds of what may be drawn later checked."""
    if definition.size > MANY and not yes:
        raise UsageError(f"the plan has {definition.size:,} runs; --yes carries it out")
    Planning(definition).trials(samplers.corners(definition.sampled))
    planning = Planning(definition)
    trials = planning.trials(samplers.first(definition.sampled))
    if not any(trials):
        raise UsageError("the plan has no run: `exclude` leaves none")
    runs = [run for trial in trials for run in trial]
    _check_rungs(definition, runs)
    _objective(definition, runs[0].spec(definition.base_text))
    return planning, trials


def _check_rungs(definition: Definition, runs: Sequence[Planned]) -> None:
    """Raises SpecError where no run comes to the last rung."""
    pruning, epochs = definition.common.pruning, max(map(_epochs, runs))
    if pruning and (rung := max(pruning.successive_halving.rungs)) > epochs:
        message = f"no run comes to epoch {rung}: they end after {counted(epochs, 'epoch')}"
        raise SpecError([Problem(definition.places["pruning"], RUNGS, message)])


def _board(definition: Definition, runs: Sequence[Planned], folder: SweepFolder, *, retry: bool = False) -> Board:
    """How the runs stand by the ledger; failures are forgotten that are to be tried again, and runs that are gone."""
    known = {
        run: [r for r in receipts if r.state not in ("done", "diverged") or folder.has(run)]
        for run, receipts in folder.known().items()
    }
    if retry:
        known = {run: [r for r in receipts if r.state != "failed"] for run, receipts in known.items()}
    first = runs[0].spec(definition.base_text) if runs else None
    board = Board(runs, _objective(definition, first), {run.run: _epochs(run) for run in runs}, known)
    board.epochs_at_start = board.epochs_behind
    return board


def _epochs(run: Planned) -> int:
    return int(run.plain.get("training", {}).get("epochs", 1))


def _objective(definition: Definition, spec: AnySpec | None) -> Objective:
    """What is asked for, or the accuracy where there are classes, otherwise the loss, on the dev part if there is one.

    Raises SpecError where there is no such metric.
    """
    if spec is None:
        return definition.common.objective or Objective()
    found = described(spec.data)
    sizes = spec.data.split.sizes(found.examples, found.own_test)
    parts = [part for part in ("dev", "test", "train") if sizes[part]]
    metrics = (*(() if isinstance(spec, BaselineSpec) else ("loss",)), *scoring.names(found))
    known = [f"{part}_{metric}" for part in parts for metric in metrics]
    asked = definition.common.objective
    if asked is None:
        part = parts[0]
        accuracy = next((metric for metric in metrics if "accuracy" in metric), None)
        return Objective(maximize=f"{part}_{accuracy}") if accuracy else Objective(minimize=f"{part}_{metrics[0]}")
    if asked.metric not in known:
        place = definition.places.get("objective", Place(Text("objective", "")))
        raise SpecError(
            [Problem(place, "objective", f"no run has the metric {asked.metric!r}", nearest(asked.metric, known))]
        )
    wrong_way = asked.metric.endswith(SMALL_IS_GOOD) == (asked.sign > 0)
    if wrong_way:
        word, other = ("maximize", "minimize") if asked.sign > 0 else ("minimize", "maximize")
        place = definition.places.get("objective", Place(Text("objective", "")))
        message = f"to {word} {asked.metric} would choose the worst run as the best"
        raise SpecError([Problem(place, "objective", message, f"write {{{other}: {asked.metric}}}")])
    return asked


def _strategy(definition: Definition, runs: Sequence[Planned], board: Board) -> Strategy:
    pruning = definition.common.pruning
    return SuccessiveHalving(runs, pruning.successive_halving, board.objective) if pruning else Plain(runs)


def _value(board: Board, runs: Iterable[Planned]) -> float:
    """The mean of the objective over the runs of a trial."""
    return mean(board.objective.metric, [receipt for run in runs if (receipt := ended(board.known, run.run))])


def _written(found: Sweep, strategy: Strategy, failed: Mapping[str, str] | None = None) -> Sweep:
    """The sweep, with its table written anew; `failed` says why ensembles could not be made, by their names."""
    found.board.pruned = strategy.pruned(found.board.known)
    found.board.running = set()
    known, pruned = found.board.known, found.board.pruned
    kind = found.folder.definition.common.ensemble
    everything = found.folder.plan().values() if kind else ()
    ensembles = [
        ensembles_.standing(members, found.root, known, pruned, failed or {}) for members in groups(everything, kind)
    ]
    found.folder.write_table(found.board.states(), known, [entry.row() for entry in ensembles])
    asked = {run.run for run in found.board.runs}
    found.ensembles = [entry for entry in ensembles if entry.members.runs[0].run in asked]
    return found


def _averaged(found: Sweep, strategy: Strategy, stop: Stop) -> Sweep:
    """The sweep, with the ensembles made whose members are done, and its table written anew."""
    _written(found, strategy)
    failed = make(found.ensembles, found.root, found.folder.definition.base_text, found.board.known, stop)
    return _written(found, strategy, failed) if any(entry.state == "waiting" for entry in found.ensembles) else found
