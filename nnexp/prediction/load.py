"""What a run folder has to use: its network, its baseline, or the networks that its ensemble is made of."""

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
from nnexp.runs.manifest import Manifest, load_run_spec
from nnexp.runs.snapshots import snapshot_path
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.spec import Spec
from nnexp.storage import archive
from nnexp.storage.archive import DamagedArchiveError
from nnexp.typing import AnyArray


def load_predictor(folder: Path, record: Manifest, spec: AnySpec) -> Predictor:
    """What a run that is done has learned. Raises RunError where it is not done or is damaged."""
    if record["state"] != "done":
        raise RunError(f"{folder} is {record['state']}: only a run that is done has a network to use")
    if manifest.is_ensemble(record):
        assert isinstance(spec, Spec), "the members of an ensemble are networks"
        return Ensemble(spec, [_load_member(folder, member) for member in record["members"]])
    return _build_predictor(folder, record, spec, find_weights_file(folder, record))


def find_weights_file(folder: Path, record: Manifest, snapshot: int | None = None) -> Path:
    """Where the weights are that answer for a run, or those of one of its snapshots."""
    if snapshot:
        return snapshot_path(folder, snapshot)
    return checkpoint_path(folder, record["weights"]["checkpoint"])


def load_network(folder: Path, record: Manifest, snapshot: int | None = None) -> tuple[TrainedNetwork, str]:
    """The network of a run that is done, or one of its snapshots, and a fingerprint of its weights. Raises RunError."""
    weights = find_weights_file(folder, record, snapshot)
    found = _build_predictor(folder, record, load_run_spec(folder, record), weights)
    assert isinstance(found, TrainedNetwork)
    return found, _hash_weights(_read_weights(weights, record))


def _build_predictor(folder: Path, record: Manifest, spec: AnySpec, weights: Path) -> Predictor:
    arrays = _read_weights(weights, record)
    try:
        shift, scale, description, fill = read_inputs(folder, record["spec"])
    except DamagedArchiveError as error:
        raise RunError(f"{error}; `--restart` trains the run again") from None
    if isinstance(spec, BaselineSpec):
        return FittedBaseline(spec.baseline, description, shift, scale, arrays, fill)
    return TrainedNetwork(spec, description, shift, scale, arrays["theta"], arrays["buffers"], fill)


def _read_weights(weights: Path, record: Manifest) -> dict[str, AnyArray]:
    try:
        return archive.load_archive(weights, record["spec"])[0]
    except DamagedArchiveError as error:
        raise RunError(f"{error}; `--restart` trains the run again") from None


def _hash_weights(arrays: dict[str, AnyArray]) -> str:
    """SHA-256 of the weights and buffers, which are the same whenever and wherever the run is trained."""
    digest = hashlib.sha256(arrays["theta"].tobytes())
    digest.update(arrays["buffers"].tobytes())
    return digest.hexdigest()


def _load_member(ensemble: Path, member: Manifest) -> TrainedNetwork:
    """The network of one member, which is beside the ensemble. Raises RunError where it is another than it was."""
    folder, again = ensemble.resolve().parent / member["run"], "its sweep makes both anew"
    try:
        record = manifest.read_manifest(folder)
    except RunError as error:
        raise RunError(f"{ensemble} lacks its member {member['run']}: {error}; {again}") from None
    if record["spec"] != member["spec"] or record["state"] != "done":
        said = "is the run of another spec" if record["spec"] != member["spec"] else f"is {record['state']}"
        raise RunError(f"{folder}, a member of {ensemble}, {said} now; {again}")
    network, weights = load_network(folder, record, member["snapshot"])
    if weights != member["weights"]:
        raise RunError(f"{folder}, a member of {ensemble}, has other weights than it had; its sweep makes it again")
    return network
