"""The functions of `import nnexp`, which the command line calls too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.execution.run import train_run
from nnexp.gradient_check.spec import gradcheck
from nnexp.prediction.run import Run
from nnexp.spec.baseline import AnySpec
from nnexp.spec.read import load_spec
from nnexp.training.events import Event

if TYPE_CHECKING:
    from nnexp.reports.compare import Comparison
    from nnexp.reports.report import Report
    from nnexp.sweeps.sweep import Sweep

__all__ = ["compare", "gradcheck", "load", "report", "sweep", "train"]


def load(path: str | Path, overrides: Sequence[str] = ()) -> AnySpec:
    """The spec of a network or a baseline from a file, with overrides such as "optimizer.adam.lr=3e-3".

    Raises SpecError with everything that is wrong, or UsageError where there is no such file.
    """
    return load_spec(path, overrides)


def train(
    spec: AnySpec,
    *,
    runs: str | Path = "runs",
    restart: bool = False,
    watch: Callable[[Event], None] = lambda event: None,
    checkpoint_seconds: float = 5.0,
) -> Run:
    """Train the network, or fit the baseline, of a spec, in a folder of its own below `runs`.

    An interrupted run is continued, to the same bits as if it had never been interrupted; a finished one is returned as
    it is, if its data are still those that it was trained on; `restart` begins again. `watch` is called with every
    event of the training loop. At most every `checkpoint_seconds` the state is saved.

    Raises ResumeError where the run cannot be continued or its data changed, RunError where its folder cannot be used,
    DataError where its data cannot be read, Interrupted where a signal stopped it. A run that diverged is returned: see
    `Run.find_state`.
    """
    path = train_run(spec, Path(runs), restart=restart, watch=watch, checkpoint_seconds=checkpoint_seconds)
    return Run(path)


def sweep(
    path: str | Path,
    values: Sequence[str] = (),
    *,
    runs: str | Path = "runs",
    jobs: int | None = None,
    restart: bool = False,
) -> Sweep:
    """Train the runs of a sweep that are not finished yet: of a sweep file, or of a spec and the values to try.

    `values` are words such as "optimizer.adam.lr=1e-3,1e-2" and "seed=0..4". `jobs` is the number of worker processes,
    by default one a core. `restart` trains failed runs again, and runs whose data changed since. Runs that fail or
    diverge are results: see `Sweep.table`.

    Raises SpecError with everything that is wrong with any of the runs, before any is trained; ResumeError where the
    base spec or the data changed since the sweep began; Interrupted where a signal stopped it. The same call then goes
    on.
    """
    from nnexp.sweeps.definition import command_line, sweep_file
    from nnexp.sweeps.executors.local import LocalExecutor
    from nnexp.sweeps.planning.workers import choose_worker_count
    from nnexp.sweeps.running.options import SweepOptions
    from nnexp.sweeps.running.sweep import run_sweep
    from nnexp.sweeps.sweep import Sweep

    is_file = sweep_file.is_sweep_file(Path(path))
    read_definition = sweep_file.read_definition if is_file else command_line.parse_command
    definition = read_definition(Path(path), list(values))
    workers = jobs or choose_worker_count(definition)
    options = SweepOptions(lambda: LocalExecutor(workers), restart=restart)
    return Sweep(run_sweep(definition, Path(runs), options).path)


def report(
    *names: str | Path,
    runs: str | Path = "runs",
    metric: str | None = None,
    sort: str | None = None,
    filter: str | None = None,  # noqa: A002 - the word of the command line
    baseline: str | None = None,
    mixed: bool = False,
) -> Report:
    """The variants of runs and sweeps, the best first: `table` is a DataFrame, `sentences` are the verdicts.

    `metric` ranks in place of the sweep's objective; `filter` is a condition such as 'lr > 1e-3'; each variant is
    compared with the `baseline`, and without one with the best; `mixed` allows runs with different data.

    Raises UsageError for a name or an option that fits nothing and where runs cannot be compared, RunError where none
    can be read.
    """
    from nnexp.reports.report import ReportOptions, build_report

    options = ReportOptions(metric, sort, filter, baseline, mixed)
    return build_report([str(name) for name in names], Path(runs), options)


def compare(
    *names: str | Path, runs: str | Path = "runs", metric: str | None = None, mixed: bool = False
) -> Comparison:
    """Compare variants, paired by seed: `verdicts` has the difference, interval and p-value of each pair.

    A name is that of a run, which stands for all that differ from it in seed alone, of a variant of a sweep such as
    "SWEEP:lr=0.01", or of a sweep, for all its variants. Raises UsageError and RunError as `report` does.
    """
    from nnexp.reports.compare import compare_variants

    return compare_variants([str(name) for name in names], Path(runs), metric, mixed=mixed)
