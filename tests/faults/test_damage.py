"""Files that were damaged, changed, locked or made unwritable from outside."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.data.parts import Parts
from nnexp.errors import ResumeError, RunError
from nnexp.execution import run
from nnexp.runs import manifest
from nnexp.runs.folder import LONG_HASH_DIGITS, find_folder, make_folder_name
from nnexp.spec.spec import Spec
from nnexp.storage import archive
from nnexp.storage.lock import LOCK_FILE, lock_folder
from tests.faults.support import KILLED, events, in_child, killed_at, only_run, operations, outcome, tiny, train

SPEC = tiny("training.dtype=float64")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    train(SPEC, folder)
    return folder


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped")
    made = operations(SPEC, tmp_path_factory.mktemp("counted"))
    csv_writes = [k for k, (what, path) in enumerate(made) if (what, path.name) == ("rename", "metrics.csv")]
    killed_at(csv_writes[7], SPEC, folder)
    assert {"last.npz", "previous.npz", "best.npz"} <= {p.name for p in (only_run(folder) / "checkpoints").iterdir()}
    return folder


@pytest.fixture
def runs(stopped: Path, tmp_path: Path) -> Path:
    """A folder with a run that was killed on its way; to be damaged."""
    return shutil.copytree(stopped, tmp_path / "runs")


def damage_file(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))


def cut_to(length: int, content: bytes) -> bytes:
    return content[:length]


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_last_checkpoint_cut_short_anywhere_gives_way_to_the_previous(
    runs: Path, undisturbed: Path, tmp_path: Path
) -> None:
    last = only_run(runs) / "checkpoints" / "last.npz"
    size = last.stat().st_size
    for length in (0, 1, 4, 30, 64, 100, size // 3, size // 2, size - 200, size - 22, size - 1):
        here = shutil.copytree(runs, tmp_path / str(length))
        damage_file(only_run(here) / "checkpoints" / "last.npz", partial(cut_to, length))
        train(SPEC, here)
        assert outcome(only_run(here)) == outcome(only_run(undisturbed))
        (resumed,) = [event for event in events(only_run(here)) if event["event"] == "resumed"]
        assert "last.npz" in resumed["damaged"][0]


def test_no_flipped_bit_is_ever_taken_for_the_truth(runs: Path) -> None:
    path = only_run(runs) / "checkpoints" / "last.npz"
    whole = path.read_bytes()
    arrays, rest = archive.load_archive(path, manifest.read_manifest(only_run(runs))["spec"])
    source = random.Random(0)
    for bit in (source.randrange(8 * len(whole)) for _ in range(400)):
        path.write_bytes(flipped(whole, bit))
        try:
            again, again_rest = archive.load_archive(path, rest["spec"])
        except archive.DamagedArchiveError:
            continue
        assert again_rest == rest  # the bit says nothing, such as the time of an entry
        assert all(np.array_equal(again[name], arrays[name], equal_nan=True) for name in arrays)


def test_a_flipped_bit_in_the_last_checkpoint_changes_no_result(runs: Path, undisturbed: Path, tmp_path: Path) -> None:
    source = random.Random(1)
    for number in range(12):
        here = shutil.copytree(runs, tmp_path / str(number))
        last = only_run(here) / "checkpoints" / "last.npz"
        damage_file(last, lambda content: flipped(content, source.randrange(8 * len(content))))
        train(SPEC, here)
        assert outcome(only_run(here)) == outcome(only_run(undisturbed))


def test_a_damaged_best_checkpoint_is_written_anew(runs: Path, undisturbed: Path) -> None:
    damage_file(only_run(runs) / "checkpoints" / "best.npz", lambda content: content[:99])
    train(SPEC, runs)
    assert outcome(only_run(runs)) == outcome(only_run(undisturbed))


def test_with_both_checkpoints_damaged_it_refuses_and_names_restart(runs: Path, undisturbed: Path) -> None:
    for name in ("last", "previous"):
        damage_file(only_run(runs) / "checkpoints" / f"{name}.npz", lambda content: content[:-9])
    with pytest.raises(ResumeError, match=r"(?s)last\.npz.*previous\.npz.*--restart"):
        train(SPEC, runs)
    nnexp.train(SPEC, runs=runs, restart=True, checkpoint_seconds=0)
    assert outcome(only_run(runs)) == outcome(only_run(undisturbed))


def test_a_checkpoint_of_another_run_is_not_taken(runs: Path, undisturbed: Path, tmp_path: Path) -> None:
    other = train(tiny("training.dtype=float64", "optimizer.adam.lr=1e-2"), tmp_path / "other")
    shutil.copy(other.path / "checkpoints" / "last.npz", only_run(runs) / "checkpoints" / "last.npz")
    train(SPEC, runs)
    assert outcome(only_run(runs)) == outcome(only_run(undisturbed))
    assert "another run" in str(events(only_run(runs)))


def test_a_checkpoint_of_another_format_is_refused(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FORMAT_VERSION", archive.FORMAT_VERSION + 1)
    with pytest.raises(ResumeError, match=r"has format 2, and this version of nnexp reads format 3"):
        train(SPEC, runs)


def test_a_pickle_is_never_read(runs: Path) -> None:
    path = only_run(runs) / "checkpoints" / "last.npz"
    np.savez(path, theta=np.array([object()], dtype=object))
    with pytest.raises(archive.DamagedArchiveError, match=r"no whole \.npz file"):
        archive.load_archive(path, "")


DAMAGED_MANIFESTS = [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"state": "done"}', b"[" * 100_000]


@pytest.mark.parametrize("content", DAMAGED_MANIFESTS, ids=lambda content: repr(content[:20]))
def test_a_damaged_run_json_is_refused_and_restart_mends_it(content: bytes, runs: Path, undisturbed: Path) -> None:
    (only_run(runs) / "run.json").write_bytes(content)
    with pytest.raises(ResumeError, match=r"run\.json is damaged: .*--restart"):
        train(SPEC, runs)
    nnexp.train(SPEC, runs=runs, restart=True, checkpoint_seconds=0)
    assert outcome(only_run(runs)) == outcome(only_run(undisturbed))


@pytest.mark.parametrize("field", [*manifest.REQUIRED_FIELDS, *manifest.ENDED_FIELDS["done"]])
def test_a_run_json_that_lacks_a_field_is_damaged(field: str, undisturbed: Path, tmp_path: Path) -> None:
    record = manifest.read_manifest(only_run(undisturbed))
    del record[field]
    record["state"] = record.get("state", "done")
    (tmp_path / "run.json").write_text(json.dumps(record | ({"state": 1} if field == "state" else {})))
    with pytest.raises(RunError, match=f"damaged: {field} is missing"):
        nnexp.Run(tmp_path)


def test_without_its_run_json_a_run_begins_anew(runs: Path, undisturbed: Path) -> None:
    (only_run(runs) / "run.json").unlink()
    train(SPEC, runs)
    assert outcome(only_run(runs)) == outcome(only_run(undisturbed))


def test_a_damaged_events_file_is_kept_and_hinders_nothing(runs: Path, undisturbed: Path) -> None:
    (only_run(runs) / "events.jsonl").write_bytes(b"\xff\xfe\n")
    train(SPEC, runs)
    assert outcome(only_run(runs)) == outcome(only_run(undisturbed))
    assert (only_run(runs) / "events.jsonl").read_bytes().startswith(b"\xff\xfe\n{")


@pytest.mark.parametrize("change", [lambda text: text.replace(b"units: 7", b"units: 8"), lambda text: b""])
def test_an_edited_resolved_spec_is_refused(change: Callable[[bytes], bytes], runs: Path) -> None:
    damage_file(only_run(runs) / "resolved.yaml", change)
    with pytest.raises(
        ResumeError, match=r"resolved\.yaml was changed since the run began; `nnexp train \.\.\. --restart`"
    ):
        train(SPEC, runs)


def test_an_edited_resolved_spec_of_a_finished_run_is_not_evaluated(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed, tmp_path / "runs")
    run = only_run(tmp_path / "runs")
    damage_file(run / "resolved.yaml", lambda text: text.replace(b"relu", b"tanh"))
    with pytest.raises(ResumeError, match="was changed since the run began"):
        nnexp.Run(run).evaluate()


def test_a_folder_of_another_spec_is_left_alone_and_the_run_gets_a_longer_name(runs: Path) -> None:
    other = tiny("training.dtype=float64", "seed=6")
    taken = find_folder(other, runs)
    shutil.move(only_run(runs), taken)
    before = (taken / "run.json").read_bytes()
    assert train(other, runs).path.name == make_folder_name(other, LONG_HASH_DIGITS)
    assert train(other, runs).state == "done"
    assert (taken / "run.json").read_bytes() == before


def altered(parts: Parts) -> Parts:
    """The same parts with the fingerprint of others."""
    return replace(parts, fingerprint=replace(parts.fingerprint, targets="f" * 64))


def test_changed_data_are_refused(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: Callable[[Spec], Parts] = Spec.prepare
    monkeypatch.setattr(Spec, "prepare", lambda spec: altered(whole(spec)))
    with pytest.raises(
        ResumeError, match=r"the data changed since the run in .* began: the targets changed \(fingerprint .* then"
    ):
        train(SPEC, runs)


@pytest.mark.parametrize("name", ["last", "best"])
def test_damaged_weights_of_a_finished_run_are_not_used(name: str, undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed, tmp_path / "runs")
    run = nnexp.Run(only_run(tmp_path / "runs"))
    run.record["weights"]["checkpoint"] = name
    damage_file(run.path / "checkpoints" / f"{name}.npz", lambda content: flipped(content, 4 * len(content)))
    with pytest.raises(RunError, match=rf"{name}\.npz.*--restart"):
        run.evaluate()


def test_a_folder_that_another_process_writes_is_refused(runs: Path) -> None:
    with lock_folder(only_run(runs)):

        def work() -> None:
            with pytest.raises(RunError, match=r"is being written by process [0-9]+ on .*; wait for it, or stop it"):
                train(SPEC, runs)

        assert in_child(work) == 0


def test_the_lock_of_a_dead_process_is_no_obstacle(runs: Path, undisturbed: Path) -> None:
    def work() -> None:
        with lock_folder(only_run(runs)):
            os._exit(KILLED)

    assert in_child(work) == KILLED
    assert {LOCK_FILE, "owner"} <= {path.name for path in only_run(runs).iterdir()}
    train(SPEC, runs)
    assert outcome(only_run(runs)) == outcome(only_run(undisturbed))


def test_a_runs_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunError, match=r"cannot make the folder .*: Not a directory"):
        train(SPEC, tmp_path / "runs")


@pytest.mark.parametrize("name", ["checkpoints", "spec.yaml", "metrics.csv", "events.jsonl", "lock"])
def test_a_file_in_the_place_of_a_folder_and_the_reverse_are_refused(name: str, tmp_path: Path) -> None:
    run = find_folder(SPEC, tmp_path)
    train(SPEC, tmp_path)
    manifest.write_manifest(run, manifest.read_manifest(run) | {"state": "interrupted"})
    shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink(missing_ok=True)
    (run / name).write_text("") if name == "checkpoints" else (run / name).mkdir()
    if name == "spec.yaml":  # nobody reads it
        assert train(SPEC, tmp_path).state == "done"
    else:
        with pytest.raises(RunError):
            train(SPEC, tmp_path)


def test_a_finished_run_is_found_in_a_folder_that_cannot_be_written(
    undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nnexp.runs.folder.os.access", lambda *_: False)
    monkeypatch.setattr(run, "lock_folder", None)
    assert nnexp.train(SPEC, runs=undisturbed).state == "done"
