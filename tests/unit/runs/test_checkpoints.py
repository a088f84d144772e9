"""A state, packed and saved, is the same state again."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnexp.runs import checkpoints
from nnexp.storage import archive
from nnexp.training.state import TrainingState, make_initial_state


def states() -> st.SearchStrategy[TrainingState]:
    floats = hnp.arrays(st.sampled_from([np.float32, np.float64]), (1, 7))
    return st.builds(made, floats, st.integers(0, 2**32), st.integers(0, 5), st.lists(st.floats(), max_size=3))


def made(theta: np.ndarray, seed: int, draws: int, losses: list[float]) -> TrainingState:
    state = make_initial_state(theta, theta[:, :3], ("first", "second"), [seed], examples=11, steps=5, scores=1)
    for source in (*state.shuffle, *state.dropout):
        source.standard_normal(draws)
        source.random(draws, dtype=np.float32)
    state.history = [[{"epoch": k, "loss": loss} for k, loss in enumerate(losses)]]
    state.epoch, state.step = draws, draws + 1
    return state


@given(states())
def test_a_saved_state_is_the_same_again(state: TrainingState) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "last.npz"
        checkpoints.write_archive(path, "hash", *checkpoints.pack_state(state))
        again = checkpoints.unpack_state(*archive.load_archive(path, "hash"))
    for field in fields(TrainingState):
        before, after = getattr(state, field.name), getattr(again, field.name)
        if isinstance(before, np.ndarray):
            assert (before.dtype, before.shape, before.tobytes()) == (after.dtype, after.shape, after.tobytes())
        elif field.name in checkpoints.GENERATOR_FIELDS:
            assert [source.random(3).tolist() for source in after] == [source.random(3).tolist() for source in before]
    assert repr((again.epoch, again.step, again.history)) == repr((state.epoch, state.step, state.history))
    assert {k: v.tobytes() for k, v in again.slots.items()} == {k: v.tobytes() for k, v in state.slots.items()}


def test_a_state_that_is_unpacked_can_be_trained_on(tmp_path: Path) -> None:
    state = made(np.ones((1, 7)), 0, 0, [])
    checkpoints.write_archive(tmp_path / "x.npz", "hash", *checkpoints.pack_state(state))
    again = checkpoints.unpack_state(*archive.load_archive(tmp_path / "x.npz", "hash"))
    assert all(getattr(again, name).flags.writeable for name in ("theta", "buffers", "order", "losses", "best_theta"))


def test_a_file_that_is_not_there_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(archive.DamagedArchiveError, match="No such file"):
        archive.load_archive(tmp_path / "x.npz", "hash")


def test_a_file_of_another_run_is_damaged(tmp_path: Path) -> None:
    checkpoints.write_archive(tmp_path / "x.npz", "hash", {}, {})
    with pytest.raises(archive.DamagedArchiveError, match="another run"):
        archive.load_archive(tmp_path / "x.npz", "other")
