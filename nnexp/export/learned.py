"""What a run has learned, as its files hold it.   R replicas, of which a file holds one"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from nnexp.data.dataset import Description
from nnexp.data.target_scaling import TargetScaling
from nnexp.nn.layers.chain import Chain
from nnexp.nn.losses.base import Loss
from nnexp.nn.parameters import Views, layer_views
from nnexp.prediction.load import find_weights_file, load_predictor
from nnexp.runs import manifest
from nnexp.runs.folder import read_inputs
from nnexp.runs.manifest import Manifest, load_run_spec
from nnexp.spec.baseline import AnySpec
from nnexp.spec.spec import Spec
from nnexp.storage import archive
from nnexp.typing import AnyArray, Array


@dataclass(frozen=True, eq=False)
class LearnedModel:
    """One network or baseline: its spec, what inputs and targets are made ready with, and the arrays that were learned.

    arrays: theta (1, P) and buffers (1, B) of a network, or what a baseline keeps.
    """

    spec: AnySpec
    description: Description
    shift: Array
    scale: Array
    fill: Array | None
    target_scaling: TargetScaling | None
    arrays: dict[str, AnyArray]

    @cached_property
    def network(self) -> Chain:
        """The layers. Only of a network."""
        assert isinstance(self.spec, Spec)
        return self.spec.build_network(self.description)

    @property
    def weights(self) -> Views:
        """The weights and buffers of the layers, each (1, ...). Only of a network."""
        declaration = self.network.declare(self.description.shape)
        return layer_views(declaration, self.arrays["theta"], self.arrays["buffers"])

    @property
    def loss(self) -> Loss:
        """What says what the outputs mean. Only of a network."""
        assert isinstance(self.spec, Spec)
        return self.spec.build_loss(self.description)


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run came to: one network or baseline, or the members of an ensemble.

    text: the resolved spec.
    """

    run: str
    record: Manifest
    text: str
    models: tuple[LearnedModel, ...]

    @property
    def is_ensemble(self) -> bool:
        """Whether the parts' predictions are averaged."""
        return manifest.is_ensemble(self.record)

    def iterate_models(self) -> Iterator[tuple[str, LearnedModel]]:
        """Each part, and what the names of its arrays begin with: `member_1.` of an ensemble, nothing else."""
        for number, model in enumerate(self.models, start=1):
            if self.is_ensemble:
                yield f"member_{number}.", model
            else:
                yield "", model

    @property
    def first_model(self) -> LearnedModel:
        """The only part, or the one that says what all have in common."""
        return self.models[0]

    def make_metadata(self) -> dict[str, str]:
        """Where it comes from."""
        return {"run": self.run, "spec_hash": self.record["spec"], "nnexp": version("nnexp"), "spec": self.text}


def load_result(folder: Path) -> RunResult:
    """What the run in this folder has learned. Raises RunError where it is not done or is damaged."""
    record = manifest.read_manifest(folder)
    load_predictor(folder, record, load_run_spec(folder, record))  # which says what is damaged, of members too
    text = (folder / "resolved.yaml").read_text(encoding="utf-8")
    if not manifest.is_ensemble(record):
        return RunResult(folder.name, record, text, (_load_model(folder),))
    members = [_load_model(folder.parent / member["run"], member["snapshot"]) for member in record["members"]]
    return RunResult(folder.name, record, text, tuple(members))


def _load_model(folder: Path, snapshot: int | None = None) -> LearnedModel:
    record = manifest.read_manifest(folder)
    found = read_inputs(folder, record["spec"])
    arrays, _ = archive.load_archive(find_weights_file(folder, record, snapshot), record["spec"])
    return LearnedModel(
        load_run_spec(folder, record),
        found.description,
        found.shift,
        found.scale,
        found.fill,
        found.target_scaling,
        arrays,
    )
