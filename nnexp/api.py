"""nnexp as a library: the same functions that the command line calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.checks.of_spec import gradcheck
from nnexp.data.parts import Parts
from nnexp.data.splits import PartName
from nnexp.details import Breakdown, measure_part
from nnexp.diagnosis.diagnosis import diagnose_run
from nnexp.diagnosis.findings import Diagnosis
from nnexp.ensembles import use_raw_inputs
from nnexp.errors import Diverged, ResumeError, RunError
from nnexp.predictor import Predictor
from nnexp.runs import manifest
from nnexp.runs.looked import read_layer_history
from nnexp.runs.session import train_run
from nnexp.runs.trained import load_predictor, load_run_spec
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.load import load_spec
from nnexp.training.events import Event

if TYPE_CHECKING:
    import pandas as pd

    from nnexp.reports.comparing import Comparison
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
    from nnexp.sweeps import reading, session, words
    from nnexp.sweeps.executors.local import LocalExecutor

    read = reading.read_definition if reading.is_sweep_file(Path(path)) else words.parse_command
    definition = read(Path(path), list(values))
    workers = jobs or session.choose_worker_count(definition)
    return Sweep(session.run_sweep(definition, Path(runs), session.SweepOptions(lambda: LocalExecutor(workers))).path)


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
    from nnexp.reports import comparing

    return comparing.compare_variants([str(name) for name in names], Path(runs), metric, mixed=mixed)


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


class Run:
    """A run on disk. Raises RunError where the folder is not one."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.record = manifest.read_manifest(self.path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.state})"

    @property
    def name(self) -> str:
        """The name in the spec."""
        return str(self.record["name"])

    @property
    def state(self) -> manifest.RunState:
        """running, done, diverged, interrupted or failed."""
        return self.record["state"]

    @property
    def final(self) -> dict[str, dict[str, float]]:
        """Metrics on each part, and the loss of a network, by the weights that answer for it; empty unless done."""
        return self.record.get("final", {})

    @cached_property
    def spec(self) -> AnySpec:
        """The resolved spec. Raises ResumeError where it was changed since the run began."""
        return load_run_spec(self.path, self.record)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """metrics.csv: one row an epoch, and one in all of a baseline."""
        import pandas as pd

        path = self.path / "metrics.csv"
        if not path.exists() or not path.stat().st_size:
            return pd.DataFrame()
        return pd.read_csv(path)

    @cached_property
    def layer_history(self) -> pd.DataFrame:
        """What the looks into the layers measured, one row a look and layer: see `nnexp.training.probe`.

        Empty where there were none. Raises RunError where the checkpoint is damaged.
        """
        import pandas as pd

        spec = self.spec
        found = None if isinstance(spec, BaselineSpec) else read_layer_history(self.path, self.record, spec)
        return found.build_table() if found else pd.DataFrame()

    def diagnose(self, optimal_error: float = 0.0) -> Diagnosis:
        """What was wrong with the run, from what it recorded. `optimal_error` is the share that cannot be avoided."""
        return diagnose_run(self.path, optimal_error)

    @cached_property
    def predictor(self) -> Predictor:
        """The trained network, the fitted baseline, or the members of an ensemble, which are looked for beside it.

        Raises RunError where the run is not done or is damaged, or where a member is gone or was changed.
        """
        return load_predictor(self.path, self.record, self.spec)

    @cached_property
    def parts(self) -> Parts:
        """The data that the run was trained on; those of an ensemble with the inputs as their source gives them.

        Raises ResumeError where they are other data now.
        """
        spec = self.spec
        parts = spec.prepare()
        if changed := parts.fingerprint.find_difference(self.record["data"]):
            raise ResumeError(f"the data changed since {self.path} was trained: {changed}")
        return use_raw_inputs(parts, spec.data) if manifest.is_ensemble(self.record) else parts

    def evaluate(self, part: PartName = "test") -> dict[str, float]:
        """Loss, where there is one, and metrics on a part of the run's data."""
        return self.predictor.evaluate(self.parts[part])

    def details(self, part: PartName = "test") -> list[Breakdown]:
        """What is measured on a part of its data beyond that, task by task: confusions, each class, each output."""
        d, data = self.parts[part].d, self.spec.data
        raw = data.source.load()
        chosen = data.split.choose_indices(len(raw.x), raw.labels, raw.description.own_test)[part]
        return measure_part(self.predictor, raw.x[chosen], d)

    def raise_if_diverged(self) -> None:
        """Raises Diverged where the loss stopped being finite."""
        if self.state == "diverged":
            where: dict[str, Any] = self.record["diverged"]
            raise Diverged(str(self.path), where["epoch"], where["step"])
