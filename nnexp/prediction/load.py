"""Loading the predictor of a run folder: its network, its baseline, or its ensemble."""

from __future__ import annotations

import hashlib
from pathlib import Path

from nnexp.errors import RunError
from nnexp.prediction.baseline import FittedBaseline
from nnexp.prediction.ensemble import Ensemble
from nnexp.prediction.predictor import Predictor, TrainedNetwork
from nnexp.runs import manifest
from nnexp.runs.checkpoints import checkpoint_path
from nnexp.runs.folder import read_inputs
from nnexp.runs.index import find_current_state
from nnexp.runs.manifest import Manifest, load_run_spec
from nnexp.runs.metrics_csv import read_metrics
from nnexp.runs.snapshots import snapshot_path
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.spec import Spec
from nnexp.storage import archive
from nnexp.storage.archive import DamagedArchiveError
from nnexp.typing import AnyArray

REPAIR_HINT = "`nnexp sweep` with its sweep file makes the member and the ensemble again"


def load_predictor(folder: Path, record: Manifest, spec: AnySpec) -> Predictor:
    """The predictor of a finished run. Raises RunError where it is not finished, or is damaged."""
    _check_finished(folder, record)
    if manifest.is_ensemble(record):
        assert isinstance(spec, Spec), "the members of an ensemble are networks"
        return Ensemble(spec, [_load_member(folder, member) for member in record["members"]])
    return _build_predictor(folder, record, spec, find_weights_file(folder, record))


def _check_finished(folder: Path, record: Manifest) -> None:
    """Raises RunError where a run has no final weights."""
    if record["state"] == "done":
        return
    match find_current_state(folder, record):
        case "running":
            problem = f"is still training (epoch {len(read_metrics(folder)) + 1}): this needs a finished run"
        case "diverged":
            problem = "diverged: this needs a finished run; `nnexp diagnose` says what to try"
        case state:
            problem = f"is {state}: this needs a finished run, and `nnexp train` with its spec goes on with it"
    raise RunError(f"{folder} {problem}")


def find_weights_file(folder: Path, record: Manifest, snapshot: int | None = None) -> Path:
    """The file of a run's final weights, those of its best epoch if the spec says so; or of a snapshot."""
    if snapshot:
        return snapshot_path(folder, snapshot)
    return checkpoint_path(folder, record["weights"]["checkpoint"])


def load_network(folder: Path, record: Manifest, snapshot: int | None = None) -> tuple[TrainedNetwork, str]:
    """The network of a finished run, or of one of its snapshots, and a hash of its weights. Raises RunError."""
    weights = find_weights_file(folder, record, snapshot)
    found = _build_predictor(folder, record, load_run_spec(folder, record), weights)
    assert isinstance(found, TrainedNetwork)
    return found, _hash_weights(_read_weights(weights, record))


def _build_predictor(folder: Path, record: Manifest, spec: AnySpec, weights: Path) -> Predictor:
    arrays = _read_weights(weights, record)
    try:
        inputs = read_inputs(folder, record["spec"])
    except DamagedArchiveError as error:
        raise RunError(f"{error}; {manifest.RESTART_HINT}") from None
    if isinstance(spec, BaselineSpec):
        return FittedBaseline(
            spec.baseline,
            inputs.description,
            inputs.shift,
            inputs.scale,
            arrays,
            inputs.fill,
            inputs.target_scaling,
            spec.metrics,
        )
    return TrainedNetwork(
        spec,
        inputs.description,
        inputs.shift,
        inputs.scale,
        arrays["theta"],
        arrays["buffers"],
        inputs.fill,
        inputs.target_scaling,
        record.get("thresholds"),
    )


def _read_weights(weights: Path, record: Manifest) -> dict[str, AnyArray]:
    try:
        return archive.load_archive(weights, record["spec"])[0]
    except DamagedArchiveError as error:
        raise RunError(f"{error}; {manifest.RESTART_HINT}") from None


def _hash_weights(arrays: dict[str, AnyArray]) -> str:
    """SHA-256 of the weights and buffers; not of their file, in which the times of the epochs stand too."""
    digest = hashlib.sha256(arrays["theta"].tobytes())
    digest.update(arrays["buffers"].tobytes())
    return digest.hexdigest()


def _load_member(ensemble: Path, member: Manifest) -> TrainedNetwork:
    """The network of a member, whose folder is beside the ensemble's. Raises RunError where it has changed."""
    # An ensemble that was reached through a link has its members beside the folder that the link names.
    folder = ensemble.resolve().parent / member["run"]
    try:
        record = manifest.read_manifest(folder)
    except RunError as error:
        raise RunError(f"{ensemble} lacks its member {member['run']}: {error}; {REPAIR_HINT}") from None
    if record["spec"] != member["spec"]:
        raise RunError(f"{folder}, a member of {ensemble}, is the run of another spec now; {REPAIR_HINT}")
    if record["state"] != "done":
        raise RunError(f"{folder}, a member of {ensemble}, is {record['state']} now; {REPAIR_HINT}")
    network, weights = load_network(folder, record, member["snapshot"])
    if weights != member["weights"]:
        raise RunError(f"{folder}, a member of {ensemble}, has other weights than it had; {REPAIR_HINT}")
    return network
