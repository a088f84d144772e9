"""What somebody else put in the folder of a run stays there, whatever is trained, begun again or averaged in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import nnexp
from nnexp.errors import RunError
from nnexp.runs import known_files
from nnexp.runs.folder import find_folder
from nnexp.sweeps.running.folder import SweepFolder
from nnexp.training.events import Event, Notice
from tests.faults.support import only_run, outcome, tiny, train
from tests.unit.sweeps.support import from_words

SPEC = tiny("training.epochs=2")

NOTES = {"notes.md": "mine", "plots/metrics.csv": "mine", "checkpoints/theirs.npz": "mine"}
"""Files whose names are not those of nnexp's, in their places."""

OURS = [*known_files.RUN_FILES, "lock", "owner", "checkpoints/last.npz", "checkpoints/snapshot-3.npz"]
"""Names that nnexp gives."""


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def theirs(folder: Path) -> dict[str, bytes]:
    """The files that bear none of nnexp's names, and a test put there."""
    return {name: content for name, content in contents(folder).items() if name in NOTES}


def notices(restart: bool, runs: Path) -> str:
    """What training says."""
    said: list[str] = []

    def watch(event: Event) -> None:
        if isinstance(event, Notice):
            said.append(event.text)

    nnexp.train(SPEC, runs=runs, restart=restart, watch=watch)
    return "\n".join(said)


@pytest.mark.parametrize("restart", [False, True])
def test_a_run_begins_beside_files_that_are_not_in_its_way_and_names_them(restart: bool, tmp_path: Path) -> None:
    run = find_folder(SPEC, tmp_path)
    if restart:
        train(SPEC, tmp_path)
    put(run, *NOTES)
    said = notices(restart, tmp_path)
    assert f"{run} keeps what nnexp did not write: checkpoints/theirs.npz, notes.md, plots/" in said
    assert len(theirs(run)) == len(NOTES)
    assert nnexp.train(SPEC, runs=tmp_path).state == "done"


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("name", OURS)
def test_files_of_others_that_a_run_would_overwrite_stop_it(name: str, restart: bool, tmp_path: Path) -> None:
    run = find_folder(SPEC, tmp_path)
    put(run, name, *NOTES)
    before = contents(run)
    for _ in range(2):  # the refusal leaves nothing that would make the folder nnexp's own
        with pytest.raises(RunError, match=rf"has {name}, which nnexp did not write .* move this away"):
            nnexp.train(SPEC, runs=tmp_path, restart=restart)
        assert contents(run) == before


@pytest.mark.parametrize("restart", [False, True])
def test_no_run_begins_through_a_link(restart: bool, tmp_path: Path) -> None:
    put(tmp_path / "thesis", *NOTES)
    before = contents(tmp_path / "thesis")
    (tmp_path / "runs").mkdir()
    find_folder(SPEC, tmp_path / "runs").symlink_to(tmp_path / "thesis")
    with pytest.raises(RunError, match=r"is a link to .*thesis, and no run begins through a link"):
        nnexp.train(SPEC, runs=tmp_path / "runs", restart=restart)
    assert contents(tmp_path / "thesis") == before


def linked_folder(run: Path, elsewhere: Path) -> None:
    run.rename(elsewhere)
    run.symlink_to(elsewhere)


def linked_checkpoints(run: Path, elsewhere: Path) -> None:
    (run / "checkpoints").rename(elsewhere)
    (run / "checkpoints").symlink_to(elsewhere)


def linked_file(run: Path, elsewhere: Path) -> None:
    (run / "metrics.csv").rename(elsewhere)
    (run / "metrics.csv").symlink_to(elsewhere)


@pytest.mark.parametrize("link", [linked_folder, linked_checkpoints, linked_file])
def test_a_run_that_somebody_put_elsewhere_is_found_done_and_not_begun_again_through_the_link(
    link: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    run = train(SPEC, tmp_path / "runs").path
    expected = outcome(run)
    link(run, tmp_path / "elsewhere")
    names = sorted(path.name for path in run.iterdir())
    assert train(SPEC, tmp_path / "runs").state == "done"
    with pytest.raises(RunError, match="link"):
        nnexp.train(SPEC, runs=tmp_path / "runs", restart=True)
    assert outcome(run) == expected
    assert sorted(path.name for path in run.iterdir()) == names


def test_a_runs_folder_that_is_a_link_serves_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to("disk")
    train(SPEC, tmp_path / "runs")
    nnexp.train(SPEC, runs=tmp_path / "runs", restart=True)
    known_files.remove_run(tmp_path / "runs" / only_run(tmp_path / "disk").name)
    assert list((tmp_path / "disk").iterdir()) == []


def test_a_folder_that_becomes_a_link_at_the_last_moment_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(SPEC, tmp_path / "runs").path
    shutil.copytree(run, tmp_path / "copy")
    linked_folder(run, tmp_path / "elsewhere")
    monkeypatch.setattr(known_files._Folder, "mode", lambda self, name: 0)  # as it looked a moment ago
    with pytest.raises(RunError, match="cannot delete"):
        known_files.remove_run(run)
    assert contents(tmp_path / "elsewhere") == contents(tmp_path / "copy")


def test_every_file_that_a_run_leaves_has_a_name_that_is_known(tmp_path: Path) -> None:
    run = train(SPEC, tmp_path).path
    put(
        run,
        ".run.json.part",
        ".owner.part",
        "checkpoints/.last.npz.part",
        "checkpoints/snapshot-7.npz",
        "checkpoints/last.damaged",
    )
    assert known_files.remove_run(run) == []
    assert not run.exists()


@pytest.mark.parametrize("name", known_files.SWEEP_FILES)
def test_a_sweep_overwrites_no_file_of_others_in_its_folder(name: str, tmp_path: Path) -> None:
    folder = SweepFolder(from_words(tmp_path, "seed=0..1"), tmp_path / "runs")
    put(folder.path, name, "notes.md")
    before = contents(folder.path)
    with pytest.raises(RunError, match=f"has {name}, which nnexp did not write and the sweep would overwrite"):
        folder.freeze_plan([], {})
    assert contents(folder.path) == before
