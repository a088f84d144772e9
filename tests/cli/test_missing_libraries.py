"""Each library that only an extra brings taken away in turn: every command that wants it names the pip command.

Without any of them all other commands work, and none ends in a traceback.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

ROOT = str(Path(__file__).parents[2])

SPEC = """\
name: {name}
data: {{source: {source}, split: {{train: 16, dev: 4, test: 4}}}}
architecture: [flatten, {{dense: 5}}, relu, output]
training: {{epochs: 1, batch_size: 4}}
"""

SOURCES = {
    "moons": "{moons: {examples: 24}}",
    "pictures": "{image_folder: {path: pictures, size: 8}}",
    "table": "{csv: {path: table.parquet, target: y}}",
}

TPE = (
    "base: moons.yaml\nset: {name: drawn}\ntpe: {trials: 2, space: {optimizer.adam.lr: {log_uniform: [1e-4, 1e-1]}}}\n"
)

COMMANDS = {
    "train": ["train", "moons.yaml", "--restart"],
    "train on images": ["train", "pictures.yaml", "--restart"],
    "train on Parquet": ["train", "table.yaml", "--restart"],
    "validate": ["validate", "moons.yaml"],
    "validate with images": ["validate", "pictures.yaml"],
    "validate with Parquet": ["validate", "table.yaml"],
    "describe": ["describe", "moons.yaml"],
    "describe with images": ["describe", "pictures.yaml"],
    "evaluate": ["evaluate", "moons", "--confusion"],
    "evaluate on images": ["evaluate", "pictures"],
    "predict images": ["predict", "pictures", "pictures/cat"],
    "predict Parquet": ["predict", "table", "table.parquet"],
    "diagnose": ["diagnose", "moons"],
    "inspect": ["inspect", "moons.yaml", "--seeds", "2"],
    "inspect --html": ["inspect", "moons.yaml", "--seeds", "2", "--html", "inspect.html"],
    "gradcheck": ["gradcheck", "moons.yaml"],
    "report": ["report", "moons"],
    "report --html": ["report", "moons", "--html", "page.html"],
    "report --figures": ["report", "moons", "--figures", "figures"],
    "report --figures as SVG": ["report", "moons", "--figures", "figures", "--figure-format", "svg"],
    "compare": ["compare", "moons", "wider"],
    "sweep --plan": ["sweep", "moons.yaml", "seed=0..1", "--plan"],
    "sweep by tpe": ["sweep", "tpe.yaml", "-j", "1"],
    "sweep on a cluster": ["sweep", "moons.yaml", "seed=0..1", "--executor", "dask", "--address", "nowhere"],
    "ablate": ["ablate", "moons.yaml", "--seeds", "1", "--plan"],
    "data list": ["data", "list"],
    "data fetch": ["data", "fetch", "mnist", "--from", "http://127.0.0.1:9/"],
    "data show": ["data", "show", "moons"],
    "data show --png": ["data", "show", "moons", "--png", "moons.png"],
    "data show of images": ["data", "show", "pictures"],
    "data show of Parquet": ["data", "show", "table.parquet"],
    "new": ["new", "fresh"],
    "new for images": ["new", "fresh_pictures", "--data", "pictures"],
    "new for Parquet": ["new", "fresh_table", "--data", "table.parquet"],
    "list": ["list", "optimizers"],
    "schema": ["schema"],
    "runs": ["runs"],
    "export to ONNX": ["export", "moons", "--to", "onnx", "--force"],
    "export to NumPy": ["export", "moons", "--to", "npz", "--force"],
    "export to TensorBoard": ["export", "moons", "--to", "tensorboard", "--force"],
}

# A spec is checked by the names of the images alone.
IMAGE_COMMANDS = [name for name in COMMANDS if "images" in name and not name.startswith(("validate", "describe"))]
PARQUET_COMMANDS = [name for name in COMMANDS if "Parquet" in name]
DRAWING_COMMANDS = ["inspect --html", "report --html", "report --figures", "report --figures as SVG"]

WANTING: dict[str, tuple[str, list[str]]] = {
    "PIL": ("data", [*IMAGE_COMMANDS, "data show --png"]),
    "requests": ("data", ["data fetch"]),
    "altair": ("report", DRAWING_COMMANDS),
    "vl_convert": ("report", DRAWING_COMMANDS),
    "optuna": ("tune", ["sweep by tpe"]),
    "distributed": ("cluster", ["sweep on a cluster"]),
    "onnx": ("onnx", ["export to ONNX"]),
    "fastparquet": ("parquet", PARQUET_COMMANDS),
    "tensorboardX": ("tensorboard", ["export to TensorBoard"]),
}
"""By library: the extra that brings it, and the commands that cannot do without it."""

FASTER = "numba"
"""What its extra makes faster, and nothing cannot do without."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Specs and data that want each of the libraries, and their runs."""
    path = tmp_path_factory.mktemp("extras")
    for kind in ("cat", "dog"):
        (path / "pictures" / kind).mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (8, 8), (number, 0, 20 * len(kind))).save(path / "pictures" / kind / f"{number}.png")
    frame = pd.DataFrame({"a": [number / 7 for number in range(24)], "y": ["no", "yes"] * 12})
    importlib.import_module("fastparquet").write(str(path / "table.parquet"), frame)
    (path / "tpe.yaml").write_text(TPE)
    for name, source in SOURCES.items():
        (path / f"{name}.yaml").write_text(SPEC.format(name=name, source=source))
    trained = [["train", f"{name}.yaml"] for name in SOURCES]
    wider = ["train", "moons.yaml", "name=wider", "architecture.1.dense=7"]
    for result in run_without([], path, [*trained, wider]):
        assert result["code"] == 0, result["err"]
    return path


def run_without(libraries: Collection[str], folder: Path, commands: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """What comes of commands in a process that does not find some libraries."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.without_library", ",".join(libraries)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")])},
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("fresh.yaml", "fresh_pictures.yaml", "fresh_table.yaml"):
        (folder / name).unlink(missing_ok=True)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def test_with_every_library_each_command_does_its_work_and_names_no_extra(folder: Path) -> None:
    for name, result in zip(COMMANDS, run_without([], folder, list(COMMANDS.values())), strict=True):
        assert "pip install" not in result["err"], name
        # These two are asked for what is not there: an address that nobody answers at.
        is_refused = name in ("data fetch", "sweep on a cluster")
        assert (result["code"] != 0) == is_refused, (name, result["err"])


@pytest.mark.parametrize("library", WANTING)
def test_a_missing_library_is_one_sentence_with_the_pip_command(library: str, folder: Path) -> None:
    extra, wanting = WANTING[library]
    sentence = re.compile(rf"error: [^\n]+ needs {library}\S*: pip install 'nnexp\[{extra}\]'\n")
    commands = [COMMANDS[name] for name in wanting]
    for name, result in zip(wanting, run_without([library], folder, commands), strict=True):
        assert (result["code"], result["out"]) == (2, ""), (name, result["err"])
        assert sentence.fullmatch(result["err"]), (name, result["err"])


def test_without_any_of_them_every_other_command_does_its_work(folder: Path) -> None:
    wanting = {name for _, names in WANTING.values() for name in names}
    others = [name for name in COMMANDS if name not in wanting]
    for name, result in zip(
        others, run_without([*WANTING, FASTER], folder, [COMMANDS[name] for name in others]), strict=True
    ):
        assert result["code"] == 0, (name, result["err"])
        assert "pip install" not in result["err"], name
