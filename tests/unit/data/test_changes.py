"""Whether files are those that a run was trained on: told by their stamps, their bytes, and then their content."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnexp.data import changes, source_files
from nnexp.data.changes import DataComparison, compare_with_record
from nnexp.data.file_source import FileSource
from nnexp.data.normalizations.linear import Standard
from nnexp.data.parts import prepare_parts
from nnexp.data.sources.image_folder import ImageFolder
from nnexp.data.sources.moons import Moons
from nnexp.data.sources.npz import Npz
from nnexp.data.sources.table import Csv
from nnexp.data.splits import Split
from nnexp.errors import DataError

ROWS = [("x", 1.0, 0.5), ("y", 2.0, 0.25), ("x", 3.0, 0.125), ("y", 5.0, 0.5), ("x", 7.0, 1.5)]
SPLIT = Split(train=3, dev=1, test=1, stratify=False)


def write_table(path: Path, rows: list[tuple[str, float, float]] = ROWS) -> Csv:
    lines = [f"{kind},{size},{unused}" for kind, size, unused in rows]
    path.write_text("\n".join(["kind,size,unused", *lines]) + "\n")
    return Csv(str(path), target="kind", drop=("unused",))


def record_of(source: FileSource) -> dict[str, Any]:
    return prepare_parts(source, SPLIT, Standard(), "float64").build_record()


def age(path: Path) -> None:
    """Make a file's time another one."""
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))


def forbid(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError(f"{name} was called")

    monkeypatch.setattr(module, name, refuse)


def test_files_of_the_same_size_and_time_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_table(tmp_path / "a.csv")
    record = record_of(source)
    forbid(monkeypatch, source_files, "_hash_contents")
    forbid(monkeypatch, changes, "compute_fingerprint")
    assert compare_with_record(source, SPLIT, record) == DataComparison()


def test_a_file_that_was_only_touched_or_copied_is_no_change_and_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_table(tmp_path / "a.csv")
    record = record_of(source)
    age(tmp_path / "a.csv")
    forbid(monkeypatch, changes, "compute_fingerprint")
    assert compare_with_record(source, SPLIT, record) == DataComparison()


def test_other_bytes_of_the_same_content_are_no_change(tmp_path: Path) -> None:
    source = write_table(tmp_path / "a.csv")
    record = record_of(source)
    write_table(tmp_path / "a.csv", [(kind, size, unused + 1) for kind, size, unused in ROWS])
    assert compare_with_record(source, SPLIT, record) == DataComparison()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("x", 1.5, 0.5), *ROWS[1:]], "the inputs changed (fingerprint"),
        ([("y", 1.0, 0.5), *ROWS[1:]], "the targets changed (fingerprint"),
        ([(kind.replace("y", "z"), size, 0.5) for kind, size, _ in ROWS], "the classes changed (fingerprint"),
        ([*ROWS, ROWS[0]], "the inputs and the targets changed, 5 examples then and 6 now (fingerprint"),
    ],
)
def test_what_changed_is_said(rows: list[tuple[str, float, float]], words: str, tmp_path: Path) -> None:
    source = write_table(tmp_path / "a.csv")
    record = record_of(source)
    write_table(tmp_path / "a.csv", rows)
    age(tmp_path / "a.csv")
    found = compare_with_record(source, SPLIT, record)
    assert found.change.startswith(words)
    assert not found.unchecked


def test_a_file_that_cannot_be_read_any_more_is_a_change(tmp_path: Path) -> None:
    source = write_table(tmp_path / "a.csv")
    record = record_of(source)
    write_table(tmp_path / "a.csv", [("x", float("nan"), 0.5), *ROWS[1:]])
    assert compare_with_record(source, SPLIT, record).change.startswith("they cannot be read any more: ")


def test_a_file_that_is_gone_is_not_compared_and_the_reason_said(tmp_path: Path) -> None:
    source = write_table(tmp_path / "a.csv")
    record = record_of(source)
    (tmp_path / "a.csv").unlink()
    assert compare_with_record(source, SPLIT, record) == DataComparison(
        unchecked=f"there is no file {tmp_path / 'a.csv'}"
    )


def test_without_stamps_as_of_an_earlier_version_the_content_is_compared(tmp_path: Path) -> None:
    source = write_table(tmp_path / "a.csv")
    record = record_of(source)
    del record["files"]
    assert compare_with_record(source, SPLIT, record) == DataComparison()
    write_table(tmp_path / "a.csv", ROWS[:4])
    assert "5 examples then and 4 now" in compare_with_record(source, SPLIT, record).change
    del record["content"]
    assert compare_with_record(source, SPLIT, record).unchecked


def test_generated_examples_cannot_change(monkeypatch: pytest.MonkeyPatch) -> None:
    record = prepare_parts(Moons(examples=17), SPLIT, Standard(), "float64").build_record()
    assert "files" not in record
    assert compare_with_record(Moons(examples=17), SPLIT, record | {"fingerprint": "other"}) == DataComparison()


def write_arrays(folder: Path, first: float = 0.0) -> Npz:
    x = np.arange(10.0).reshape(5, 2)
    x[0, 0] = first
    np.savez(folder / "a.npz", x=x, y=np.array([0, 1, 0, 1, 1]))
    return Npz(str(folder / "a.npz"))


def write_images(folder: Path, first: float = 0.0) -> ImageFolder:
    images = pytest.importorskip("PIL.Image")
    for number in range(6):
        path = folder / "pictures" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        images.fromarray(np.full((3, 3, 3), 10 * number + int(first), np.uint8)).save(path)
    return ImageFolder(str(folder / "pictures"), size=3)


@pytest.mark.parametrize("write", [write_arrays, write_images])
def test_arrays_and_images_are_compared_alike(write: Callable[..., FileSource], tmp_path: Path) -> None:
    record = record_of(write(tmp_path))
    assert compare_with_record(write(tmp_path), SPLIT, record) == DataComparison()
    found = compare_with_record(write(tmp_path, first=1.0), SPLIT, record)
    assert found.change.startswith("the inputs changed")


def test_an_image_that_moved_to_another_class_is_a_change_though_its_bytes_are_the_same(tmp_path: Path) -> None:
    record = record_of(write_images(tmp_path))
    (tmp_path / "pictures" / "a" / "4.png").rename(tmp_path / "pictures" / "b" / "0.png")
    found = compare_with_record(ImageFolder(str(tmp_path / "pictures"), size=3), SPLIT, record)
    assert "the targets changed" in found.change


def test_data_that_changed_after_they_were_read_begin_no_run(tmp_path: Path) -> None:
    source = write_table(tmp_path / "a.csv")
    parts = prepare_parts(source, SPLIT, Standard(), "float64")
    age(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"a\.csv changed since it was read; run the command again"):
        parts.build_record()  # whether it is the same cannot be known: nobody read its bytes before


def test_data_that_were_touched_after_a_run_of_them_began_begin_another(tmp_path: Path) -> None:
    source = write_table(tmp_path / "a.csv")
    parts = prepare_parts(source, SPLIT, Standard(), "float64")
    first = parts.build_record()
    age(tmp_path / "a.csv")
    again = parts.build_record()
    assert again["files"]["contents"] == first["files"]["contents"]
    write_table(tmp_path / "a.csv", ROWS[:4])
    with pytest.raises(DataError, match="changed since it was read"):
        parts.build_record()
