"""Runs as events, read back by TensorBoard's own reader."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnexp
from nnexp.errors import RunError
from nnexp.export import tensorboard
from nnexp.runs import manifest
from tests.unit.export.test_onnx_file import FEW, SPECS, trained

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what other libraries say when they are imported
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData


def read(run: nnexp.Run, folder: Path) -> Any:
    (folder / tensorboard.EVENTS_FILE).write_bytes(tensorboard.encode_events(run.path))
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    found.Reload()
    return found


@pytest.fixture
def run(tmp_path: Path) -> nnexp.Run:
    return trained(SPECS["classes"], tmp_path / "runs")


def test_every_column_of_the_metrics_is_a_series_over_steps(run: nnexp.Run, tmp_path: Path) -> None:
    found, table = read(run, tmp_path), run.metrics
    for column in table.columns.drop("step"):
        tag = column.replace("train_", "train/").replace("dev_", "dev/")
        series = found.Scalars(tag)
        assert [event.step for event in series] == table["step"].tolist()
        np.testing.assert_array_equal([event.value for event in series], table[column].astype(np.float32))
    assert {"train/loss", "dev/accuracy", "lr", "grad_norm"} <= set(found.Tags()["scalars"])


def test_an_epoch_stands_at_the_time_when_it_ended(run: nnexp.Run, tmp_path: Path) -> None:
    began = datetime.fromisoformat(run.record["began"]).timestamp()
    times = [event.wall_time for event in read(run, tmp_path).Scalars("lr")]
    np.testing.assert_allclose(times, began + run.metrics["seconds"].cumsum(), rtol=0, atol=1e-6)


def test_the_final_metrics_are_those_of_the_run(run: nnexp.Run, tmp_path: Path) -> None:
    found = read(run, tmp_path)
    for part, metrics in run.final.items():
        for name, value in metrics.items():
            [event] = found.Scalars(f"final/{part}_{name}")
            assert (event.value, event.step) == (np.float32(value), run.record["steps"])


def test_the_spec_is_there_as_text_and_key_by_key(run: nnexp.Run, tmp_path: Path) -> None:
    found = read(run, tmp_path)
    [text] = found.Tensors("spec/text_summary")
    assert (run.path / "resolved.yaml").read_text() in text.tensor_proto.string_val[0].decode()
    start, chosen = (
        HParamsPluginData.FromString(found.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content)
        for tag in ("session_start_info", "experiment")
    )
    keys = start.session_start_info.hparams
    assert keys["training.epochs"].number_value == 2
    assert keys["loss"].string_value == "cross_entropy"
    assert keys["init.he.fan"].string_value == "in"
    names = {info.name.tag for info in chosen.experiment.metric_infos}
    assert names == {f"final/{part}_{name}" for part in ("train", "dev", "test") for name in ("loss", "accuracy")}


def test_a_baseline_has_its_metrics_at_step_0(tmp_path: Path) -> None:
    run = trained(f"data: {{source: digits, {FEW}}}\nbaseline: knn\n", tmp_path / "runs")
    found = read(run, tmp_path)
    for tag in ("train/accuracy", "final/train_accuracy"):
        [event] = found.Scalars(tag)
        assert (event.step, event.value) == (0, np.float32(run.final["train"]["accuracy"]))


def test_a_run_that_diverged_shows_how_it_went(tmp_path: Path) -> None:
    text = f"data: {{source: {{sine: {{examples: 100}}}}, {FEW}}}\narchitecture: [output]\nloss: squared_error\n"
    run = trained(
        f"{text}optimizer: {{sgd: {{lr: 20.0}}}}\ntraining: {{epochs: 50, batch_size: 17}}\n", tmp_path / "runs"
    )
    assert run.state == "diverged"
    found = read(run, tmp_path)
    assert len(found.Scalars("train/loss")) == len(run.metrics) > 1
    assert not [tag for tag in found.Tags()["scalars"] if tag.startswith("final/")]


def test_the_same_run_makes_the_same_bytes(run: nnexp.Run) -> None:
    assert tensorboard.encode_events(run.path) == tensorboard.encode_events(run.path)


def test_a_damaged_record_is_named_with_its_line(run: nnexp.Run) -> None:
    path = run.path / "metrics.csv"
    path.write_text(path.read_text().replace("\n2,", "\nx,"))
    with pytest.raises(RunError, match=r"metrics\.csv: line 3 is damaged"):
        tensorboard.encode_events(run.path)


def test_a_number_that_is_not_known_is_nan(run: nnexp.Run, tmp_path: Path) -> None:
    final = {**run.final, "test": {"loss": None}}
    manifest.write_manifest(run.path, run.record | {"final": final})
    [event] = read(run, tmp_path).Scalars("final/test_loss")
    assert np.isnan(event.value)
