"""Whole runs in ONNX: what stands before and after the layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import nnexp
from nnexp.errors import UsageError
from nnexp.export.learned import load_result
from nnexp.export.onnx import file
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.typing import AnyArray
from tests.inline import carried_out, written
from tests.unit.export.answers import answers, properties

SHORT = "training: {epochs: 2, batch_size: 17}\n"
DOUBLE = "training: {epochs: 2, batch_size: 17, dtype: float64}\n"
FEW = "split: {train: 60, dev: 20, test: 20}"

SPECS = {
    "classes": f"data: {{source: digits, {FEW}}}\narchitecture: {{mlp: {{hidden: [7], batch_norm: true}}}}\n{SHORT}",
    "images": f"data: {{source: {{digits: {{flat: false}}}}, {FEW}, normalize: per_channel}}\n"
    f"architecture: [conv2d: {{filters: 3, kernel: 3}}, relu, max_pool, flatten, output]\n{SHORT}",
    "several binary": f"data: {{source: digits, {FEW}, normalize: min_max, targets: {{membership: [[0], [1, 7]]}}}}\n"
    f"architecture: [output]\nloss: binary_cross_entropy\n{SHORT}",
    "one against rest": f"data: {{source: digits, {FEW}}}\narchitecture: [output]\nloss: binary_cross_entropy\n{SHORT}",
    "scores": f"data: {{source: digits, {FEW}, normalize: center}}\narchitecture: [output]\nloss: hinge\n{SHORT}",
    "values": f"data: {{source: {{friedman: {{examples: 100}}}}, {FEW}}}\narchitecture: {{mlp: {{hidden: [7]}}}}\n"
    f"activation: tanh\nloss: squared_error\n{SHORT}",
    "raw": f"data: {{source: {{moons: {{examples: 100}}}}, {FEW}, normalize: none}}\narchitecture: [output]\n{DOUBLE}",
    "factors": f"data: {{source: {{sine: {{examples: 100}}}}, {FEW}, normalize: standard}}\n"
    f"architecture: [dense: 3, selu, classic_dropout: 0.3, dense: 5, classic_dropout: 0.3, output]\n{DOUBLE}",
    "least squares": f"data: {{source: {{digits: {{flat: false}}}}, {FEW}}}\nbaseline: least_squares\n",
}
"""Each by what is particular about it. In `factors`, numbers stand before matrix products."""


def trained(text: str, runs: Path) -> nnexp.Run:
    return nnexp.train(load_spec(SpecText("spec.yaml", text), name="spec"), runs=runs)


def inputs(run: nnexp.Run) -> AnyArray:
    return run.spec.data.source.load().x[:50]


def check(run: nnexp.Run, x: AnyArray) -> dict[str, AnyArray]:
    """Hold the file against our own outputs and probabilities of raw inputs x (N, ...)."""
    found = answers(file.encode_onnx(load_result(run.path)), x)
    wanted = {"outputs": run.predictor.outputs(x)}
    if "probabilities" in found:
        wanted["probabilities"] = run.predictor.probabilities(x)
    assert found.keys() == wanted.keys()
    for name, own in wanted.items():
        # the file is of the network's precision throughout; our own scaled values come back to their units in double
        precision = "float64" if isinstance(run.spec, BaselineSpec) else run.spec.training.dtype
        limit = 1e-12 if precision == "float64" else 1e-5
        assert found[name].dtype == precision
        np.testing.assert_allclose(found[name], own, rtol=0, atol=limit * np.abs(own).max())
    return found


@pytest.mark.parametrize("name", SPECS)
def test_a_file_answers_as_its_run(name: str, tmp_path: Path) -> None:
    run = trained(SPECS[name], tmp_path)
    found = check(run, inputs(run))
    logits = name in ("classes", "images", "several binary", "one against rest", "raw")
    assert ("probabilities" in found) == logits


def test_any_number_of_examples_goes_through(tmp_path: Path) -> None:
    run = trained(SPECS["images"], tmp_path)
    x = inputs(run)
    assert len(check(run, x[:1])["outputs"]) == 1
    [asked] = onnx.load_from_string(file.encode_onnx(load_result(run.path))).graph.input
    dimensions = asked.type.tensor_type.shape.dim
    assert (asked.name, dimensions[0].dim_param) == ("inputs", "N")
    assert [dimension.dim_value for dimension in dimensions[1:]] == [8, 8, 1]


def test_inputs_far_from_0_lose_no_digits(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = 1000 + draw.integers(0, 1024, (100, 3)) / 1024  # numbers that single precision has
    np.savez(tmp_path / "far.npz", x=x, y=draw.standard_normal((100, 2)))
    text = (
        f"data: {{source: {{npz: {{path: {tmp_path}/far.npz}}}}, {FEW}, normalize: standard}}\narchitecture: [output]\n"
    )
    check(trained(f"{text}loss: squared_error\n{SHORT}", tmp_path), x)


def test_missing_values_are_filled_in(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    table = draw.standard_normal((100, 3)).round(3).tolist()
    lines = [f"{'' if n % 7 == 0 else a},{b},{c}" for n, (a, b, c) in enumerate(table)]
    (tmp_path / "gaps.csv").write_text("\n".join(["a,b,c", *lines]) + "\n")
    source = f"{{csv: {{path: {tmp_path}/gaps.csv, target: c, kind: values, fill: median}}}}"
    run = trained(f"data: {{source: {source}, {FEW}}}\narchitecture: [output]\nloss: squared_error\n{SHORT}", tmp_path)
    x = np.array([[np.nan, 1.0], [2.0, np.nan], [np.nan, np.nan], [0.5, -1.0]])
    assert np.isfinite(check(run, x)["outputs"]).all()
    assert json.loads(properties(file.encode_onnx(load_result(run.path)))["inputs"]) == ["a", "b"]


TASKS = f"""
data:
  source: digits
  {FEW}
  targets:
    tasks: {{digit: given, large: {{membership: [[5, 6, 7, 8, 9]]}}, pixels: inputs}}
architecture:
  - dense: 11
  - relu
  - heads: {{pixels: [output], digit: [dense: 5, relu, output], large: [output]}}
loss:
  tasks: {{digit: {{loss: cross_entropy}}, large: {{loss: binary_cross_entropy}}, pixels: {{loss: squared_error}}}}
{SHORT}"""


def test_every_task_has_outputs_of_its_own(tmp_path: Path) -> None:
    run = trained(TASKS, tmp_path)
    x = inputs(run)
    content = file.encode_onnx(load_result(run.path))
    found = answers(content, x)
    names = ["digit_outputs", "digit_probabilities", "large_outputs", "large_probabilities", "pixels_outputs"]
    assert list(found) == names
    for name, said in zip(
        ("digit_probabilities", "large_probabilities", "pixels_outputs"), run.predictor.predictions(x), strict=True
    ):
        np.testing.assert_allclose(found[name], said.scores, atol=1e-5)
    tasks = json.loads(properties(content)["tasks"])
    assert {name: len(task["classes"]) for name, task in tasks.items()} == {"digit": 10, "large": 1, "pixels": 64}


ENSEMBLES = {
    "classes": ("{moons: {examples: 83, noise: 0.3}}", "cross_entropy", "float32"),
    "one against rest": ("{moons: {examples: 83, noise: 0.3}}", "binary_cross_entropy", "float64"),
    "values": ("{sine: {examples: 83}}", "squared_error", "float32"),
}


@pytest.mark.parametrize("name", ENSEMBLES)
def test_an_ensemble_is_the_average_of_its_members_each_with_its_own_normalisation(name: str, tmp_path: Path) -> None:
    source, loss, dtype = ENSEMBLES[name]
    base = f"""
name: moons
data: {{source: {source}, split: {{train: 47, dev: 19, test: 17}}, normalize: standard}}
architecture: [{{dense: {{units: 7}}}}, relu, output]
loss: {loss}
training: {{epochs: 3, batch_size: 13, dtype: {dtype}}}
"""
    carried_out(written(tmp_path, base, "seeds: 1\nensemble: {bagging: 3}\nobjective: {minimize: dev_loss}\n"))
    [path] = (tmp_path / "runs").glob("moons_ensemble-*")
    run = nnexp.Run(path)
    check(run, inputs(run))
    check(run, 1e3 * inputs(run))  # where the members are so sure that their probabilities vanish


def test_what_is_known_of_the_run_is_in_the_file(tmp_path: Path) -> None:
    run = trained(SPECS["classes"], tmp_path)
    content = file.encode_onnx(load_result(run.path))
    about: dict[str, Any] = properties(content)
    assert about.pop("spec") == (run.path / "resolved.yaml").read_text()
    assert json.loads(about.pop("classes")) == [str(digit) for digit in range(10)]
    assert about == {
        "run": run.path.name,
        "spec_hash": run.record["spec"],
        "nnexp": run.record["versions"]["nnexp"],
        "targets": "classes",
    }
    model = onnx.load_from_string(content)
    assert (model.producer_name, model.opset_import[0].version) == ("nnexp", 18)
    names = {constant.name for constant in model.graph.initializer}
    assert {"dense_1.W", "output.b", "batch_norm_1.shift", "output.W"} <= names


def test_the_same_run_makes_the_same_bytes(tmp_path: Path) -> None:
    run = trained(SPECS["classes"], tmp_path)
    assert file.encode_onnx(load_result(run.path)) == file.encode_onnx(load_result(run.path))


@pytest.mark.parametrize("name", ["knn", "gaussian_classifier"])
def test_other_baselines_are_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    run = trained(f"data: {{source: digits, {FEW}}}\nbaseline: {name}\n", tmp_path)
    with pytest.raises(UsageError, match=f"the baseline {name} cannot be exported to ONNX: it"):
        file.encode_onnx(load_result(run.path))
