"""nnexp as a library: the same functions that the command line calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.errors import RunError
from nnexp.execution.run import train_run
from nnexp.gradient_check.spec import gradcheck
from nnexp.prediction.run import Run
from nnexp.spec.baseline import AnySpec
from nnexp.spec.read import load_spec
from nnexp.training.events import Event

if TYPE_CHECKING:
    import pandas as pd

    from nnexp.reports.compare import Comparison
    from nnexp.reports.report import Report

__all__ = ["Run", "Sweep", "compare", "gradcheck", "load", "report", "sweep", "train"]


def load(path: str | Path, overrides: Sequence[str] = ()) -> AnySpec:
    """The spec in a file, of a network or of a baseline, with overrides such as "optimizer.adam.lr=3e-3".

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
    """Train the network, or fit the baseline, that a spec describes, in a folder of its own below `runs`.

    A run that was interrupted is continued, to the same bits as if it never had been; a finished one is returned as it
    is; `restart` begins again. `watch` is called with every event of the training loop. At most every
    `checkpoint_seconds` the state is saved.

    Raises ResumeError where the run cannot be continued, RunError where its folder cannot be used, DataError where its
    data cannot be read, Interrupted where a signal stopped it. A run that diverged is returned: see `Run.find_state`.
    """
    path = train_run(spec, Path(runs), restart=restart, watch=watch, checkpoint_seconds=checkpoint_seconds)
    return Run(path)


def sweep(path: str | Path, values: Sequence[str] = (), *, runs: str | Path = "runs", jobs: int | None = None) -> Sweep:
    """Make the runs of a sweep exist, as far as they do not yet: of a sweep file, or of a spec and the values to try.

    `values` are words such as "optimizer.adam.lr=1e-3,1e-2" and "seed=0..4". `jobs` is the number of worker processes,
    one a core where it is not said. Runs that fail or diverge are results: see `Sweep.build_table`.

    Raises SpecError with everything that is wrong with any of the runs, before any is trained; ResumeError where the
    base spec changed since the sweep began; Interrupted where a signal stopped it. The same call then goes on.
    """
    from nnexp.sweeps.definition import command_line, sweep_file
    from nnexp.sweeps.executors.local import LocalExecutor
    from nnexp.sweeps.running import sweep

    read = sweep_file.read_definition if sweep_file.is_sweep_file(Path(path)) else command_line.parse_command
    definition = read(Path(path), list(values))
    workers = jobs or sweep.choose_worker_count(definition)
    return Sweep(sweep.run_sweep(definition, Path(runs), sweep.SweepOptions(lambda: LocalExecutor(workers))).path)


def report(
    *names: str | Path,
    runs: str | Path = "runs",
    metric: str | None = None,
    sort: str | None = None,
    filter: str | None = None,  # noqa: A002 - the word of the command line
    baseline: str | None = None,
    mixed: bool = False,
) -> Report:
    """The variants of runs and sweeps, the best first: `table` is a DataFrame, `sentences` say what the seeds show.

    `metric` ranks in place of the sweep's objective; `filter` is a condition such as 'lr > 1e-3'; each variant is
    compared with the `baseline`, and without one with the best; `mixed` reports together what differs in data.

    Raises UsageError where a name or a wish means nothing, or runs cannot be compared, RunError where none can be read.
    """
    from nnexp.reports import report as reporting

    wish = reporting.ReportOptions(metric, sort, filter, baseline, mixed)
    return reporting.build_report([str(name) for name in names], Path(runs), wish)


def compare(
    *names: str | Path, runs: str | Path = "runs", metric: str | None = None, mixed: bool = False
) -> Comparison:
    """Variants beside each other, paired by seed: `verdicts` has the difference, interval and p-value of each pair.

    A name is that of a run, which stands for all that differ from it in seed alone, of a variant of a sweep such as
    "SWEEP:lr=0.01", or of a sweep, for all its variants. Raises UsageError and RunError as `report` does.
    """
    from nnexp.reports import compare

    return compare.compare_variants([str(name) for name in names], Path(runs), metric, mixed=mixed)


class Sweep:
    """A sweep on disk. Raises RunError where the folder is not one."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "sweep.csv").is_file():
            raise RunError(f"{self.path} is no folder of a sweep")

    def __repr__(self) -> str:
        return f"Sweep({str(self.path)!r})"

    @property
    def table(self) -> pd.DataFrame:
        """sweep.csv: one row a run, with what varies, seed, state and metrics."""
        import pandas as pd

        return pd.read_csv(self.path / "sweep.csv")

    @property
    def runs(self) -> list[Run]:
        """The runs that have begun, in the order of the plan."""
        folders = [self.path.parent.parent / str(name) for name in self.table["run"]]
        return [Run(folder) for folder in folders if (folder / "run.json").is_file()]
