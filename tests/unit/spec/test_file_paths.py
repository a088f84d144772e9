"""Relative paths of a spec: from the working directory, or else from the folder of the spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nnexp
from nnexp.errors import DataError, SpecError
from nnexp.prediction.run import Run
from nnexp.spec import resolved
from nnexp.spec.baseline import AnySpec
from nnexp.spec.checks.notices import notices
from nnexp.spec.data_section import load_data_section
from nnexp.spec.read import load_spec
from tests.inline import carried_out

ROWS = 30
SPLIT = "split: {train: 20, dev: 5, test: 5}"


def write_table(path: Path, shift: float = 0.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{number + shift},{('no', 'yes')[number % 2]}" for number in range(ROWS)]
    path.write_text("\n".join(["a,y", *lines, ""]))


def write_arrays(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, x=np.arange(ROWS * 2.0).reshape(ROWS, 2), y=np.arange(ROWS) % 2)


def write_images(path: Path) -> None:
    for name in ("cat", "dog"):
        (path / name).mkdir(parents=True)
        for number in range(ROWS // 2):
            Image.new("RGB", (8, 8), (number, 0, len(name))).save(path / name / f"{number}.png")


def write_spec(path: Path, source: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"data: {{source: {source}, {SPLIT}}}\narchitecture: [flatten, output]\n"
        "training: {epochs: 1, batch_size: 5}\n"
    )
    return path


def get_source(spec: AnySpec) -> Any:
    [parameters] = resolved.make_plain_spec(spec)["data"]["source"].values()
    return parameters


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


SOURCES = {
    "csv": ("{csv: {path: data/t.csv, target: y}}", "data/t.csv", write_table),
    "npz": ("{npz: {path: data/t.npz, kind: classes}}", "data/t.npz", write_arrays),
    "images": ("{image_folder: {path: data/t, size: 8}}", "data/t", write_images),
    "images, the path alone": ("{image_folder: data/t}", "data/t", write_images),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_file_that_lies_only_beside_the_spec_is_used_and_resolved_for_the_working_directory(
    kind: str, at: Path
) -> None:
    source, path, write = SOURCES[kind]
    write(at / "configs" / path)
    spec = load_spec(write_spec(at / "configs" / "s.yaml", source).relative_to(at))
    assert get_source(spec)["path"] == f"configs/{path}"
    # What a worker or a later command is given has no folder of its own.
    (at / "again.yaml").write_text(resolved.format_spec(spec))
    assert resolved.hash_spec(load_spec("again.yaml")) == resolved.hash_spec(spec)
    assert len(load_spec("again.yaml").prepare().train.x)


@pytest.mark.parametrize("parameter", ["test", "dev"])
def test_further_files_are_looked_for_beside_the_spec_too(parameter: str, at: Path) -> None:
    write_table(at / "configs" / "t.csv")
    write_table(at / "configs" / "more.csv", shift=0.5)
    path = write_spec(at / "configs" / "s.yaml", f"{{csv: {{path: t.csv, target: y, {parameter}: more.csv}}}}")
    path.write_text(path.read_text().replace(SPLIT, f"split: {{{parameter}: own}}"))
    assert get_source(load_spec("configs/s.yaml"))[parameter] == "configs/more.csv"


def test_a_file_in_the_working_directory_goes_first_and_the_other_is_named(at: Path) -> None:
    write_table(at / "t.csv")
    write_table(at / "configs" / "t.csv", shift=0.5)
    write_spec(at / "configs" / "s.yaml", "{csv: {path: t.csv, target: y}}")
    spec = load_spec("configs/s.yaml")
    assert get_source(spec)["path"] == "t.csv"
    [notice] = [each for each in notices(spec, "configs/s.yaml") if "two files" in each.message]
    assert notice.message == "there are two files t.csv: the one in the working directory is used"
    assert notice.suggestion == "write configs/t.csv for the one beside the spec"
    assert get_source(load_spec("configs/s.yaml", ["data.source.csv.path=configs/t.csv"]))["path"] == "configs/t.csv"


def test_one_file_under_both_paths_is_no_matter(at: Path) -> None:
    write_table(at / "t.csv")
    (at / "configs").mkdir()
    (at / "configs" / "t.csv").symlink_to(at / "t.csv")
    write_spec(at / "configs" / "s.yaml", "{csv: {path: t.csv, target: y}}")
    assert not [each for each in notices(load_spec("configs/s.yaml"), "configs/s.yaml") if "two files" in each.message]


def test_a_missing_file_is_told_with_both_places_and_what_is_there(at: Path) -> None:
    write_table(at / "configs" / "table.csv")
    write_spec(at / "configs" / "s.yaml", "{csv: {path: tabel.csv, target: y}}")
    with pytest.raises(SpecError) as caught:
        load_spec("configs/s.yaml")
    [problem] = caught.value.problems
    assert problem.message.startswith("there is no file tabel.csv")
    assert problem.suggestion == (
        f"looked in the working directory, {at}, and beside the spec, {at / 'configs'}; there is configs/table.csv"
    )
    assert caught.value.exit_code == DataError.exit_code


@pytest.mark.parametrize(
    ("written", "ending"),
    [
        ("tabel.csv", "tabel.csv; did you mean table.csv?"),
        ("table.csv.gz", "table.csv.gz; did you mean table.csv?"),
        ("Table.CSV", "Table.CSV; did you mean table.csv?"),
        ("./tabel.csv", "./tabel.csv; did you mean table.csv?"),
        ("data/table.csv", "data/table.csv: there is no folder data"),
        ("data/raw/table.csv", "data/raw/table.csv: there is no folder data"),
        ("$NNEXP_NONE/table.csv", "$NNEXP_NONE/table.csv: the variable NNEXP_NONE is not set"),
        ("zebra.csv", "zebra.csv"),
    ],
)
def test_what_was_meant_perhaps_or_what_is_missing_is_named(written: str, ending: str, at: Path) -> None:
    write_table(at / "table.csv")
    with pytest.raises(SpecError) as caught:
        load_spec(write_spec(at / "s.yaml", f"{{csv: {{path: '{written}', target: y}}}}"))
    [problem] = caught.value.problems
    assert problem.message == f"there is no file {ending}"


@pytest.mark.parametrize("written", ["$NNEXP_SETS/t.csv", "${NNEXP_SETS}/t.csv", "~/t.csv"])
def test_a_variable_and_the_home_folder_are_expanded_where_the_file_is_read_and_not_in_the_spec(
    written: str, at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(at / "one" / "t.csv")
    write_table(at / "other" / "t.csv")
    spec_path = write_spec(at / "s.yaml", f"{{csv: {{path: '{written}', target: y}}}}")
    hashes = set()
    for folder in ("one", "other"):
        monkeypatch.setenv("NNEXP_SETS", str(at / folder))
        monkeypatch.setenv("HOME", str(at / folder))
        spec = load_spec(spec_path)
        assert get_source(spec)["path"] == written
        hashes.add(resolved.hash_spec(spec))
    assert len(hashes) == 1


def test_a_variable_may_hold_a_folder_beside_the_spec(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(at / "configs" / "raw" / "t.csv")
    monkeypatch.setenv("NNEXP_SETS", "raw")
    write_spec(at / "configs" / "s.yaml", "{csv: {path: $NNEXP_SETS/t.csv, target: y}}")
    assert get_source(load_spec("configs/s.yaml"))["path"] == "configs/$NNEXP_SETS/t.csv"


def test_a_file_whose_name_has_a_dollar_is_itself(at: Path) -> None:
    write_table(at / "$price.csv")
    spec = load_spec(write_spec(at / "s.yaml", "{csv: {path: $price.csv, target: y}}"))
    assert len(spec.prepare().train.x) == 20


def test_an_override_counts_from_the_working_directory_alone(at: Path) -> None:
    write_table(at / "configs" / "t.csv")
    write_table(at / "configs" / "u.csv")
    write_spec(at / "configs" / "s.yaml", "{csv: {path: t.csv, target: y}}")
    with pytest.raises(SpecError, match=r"there is no file u\.csv"):
        load_spec("configs/s.yaml", ["data.source.csv.path=u.csv"])


def test_a_run_is_the_same_however_its_spec_is_named(at: Path) -> None:
    write_table(at / "configs" / "t.csv")
    path = write_spec(at / "configs" / "s.yaml", "{csv: {path: t.csv, target: y}}")
    assert resolved.hash_spec(load_spec("configs/s.yaml")) == resolved.hash_spec(load_spec(path))


def test_training_sweeps_and_a_look_at_data_find_the_file_beside_the_spec(at: Path) -> None:
    write_table(at / "configs" / "t.csv")
    write_spec(at / "configs" / "base.yaml", "{csv: {path: t.csv, target: y}}")
    run = nnexp.train(nnexp.load("configs/base.yaml"))
    assert Run(run.path).state == "done"
    assert load_data_section("configs/base.yaml")[1].examples == ROWS
    (at / "configs" / "study.yaml").write_text("base: base.yaml\nseeds: 2\n")
    assert carried_out(Path("configs/study.yaml")).is_complete


def test_a_path_that_varies_is_looked_for_beside_the_sweep(at: Path) -> None:
    for name in ("t.csv", "u.csv"):
        write_table(at / "configs" / name, shift=len(name))
    write_spec(at / "configs" / "base.yaml", "{csv: {path: t.csv, target: y}}")
    (at / "configs" / "study.yaml").write_text("base: base.yaml\ngrid: {data.source.csv.path: [t.csv, u.csv]}\n")
    assert carried_out(Path("configs/study.yaml")).is_complete
