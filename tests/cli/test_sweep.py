"""nnexp sweep: the runs exist once each, whatever is said how often; what goes wrong is a result."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.inside import Done, inside
from tests.faults.support import outcome

BASE = """\
name: tiny
seed: 1
data: {source: {moons: {examples: 53, noise: 0.2}}, split: {train: 23, dev: 13, test: 11}}
architecture: [{dense: {units: 7}}, activation, output]
optimizer: {adam: {lr: 5e-2}}
training: {epochs: 4, batch_size: 13}
"""

GRID = ("tiny.yaml", "optimizer.adam.lr=1e-3,1e-2,1e-1", "seed=0..2")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the base spec, as `tiny.yaml`."""
    (tmp_path / "tiny.yaml").write_text(BASE)
    return tmp_path


@pytest.fixture(scope="module")
def _swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the finished sweep GRID, to be copied."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "tiny.yaml").write_text(BASE)
    sweep(folder, *GRID)
    return folder


@pytest.fixture
def swept(_swept: Path, tmp_path: Path) -> Path:
    """The base spec and the finished sweep GRID of it."""
    return shutil.copytree(_swept, tmp_path / "swept")


def sweep(place: Path, *arguments: str, code: int = 0) -> Done:
    jobs = () if "--jobs" in arguments else ("--jobs", "1")
    done = inside("sweep", *arguments, *jobs, cwd=place)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def document(place: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = sweep(place, *arguments, "--json", code=code)
    return json.loads(done.stdout)


def folders(place: Path) -> list[Path]:
    """The run folders."""
    return sorted(path.parent for path in (place / "runs").glob("*/run.json"))


def table(place: Path) -> list[dict[str, str]]:
    [path] = (place / "runs" / "sweeps").glob("*/sweep.csv")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def stamps(place: Path) -> dict[str, int]:
    """When each file of the runs was changed last."""
    return {str(path): path.stat().st_mtime_ns for path in (place / "runs").rglob("*") if "sweeps" not in path.parts}


def test_a_sweep_makes_its_runs_and_says_how_they_are(place: Path) -> None:
    done = sweep(place, *GRID)
    rows = table(place)
    assert len(rows) == len(folders(place)) == 9
    assert {row["state"] for row in rows} == {"done"}
    assert [row["optimizer.adam.lr"] for row in rows] == ["0.001"] * 3 + ["0.01"] * 3 + ["0.1"] * 3
    assert [row["seed"] for row in rows] == ["0", "1", "2"] * 3
    best = max(rows, key=lambda row: float(row["dev_accuracy"]))
    assert f"best run: {best['run']}" in done.stdout
    means = {
        lr: sum(float(row["dev_accuracy"]) for row in rows if row["optimizer.adam.lr"] == lr) / 3
        for lr in ("0.001", "0.01", "0.1")
    }
    shown = [line.split()[0] for line in done.stdout.splitlines() if line.strip()[:2] == "0."]
    assert shown == sorted(shown, key=lambda lr: -means[lr])
    for lr, mean in means.items():
        [line] = [line for line in done.stdout.splitlines() if line.split()[:1] == [lr]]
        assert f"{100 * mean:.2f} %" in line
        assert "3/3" in line
    assert "9 done; table in runs/sweeps/tiny-" in done.stdout.replace("\n", " ")


def test_a_finished_sweep_does_nothing(place: Path) -> None:
    first = sweep(place, *GRID)
    before = stamps(place)
    second = sweep(place, *GRID)
    assert second.stdout == first.stdout
    assert stamps(place) == before


def test_more_seeds_and_values_train_what_is_missing_alone(swept: Path) -> None:
    before = stamps(swept)
    done = sweep(swept, "tiny.yaml", "optimizer.adam.lr=1e-3,1e-2,1e-1,3e-1", "seed=0..3")
    after = stamps(swept)
    assert {name: after[name] for name in before} == before
    assert len(folders(swept)) == 16
    assert "16 done" in done.stdout
    assert len(table(swept)) == 16


def test_runs_that_exist_already_are_found(place: Path) -> None:
    assert inside("train", "tiny.yaml", "optimizer.adam.lr=1e-2", "seed=1", "-q", cwd=place).returncode == 0
    before = stamps(place)
    sweep(place, *GRID)
    after = stamps(place)
    assert {name: after[name] for name in before} == before
    assert len(folders(place)) == 9


def test_each_run_is_an_ordinary_one(swept: Path) -> None:
    [row] = [row for row in table(swept) if (row["optimizer.adam.lr"], row["seed"]) == ("0.01", "2")]
    folder = swept / "runs" / row["run"]
    resolved = str(folder / "resolved.yaml")
    assert inside("train", resolved, "--runs", "alone", "-q", cwd=swept).returncode == 0
    [alone] = (swept / "alone").iterdir()
    assert alone.name == folder.name
    assert outcome(alone) == outcome(folder)
    assert inside("evaluate", str(folder), cwd=swept).returncode == 0
    assert inside("train", "tiny.yaml", "optimizer.adam.lr=1e-2", "seed=2", cwd=swept).returncode == 0
    assert len(folders(swept)) == 9


def test_a_plan_is_shown_and_nothing_is_written(place: Path) -> None:
    done = sweep(place, *GRID, "--plan", "--jobs", "1")
    assert not (place / "runs").exists()
    assert "9 runs, 9 of them to be trained by 1 worker" in done.stdout
    assert "lr=0.001" in done.stdout
    found = document(place, *GRID, "--plan")
    assert not (place / "runs").exists()
    assert found["missing"] == 9
    assert [run["seed"] for run in found["runs"]] == [0, 1, 2] * 3
    assert sum(size for stack in found["stacks"] for size in stack["sizes"]) == 9


def test_a_plan_says_of_a_folder_that_is_not_there_that_it_will_be(place: Path) -> None:
    last = sweep(place, *GRID, "--plan").stdout.splitlines()[-1]
    assert last.startswith("not begun: its folder will be runs/sweeps/")
    assert not (place / "runs").exists()


@pytest.mark.parametrize(("word", "key"), [("folds: 3", "fold"), ("ensemble: {members: 3}", "member")])
def test_a_plan_tells_folds_and_members_apart(place: Path, word: str, key: str) -> None:
    (place / "study.yaml").write_text(f"base: tiny.yaml\nset: {{data.split: {{test: 11}}}}\n{word}\n")
    lines = [line.split() for line in sweep(place, "study.yaml", "--plan").stdout.splitlines() if line.strip()]
    column = lines[0].index(key)
    assert [line[column] for line in lines[2:5]] == ["0", "1", "2"]
    assert [run[key] for run in document(place, "study.yaml", "--plan")["runs"]] == [0, 1, 2]


def test_the_plan_of_a_sweep_under_way_says_what_is_missing(place: Path) -> None:
    sweep(place, "tiny.yaml", "optimizer.adam.lr=1e-3,1e-2", "seed=0..2")
    before = stamps(place)
    found = document(place, *GRID, "--plan")
    assert (len(found["runs"]), found["missing"]) == (9, 3)
    assert stamps(place) == before


def test_json_is_one_document(place: Path) -> None:
    found = document(place, *GRID)
    assert found["complete"] is True
    assert found["objective"] == {"metric": "dev_accuracy", "maximize": True}
    assert found["sweep"].startswith("runs/sweeps/tiny-")
    rows = {row["run"]: row for row in table(place)}
    for run in found["runs"]:
        assert run["state"] == "done"
        assert run["values"] == {"optimizer.adam.lr": float(rows[run["run"]]["optimizer.adam.lr"])}
        assert run["metrics"]["dev_loss"] == float(rows[run["run"]]["dev_loss"])


def test_the_same_points_are_said_and_trained_once(place: Path) -> None:
    done = sweep(place, "tiny.yaml", "activation=relu,tanh,relu", "seed=1,1")
    assert len(folders(place)) == 2
    assert "4 points of the plan: the same run as another" in done.stderr


def test_whole_components_and_their_own_parameters(place: Path) -> None:
    sweep(place, "tiny.yaml", "optimizer={sgd: {lr: 0.1}},{adam: {lr: {grid: [1e-3, 1e-2]}}}", "seed=0..1")
    rows = table(place)
    assert [(row["optimizer"], row["optimizer.adam.lr"], row["optimizer.sgd.lr"]) for row in rows[::2]] == [
        ("sgd", "", "0.1"),
        ("adam", "0.001", ""),
        ("adam", "0.01", ""),
    ]


DIVERGING = ("tiny.yaml", "optimizer={sgd: {lr: {grid: [0.1, 1e30, 0.2]}}},adam", "seed=0..1")


def test_a_run_that_diverges_is_a_result(place: Path) -> None:
    done = sweep(place, *DIVERGING, code=3)
    states = [row["state"] for row in table(place)]
    assert states == ["done"] * 2 + ["diverged"] * 2 + ["done"] * 4
    assert "2 diverged" in done.stdout
    rows = [line for line in done.stdout.splitlines() if "/2" in line]
    assert "1e+30" in rows[-1]
    assert "1e+30" not in rows[0]
    found = document(place, *DIVERGING, code=3)
    assert [run["state"] for run in found["runs"]] == states
    assert found["complete"] is True


def test_nothing_is_trained_again_after_a_divergence(place: Path) -> None:
    sweep(place, *DIVERGING, code=3)
    before = stamps(place)
    sweep(place, *DIVERGING, code=3)
    sweep(place, *DIVERGING, "--retry-failed", code=3)  # it would diverge again, to the same bits
    assert stamps(place) == before


def block(place: Path, *words: str) -> Path:
    """Put a file where the folder of a run will be, so that the run fails."""
    path = place / "runs" / str(document(place, "tiny.yaml", *words, "--plan")["runs"][1]["run"])
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    return path


def test_a_run_that_fails_is_a_result_and_can_be_tried_again(place: Path) -> None:
    words = ("activation=relu,tanh,elu,gelu",)
    path = block(place, *words)
    done = sweep(place, "tiny.yaml", *words, code=3)
    assert [row["state"] for row in table(place)] == ["done", "failed", "done", "done"]
    assert f"{path.name} failed: " in done.stderr
    assert path.name in table(place)[1]["error"]
    path.unlink()
    again = sweep(place, "tiny.yaml", *words, code=3)  # a failure stays one until it is to be tried again
    assert "1 failed" in again.stdout
    sweep(place, "tiny.yaml", *words, "--retry-failed")
    assert [row["state"] for row in table(place)] == ["done"] * 4
    assert "4 done" in sweep(place, "tiny.yaml", *words).stdout


def test_a_sweep_stops_after_the_first_failure_where_that_is_asked_for(place: Path) -> None:
    arguments = ("tiny.yaml", "optimizer={sgd: {lr: 1e30}},adam,nadam", "activation=relu,tanh", "--jobs", "1")
    done = sweep(place, *arguments, "--stack", "1", "--fail-fast", code=3)
    assert "stopped: too many runs failed" in done.stderr
    states = [row["state"] for row in table(place)]
    assert states[0] == "diverged"
    assert "waiting" in states
    sweep(place, *arguments, code=3)
    assert [row["state"] for row in table(place)] == ["diverged"] + ["done"] * 5  # tanh goes on without a gradient


def test_a_sweep_stops_after_so_many_failures(place: Path) -> None:
    arguments = ("tiny.yaml", "optimizer={sgd: {lr: 1e30}},{momentum: {lr: 1e30}},adam,nadam,lion", "--jobs", "1")
    sweep(place, *arguments, "--max-failures", "2", "--stack", "1", code=3)
    states = [row["state"] for row in table(place)]
    assert states[:2] == ["diverged"] * 2
    assert "waiting" in states
    found = document(place, *arguments, "--max-failures", "3", code=3)
    assert found["complete"] is True


def test_an_edited_base_says_what_differs(swept: Path) -> None:
    before = stamps(swept)
    (swept / "tiny.yaml").write_text(BASE.replace("units: 7", "units: 5").replace("epochs: 4", "epochs: 5"))
    done = sweep(swept, *GRID, code=5)
    assert "the base spec changed since" in done.stderr
    assert "training.epochs: 4 then, 5 now" in done.stderr
    assert "units: 5" in done.stderr
    assert stamps(swept) == before
    (swept / "tiny.yaml").write_text("# said differently\n" + BASE.replace("5e-2", "0.05"))
    sweep(swept, *GRID)
    assert stamps(swept) == before


def test_named_variants_in_one_folder_of_runs_and_a_baseline_in_another(place: Path) -> None:
    (place / "mixed.yaml").write_text("""\
base: tiny.yaml
variants:
  network: {}
  wide: {architecture.0.dense.units: 11}
objective: {maximize: dev_accuracy}
seeds: 2
""")
    (place / "knn.yaml").write_text("data: {source: moons}\nbaseline: {knn: {k: 3}}\n")
    sweep(place, "mixed.yaml")
    assert [row["variant"] for row in table(place)] == ["network"] * 2 + ["wide"] * 2
    sweep(place, "knn.yaml", "baseline.knn.k=1,3,5", "--runs", "others")
    assert len(list((place / "others").glob("*/run.json"))) == 3


def test_a_sweep_over_baselines(place: Path) -> None:
    (place / "knn.yaml").write_text("data: {source: {moons: {examples: 60}}}\nbaseline: {knn: {k: 3}}\n")
    sweep(place, "knn.yaml", "baseline={knn: {k: {grid: [1, 3]}}},gaussian_classifier")
    rows = table(place)
    assert [row["baseline"] for row in rows] == ["knn", "knn", "gaussian_classifier"]
    assert {row["state"] for row in rows} == {"done"}


ALL = """\
base: tiny.yaml
name: everything
set: {training.batch_size: 11}
seeds: [4, 2]
grid: {activation: [relu, tanh]}
zip: {optimizer.adam.lr: [1e-3, 1e-2], regularization.l2: [0, 1e-3]}
variants: {plain: {}, wide: {architecture.0.dense.units: 13}}
random: {trials: 2, seed: 5, space: {init: {normal: {std: {log_uniform: [0.1, 1]}}}}}
exclude: [{activation: tanh, optimizer.adam.lr: 1e-2}]
objective: {minimize: dev_loss}
"""


def test_a_sweep_file_with_all_its_keys(place: Path) -> None:
    (place / "all.yaml").write_text(ALL)
    done = sweep(place, "all.yaml")
    rows = table(place)
    assert len(rows) == 3 * 2 * 2 * 2
    assert {row["state"] for row in rows} == {"done"}
    assert {row["seed"] for row in rows} == {"4", "2"}
    assert not any(row["activation"] == "tanh" and row["optimizer.adam.lr"] == "0.01" for row in rows)
    best = min(rows, key=lambda row: float(row["dev_loss"]))
    assert f"best run: {best['run']}" in done.stdout
    (place / "all.yaml").write_text(ALL.replace("trials: 2", "trials: 3"))
    before = stamps(place)
    sweep(place, "all.yaml")
    after = stamps(place)
    assert {name: after[name] for name in before} == before
    assert len(table(place)) == 3 * 2 * 2 * 3


@pytest.mark.parametrize("asynchronous", ["false", "true"])
def test_pruning_cuts_short_what_does_badly(asynchronous: str, place: Path) -> None:
    (place / "prune.yaml").write_text(f"""\
base: tiny.yaml
set: {{training.epochs: 8}}
grid: {{optimizer.adam.lr: [1e-4, 1e-3, 1e-2, 3e-2, 1e-1, 3e-1]}}
pruning: {{successive_halving: {{rungs: [1, 3], keep: 0.5, asynchronous: {asynchronous}}}}}
objective: {{minimize: train_loss}}
""")
    sweep(place, "prune.yaml", "--jobs", "1")
    rows = table(place)
    epochs = {row["run"]: int(row["epochs"]) for row in rows}
    states = [row["state"] for row in rows]
    assert set(states) == {"done", "pruned"}
    assert all(epochs[row["run"]] == 8 for row in rows if row["state"] == "done")
    assert all(epochs[row["run"]] in (1, 3) for row in rows if row["state"] == "pruned")
    if asynchronous == "false":
        assert sorted(epochs.values()) == [1, 1, 1, 3, 8, 8]  # 6, 3, round(1.5) = 2
    before = stamps(place)
    sweep(place, "prune.yaml", "--jobs", "1")
    assert stamps(place) == before


def test_tpe_draws_from_what_earlier_trials_came_to(place: Path) -> None:
    (place / "tune.yaml").write_text("""\
base: tiny.yaml
tpe: {trials: 6, batch: 3, space: {optimizer.adam.lr: {log_uniform: [1e-4, 1]}}}
""")
    sweep(place, "tune.yaml")
    first = table(place)
    assert len(first) == 6
    before = stamps(place)
    sweep(place, "tune.yaml")
    assert stamps(place) == before
    (place / "tune.yaml").write_text((place / "tune.yaml").read_text().replace("trials: 6", "trials: 8"))
    sweep(place, "tune.yaml")
    assert [row["run"] for row in table(place)][:6] == [row["run"] for row in first]
    assert len(table(place)) == 8


def test_quiet_says_nothing_but_the_result(place: Path) -> None:
    assert sweep(place, *GRID, "-q").stderr == ""


def test_another_name_is_a_sweep_beside_the_old_one(swept: Path) -> None:
    (swept / "tiny.yaml").write_text(BASE.replace("name: tiny", "name: other").replace("epochs: 4", "epochs: 5"))
    sweep(swept, *GRID)
    assert len(list((swept / "runs" / "sweeps").iterdir())) == 2


@pytest.mark.parametrize("options", [("--jobs", "3", "--stack", "2"), ("--jobs", "2", "--stack", "1")])
def test_neither_workers_nor_stacks_change_a_bit(options: tuple[str, ...], swept: Path) -> None:
    sweep(swept, *GRID, "--runs", "others", *options)
    assert {path.name: outcome(path) for path in folders(swept)} == {
        path.name: outcome(path) for path in (swept / "others").iterdir() if path.name != "sweeps"
    }
