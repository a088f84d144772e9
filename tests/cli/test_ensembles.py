"""Ensembles and cross-validation by the commands: sweep shows them; evaluate, predict and runs take them like runs."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest

import nnexp
from tests.cli.inside import inside
from tests.inline import carried_out, written

BASE = """
name: moons
data: {source: {moons: {examples: 83, noise: 0.3}}, split: {train: 47, dev: 19, test: 17}}
architecture: [{dense: {units: 7}}, activation, output]
training: {epochs: 3, batch_size: 13}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep of two ensembles; it must not be changed."""
    folder = tmp_path_factory.mktemp("ensembles")
    more = "seeds: 2\nensemble: {bagging: 3}\nobjective: {minimize: dev_loss}\n"
    carried_out(written(folder, BASE, more))
    return folder


def ensembles(folder: Path) -> list[nnexp.Run]:
    return [nnexp.Run(path) for path in sorted((folder / "runs").glob("moons_ensemble-*"))]


def test_sweep_shows_each_ensemble_beside_its_members(folder: Path) -> None:
    done = inside("sweep", "study.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    for run in ensembles(folder):
        losses = [member["final"]["dev"]["loss"] for member in run.record["members"]]
        own = run.final["dev"]["loss"]
        shown = [f"{mean(losses):.4f}", f"{min(losses):.4f}", f"{own:.4f}", f"{mean(losses) - own:+.4f}"]
        assert ["3", "resamples", str(run.record["seed"]), *shown, run.path.name] in [
            line.split() for line in done.stdout.splitlines()
        ]


def test_sweep_tells_a_program_the_same(folder: Path) -> None:
    done = inside("sweep", "study.yaml", "--json", cwd=folder)
    found = json.loads(done.stdout)["ensembles"]
    assert {entry["run"] for entry in found} == {run.path.name for run in ensembles(folder)}
    for entry in found:
        run = nnexp.Run(folder / "runs" / entry["run"])
        losses = [member["final"]["dev"]["loss"] for member in run.record["members"]]
        assert entry["state"] == "done"
        assert entry["members"] == [member["run"] for member in run.record["members"]]
        assert entry["metrics"]["test_accuracy"] == run.final["test"]["accuracy"]
        assert entry["dev_loss"] == {
            "members_mean": pytest.approx(mean(losses)),
            "best_member": min(losses),
            "ensemble": run.final["dev"]["loss"],
            "gain": pytest.approx(mean(losses) - run.final["dev"]["loss"]),
        }


def test_evaluate_takes_an_ensemble(folder: Path) -> None:
    run = ensembles(folder)[0]
    for part in ("train", "dev", "test"):
        done = inside("evaluate", run.path.name, "--split", part, "--json", cwd=folder)
        found = json.loads(done.stdout)
        assert {name: found[name] for name in ("loss", "accuracy")} == run.final[part]
        assert found["details"][0]["accuracy"] == pytest.approx(run.final[part]["accuracy"])


def test_predict_takes_an_ensemble(folder: Path, tmp_path: Path) -> None:
    run = ensembles(folder)[0]
    x = np.array([[0.5, 0.25], [-1.0, 1.5], [2.0, -0.75]])
    source = tmp_path / "points.csv"
    source.write_text("x1,x2\n" + "".join(f"{a},{b}\n" for a, b in x.tolist()))
    rows = list(csv.DictReader(StringIO(inside("predict", run.path.name, str(source), cwd=folder).stdout)))
    members = [nnexp.Run(folder / "runs" / member["run"]).predictor for member in run.record["members"]]
    by_hand = np.mean([member.probabilities(x).astype(np.float64) for member in members], axis=0)
    found = [[float(row[f"p_{name}"]) for name in run.predictor.classes] for row in rows]
    np.testing.assert_allclose(found, by_hand, rtol=1e-5)
    assert [row["class"] for row in rows] == [run.predictor.classes[k] for k in by_hand.argmax(axis=-1)]


def test_runs_lists_an_ensemble_and_rm_deletes_it_alone(tmp_path: Path) -> None:
    carried_out(written(tmp_path, BASE, "ensemble: {members: 2}\n"))
    [run] = ensembles(tmp_path)
    listed = {row["run"]: row for row in json.loads(inside("runs", "--json", cwd=tmp_path).stdout)}
    assert listed[run.path.name]["test"] == {"accuracy": run.final["test"]["accuracy"]}
    assert listed[run.path.name]["epochs"] == 6
    done = inside("runs", "rm", run.path.name, "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not run.path.exists()
    assert len(list((tmp_path / "runs").glob("moons-*"))) == 2


def test_predict_with_a_member_gone_names_it_and_shows_no_traceback(tmp_path: Path) -> None:
    carried_out(written(tmp_path, BASE, "ensemble: {members: 2}\n"))
    [run] = ensembles(tmp_path)
    member = run.record["members"][0]["run"]
    assert inside("runs", "rm", member, "--yes", cwd=tmp_path).returncode == 0
    done = inside("evaluate", run.path.name, cwd=tmp_path)
    assert done.returncode == 1
    assert f"lacks its member {member}" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    again = inside("sweep", "study.yaml", "-j", "1", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert inside("evaluate", run.path.name, cwd=tmp_path).returncode == 0


def test_an_ensemble_is_no_run_whose_weights_can_be_taken_over(folder: Path) -> None:
    run = ensembles(folder)[0]
    (folder / "next.yaml").write_text(
        BASE.replace("name: moons", f"name: next\ninit: {{from_run: {{run: {run.path}}}}}")
    )
    done = inside("validate", "next.yaml", cwd=folder)
    assert done.returncode != 0
    assert "is an ensemble: it has no layers" in " ".join((done.stderr + done.stdout).split())


def test_of_a_cross_validation_the_std_is_that_of_the_folds_means_over_seeds(tmp_path: Path) -> None:
    base = BASE.replace("{train: 47, dev: 19, test: 17}", "{test: 17}")
    found = carried_out(written(tmp_path, base, "folds: 3\nseeds: 2\nobjective: {minimize: dev_loss}\n"))
    done = inside("sweep", "study.yaml", cwd=tmp_path)
    with (found.path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["fold"], row["seed"]) for row in rows] == [(f, s) for f in "012" for s in "01"]
    folds = [mean(float(row["dev_loss"]) for row in rows if row["fold"] == fold) for fold in "012"]
    shown = ["base", "6/6", *[f"{value:.4f}" for value in (mean(folds), stdev(folds), min(folds), max(folds))]]
    assert shown in [line.split() for line in done.stdout.splitlines()]
    assert re.search(
        r"\bstd\b.*\bover\b.*\bfolds\b", done.stdout, re.DOTALL
    )  # the words of a header stand below each other
