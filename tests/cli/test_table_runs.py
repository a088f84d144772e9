"""A run on a csv file, from its spec to predictions for another file, when the one that it was trained on is gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.data.dataset import Description
from nnexp.errors import DataError, ResumeError
from nnexp.prediction.files import make_prediction_table, read_examples
from nnexp.runs.folder import read_inputs
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from tests.cli.inside import told
from tests.faults.support import killed_at, outcome, train

COUNT = 60

SPEC = """\
name: flats
data:
  source:
    csv:
      path: flats.csv
      target: {target}
      kind: {kind}
      categorical: {{district: [north, south, 3]}}
      fill: {fill}
  split: {{train: 40, dev: 10, test: 10}}
architecture: [{{dense: 5}}, activation, output]
training: {{epochs: 4, batch_size: 10}}
"""


def flats() -> pd.DataFrame:
    """A table with numbers, categories, gaps, and targets of every kind."""
    random = np.random.default_rng(3)
    size, age = random.uniform(20, 90, COUNT).round(1), random.integers(0, 99, COUNT).astype(object)
    age[::7] = None
    district = np.array(["north", "south", "3", "n/a"])[random.integers(0, 4, COUNT)]
    rent = (size * 11).round(2)
    kind = np.array(["large flat", "small"])[(size < 50).astype(int)]
    new = np.array(["no", "yes"])[random.integers(0, 2, COUNT)]
    columns = {"size": size, "age": age, "district": district, "rent": rent, "kind": kind, "new": new}
    return pd.DataFrame(columns)


def spec(target: str = "rent", kind: str = "auto", fill: str = "mean", **changes: Any) -> Any:
    others = sorted({"rent", "kind", "new"} - {word.strip("[], ") for word in target.split(",")})
    values = {"data.source.csv.drop": f"[{', '.join(others)}]", **changes}
    overrides = [f"{key}={value}" for key, value in values.items()]
    return load_spec(SpecText("s.yaml", SPEC.format(target=target, kind=kind, fill=fill)), overrides, name="s")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flats().to_csv("flats.csv", index=False)


TARGETS = {"values": ("rent", "auto"), "classes": ("kind", "auto"), "binary": ("new", "binary")}


@pytest.mark.parametrize("targets", TARGETS)
def test_a_run_evaluates_gives_details_and_is_found_finished(targets: str) -> None:
    run = nnexp.train(spec(*TARGETS[targets]))
    again = nnexp.Run(run.path)
    assert again.evaluate("test").items() >= run.final["test"].items()
    [details] = again.details("dev")
    assert details.targets == targets
    shared = "rmse" if targets == "values" else "accuracy"
    assert details.as_dict()[shared] == pytest.approx(run.final["dev"][shared], rel=1e-6)
    assert nnexp.train(spec(*TARGETS[targets])).record == run.record


def test_details_of_a_set_with_its_own_test_part_are_of_that_part() -> None:
    flats()[:17].to_csv("test.csv", index=False)
    run = nnexp.train(spec("kind", **{"data.split": "{train: 50, dev: 10}", "data.source.csv.test": "test.csv"}))
    [details] = run.details("test")
    assert details.as_dict()["accuracy"] == run.final["test"]["accuracy"]
    assert run.record["data"]["examples"]["test"] == 17


Change = Callable[[pd.DataFrame], pd.DataFrame]

SAME: dict[str, Change] = {
    "as it is": lambda read: read,
    "without targets": lambda read: read.drop(columns=["rent", "kind", "new"]),
    "in another order": lambda read: read[read.columns[::-1]],
    "with more columns": lambda read: read.assign(name="Ann, Bob", more=1.5),
}


@pytest.mark.parametrize("change", SAME)
@pytest.mark.parametrize("targets", TARGETS)
def test_predictions_are_those_for_the_inputs_of_training_whatever_else_a_file_has(targets: str, change: str) -> None:
    run = nnexp.train(spec(*TARGETS[targets]))
    expected = make_prediction_table(run.predictor, run.spec.data.source.load().x)
    SAME[change](flats()).to_csv("new.csv", index=False)
    Path("flats.csv").unlink()
    printed = told("predict", run.path, "new.csv").stdout
    assert printed == expected.to_csv(index=False)


def test_answers_are_in_the_words_of_the_file() -> None:
    classes = nnexp.train(spec("kind"))
    found = make_prediction_table(
        classes.predictor, read_examples(Path("flats.csv"), classes.predictor, classes.spec.data.source).x
    )
    assert list(found.columns) == ["class", "p_large flat", "p_small"]
    assert set(found["class"]) <= {"large flat", "small"}
    values = nnexp.train(spec("rent"))
    found = make_prediction_table(
        values.predictor, read_examples(Path("flats.csv"), values.predictor, values.spec.data.source).x
    )
    assert list(found.columns) == ["rent"]
    levels = "{district: [north, south, 3], new: [yes, no]}"
    changes = {"target": "[rent, size]", "drop": "[kind]", "categorical": levels}
    several = nnexp.train(spec(**{f"data.source.csv.{name}": value for name, value in changes.items()}))
    found = make_prediction_table(
        several.predictor, read_examples(Path("flats.csv"), several.predictor, several.spec.data.source).x
    )
    assert list(found.columns) == ["rent", "size"]


def test_what_is_missing_in_a_new_file_is_filled_in_from_the_training_part() -> None:
    run = nnexp.train(spec(fill="median"))
    Path("new.csv").write_text("district,size,age\nnorth,,30\nNA,50,\n")
    Path("flats.csv").rename("moved.csv")
    raw = read_examples(Path("new.csv"), run.predictor, run.spec.data.source).x
    nan = np.nan
    np.testing.assert_array_equal(raw, [[nan, 30, 1, 0, 0], [50, nan, nan, nan, nan]])
    Path("moved.csv").rename("flats.csv")
    data, rows = run.spec.data.source.load(), run.spec.data.split.choose_indices(COUNT, None)["train"]
    by_hand = np.where(np.isnan(raw), np.nanmedian(data.x[rows], axis=0), raw)
    assert np.array_equal(run.predictor.predict(raw), run.predictor.predict(by_hand))
    np.savez("new.npz", x=raw)
    assert told("predict", run.path, "new.npz").stdout == told("predict", run.path, "new.csv").stdout


def test_the_fill_and_the_names_of_the_inputs_are_in_the_runs_own_folder() -> None:
    run = nnexp.train(spec())
    stored = read_inputs(run.path, run.record["spec"])
    assert stored.description.inputs == ("size", "age", "district=north", "district=south", "district=3")
    assert stored.fill is not None
    assert run.parts.fill is not None
    assert np.array_equal(stored.fill, run.parts.fill)
    complete = flats().dropna()
    complete[complete["district"] != "n/a"].to_csv("flats.csv", index=False)
    whole = nnexp.train(spec(fill="refuse", **{"data.split": "{train: 20, dev: 5, test: 5}"}))
    assert read_inputs(whole.path, whole.record["spec"]).fill is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("district,size\nnorth,30\n", "new.csv has no column 'age'; it has 'district', 'size'"),
        ("district,size,Age\nnorth,30,1\n", "new.csv has no column 'age'; did you mean 'Age'?"),
        (
            "district,size,age\nsouth,30,1\nwest,30,1\n",
            "line 3, column 'district': 'west' is none of the levels; they are 'north',",
        ),
        ("district,size,age\nnorth,3o,1\n", "new.csv: line 2, column 'size': '3o' is not a number"),
        ("district,size,age\nnorth,inf,1\n", "new.csv: line 2, column 'size': 'inf' is not a finite number"),
        ("district,size,age\nnorth,30\n", "new.csv: line 2: 2 entries under 3 names"),
        ("", "new.csv is empty"),
    ],
)
def test_a_wrong_file_to_predict_for_is_refused_with_its_place(content: str, message: str) -> None:
    run = nnexp.train(spec())
    Path("flats.csv").unlink()
    Path("new.csv").write_text(content)
    assert message in told("predict", run.path, "new.csv", code=6).stderr


def test_a_run_without_missing_values_takes_none_to_predict_for() -> None:
    complete = flats().dropna()
    complete[complete["district"] != "n/a"].to_csv("flats.csv", index=False)
    run = nnexp.train(spec(fill="refuse", **{"data.split": "{train: 20, dev: 5, test: 5}"}))
    Path("new.csv").write_text("district,size,age\nnorth,30,NA\n")
    message = "line 2, column 'age': the value is missing, 'NA'; the run was trained without missing values"
    with pytest.raises(DataError, match=message):
        read_examples(Path("new.csv"), run.predictor, run.spec.data.source)
    np.savez("new.npz", x=np.full((1, 5), np.nan))
    with pytest.raises(DataError, match="not a finite number"):
        read_examples(Path("new.npz"), run.predictor, run.spec.data.source)


def test_a_file_of_a_header_alone_gives_a_header_alone() -> None:
    run = nnexp.train(spec())
    Path("new.csv").write_text("district,size,age\n")
    assert told("predict", run.path, "new.csv").stdout == "rent\n"


def test_a_baseline_fills_in_and_predicts_too() -> None:
    text = SPEC.partition("architecture")[0].format(target="rent", kind="auto", fill="mean")
    fitted = load_spec(SpecText("s.yaml", text + "baseline: knn\n"), ["data.source.csv.drop=[kind, new]"], name="s")
    run = nnexp.train(fitted)
    assert run.evaluate("dev").items() >= run.final["dev"].items()
    flats()[["age", "district", "size"]].to_csv("new.csv", index=False)
    expected = make_prediction_table(run.predictor, run.spec.data.source.load().x)
    Path("flats.csv").unlink()
    assert told("predict", run.path, "new.csv").stdout == expected.to_csv(index=False)


def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    whole = train(spec(), tmp_path / "whole")
    killed_at(40, spec(), tmp_path / "cut")
    assert nnexp.Run(tmp_path / "cut" / whole.path.name).state == "running"
    assert outcome(train(spec(), tmp_path / "cut").path) == outcome(whole.path)


@pytest.mark.parametrize("change", ["a number", "a gap", "a row"])
def test_a_file_that_changed_stops_a_run_from_going_on_and_from_being_evaluated(change: str, tmp_path: Path) -> None:
    killed_at(40, spec(), tmp_path / "runs")
    finished = nnexp.train(spec(), runs=tmp_path / "finished")
    other = flats()
    if change == "a row":
        other = pd.concat([other, other[:1]])
    else:
        other.loc[5, "size"] = 1.5 if change == "a number" else None
    other.to_csv("flats.csv", index=False)
    with pytest.raises(ResumeError, match="the data changed since"):
        train(spec(), tmp_path / "runs")
    assert "the data changed" in told("evaluate", finished.path, code=5).stderr


def test_a_run_of_an_earlier_version_has_no_names_of_inputs() -> None:
    about = Description(0, (3,), "values", ("y",), inputs=("a", "b", "c"))
    written = json.loads(json.dumps(about.as_dict()))
    assert Description.from_dict(written) == about
    del written["inputs"]
    assert Description.from_dict(written).inputs == ()
