"""nnexp export: files for other tools, and what is said where there can be none."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest

import nnexp
from nnexp.export import tensorboard
from nnexp.runs import manifest
from tests.cli.inside import Done, inside
from tests.inline import carried_out, written

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def export(*arguments: str, runs: Path, cwd: Path, code: int = 0) -> Done:
    done = inside("export", *arguments, "--runs", str(runs), cwd=cwd)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def copied(runs: Path, tmp_path: Path) -> Path:
    """A copy of the runs, to be changed."""
    return shutil.copytree(runs, tmp_path / "runs")


def test_the_files_are_named_after_the_run_and_their_paths_printed(
    runs: Path, digits: nnexp.Run, tmp_path: Path
) -> None:
    name = digits.path.name
    for to, path in (("onnx", f"{name}.onnx"), ("npz", f"{name}.npz"), ("tensorboard", f"tensorboard/{name}")):
        done = export("short_digits", "--to", to, runs=runs, cwd=tmp_path)
        assert (done.stdout, done.stderr) == (f"{path}\n", "")
        assert (tmp_path / path).exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.npz", f"{name}.onnx", "tensorboard"]
    assert [path.name for path in (tmp_path / "tensorboard" / name).iterdir()] == [tensorboard.EVENTS_FILE]


def test_another_program_predicts_the_same(runs: Path, digits: nnexp.Run, tmp_path: Path) -> None:
    export("short_digits", "--to", "onnx", "-o", "net.onnx", runs=runs, cwd=tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    x = digits.spec.data.source.load().x[:20].astype(np.float32)
    _, probabilities = session.run(None, {"inputs": x})
    np.testing.assert_allclose(probabilities, digits.predictor.probabilities(x), atol=1e-6)


def test_output_may_be_a_folder_that_is_there(runs: Path, sine: nnexp.Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    done = export("short_sine", "--to", "npz", "-o", "out", runs=runs, cwd=tmp_path)
    assert done.stdout == f"out/{sine.path.name}.npz\n"


def test_a_run_can_be_where_one_stands(runs: Path, sine: nnexp.Run, tmp_path: Path) -> None:
    done = export(".", "--to", "npz", "-o", str(tmp_path), runs=runs, cwd=sine.path)
    assert done.stdout == f"{tmp_path / sine.path.name}.npz\n"
    done = export("..", "--to", "tensorboard", "-o", str(tmp_path), runs=runs, cwd=sine.path / "checkpoints")
    assert done.stdout == f"{tmp_path / sine.path.name}\n"


def test_several_runs_go_to_tensorboard_each_once(
    runs: Path, digits: nnexp.Run, sine: nnexp.Run, tmp_path: Path
) -> None:
    done = export("short_sine", str(runs), "--to", "tensorboard", "-o", "logs", runs=runs, cwd=tmp_path)
    assert sorted(done.stdout.split()) == [f"logs/{digits.path.name}", f"logs/{sine.path.name}"]


@pytest.mark.parametrize("to", ["onnx", "npz", "tensorboard"])
def test_what_is_there_is_replaced_only_with_force(to: str, runs: Path, tmp_path: Path) -> None:
    first = export("short_sine", "--to", to, runs=runs, cwd=tmp_path).stdout.strip()
    path = tmp_path / first / tensorboard.EVENTS_FILE if to == "tensorboard" else tmp_path / first
    path.write_text("mine")
    done = export("short_sine", "--to", to, runs=runs, cwd=tmp_path, code=2)
    assert "exists already; --force replaces it" in done.stderr
    assert path.read_text() == "mine"
    export("short_sine", "--to", to, "--force", runs=runs, cwd=tmp_path)
    assert path.read_bytes() != b"mine"


def test_a_folder_is_never_replaced(runs: Path, sine: nnexp.Run, tmp_path: Path) -> None:
    (tmp_path / f"{sine.path.name}.npz").mkdir()
    done = export("short_sine", "--to", "npz", "--force", runs=runs, cwd=tmp_path, code=2)
    assert "is a folder, and cannot be replaced by a file" in done.stderr


@pytest.mark.parametrize("to", ["onnx", "npz"])
def test_a_run_that_is_not_done_has_no_network(to: str, copied: Path, sine: nnexp.Run, tmp_path: Path) -> None:
    folder = copied / sine.path.name
    manifest.write_manifest(folder, manifest.read_manifest(folder) | {"state": "interrupted"})
    done = export("short_sine", "--to", to, runs=copied, cwd=tmp_path, code=1)
    assert "is interrupted: this needs a finished run" in done.stderr
    assert not list(tmp_path.glob("*.*"))


@pytest.mark.parametrize("file", ["run.json", "inputs.npz", "checkpoints/last.npz", "resolved.yaml"])
def test_a_damaged_run_is_an_error_that_names_the_file(
    file: str, copied: Path, sine: nnexp.Run, tmp_path: Path
) -> None:
    path = copied / sine.path.name / file
    path.write_bytes(path.read_bytes()[:-7])
    code = 5 if file == "resolved.yaml" else 1
    assert str(path) in export("short_sine", "--to", "npz", runs=copied, cwd=tmp_path, code=code).stderr


def test_damaged_runs_are_named_and_the_others_written(
    copied: Path, digits: nnexp.Run, sine: nnexp.Run, tmp_path: Path
) -> None:
    metrics = copied / sine.path.name / "metrics.csv"
    metrics.write_text(metrics.read_text() + "x\n")
    done = export("short_digits", "short_sine", "--to", "tensorboard", runs=copied, cwd=tmp_path)
    assert done.stdout == f"tensorboard/{digits.path.name}\n"
    assert f"{metrics}: line 5 is damaged" in done.stderr
    done = export("short_sine", "--to", "tensorboard", runs=copied, cwd=tmp_path, code=1)
    assert f"{metrics}: line 5 is damaged" in done.stderr


def test_wrong_words_are_answered(runs: Path, tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        return export(*arguments, runs=runs, cwd=tmp_path, code=2).stderr

    assert "there is no run or sweep 'nothing'" in said("nothing", "--to", "npz")
    assert "--to onnx takes one run, and 2 are named" in said("short_sine", "short_digits", "--to", "onnx")
    assert f"takes one run, and {runs} holds 2 of them: name one" in said(str(runs), "--to", "npz")
    (tmp_path / "empty").mkdir()
    assert "empty is no run, no sweep, and holds no runs" in said("empty", "--to", "tensorboard")
    assert "'pickle'" in said("short_sine", "--to", "pickle")
    assert "--to" in said("short_sine")


def test_a_target_that_cannot_be_written_is_an_error(runs: Path, tmp_path: Path) -> None:
    for to, target in (("npz", "nowhere/net.npz"), ("onnx", "nowhere/net.onnx")):
        done = export("short_sine", "--to", to, "-o", target, runs=runs, cwd=tmp_path, code=1)
        assert done.stderr == f"error: cannot write {target}: No such file or directory\n"
        done = export("short_sine", "--to", to, "-o", "n" * 300, runs=runs, cwd=tmp_path, code=1)
        assert done.stderr == f"error: cannot write {'n' * 300}: File name too long\n"
    (tmp_path / "taken").write_text("")
    done = export("short_sine", "--to", "tensorboard", "-o", "taken", runs=runs, cwd=tmp_path, code=1)
    assert "cannot make the folder taken/short_sine-" in done.stderr


@pytest.mark.parametrize(("to", "library"), [("onnx", "onnx"), ("tensorboard", "tensorboardX")])
def test_a_missing_library_is_named_with_its_extra(
    to: str, library: str, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    done = export("short_sine", "--to", to, runs=runs, cwd=tmp_path, code=2)
    assert f"pip install 'nnexp[{to}]'" in done.stderr
    assert not list(tmp_path.iterdir())


BASE = """
name: moons
data: {source: {moons: {examples: 83}}, split: {train: 47, dev: 19, test: 17}}
architecture: [output]
training: {epochs: 2, batch_size: 13}
"""


def test_of_a_sweep_every_run_that_has_begun_goes_to_tensorboard_its_ensembles_too(tmp_path: Path) -> None:
    more = "seeds: 1\nensemble: {members: 2}\nobjective: {minimize: dev_loss}\n"
    sweep = carried_out(written(tmp_path, BASE, more))
    runs = tmp_path / "runs"
    names = {path.name for path in runs.glob("moons*-*")}
    assert len(names) == 3
    done = export(sweep.path.name, "--to", "tensorboard", runs=runs, cwd=tmp_path)
    assert ({Path(line).name for line in done.stdout.split()}, done.stderr) == (names, "")
    gone = next(path for path in runs.glob("moons-*"))
    shutil.rmtree(gone)
    done = export(str(sweep.path), "--to", "tensorboard", "-o", "again", runs=runs, cwd=tmp_path)
    assert {Path(line).name for line in done.stdout.split()} == names - {gone.name}
    assert done.stderr == f"1 of the 3 runs of {sweep.path} have not begun\n"
    done = export(sweep.path.name, "--to", "npz", runs=runs, cwd=tmp_path, code=2)
    assert f"--to npz takes one run, and {sweep.path.name} is a sweep: name one" in done.stderr


def test_runs_of_one_name_are_not_written_over_each_other(
    copied: Path, runs: Path, sine: nnexp.Run, tmp_path: Path
) -> None:
    both = [str(folder / sine.path.name) for folder in (copied, runs)]
    assert "have the same name" in export(*both, "--to", "tensorboard", runs=runs, cwd=tmp_path, code=2).stderr


def test_what_the_document_shows_works_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    found = re.findall(r"^\$ nnexp ([^\n]*)$|```python\n(.*?)```", DOCUMENT, re.MULTILINE | re.DOTALL)
    shown: list[dict[str, Any]] = []
    with chdir(tmp_path):
        for command, code in found:
            if code:
                shown.append({})
                exec(code, shown[-1])
            else:
                words = [path for word in shlex.split(command) for path in globbed(word)]
                done = inside(*words, cwd=tmp_path)
                assert done.returncode == 0, f"{command}: {done.stderr}"
        assert np.shape(shown[0]["probabilities"]) == (3, 10)
        x = np.random.default_rng(0).integers(0, 17, (3, 64))
        pd.DataFrame(x, columns=[f"pixel_{i}" for i in range(64)]).to_csv("pixels.csv", index=False)
        assert inside("predict", "small_mlp", "pixels.csv", "-o", "answers.csv", cwd=tmp_path).returncode == 0
        answers = pd.read_csv("answers.csv", dtype={"class": str})
        assert answers["class"].tolist() == list(shown[1]["answers"])
        np.testing.assert_allclose(answers.drop(columns="class"), shown[1]["probabilities"], atol=1e-5)
        sweep = {path.name for path in Path("events").iterdir()}
        assert len(sweep) == 2
        assert sweep < {path.name for path in Path("runs").iterdir()}


def globbed(word: str) -> list[str]:
    """A word as a shell takes it."""
    return sorted(map(os.fspath, Path().glob(word))) if "*" in word else [word]
