"""Runs on a .npz file and on a folder of images: classes keep their names, and the data may go."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import nnexp
from nnexp.data.formats.images import choose_images, read_images
from nnexp.data.sources.image_folder import ImageFolder
from tests.cli.inside import inside

SPEC = """
name: s
data: {source: SOURCE, split: {dev: 6}}
architecture: [flatten, output]
optimizer: {adam: {lr: 0.1}}
training: {epochs: 20, batch_size: 6}
"""

SHADES = {"black": 20, "gray, middle": 128, "[bold] white": 230}


def shade(name: str, number: int) -> np.ndarray:
    """A picture of a class."""
    return np.full((4, 4), SHADES[name] + number % 12, np.uint8)


def write_arrays(folder: Path) -> str:
    names = [name for name in SHADES for _ in range(12)]
    x = np.stack([shade(name, number) for number, name in enumerate(names)])
    np.savez(folder / "set.npz", x=x, y=np.array(names), x_test=x[::6], y_test=np.array(names[::6]))
    return "{npz: set.npz}"


def write_images(folder: Path) -> str:
    for part, count in (("train", 12), ("test", 2)):
        for name in SHADES:
            (folder / "set" / part / name).mkdir(parents=True)
            for number in range(count):
                Image.fromarray(shade(name, number)).save(folder / "set" / part / name / f"{number}.png")
    return "{image_folder: {path: set, size: 4, color: gray}}"


def trained(source: str, folder: Path) -> nnexp.Run:
    (folder / "s.yaml").write_text(SPEC.replace("SOURCE", source))
    done = inside("train", "s.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    [run] = (folder / "runs").iterdir()
    return nnexp.Run(run)


@pytest.mark.parametrize("write", [write_arrays, write_images])
def test_predictions_are_the_names_of_classes_even_where_the_data_are_gone(write: object, tmp_path: Path) -> None:
    assert callable(write)
    run = trained(write(tmp_path), tmp_path)
    assert run.final["test"]["accuracy"] == 1
    assert len(run.final) == 3
    evaluated = inside("evaluate", str(run.path), "--split", "test", "--confusion", cwd=tmp_path)
    assert "[bold] white" in evaluated.stdout
    shutil.rmtree(tmp_path / "set", ignore_errors=True)
    (tmp_path / "set.npz").unlink(missing_ok=True)
    shape = run.predictor.description.shape
    np.savez(tmp_path / "x.npz", x=np.stack([shade(name, 3).reshape(shape) for name in SHADES]))
    table = pd.read_csv(io.StringIO(inside("predict", str(run.path), "x.npz", cwd=tmp_path).stdout))
    assert table["class"].tolist() == list(SHADES)
    assert list(table.columns) == ["class", *(f"p_{name}" for name in sorted(SHADES))]


def test_a_run_on_images_takes_images(tmp_path: Path) -> None:
    run = trained(write_images(tmp_path), tmp_path)
    source = run.spec.data.source
    assert isinstance(source, ImageFolder)
    (tmp_path / "new").mkdir()
    for name, value in SHADES.items():
        Image.fromarray(shade(name, 5)).convert("RGB").resize((9, 16)).save(tmp_path / "new" / f"{value:03}.jpg")
    found = run.predictor.predict(read_images(choose_images(tmp_path / "new"), source.conversion))
    assert [run.predictor.classes[k] for k in found] == list(SHADES)
    [one] = run.predictor.predict(read_images(choose_images(tmp_path / "new" / "128.jpg"), source.conversion))
    assert run.predictor.classes[one] == "gray, middle"


def test_changed_data_are_noticed(tmp_path: Path) -> None:
    run = trained(write_images(tmp_path), tmp_path)
    Image.new("L", (4, 4), 1).save(tmp_path / "set/train/black/0.png")
    done = inside("evaluate", str(run.path), cwd=tmp_path)
    assert done.returncode == 5
    assert "the inputs changed" in done.stderr


def test_a_run_on_images_with_channels_first_takes_such_images(tmp_path: Path) -> None:
    shades = [value + number for value in SHADES.values() for number in range(12)]
    x = np.array(shades, np.uint8)[:, None, None, None] * np.ones((3, 4, 5), np.uint8)
    np.savez(tmp_path / "set.npz", images=x, y=np.repeat(list(SHADES), 12))
    run = trained("{npz: {path: set.npz, x: images, layout: channels_first}}", tmp_path)
    assert run.predictor.description.shape == (4, 5, 3)
    np.save(tmp_path / "new.npy", x[5::12])
    table = pd.read_csv(io.StringIO(inside("predict", str(run.path), "new.npy", cwd=tmp_path).stdout))
    assert table["class"].tolist() == list(SHADES)
    np.save(tmp_path / "last.npy", np.moveaxis(x, 1, -1))
    refused = inside("predict", str(run.path), "last.npy", cwd=tmp_path)
    assert refused.returncode == 6
    assert "last.npy: expected an array of N x 3 x 4 x 5, found 36 x 4 x 5 x 3" in refused.stderr


def test_what_labels_were_taken_for_is_said_before_training_and_by_data_show(tmp_path: Path) -> None:
    names = [name for name in SHADES for _ in range(12)]
    x = np.stack([shade(name, number) for number, name in enumerate(names)])
    np.savez(tmp_path / "set.npz", x=x, y=np.arange(36) // 12 * 4 + 1)
    said = "set.npz: the array y: labels 1, 5, 9 are 3 classes"
    (tmp_path / "s.yaml").write_text(SPEC.replace("SOURCE", "{npz: set.npz}"))
    assert f"notice: s.yaml:3:16: data.source: {said}" in inside("train", "s.yaml", cwd=tmp_path).stderr
    assert said in inside("data", "show", "s.yaml", cwd=tmp_path).stdout.splitlines()


def test_examples_of_several_parts_are_told_by_training_and_by_data_show(tmp_path: Path) -> None:
    source = write_arrays(tmp_path)  # whose test part is made of training examples
    (tmp_path / "s.yaml").write_text(SPEC.replace("SOURCE", source))
    trained_once = inside("train", "s.yaml", cwd=tmp_path)
    [line] = [line for line in trained_once.stderr.splitlines() if "stand in train too" in line]
    assert " of 6 test examples stand in train too, inputs and targets alike (such as example " in line
    assert "stand in train too" not in inside("train", "s.yaml", cwd=tmp_path).stderr
    [shown] = [line for line in inside("data", "show", "s.yaml", cwd=tmp_path).stdout.splitlines() if "too," in line]
    assert line == f"{shown}: what is measured on them is too good"
