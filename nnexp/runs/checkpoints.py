"""The checkpoints of a run: its state as one archive (`nnexp.storage.archive`).

last.npz is the newest state, previous.npz the one before it, best.npz the weights of the best epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.storage import archive, atomic
from nnexp.storage.archive import DamagedArchiveError
from nnexp.training.state import TrainingState
from nnexp.typing import AnyArray

GENERATOR_FIELDS = ("shuffle", "dropout", "augment")

NON_ARRAY_FIELDS = (*GENERATOR_FIELDS, "slots", "epoch", "step", "history")
"""The fields of a state that are no entry of their own in an archive."""

LAYER_HISTORY_ENTRY = "looks"
"""The entry of an archive that holds `TrainingState.layer_history`: its first name, which stays so that older
checkpoints can be read."""

SLOT_PREFIX = "slot "
"""What the entries of the optimizer's slots begin with."""


CHECKPOINT_FOLDER = "checkpoints"
"""Where they are in the folder of a run."""


def checkpoint_path(folder: Path, name: str) -> Path:
    """The file of a checkpoint of the run in this folder: last, previous, best, or a snapshot."""
    return folder / CHECKPOINT_FOLDER / f"{name}.npz"


@dataclass(frozen=True, slots=True)
class CheckpointSearch:
    """The newest undamaged checkpoint, arrays and rest, if there is one; and the damaged ones that are newer."""

    newest: tuple[dict[str, AnyArray], dict[str, Any]] | None
    damaged: dict[Path, DamagedArchiveError]


def find_newest(folder: Path, spec: str) -> CheckpointSearch:
    """Search the folder of the run of the spec with this hash.

    The checkpoint before the last one serves as well: training goes on from it to the same bits.
    """
    damaged: dict[Path, DamagedArchiveError] = {}
    for name in ("last", "previous"):
        path = checkpoint_path(folder, name)
        if not path.exists():
            continue
        try:
            return CheckpointSearch(archive.load_archive(path, spec), damaged)
        except DamagedArchiveError as error:
            damaged[path] = error
    return CheckpointSearch(None, damaged)


def write_archive(
    path: Path, spec: str, arrays: dict[str, AnyArray], rest: dict[str, Any], sync: atomic.Sync = "folder"
) -> None:
    """Write an archive of the run of the spec with this hash."""
    atomic.write_file(path, archive.encode_archive(spec, arrays, rest), sync)


def pack_state(state: TrainingState) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """One run's state as arrays and JSON values."""
    arrays: dict[str, AnyArray] = {}
    for field in fields(state):
        if field.name not in NON_ARRAY_FIELDS:
            entry = LAYER_HISTORY_ENTRY if field.name == "layer_history" else field.name
            arrays[entry] = getattr(state, field.name)
    for name, slot in state.slots.items():
        arrays[SLOT_PREFIX + name] = slot
    if state.diverged.any():
        arrays = {name: _normalize_nans(array) for name, array in arrays.items()}
    generators = {name: [source.bit_generator.state for source in getattr(state, name)] for name in GENERATOR_FIELDS}
    return arrays, {"epoch": state.epoch, "step": state.step, "history": state.history, "generators": generators}


def unpack_state(arrays: dict[str, AnyArray], rest: dict[str, Any]) -> TrainingState:
    """The inverse of `pack_state`."""
    values: dict[str, Any] = {}
    slots: dict[str, AnyArray] = {}
    for entry, array in arrays.items():
        if entry.startswith(SLOT_PREFIX):
            slots[entry.removeprefix(SLOT_PREFIX)] = array
        else:
            values["layer_history" if entry == LAYER_HISTORY_ENTRY else entry] = array
    for name in GENERATOR_FIELDS:
        values[name] = [_restore_generator(state) for state in rest["generators"][name]]
    return TrainingState(**values, slots=slots, epoch=rest["epoch"], step=rest["step"], history=rest["history"])


def _normalize_nans(array: AnyArray) -> AnyArray:
    """The array with the same bits in every NaN: their signs mean nothing, and depend on which operation made them."""
    if array.dtype.kind != "f":
        return array
    return np.where(np.isnan(array), np.nan, array).astype(array.dtype)


def _restore_generator(state: Any) -> np.random.Generator:
    bits = np.random.PCG64()
    bits.state = state
    return np.random.Generator(bits)
