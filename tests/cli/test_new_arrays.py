"""`nnexp new --data` for arrays and folders of images: a spec that trains at once, with what was guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.cli.inside import inside

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 255, (60, 12, 12), dtype=np.uint8)
LABELS = np.arange(60) % 3

ARRAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as they are called": ({"x": PIXELS.reshape(60, -1), "y": LABELS}, {}),
    "usual names": ({"X": PIXELS.reshape(60, -1), "labels": LABELS}, {"x": "X", "y": "labels"}),
    "gray images": ({"x": PIXELS, "y": LABELS}, {"reshape": [12, 12, 1]}),
    "channels first": (
        {"x": RANDOM.normal(size=(60, 3, 16, 16)).astype(np.float32), "y": LABELS},
        {"layout": "channels_first"},
    ),
    "labels as floats": ({"x": PIXELS.reshape(60, -1), "y": LABELS.astype(float)}, {"kind": "classes"}),
    "both in doubt": (
        {"x": RANDOM.normal(size=(60, 3, 16, 16)), "y": LABELS.astype(float)},
        {"layout": "channels_first", "kind": "classes"},
    ),
    "values": ({"x": PIXELS.reshape(60, -1), "y": RANDOM.normal(size=60)}, {}),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_train_at_once_by_what_is_written(case: str, tmp_path: Path) -> None:
    arrays, written = ARRAYS[case]
    np.savez(tmp_path / "set.npz", **arrays)
    assert inside("new", "mine", "--data", "set.npz", cwd=tmp_path).returncode == 0
    spec = yaml.safe_load((tmp_path / "mine.yaml").read_text(encoding="utf-8"))
    assert spec["data"]["source"]["npz"] == {"path": "set.npz"} | written
    done = inside("train", "mine.yaml", "training.epochs=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_files_beside_each_other_are_one_set(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", PIXELS)
    np.save(tmp_path / "labels.npy", LABELS)
    assert inside("new", "mine", "--data", "images.npy", cwd=tmp_path).returncode == 0
    assert inside("train", "mine.yaml", "training.epochs=1", cwd=tmp_path).returncode == 0


def test_a_folder_of_images_keeps_their_size_and_colours(tmp_path: Path) -> None:
    from PIL import Image

    for number, (pixels, label) in enumerate(zip(PIXELS, LABELS.tolist(), strict=True)):
        folder = tmp_path / "pets" / "abc"[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    assert inside("new", "mine", "--data", "pets", cwd=tmp_path).returncode == 0
    spec = yaml.safe_load((tmp_path / "mine.yaml").read_text(encoding="utf-8"))
    assert spec["data"]["source"]["image_folder"] == {"path": "pets", "size": 12, "color": "gray"}
    assert inside("train", "mine.yaml", "training.epochs=1", cwd=tmp_path).returncode == 0


def test_what_cannot_be_read_is_said_without_a_spec_that_nobody_has_seen(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", a=PIXELS, b=LABELS)
    done = inside("new", "mine", "--data", "set.npz", cwd=tmp_path)
    assert done.returncode == 6
    assert done.stderr.startswith("error: set.npz has no array")
    assert not (tmp_path / "mine.yaml").exists()
