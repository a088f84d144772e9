"""Weights that are kept from the middle of a run, each in a file of its own.

A snapshot is written before any state that has its epoch behind it. So a run that is continued never lacks one, at
whatever moment it was killed; only a run that was trained without snapshots does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nnexp.runs import checkpoints
from nnexp.training.state import TrainingState


def snapshot_path(folder: Path, epoch: int) -> Path:
    """Where the weights after so many epochs are."""
    return checkpoints.checkpoint_path(folder, f"snapshot-{epoch}")


def write_snapshot(folder: Path, spec: str, state: TrainingState) -> None:
    """Write the weights of a state, of the run of the spec with this hash."""
    arrays = {"theta": state.theta, "buffers": state.buffers}
    checkpoints.write_archive(snapshot_path(folder, state.epoch), spec, arrays, {"epoch": state.epoch}, "file")


def find_missing_snapshots(folder: Path, epochs: Iterable[int], behind: int) -> list[int]:
    """The snapshots that are not there of a run that has so many epochs behind it."""
    return [epoch for epoch in epochs if epoch <= behind and not snapshot_path(folder, epoch).is_file()]
