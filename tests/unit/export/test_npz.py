"""Runs as NumPy arrays."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.export import npz
from nnexp.export.learned import load_result
from nnexp.typing import AnyArray
from tests.inline import carried_out, written
from tests.unit.export.test_onnx_file import FEW, SHORT, SPECS, TASKS, inputs, trained


def held(path: Path) -> dict[str, AnyArray]:
    with np.load(io.BytesIO(npz.encode_npz(load_result(path))), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_every_weight_and_buffer_has_its_name_and_core_shape(tmp_path: Path) -> None:
    run = trained(SPECS["classes"], tmp_path)
    file = held(run.path)
    about = {"run", "spec_hash", "nnexp", "spec", "classes", "shift", "scale"}
    assert {name: array.shape for name, array in file.items() if name not in about} == {
        "dense_1.W": (64, 7),  # without bias before batch norm
        "batch_norm_1.gain": (1, 7),
        "batch_norm_1.shift": (1, 7),
        "output.W": (7, 10),
        "output.b": (1, 10),
        "batch_norm_1.mean": (1, 7),
        "batch_norm_1.variance": (1, 7),
    }
    assert file["classes"].tolist() == [str(digit) for digit in range(10)]
    assert str(file["spec"]) == (run.path / "resolved.yaml").read_text()
    assert str(file["run"]) == run.path.name


def test_the_arrays_compute_what_the_run_does(tmp_path: Path) -> None:
    run = trained(SPECS["values"], tmp_path)
    file, x = held(run.path), inputs(run)
    hidden = np.tanh((x - file["shift"]) / file["scale"] @ file["dense_1.W"] + file["dense_1.b"])
    outputs = hidden @ file["output.W"] + file["output.b"]
    np.testing.assert_allclose(outputs, run.predictor.outputs(x), rtol=1e-5)


def test_the_weights_are_those_that_answer_for_the_run(tmp_path: Path) -> None:
    text = f"data: {{source: {{moons: {{examples: 100}}}}, {FEW}}}\narchitecture: [output]\n"
    course = "optimizer: {sgd: {lr: 30.0}}\ntraining: {epochs: 7, early_stopping: {patience: 7}}\n"
    run = trained(text + course, tmp_path)
    assert run.record["weights"] == {"checkpoint": "best", "epoch": run.record["weights"]["epoch"]}
    assert run.record["weights"]["epoch"] < run.record["epochs"]
    file, x = held(run.path), inputs(run)
    outputs = (x - file["shift"]) / file["scale"] @ file["output.W"] + file["output.b"]
    np.testing.assert_allclose(outputs, run.predictor.outputs(x), rtol=1e-4)


def test_each_output_of_several_tasks_has_its_task(tmp_path: Path) -> None:
    file = held(trained(TASKS, tmp_path).path)
    assert file["tasks"].tolist() == ["digit"] * 10 + ["large"] + ["pixels"] * 64
    assert file["classes"].shape == file["tasks"].shape
    assert file["heads_1.large.output.W"].shape == (11, 1)


def test_what_fills_gaps_and_the_names_of_columns_are_there(tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").write_text(
        "a,b,c\n" + "\n".join(f"{n if n % 9 else ''},1.5,{n}" for n in range(100)) + "\n"
    )
    source = f"{{csv: {{path: {tmp_path}/gaps.csv, target: c, kind: values, fill: zero}}}}"
    text = f"data: {{source: {source}, {FEW}}}\narchitecture: [output]\nloss: squared_error\n{SHORT}"
    file = held(trained(text, tmp_path).path)
    assert file["inputs"].tolist() == ["a", "b"]
    assert file["fill"].tolist() == [0, 0]


def test_the_members_of_an_ensemble_are_numbered(tmp_path: Path) -> None:
    base = f"name: m\ndata: {{source: {{moons: {{examples: 100}}}}, {FEW}}}\narchitecture: [output]\n{SHORT}"
    carried_out(written(tmp_path, base, "seeds: 1\nensemble: {members: 2}\nobjective: {minimize: dev_loss}\n"))
    [path] = (tmp_path / "runs").glob("m_ensemble-*")
    file, members = held(path), nnexp.Run(path).record["members"]
    for number, member in enumerate(members, start=1):
        own = held(tmp_path / "runs" / member["run"])
        np.testing.assert_array_equal(file[f"member_{number}.output.W"], own["output.W"])
    assert "output.W" not in file


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("knn", {"x", "d"}),
        ("gaussian_classifier", {"present", "means", "factors", "classes"}),
        ("least_squares", {"W", "b"}),
    ],
)
def test_a_baseline_has_what_it_keeps(name: str, kept: set[str], tmp_path: Path) -> None:
    run = trained(f"data: {{source: digits, {FEW}}}\nbaseline: {name}\n", tmp_path)
    file = held(run.path)
    assert {entry.partition(".")[2] for entry in file if entry.startswith(f"{name}.")} == kept
    assert file["classes"].shape == (10,)


def test_the_same_run_makes_the_same_bytes(tmp_path: Path) -> None:
    run = trained(SPECS["raw"], tmp_path)
    assert npz.encode_npz(load_result(run.path)) == npz.encode_npz(load_result(run.path))
