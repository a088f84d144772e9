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
