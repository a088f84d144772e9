"""Weights of another run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.errors import ResumeError, RunError
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.initializers.he import He
from nnexp.nn.parameters import Weight, matches_any_pattern
from nnexp.registry import initializers
from nnexp.storage import archive
from nnexp.typing import Array, Hyper, RunName
from nnexp.wording import find_by_beginning


@initializers.register("from_run")
@dataclass(frozen=True, slots=True)
class FromRun(Initializer):
    """Start from another run's final weights, matched by layer name (transfer learning).

        θ_name ← θ_name of the run, for the layers named;  the others are drawn by `rest`

    `run` is the folder of a run that is done, or the beginning of its name where no other begins so: `runs/auto`.
    `layers` names layers or weights, `*` and `?` standing for any letters: `[conv2d_*, dense_1]` leaves out an output
    layer of another width. Running statistics are taken over with their layer. What has a name there must have it here,
    with the same shape; a name that fits nothing is an error. To keep the weights as they are, name them in
    `training.freeze`. Source: lecture notes on transfer learning.
    """

    run: RunName
    layers: tuple[str, ...] = ("*",)
    rest: Initializer = He()
    bias: Hyper = field(default=0.0, init=False)

    def initialize_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return self.rest.initialize_weight(generators, weight)

    def draw_weight(self, generators: Sequence[np.random.Generator], weight: Weight) -> Array:
        return self.rest.draw_weight(generators, weight)

    def transferred_weights(self) -> Mapping[str, Array]:
        weights = self.load_weights()
        return {name: array for name, array in weights.items() if matches_any_pattern(name, self.layers)}

    def describe_origin(self) -> dict[str, Any]:
        """Which weights they are, so that a run can be traced and a changed origin be seen."""
        folder, record = self.find_folder(), self._read_record()
        digest = hashlib.sha256(_weights_path(folder, record).read_bytes())
        return {"run": str(folder), "weights": digest.hexdigest()}

    def load_weights(self) -> dict[str, Array]:
        """All weights and buffers of the run by name. Raises RunError where it is not done or its files are damaged."""
        folder, record = self.find_folder(), self._read_record()
        try:
            arrays, _ = archive.load_archive(_weights_path(folder, record), record["spec"])
            _, layout = archive.load_archive(folder / "inputs.npz", record["spec"])
        except (archive.DamagedArchiveError, ResumeError) as error:
            raise RunError(str(error)) from None
        if "weights" not in layout:
            raise RunError(f"{folder} was written by an older version: train it again")
        return _split_weights(arrays["theta"], layout["weights"]) | _split_weights(arrays["buffers"], layout["buffers"])

    def has_scaled_targets(self) -> bool:
        """Whether the run learned values that were scaled. Raises RunError as `load_weights` does."""
        try:
            arrays, _ = archive.load_archive(self.find_folder() / "inputs.npz", self._read_record()["spec"])
        except (archive.DamagedArchiveError, ResumeError) as error:
            raise RunError(str(error)) from None
        return "target_shift" in arrays

    def find_folder(self) -> Path:
        """Where the run is. Raises RunError where there is none, or several have the name."""
        path = Path(self.run)
        if (path / "run.json").is_file():
            return path
        beginning = sorted(run.parent for run in path.parent.glob(f"{escape(path.name)}*/run.json"))
        names = find_by_beginning(path.name, [folder.name for folder in beginning])
        found = [folder for folder in beginning if folder.name in names]
        if not found:
            raise RunError(f"there is no run {self.run}: train it first")
        if len(found) > 1:
            raise RunError(f"several runs begin with {self.run}: {', '.join(map(str, found))}")
        return found[0]

    def _read_record(self) -> dict[str, Any]:
        """What is needed of run.json."""
        path = self.find_folder() / "run.json"
        try:
            record = json.loads(path.read_bytes())
            state, spec = record["state"], record["spec"]
            is_ensemble, baseline = record.get("kind") == "ensemble", record.get("baseline")
            weights = record["weights"]["checkpoint"] if state == "done" and not is_ensemble else None
        # RecursionError: what Python's reader raises for brackets nested thousands deep.
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise RunError(f"{path} is damaged") from None
        if is_ensemble or baseline:
            kind = "an ensemble" if is_ensemble else f"a {baseline}"
            raise RunError(f"{self.run} is {kind}: it has no layers to start from")
        if weights is None:
            raise RunError(f"{self.run} is {state}: `from_run` needs a finished run")
        return {"spec": spec, "weights": weights}


def _weights_path(folder: Path, record: Mapping[str, Any]) -> Path:
    return folder / "checkpoints" / f"{record['weights']}.npz"


def _split_weights(flat: Array, layout: Sequence[tuple[str, Sequence[int]]]) -> dict[str, Array]:
    """A run's weights (1, P) by name."""
    weights: dict[str, Array] = {}
    start = 0
    for name, shape in layout:
        stop = start + prod(shape)
        weights[name] = flat[-1, start:stop].astype(np.float64).reshape(shape)
        start = stop
    return weights
