"""A run on disk, as Python sees it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from nnexp.data.parts import Parts
from nnexp.data.splits import PART_NAMES, PartName
from nnexp.diagnosis.diagnosis import diagnose_run
from nnexp.diagnosis.findings import Diagnosis
from nnexp.errors import Diverged, ResumeError
from nnexp.metrics.breakdown import Breakdown
from nnexp.prediction.breakdown import measure_part
from nnexp.prediction.ensemble import use_raw_inputs
from nnexp.prediction.labelled import LabelledFile, read_labelled_file
from nnexp.prediction.load import load_predictor
from nnexp.prediction.predictor import Predictor
from nnexp.runs import manifest
from nnexp.runs.layer_history import read_layer_history
from nnexp.runs.manifest import load_run_spec
from nnexp.runs.metrics_csv import read_metrics_table
from nnexp.spec.baseline import AnySpec, BaselineSpec

if TYPE_CHECKING:
    import pandas as pd


def is_part(name: str | Path) -> TypeGuard[PartName]:
    """Whether this names a part of a run's data; a file of such a name is written ./test."""
    return name in PART_NAMES


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
        """Metrics of the final weights on each part, and the loss of a network; empty unless the run is done."""
        return self.record.get("final", {})

    @cached_property
    def spec(self) -> AnySpec:
        """The resolved spec. Raises ResumeError where it was changed since the run began."""
        return load_run_spec(self.path, self.record)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """metrics.csv: one row an epoch, and one in all of a baseline. Raises RunError where it is damaged."""
        return read_metrics_table(self.path)

    @cached_property
    def layer_history(self) -> pd.DataFrame:
        """The layers' statistics over the training, one row a record and layer: see `nnexp.training.layer_recorder`.

        Empty where none were recorded. Raises RunError where the checkpoint is damaged.
        """
        import pandas as pd

        if isinstance(self.spec, BaselineSpec):
            return pd.DataFrame()
        history = read_layer_history(self.path, self.record, self.spec)
        return history.build_table() if history else pd.DataFrame()

    def diagnose(self, optimal_error: float = 0.0) -> Diagnosis:
        """What was wrong with the run, from what it recorded. `optimal_error` is the error that nobody can avoid."""
        return diagnose_run(self.path, optimal_error)

    @cached_property
    def predictor(self) -> Predictor:
        """The trained network, the fitted baseline, or the ensemble, whose members lie beside its folder.

        Raises RunError where the run is not done or is damaged, or where a member is gone or has changed.
        """
        return load_predictor(self.path, self.record, self.spec)

    @cached_property
    def parts(self) -> Parts:
        """The data that the run was trained on; those of an ensemble with the inputs as their source gives them.

        Raises ResumeError where the data have changed.
        """
        spec = self.spec
        parts = spec.prepare()
        if changed := parts.fingerprint.find_difference(self.record["data"]):
            raise ResumeError(f"the data changed since {self.path} was trained: {changed}")
        return use_raw_inputs(parts, spec.data) if manifest.is_ensemble(self.record) else parts

    def read_labelled(self, path: str | Path) -> LabelledFile:
        """Another labelled file with the columns, arrays or folders of the run's data, and with its classes.

        Raises DataError where it is not like them.
        """
        return read_labelled_file(Path(path), self.spec, self.predictor, lambda: self.parts)

    def evaluate(self, part: str | Path = "test") -> dict[str, float]:
        """Loss, where there is one, and all metrics that fit.

        They are measured on a part of the run's data, train, dev or test, or else on another labelled file.
        """
        if is_part(part):
            return self.predictor.evaluate(self.parts[part], everything=True)
        return self.predictor.evaluate(self.read_labelled(part).part, everything=True)

    def details(self, part: str | Path = "test") -> list[Breakdown]:
        """Confusions and the figures of each class or output, task by task, on what `evaluate` takes."""
        if not is_part(part):
            file = self.read_labelled(part)
            return measure_part(self.predictor, file.x, file.part.restore_targets())
        d, data = self.parts[part].restore_targets(), self.spec.data
        raw = data.load()
        chosen = data.split.choose_rows(raw)[part]
        return measure_part(self.predictor, raw.x[chosen], d)

    def raise_if_diverged(self) -> None:
        """Raises Diverged where the loss stopped being finite."""
        if self.state == "diverged":
            where: dict[str, Any] = self.record["diverged"]
            raise Diverged(str(self.path), where["epoch"], where["step"])
