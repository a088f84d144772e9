"""Checkpoints: a state as one archive (`nnexp.storage.archive`)."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.storage import archive, atomic
from nnexp.training.state import TrainingState
from nnexp.typing import AnyArray

GENERATOR_FIELDS = ("shuffle", "dropout", "augment")

NON_ARRAY_FIELDS = (*GENERATOR_FIELDS, "slots", "epoch", "step", "history")
"""The fields of a state that are stored otherwise than as an entry of their own."""


def write_archive(
    path: Path, spec: str, arrays: dict[str, AnyArray], rest: dict[str, Any], sync: atomic.Sync = "folder"
) -> None:
    """Write an archive of the run of the spec with this hash."""
    atomic.write_file(path, archive.encode_archive(spec, arrays, rest), sync)


def pack_state(state: TrainingState) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """One run's state as arrays and JSON values."""
    arrays = {f.name: getattr(state, f.name) for f in fields(state) if f.name not in NON_ARRAY_FIELDS}
    arrays |= {f"slot {name}": slot for name, slot in state.slots.items()}
    if state.diverged.any():
        arrays = {name: _normalize_nans(array) for name, array in arrays.items()}
    generators = {name: [source.bit_generator.state for source in getattr(state, name)] for name in GENERATOR_FIELDS}
    return arrays, {"epoch": state.epoch, "step": state.step, "history": state.history, "generators": generators}


def unpack_state(arrays: dict[str, AnyArray], rest: dict[str, Any]) -> TrainingState:
    """The inverse of `pack_state`."""
    slots = {name.removeprefix("slot "): array for name, array in arrays.items() if name.startswith("slot ")}
    values: dict[str, Any] = {name: array for name, array in arrays.items() if not name.startswith("slot ")}
    values |= {name: [_restore_generator(state) for state in rest["generators"][name]] for name in GENERATOR_FIELDS}
    return TrainingState(**values, slots=slots, epoch=rest["epoch"], step=rest["step"], history=rest["history"])


def _normalize_nans(array: AnyArray) -> AnyArray:
    """The array with every NaN the same: their signs, which mean nothing, depend on the way that they were come by."""
    return np.where(np.isnan(array), np.nan, array).astype(array.dtype) if array.dtype.kind == "f" else array


def _restore_generator(state: Any) -> np.random.Generator:
    bits = np.random.PCG64()
    bits.state = state
    return np.random.Generator(bits)
