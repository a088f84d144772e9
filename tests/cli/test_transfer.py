"""Starting from another run's weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.errors import Interrupted, ResumeError, SpecError
from nnexp.nn.parameters import Views, weight_views
from nnexp.prediction.predictor import TrainedNetwork
from nnexp.spec.checks.check import declare_network
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Spec
from nnexp.training.stack import Stack
from tests.cli.conftest import DIGITS
from tests.contracts.arrays import identical

TARGET = """
name: target
data: {source: {blobs: {examples: 90, features: 64, classes: 4}}, split: {train: 60, dev: 30, test: 0}}
architecture: [{dense: {units: 32}}, batch_norm, activation, {dropout: {rate: 0.1}}, output]
init: {from_run: {run: RUN, layers: LAYERS}}
training: {epochs: 2, freeze: [dense_1]}
"""


def spec(run: Path | str, layers: str = "[dense_1, batch_norm_1]", *overrides: str) -> Spec:
    return load_network_spec(
        SpecText("spec.yaml", TARGET.replace("RUN", str(run)).replace("LAYERS", layers)), overrides, name="t"
    )


def weights(run: nnexp.Run) -> Views:
    assert isinstance(run.spec, Spec)
    return weight_views(declare_network(run.spec), network(run)._model.theta)


def network(run: nnexp.Run) -> TrainedNetwork:
    assert isinstance(run.predictor, TrainedNetwork)
    return run.predictor


def problems(run: Path | str, layers: str, *overrides: str) -> list[str]:
    with pytest.raises(SpecError) as raised:
        spec(run, layers, *overrides)
    return [f"{p.path}: {p.message}; {p.suggestion}" for p in raised.value.problems]


def test_layers_begin_with_the_weights_that_answer_for_the_other_run(digits: nnexp.Run) -> None:
    target = spec(digits.path)
    parts = target.prepare()
    stack = Stack([target, target], [parts, parts])
    there = weights(digits)
    for views in (weight_views(stack.model.declaration, stack.state.theta),):
        assert identical(views.array_of("dense_1.W")[1], there.array_of("dense_1.W")[0])
        assert identical(views.array_of("batch_norm_1.gain")[0], there.array_of("batch_norm_1.gain")[0])
        assert views.array_of("output.W").shape[-1] == 4
    assert identical(stack.state.buffers[0], network(digits)._model.buffers[0])


def test_frozen_layers_end_with_them_and_the_record_says_where_they_are_from(digits: nnexp.Run, tmp_path: Path) -> None:
    run = nnexp.train(spec(digits.path), runs=tmp_path)
    assert identical(weights(run).array_of("dense_1.W"), weights(digits).array_of("dense_1.W"))
    assert run.record["origin"]["run"] == str(digits.path)
    assert len(run.record["origin"]["weights"]) == 64


def test_the_rest_is_drawn_as_always(digits: nnexp.Run, tmp_path: Path) -> None:
    rest = "init.from_run.rest={normal: {std: 0.5, bias: 0.25}}"
    run = nnexp.train(spec(digits.path, "[dense_1]", rest, "optimizer={sgd: {lr: 1e-9}}"), runs=tmp_path)
    assert np.allclose(weights(run).array_of("output.b"), 0.25)
    assert weights(run).array_of("output.W").std() == pytest.approx(0.5, rel=0.2)


def test_a_whole_run_taken_over_is_where_it_ended(digits: nnexp.Run, tmp_path: Path) -> None:
    again = load_network_spec(
        SpecText("s", DIGITS), [f"init={{from_run: {digits.path}}}", "optimizer={sgd: {lr: 1e-30}}"], name="s"
    )
    run = nnexp.train(again, runs=tmp_path)
    assert identical(weights(run).array_of("output.W"), weights(digits).array_of("output.W"))


def test_a_trained_run_needs_its_origin_no_more(digits: nnexp.Run, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    shutil.copytree(digits.path, origin)
    run = nnexp.train(spec(origin), runs=tmp_path)
    shutil.rmtree(origin)
    assert nnexp.Run(run.path).evaluate("dev").items() >= run.final["dev"].items()


def test_weights_of_other_shapes_are_named(digits: nnexp.Run) -> None:
    [problem] = problems(digits.path, "['*']")
    assert "output.W is 32 x 10 there and 32 x 4 here" in problem
    assert problem.startswith("init.from_run: the weights of")
    [problem] = problems(digits.path, "[dense_1]", "architecture.0.dense.units=16", "training.freeze=[]")
    assert "dense_1.W is 64 x 32 there and 64 x 16 here; dense_1.b is 1 x 32 there and 1 x 16 here" in problem


def test_layers_that_are_not_here_are_named(digits: nnexp.Run) -> None:
    [problem] = problems(digits.path, "[batch_norm_1]", "architecture=[dense: 32, output]")
    assert "batch_norm_1.gain is 1 x 32 there and missing here" in problem


def test_names_that_fit_nothing_are_errors_in_their_places(digits: nnexp.Run) -> None:
    found = problems(digits.path, "[dense_2, dense_1, 'conv*']", "training.freeze=[dens_1]")
    assert [line.partition(": ")[0] for line in found] == [
        "init.from_run.layers.0",
        "init.from_run.layers.2",
        "training.freeze.0",
    ]
    assert "known: dense_1, batch_norm_1, output" in found[0]
    assert "did you mean 'dense_1'?" in found[2]


def test_freezing_everything_is_an_error(digits: nnexp.Run) -> None:
    assert problems(digits.path, "[dense_1]", "training.freeze=['*']") == [
        "training.freeze: everything is frozen: there is nothing left to train; "
    ]


def test_a_run_that_is_not_there_or_not_done_is_an_error(digits: nnexp.Run, tmp_path: Path) -> None:
    [problem] = problems(tmp_path / "none", "[dense_1]")
    assert "train it first" in problem
    shutil.copytree(digits.path, tmp_path / "stopped")
    record = json.loads((tmp_path / "stopped" / "run.json").read_text())
    (tmp_path / "stopped" / "run.json").write_text(json.dumps(record | {"state": "interrupted"}))
    [problem] = problems(tmp_path / "stopped", "[dense_1]")
    assert "is interrupted: `from_run` needs a finished run" in problem
    (tmp_path / "stopped" / "run.json").write_text("{")
    [problem] = problems(tmp_path / "stopped", "[dense_1]")
    assert "is damaged" in problem


def test_a_run_is_found_by_the_beginning_of_its_name_where_only_one_begins_so(
    digits: nnexp.Run, tmp_path: Path
) -> None:
    shutil.copytree(digits.path, tmp_path / "first-abc")
    assert spec(tmp_path / "first").init.describe_origin() == spec(tmp_path / "first-abc").init.describe_origin()
    shutil.copytree(digits.path, tmp_path / "first-def")
    [problem] = problems(tmp_path / "first", "[dense_1]")
    assert "several runs begin with" in problem


def test_damaged_weights_are_an_error(digits: nnexp.Run, tmp_path: Path) -> None:
    shutil.copytree(digits.path, tmp_path / "broken")
    for path in (tmp_path / "broken" / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    [problem] = problems(tmp_path / "broken", "[dense_1]")
    assert "cannot be read" in problem


def test_an_origin_that_changed_before_anything_was_saved_is_refused(digits: nnexp.Run, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    shutil.copytree(digits.path, origin)
    target = spec(origin)

    def stop(event: object) -> None:
        raise Interrupted("stopped", 2)

    with pytest.raises(Interrupted):
        nnexp.train(target, runs=tmp_path, watch=stop)
    best, last = (origin / "checkpoints" / f"{name}.npz" for name in ("best", "last"))
    kind = json.loads((origin / "run.json").read_text())["weights"]["checkpoint"]
    path = {"best": best, "last": last}[kind]
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ResumeError, match="the run that the weights are from changed"):
        nnexp.train(target, runs=tmp_path)
