"""A test part that is the training part under another name is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from nnexp.errors import SpecError
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec

ROWS = "a,y\n" + "".join(f"{row},{'pq'[row % 2]}\n" for row in range(40))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(ROWS)


def load(source: str) -> None:
    """Read a spec of a source."""
    data = f"data:\n  source: {source}\n  split: {{dev: 0.2}}\n"
    text = f"{data}architecture: [flatten, output]\ntraining: {{batch_size: 2}}\n"
    load_spec(SpecText("s.yaml", text), name="s")


def error_of(source: str) -> SpecError:
    """What is wrong with a spec of a source: one thing, at its line."""
    with pytest.raises(SpecError) as raised:
        load(source)
    [problem] = raised.value.problems
    assert problem.place.line == 2
    assert "trained on says nothing" in problem.message
    return raised.value


@pytest.mark.parametrize("spelling", ["t.csv", "./t.csv", "link.csv", "hard.csv", "folder/../t.csv"])
def test_the_same_table_under_any_name_is_refused(spelling: str) -> None:
    Path("folder").mkdir()
    Path("link.csv").symlink_to("t.csv")
    Path("hard.csv").hardlink_to("t.csv")
    error = error_of(f"{{csv: {{path: t.csv, target: y, test: {spelling}}}}}")
    assert (error.problems[0].path, error.exit_code) == ("data.source.csv.test", 2)
    assert f"{spelling} is the same as `path`, t.csv" in error.problems[0].message


def test_a_copy_of_the_table_is_an_error_of_the_data() -> None:
    shutil.copy("t.csv", "copy.csv")
    error = error_of("{csv: {path: t.csv, target: y, test: copy.csv}}")
    assert error.exit_code == 6
    assert "copy.csv holds byte for byte what t.csv holds" in error.problems[0].message


def test_another_table_is_accepted() -> None:
    Path("other.csv").write_text(ROWS.replace("39,q", "39,p"))
    load("{csv: {path: t.csv, target: y, test: other.csv}}")


def test_a_copy_of_the_table_is_refused_for_a_baseline_too() -> None:
    text = "data: {source: {csv: {path: t.csv, target: y, test: t.csv}}}\nbaseline: least_squares\n"
    with pytest.raises(SpecError, match=r"is the same as `path`"):
        load_spec(SpecText("s.yaml", text), name="s")


@pytest.mark.parametrize(("shift", "refused"), [(0, True), (1, False)])
def test_an_array_that_is_stored_twice_is_refused(shift: int, refused: bool) -> None:
    x, y = np.arange(80.0).reshape(40, 2), np.arange(40) % 2
    np.savez("a.npz", x=x, y=y, x_test=x + shift, y_test=y)
    if not refused:
        load("{npz: {path: a.npz}}")
        return
    error = error_of("{npz: {path: a.npz}}")
    assert (error.problems[0].path, error.exit_code) == ("data.source.npz.path", 6)


def make_images(root: Path, shade: int = 0) -> None:
    """Ten small pictures of each of two classes."""
    image = pytest.importorskip("PIL.Image")
    for number, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for index in range(10):
            image.new("L", (4, 4), 10 * index + number + shade).save(root / name / f"{index}.png")


@pytest.mark.parametrize(("test", "code"), [("set", 2), ("link", 2), ("copy", 6)])
def test_the_same_images_are_refused(test: str, code: int) -> None:
    make_images(Path("set"))
    Path("link").symlink_to("set")
    shutil.copytree("set", "copy")
    error = error_of(f"{{image_folder: {{path: set, size: 4, test: {test}}}}}")
    assert (error.problems[0].path, error.exit_code) == ("data.source.image_folder.test", code)


def test_a_train_folder_copied_as_the_test_folder_is_refused() -> None:
    make_images(Path("set/train"))
    shutil.copytree("set/train", "set/test")
    error = error_of("{image_folder: {path: set, size: 4}}")
    assert (error.problems[0].path, error.exit_code) == ("data.source.image_folder.path", 6)
    assert "set/test holds, byte for byte" in error.problems[0].message


def test_other_images_of_the_same_names_are_accepted() -> None:
    make_images(Path("set"))
    make_images(Path("other"), shade=100)
    load("{image_folder: {path: set, size: 4, test: other}}")
