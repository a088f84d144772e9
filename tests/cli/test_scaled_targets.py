"""Values of a file are scaled for training; whatever a person reads but the loss is in the units of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.data.normalizations.linear import Unchanged
from nnexp.data.splits import PART_NAMES, PartName
from nnexp.errors import SpecError
from nnexp.prediction.ensemble import Ensemble
from nnexp.spec.problems import SpecText
from nnexp.spec.read import build_from_resolved, load_spec
from nnexp.spec.resolved import make_plain_spec
from nnexp.spec.spec import Origin
from nnexp.typing import AnyArray
from tests.cli.inside import inside

COUNT = 90

SPEC = """
name: prices
data: {source: {csv: {path: prices.csv, target: [price, year]}}, split: {train: 0.6, dev: 0.2, test: 0.2}}
architecture: [dense: 7, tanh, output]
optimizer: {adam: {lr: 0.03}}
training: {epochs: 4, batch_size: 16}
"""


def table() -> pd.DataFrame:
    source = np.random.default_rng(5)
    x = source.normal(size=(COUNT, 3)).round(6)
    price = (2.5e5 + 4e4 * np.tanh(x[:, 0]) + 2e3 * source.normal(size=COUNT)).round(2)
    year = (1990 + 10 * x[:, 1] - 3 * x[:, 2]).round(3)
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "price": price, "year": year})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table().to_csv("prices.csv", index=False)
    Path("prices.yaml").write_text(SPEC)
    return tmp_path


def trained(*overrides: str) -> nnexp.Run:
    return nnexp.train(load_spec("prices.yaml", overrides))


def given(run: nnexp.Run, part: PartName) -> AnyArray:
    """The values of a part as the file has them."""
    data = run.spec.data
    return data.source.load().y[data.split.choose_rows(data.source.load())[part]]


def predicted(run: nnexp.Run, part: PartName) -> AnyArray:
    data = run.spec.data
    return run.predictor.predict(data.source.load().x[data.split.choose_rows(data.source.load())[part]])


@pytest.mark.parametrize("overrides", [(), ("data.scale_targets=min_max",)], ids=["by default", "as asked for"])
def test_values_are_scaled_where_a_column_of_dates_splits_them(overrides: tuple[str, ...]) -> None:
    days = np.datetime64("2024-01-01") + np.arange(COUNT)
    table().assign(day=days.astype(str)).to_csv("prices.csv", index=False)
    spec = load_spec("prices.yaml", ["data.split.time=day", *overrides])
    assert not isinstance(spec.data.scale_targets, Unchanged)
    rows = spec.data.choose_rows()
    assert rows["test"].tolist() == list(range(COUNT - len(rows["test"]), COUNT))


def test_rmse_mae_and_r2_are_those_of_the_predictions_in_units_of_the_file() -> None:
    run = trained()
    for part in PART_NAMES:
        error, y = predicted(run, part) - given(run, part), given(run, part)
        expected = {
            "rmse": np.sqrt(np.square(error).mean()),
            "mae": np.abs(error).mean(),
            "r2": 1 - np.square(error).sum() / np.square(y - y.mean(axis=0)).sum(),
        }
        for name, value in expected.items():
            assert run.final[part][name] == pytest.approx(value, rel=1e-5), (part, name)
            assert run.evaluate(part)[name] == run.final[part][name]
    row = run.metrics.iloc[-1]
    for name in ("loss", "rmse", "mae", "r2"):
        assert row[f"dev_{name}"] == run.final["dev"][name]


def test_the_loss_is_that_of_the_scaled_values() -> None:
    run = trained()
    train, y = given(run, "train"), given(run, "test")
    error = (predicted(run, "test") - y) / train.std(axis=0)
    assert run.final["test"]["loss"] == pytest.approx(0.5 * np.square(error).sum(axis=1).mean(), rel=1e-5)


def test_every_output_has_its_own_figures_in_its_own_units() -> None:
    run = trained()
    [details] = run.details("test")
    error = predicted(run, "test") - given(run, "test")
    np.testing.assert_allclose(details.rmse, np.sqrt(np.square(error).mean(axis=0)), rtol=1e-5)  # type: ignore[union-attr]
    np.testing.assert_allclose(details.absolute_error, np.abs(error).mean(axis=0), rtol=1e-5)  # type: ignore[union-attr]


def test_nnexp_predict_prints_the_units_of_the_file() -> None:
    run = trained("training.epochs=30")
    done = inside("predict", str(run.path), "prices.csv", "-o", "out.csv", cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    found = pd.read_csv("out.csv")
    assert found["price"].between(1.5e5, 3.5e5).all()
    assert found["year"].between(1900, 2100).all()


def test_the_default_is_written_into_the_resolved_spec_and_depends_on_what_is_predicted() -> None:
    def scaling_of(*overrides: str) -> Any:
        return make_plain_spec(load_spec("prices.yaml", overrides))["data"]["scale_targets"]

    assert scaling_of() == "standard"
    assert scaling_of("data.scale_targets=none") == "none"
    assert scaling_of("data.targets=inputs", "architecture=[dense: 2, output]") == "none"
    assert scaling_of("data.targets={tasks: {y: given, x: inputs}}") == "standard"
    assert scaling_of("data.source={sine: {examples: 50}}") == "none"
    assert scaling_of("data.source={sine: {examples: 50}}", "data.scale_targets=min_max") == "min_max"
    table().assign(kind=np.where(table()["price"] > 2.5e5, "dear", "cheap")).to_csv("prices.csv", index=False)
    assert scaling_of("data.source.csv.target=kind") == "none"
    np.savez("prices.npz", x=table()[["a", "b"]], y=table()["price"])
    assert scaling_of("data.source={npz: prices.npz}") == "standard"


def test_a_run_of_a_version_without_scaling_is_read_as_one_without() -> None:
    plain = make_plain_spec(load_spec("prices.yaml"))
    del plain["data"]["scale_targets"]
    old = build_from_resolved(plain, "prices-000000", Origin(SPEC))
    assert make_plain_spec(old)["data"]["scale_targets"] == "none"


def test_without_scaling_a_network_answers_in_the_units_that_it_learned() -> None:
    run = trained("data.scale_targets=none", "training.epochs=1")
    error = predicted(run, "test") - given(run, "test")
    assert run.final["test"]["loss"] == pytest.approx(0.5 * np.square(error).sum(axis=1).mean(), rel=1e-5)


def test_a_baseline_gives_the_same_with_scaled_targets_and_without() -> None:
    Path("prices.yaml").write_text(SPEC.partition("architecture")[0] + "baseline: {least_squares: {l2: 0.1}}\n")
    scaled, plain = trained(), trained("data.scale_targets=none")
    np.testing.assert_allclose(predicted(scaled, "test"), predicted(plain, "test"), rtol=1e-9)
    assert scaled.final["test"] == pytest.approx(plain.final["test"], rel=1e-9)
    assert scaled.evaluate("test") == scaled.final["test"]


def test_members_that_were_scaled_differently_are_averaged_in_units_of_the_file() -> None:
    Path("bag.yaml").write_text("base: prices.yaml\nensemble: {bagging: 3}\nobjective: {minimize: dev_loss}\n")
    done = inside("sweep", "bag.yaml", "-j", "1", cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    [folder] = [path for path in Path("runs").iterdir() if "ensemble" in path.name]
    ensemble = nnexp.Run(folder)
    assert isinstance(ensemble.predictor, Ensemble)
    x, y = table()[["a", "b", "c"]].to_numpy(), given(ensemble, "test")
    members = [nnexp.Run(Path("runs") / member["run"]) for member in ensemble.record["members"]]
    shifts = {float(member.parts.train.target_scaling.shift[0]) for member in members}  # type: ignore[union-attr]
    assert len(shifts) == 3
    mean = sum(member.predictor.predict(x) for member in members) / 3
    np.testing.assert_allclose(ensemble.predictor.predict(x), mean, rtol=1e-12)
    error = predicted(ensemble, "test") - y
    assert ensemble.final["test"]["rmse"] == pytest.approx(np.sqrt(np.square(error).mean()), rel=1e-6)
    error = error / given(ensemble, "train").std(axis=0)
    assert ensemble.final["test"]["loss"] == pytest.approx(0.5 * np.square(error).sum(axis=1).mean(), rel=1e-6)


def test_the_exported_arrays_say_how_to_come_back_to_the_units() -> None:
    run = trained()
    assert inside("export", str(run.path), "--to", "npz", "-o", "run.npz", cwd=Path.cwd()).returncode == 0
    with np.load("run.npz") as arrays:
        x = (table()[["a", "b", "c"]].to_numpy() - arrays["shift"]) / arrays["scale"]
        hidden = np.tanh(x @ arrays["dense_1.W"] + arrays["dense_1.b"])
        z = hidden @ arrays["output.W"] + arrays["output.b"]
        values = z * arrays["target_scale"] + arrays["target_shift"]
    np.testing.assert_allclose(values, run.predictor.predict(table()[["a", "b", "c"]].to_numpy()), rtol=1e-6)


def test_onnx_gives_the_units_of_the_file() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    run = trained()
    assert inside("export", str(run.path), "--to", "onnx", "-o", "run.onnx", cwd=Path.cwd()).returncode == 0
    x = table()[["a", "b", "c"]].to_numpy()
    [z] = onnxruntime.InferenceSession("run.onnx").run(["outputs"], {"inputs": x.astype(np.float32)})
    np.testing.assert_allclose(z, run.predictor.predict(x), rtol=1e-5)


def test_a_last_layer_from_a_run_that_was_scaled_otherwise_is_an_error_with_the_line_to_write() -> None:
    plain = trained("data.scale_targets=none", "training.epochs=1")
    init = f"init={{from_run: {{run: {plain.path}}}}}"
    with pytest.raises(SpecError, match="gives values as they are, and here it is to give scaled values") as caught:
        load_spec("prices.yaml", [init])
    assert "`scale_targets: none`" in caught.value.problems[0].suggestion
    load_spec("prices.yaml", [init, "data.scale_targets=none"])
    load_spec("prices.yaml", [f"init={{from_run: {{run: {plain.path}, layers: [dense_1]}}}}"])


def test_it_is_said_wherever_a_loss_is_shown_that_it_is_of_scaled_values() -> None:
    said = "loss: of values scaled by standard"
    for command in ("train prices.yaml", "train prices.yaml seed=1", "evaluate prices-1", "describe prices.yaml"):
        words = command.replace("prices-1", str(trained().path)).split()
        done = inside(*words, cwd=Path.cwd())
        assert said in done.stdout, command
    done = inside("report", str(trained().path), cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    assert said in " ".join(done.stdout.split())
    plain = trained("data.scale_targets=none")
    assert said not in inside("evaluate", str(plain.path), cwd=Path.cwd()).stdout


def test_losses_of_differently_scaled_values_are_not_compared() -> None:
    runs = [str(trained(f"data.scale_targets={how}").path) for how in ("none", "standard")]
    done = inside("report", *runs, cwd=Path.cwd())
    assert done.returncode == 2
    assert "the losses: " in done.stderr
    assert inside("report", *runs, "--metric", "dev_rmse", cwd=Path.cwd()).returncode == 0


WRONG = [
    (["architecture=[dense: 3, output, relu]"], "relu gives no number below 0", "`scale_targets: min_max`"),
    (["architecture=[dense: 3, output, tanh]"], "tanh gives numbers from -1 to 1", "`scale_targets: none`"),
    (["data.targets=inputs", "data.scale_targets=center"], "the targets are inputs", "leave scale_targets out"),
    (["data.source=moons", "data.scale_targets=standard"], "the targets are classes", "leave scale_targets out"),
    (["data.scale_targets=standart"], "unknown normalization 'standart'", "did you mean 'standard'?"),
]


@pytest.mark.parametrize(("overrides", "message", "suggestion"), WRONG)
def test_what_cannot_be_scaled_is_an_error_with_the_line_to_write(
    overrides: list[str], message: str, suggestion: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(SpecText("prices.yaml", SPEC), overrides, name="prices")
    [problem] = caught.value.problems
    assert message in problem.message
    assert suggestion in problem.suggestion


@pytest.mark.parametrize(
    ("activation", "how"),
    [("relu", "min_max"), ("sigmoid", "min_max"), ("leaky_relu", "standard"), ("relu", "none"), ("identity", "center")],
)
def test_an_activation_after_the_output_is_allowed_where_it_reaches_the_targets(activation: str, how: str) -> None:
    overrides = [f"architecture=[dense: 3, output, {activation}]", f"data.scale_targets={how}"]
    load_spec(SpecText("prices.yaml", SPEC), overrides, name="prices")
