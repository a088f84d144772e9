"""A run on another labelled file: as on its own parts, and in plain words where the file is not like its data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.errors import DataError
from nnexp.metrics.breakdown import ClassBreakdown
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.storage.atomic import replace_nonfinite
from nnexp.typing import AnyArray
from tests.cli.conftest import trained
from tests.cli.inside import told

CSV = """
name: table
data:
  source: {csv: {path: FOLDER/all.csv, target: TARGET, drop: [OTHER], categorical: {kind: auto}, fill: mean}}
  split: {train: 100, dev: 30, test: 50}
  class_weights: WEIGHTS
architecture: [dense: 5, relu, output]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 4}
"""

NPZ = """
name: arrays
data: {source: {npz: {path: FOLDER/all.npz}}, split: {train: 100, dev: 30, test: 50}}
architecture: [dense: 5, relu, output]
training: {epochs: 2}
"""


def make_table() -> pd.DataFrame:
    """A rare class, a value in the thousands, a category and a few gaps."""
    draw = np.random.default_rng(1)
    rare = draw.random(180) < 0.3
    table = pd.DataFrame(
        {
            "a": draw.normal(size=180) + rare,
            "b": draw.normal(size=180),
            "kind": draw.choice(["red", "blue"], 180),
            "class": np.where(rare, "yes", "no"),
            "rent": (1500 + 300 * draw.normal(size=180)).round(1),
        }
    )
    table.loc[::20, "b"] = np.nan
    return table


def run_on_table(folder: Path, target: str = "class", weights: str = "none") -> nnexp.Run:
    make_table().to_csv(folder / "all.csv", index=False)
    other = "rent" if target == "class" else "class"
    text = CSV.replace("FOLDER", str(folder)).replace("TARGET", target).replace("OTHER", other)
    return trained(text.replace("WEIGHTS", weights), folder / "runs")


def test_rows(run: nnexp.Run) -> AnyArray:
    return run.spec.data.choose_rows()["test"]


test_rows.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize(("target", "weights"), [("class", "none"), ("class", "balanced"), ("rent", "none")])
def test_a_file_with_the_rows_of_the_test_part_is_measured_as_that_part(
    tmp_path: Path, target: str, weights: str
) -> None:
    run = run_on_table(tmp_path, target, weights)
    file = tmp_path / "again.csv"
    # its columns in another order, and one that is not known
    make_table().iloc[test_rows(run)].iloc[:, ::-1].assign(note="x").to_csv(file, index=False)
    assert run.evaluate(file) == run.evaluate("test")
    documents = [[entry.as_dict() for entry in run.details(what)] for what in (file, "test")]
    assert replace_nonfinite(documents[0]) == replace_nonfinite(documents[1])


def test_the_command_shows_a_file_as_it_shows_a_part(tmp_path: Path) -> None:
    run = run_on_table(tmp_path)
    file = tmp_path / "again.csv"
    make_table().iloc[test_rows(run)].to_csv(file, index=False)
    (tmp_path / "all.csv").unlink()  # all that is needed stands in the run's folder
    shown = told("evaluate", run.path, file, "--confusion").stdout
    assert "again.csv" in shown
    assert "recall of yes" in shown
    assert "precision" in shown
    document = json.loads(told("evaluate", run.path, file, "--json").stdout)
    assert document["file"] == str(file)
    assert document["accuracy"] == run.final["test"]["accuracy"]
    [details] = run.details(file)
    assert isinstance(details, ClassBreakdown)
    assert document["details"][0]["confusion"] == details.confusion.tolist()


def test_a_part_and_a_file_at_once_are_refused(tmp_path: Path) -> None:
    run = run_on_table(tmp_path)
    done = told("evaluate", run.path, tmp_path / "all.csv", "--split", "dev", code=2)
    assert "--split dev is a part of the run's own data" in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "target",
            "has no column 'class'; it has 'a', 'b', 'kind', 'rent'; for rows without a target there is `nnexp p",
        ),
        ("feature", "has no column 'kind'"),
        ("unseen", "line 5, column 'class': 'maybe' is none of the classes; they are 'no', 'yes'"),
        ("gap", "line 6: the target is missing in 2 rows, first here"),
        ("text", "line 3, column 'a': 'much' is not a number"),
        ("empty", "has no rows below the names"),
    ],
)
def test_a_file_that_is_not_like_the_data_says_in_what(tmp_path: Path, change: str, words: str) -> None:
    run = run_on_table(tmp_path)
    table = make_table().iloc[:20].astype(object)
    if change in ("target", "feature"):
        table = table.drop(columns="class" if change == "target" else "kind")
    elif change == "unseen":
        table.loc[3, "class"] = "maybe"
    elif change == "gap":
        table.loc[[4, 7], "class"] = ""
    elif change == "text":
        table.loc[1, "a"] = "much"
    else:
        table = table.iloc[:0]
    table.to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(DataError) as raised:
        run.evaluate(tmp_path / "other.csv")
    assert words in str(raised.value)


def test_a_class_that_the_file_lacks_is_no_error(tmp_path: Path) -> None:
    run = run_on_table(tmp_path)
    table = make_table()
    table[table["class"] == "no"].to_csv(tmp_path / "no.csv", index=False)
    found = run.evaluate(tmp_path / "no.csv")
    assert np.isnan(found["recall"])
    assert np.isnan(found["roc_auc"])
    assert found["balanced_accuracy"] == found["accuracy"]


def run_on_arrays(folder: Path) -> tuple[nnexp.Run, AnyArray, AnyArray]:
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=(180, 3)), draw.integers(0, 3, 180)
    np.savez(folder / "all.npz", x=x, y=y)
    return trained(NPZ.replace("FOLDER", str(folder)), folder / "runs"), x, y


def test_arrays(tmp_path: Path) -> None:
    run, x, y = run_on_arrays(tmp_path)
    rows = test_rows(run)
    np.savez(tmp_path / "again.npz", x=x[rows], y=y[rows])
    assert run.evaluate(tmp_path / "again.npz") == run.evaluate("test")
    np.savez(tmp_path / "unseen.npz", x=x[:2], y=np.array([0, 3]))
    np.savez(tmp_path / "wide.npz", x=np.ones((2, 4)), y=np.array([0, 1]))
    np.savez(tmp_path / "bare.npz", x=x[:2])
    for name, words in (
        ("unseen", "the label is 3; expected 0 to 2"),
        ("wide", "expected an array of N x 3, found 2 x 4"),
        ("bare", "y"),
    ):
        with pytest.raises(DataError, match=words):
            run.evaluate(tmp_path / f"{name}.npz")


def test_arrays_for_a_run_on_a_set_that_is_no_file(digits: nnexp.Run, tmp_path: Path) -> None:
    data = digits.spec.data.load()
    rows = test_rows(digits)
    np.savez(tmp_path / "some.npz", x=data.x[rows], y=data.y[rows])
    assert digits.evaluate(tmp_path / "some.npz") == digits.evaluate("test")


def test_a_folder_of_images(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    draw = np.random.default_rng(3)
    for part, count in (("all", 12), ("more", 3)):
        for name in ("cat", "dog"):
            folder = tmp_path / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                image.fromarray(draw.integers(0, 255, (4, 4, 3), np.uint8)).save(folder / f"{number}.png")
    text = f"""
name: images
data: {{source: {{image_folder: {{path: {tmp_path / "all"}, size: 4}}}}}}
architecture: [flatten, output]
training: {{epochs: 1, batch_size: 4}}
"""
    run = trained(text, tmp_path / "runs")
    found = run.evaluate(tmp_path / "more")
    [details] = run.details(tmp_path / "more")
    assert isinstance(details, ClassBreakdown)
    assert details.class_counts.tolist() == [3, 3]
    assert found["accuracy"] == details.accuracy
    (tmp_path / "more" / "dog").rename(tmp_path / "more" / "dgo")
    with pytest.raises(DataError, match=r"dgo is of a class that the run was not trained on; did you mean 'dog'\?"):
        run.evaluate(tmp_path / "more")


def test_a_baseline(tmp_path: Path) -> None:
    make_table().to_csv(tmp_path / "all.csv", index=False)
    text = CSV.replace("FOLDER", str(tmp_path)).replace("TARGET", "class").replace("OTHER", "rent")
    text = text.replace("WEIGHTS", "none").split("architecture")[0] + "baseline: {knn: {k: 5}}\n"
    run = nnexp.train(load_spec(SpecText("spec.yaml", text), name="spec"), runs=tmp_path / "runs")
    make_table().iloc[test_rows(run)].to_csv(tmp_path / "again.csv", index=False)
    assert run.evaluate(tmp_path / "again.csv") == run.evaluate("test")
