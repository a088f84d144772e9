"""Snapshots: weights from the middle of a run, each in a file of its own.

A snapshot is written before any checkpoint of its epoch or a later one. So a run that goes on after it was killed lacks
none, and only a run that was trained without snapshots does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nnexp.runs import checkpoints
from nnexp.training.state import TrainingState


def snapshot_path(folder: Path, epoch: int) -> Path:
    """The file of the weights after this epoch."""
    return checkpoints.checkpoint_path(folder, f"snapshot-{epoch}")


def write_snapshot(folder: Path, spec: str, state: TrainingState) -> None:
    """Write the weights of a state of the run of the spec with this hash."""
    arrays = {"theta": state.theta, "buffers": state.buffers}
    checkpoints.write_archive(snapshot_path(folder, state.epoch), spec, arrays, {"epoch": state.epoch}, "file")


def find_missing_snapshots(folder: Path, epochs: Iterable[int], epochs_done: int) -> list[int]:
    """The epochs whose snapshots a run lacks that has made `epochs_done` of them."""
    return [epoch for epoch in epochs if epoch <= epochs_done and not snapshot_path(folder, epoch).is_file()]
