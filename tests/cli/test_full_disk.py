"""On a full disk every command that writes a file leaves the old one as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import nnexp
from nnexp.storage import atomic
from tests.cli.inside import inside

MOMENTS = ("create", "write", "sync", "rename")
"""Of writing a file, at which the disk may be found full."""

REPLACING = {
    "predict -o": ("predict", "RUN", "x.csv", "-o", "out.csv"),
    "report -o": ("report", "RUN", "--format", "csv", "-o", "out.csv"),
    "report --html": ("report", "RUN", "--html", "out.html"),
    "report --figures": ("report", "RUN", "--figures", "figures"),
    "inspect --html": ("inspect", "spec.yaml", "--html", "out.html"),
    "data show --png": ("data", "show", "moons", "--png", "out.png"),
    "export npz": ("export", "RUN", "--to", "npz", "-o", "out.npz", "--force"),
    "export onnx": ("export", "RUN", "--to", "onnx", "-o", "out.onnx", "--force"),
    "export tensorboard": ("export", "RUN", "--to", "tensorboard", "-o", "events", "--force"),
}
"""The commands whose output takes the place of an older one."""

SPEC = """
name: short_sine
data: {source: {sine: {examples: 80}}, split: {train: 60, dev: 10, test: 10}}
architecture: {mlp: {hidden: [13]}}
activation: tanh
training: {epochs: 3}
"""


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "x.csv").write_text("x\n0.1\n0.2\n")
    return tmp_path


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, moment: str) -> list[Path]:
    """From now on the disk is full at this moment of each write; gives the files of which that was found."""
    found: list[Path] = []

    def refuse(what: str, path: Path) -> None:
        if what == moment:
            found.append(path)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic, "before_operation", refuse)
    return found


@pytest.mark.parametrize("command", REPLACING)
def test_the_old_file_stays_and_nothing_half_written_does(
    command: str, place: Path, sine: nnexp.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [str(sine.path) if word == "RUN" else word for word in REPLACING[command]]
    first = inside(*words, cwd=place)
    assert first.returncode == 0, first.stderr
    before = contents(place)
    assert len(before) > 2, "the command wrote no file"
    for moment in MOMENTS:
        with monkeypatch.context() as patch:
            found = fill_the_disk(patch, moment)
            done = inside(*words, cwd=place)
        assert found, f"nothing was written at {moment}"
        assert done.returncode == 1, done.stderr
        assert "error: cannot write " in done.stderr
        assert "No space left on device" in " ".join(done.stderr.split())
        assert contents(place) == before, moment


@pytest.mark.parametrize("moment", MOMENTS)
def test_new_leaves_no_empty_spec_and_can_be_said_again(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fill_the_disk(patch, moment)
        done = inside("new", "first", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot write nnexp.schema.json: No space left on device" in done.stderr
    assert contents(tmp_path) == {}
    assert inside("new", "first", cwd=tmp_path).returncode == 0
    assert set(contents(tmp_path)) == {"first.yaml", "nnexp.schema.json"}
