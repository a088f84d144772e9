"""nnexp runs and nnexp runs rm, as programs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import nnexp
from nnexp.runs import manifest
from tests.cli.inside import inside, told
from tests.faults.support import only_run


@pytest.fixture
def copied(runs: Path, tmp_path: Path) -> Path:
    """A copy of the runs, to be changed."""
    return shutil.copytree(runs, tmp_path / "runs")


def test_every_run_is_listed_with_its_state_and_metrics(runs: Path, digits: nnexp.Run, sine: nnexp.Run) -> None:
    done = told("runs", "--runs", runs)
    assert done.stderr == ""
    for run in (digits, sine):
        (line,) = [line for line in done.stdout.splitlines() if run.path.name in line]
        assert "done" in line
    assert f"{100 * digits.final['test']['accuracy']:.2f} %" in done.stdout
    assert f"{sine.final['test']['loss']:.4f}" in done.stdout


def test_json_lists_the_same(runs: Path, digits: nnexp.Run) -> None:
    rows = {row["run"]: row for row in json.loads(told("runs", "--runs", runs, "--json").stdout)}
    assert len(rows) == 2
    row = rows[digits.path.name]
    assert (row["state"], row["epochs"]) == ("done", digits.record["epochs"])
    assert row["test"] == {"accuracy": digits.final["test"]["accuracy"]}


def test_states_are_told_apart(copied: Path) -> None:
    run = next(path for path in copied.iterdir() if path.name.startswith("short_sine"))
    for state, shown in {"interrupted": "interrupted", "failed": "failed", "running": "interrupted"}.items():
        manifest.write_manifest(run, manifest.read_manifest(run) | {"state": state})
        rows = json.loads(told("runs", "--runs", copied, "--json").stdout)
        assert {row["run"]: row["state"] for row in rows}[run.name] == shown


def test_a_place_without_runs_has_none(tmp_path: Path) -> None:
    assert told("runs", "--runs", tmp_path).stdout.startswith("no runs in ")
    assert json.loads(told("runs", "--runs", tmp_path, "--json").stdout) == []


def test_a_place_that_is_not_there_is_a_wrong_word(tmp_path: Path) -> None:
    done = told("runs", "--runs", tmp_path / "nowhere", code=2)
    assert f"there is no folder {tmp_path / 'nowhere'}" in done.stderr


def test_damaged_runs_are_told_of_and_the_others_listed(copied: Path) -> None:
    run = next(path for path in copied.iterdir() if path.name.startswith("short_sine"))
    (run / "run.json").write_text("[]")
    done = told("runs", "--runs", copied)
    assert "short_digits" in done.stdout
    assert f"{run / 'run.json'} is damaged: it holds no JSON object" in done.stderr


def test_rm_asks_and_where_there_is_nobody_to_ask_deletes_nothing(copied: Path) -> None:
    before = sorted(copied.iterdir())
    assert "so add --yes" in told("runs", "--runs", copied, "rm", "short_sine", code=2).stderr
    assert sorted(copied.iterdir()) == before


@pytest.mark.parametrize("after", [True, False])
def test_rm_with_yes_deletes_the_runs_named_and_no_other(after: bool, copied: Path) -> None:
    option = ("--runs", copied)
    words = ("rm", "short_sine", "short_sine", "--yes")
    done = told("runs", *words, *option) if after else told("runs", *option, *words)
    assert done.stderr.startswith("deleted ")
    assert only_run(copied).name.startswith("short_digits")


def test_rm_of_an_unknown_run_suggests_and_deletes_nothing_else(copied: Path) -> None:
    done = told("runs", "rm", "short_sine", "short_sign", "--yes", "--runs", copied, code=2)
    assert "there is no run 'short_sign'; did you mean 'short_sine" in done.stderr
    assert len(list(copied.iterdir())) == 2


@pytest.mark.parametrize("name", ["", "short", "..", "x" * 5000])
def test_rm_of_what_is_no_single_run_deletes_nothing(name: str, copied: Path) -> None:
    told("runs", "rm", name, "--yes", "--runs", copied, code=2)
    assert len(list(copied.iterdir())) == 2


def test_an_empty_name_is_no_run_even_where_there_is_just_one(copied: Path) -> None:
    told("runs", "rm", "short_digits", "--yes", "--runs", copied)
    told("runs", "rm", "", "--yes", "--runs", copied, code=2)
    assert only_run(copied).name.startswith("short_sine")


@pytest.fixture
def thesis(copied: Path) -> Path:
    """A folder beside the folder of runs, with the record of a run among its files."""
    folder = copied.parent / "thesis"
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")
    shutil.copy(sine_of(copied) / "run.json", folder)
    return folder


def sine_of(runs: Path) -> Path:
    return next(path for path in runs.iterdir() if path.name.startswith("short_sine"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name", [".", "..", "/", "thesis", "{thesis}", "runs/../thesis", "../thesis", "runs/..", "runs"]
)
def test_rm_refuses_what_is_not_directly_in_the_folder_of_runs(name: str, thesis: Path) -> None:
    (thesis.parent / "run.json").write_bytes((thesis / "run.json").read_bytes())
    before = contents(thesis.parent)
    done = inside("runs", "rm", name.format(thesis=thesis), "--yes", cwd=thesis.parent)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    if name not in ("thesis", "runs"):
        assert "runs that lie directly in the folder of runs" in " ".join(done.stderr.split())
    assert contents(thesis.parent) == before


@pytest.mark.parametrize("name", ["elsewhere", "runs/elsewhere", "else"])
def test_rm_refuses_a_link_and_leaves_what_it_leads_to(name: str, thesis: Path) -> None:
    (thesis.parent / "runs" / "elsewhere").symlink_to(thesis)
    before = contents(thesis)
    done = inside("runs", "rm", name, "--yes", cwd=thesis.parent)
    assert done.returncode == 2
    assert f"is a link to {thesis}" in done.stderr.replace("\n", "")
    assert contents(thesis) == before
    assert (thesis.parent / "runs" / "elsewhere").is_symlink()


@pytest.mark.parametrize("content", ["{}", '{"name": "my own experiment", "state": "done"}', "", "[1"])
def test_rm_refuses_a_folder_whose_run_json_is_not_of_nnexp(content: str, thesis: Path) -> None:
    (thesis / "run.json").write_text(content)
    before = contents(thesis)
    done = inside("runs", "rm", "thesis", "--yes", "--runs", str(thesis.parent), cwd=thesis.parent)
    assert done.returncode == 2
    assert "Nothing was deleted" in done.stderr
    assert contents(thesis) == before


def test_rm_keeps_what_nnexp_did_not_write_and_names_it(thesis: Path) -> None:
    run = sine_of(thesis.parent / "runs")
    (run / "notes.md").write_text("mine")
    (run / "plots").mkdir()
    (run / "plots" / "metrics.csv").write_text("mine")
    (run / "checkpoints" / "best_of_all.npz").write_text("mine")
    (run / "events.jsonl").unlink(missing_ok=True)
    (run / "events.jsonl").symlink_to(thesis / "thesis.tex")
    done = inside("runs", "rm", "short_sine", "--yes", cwd=thesis.parent)
    assert done.returncode == 0
    said = " ".join(done.stderr.split())
    assert f"deleted the run in runs/{run.name}" in said
    assert "checkpoints/best_of_all.npz, events.jsonl (a link), notes.md, plots/" in said
    assert set(contents(run)) == {"checkpoints/best_of_all.npz", "events.jsonl", "notes.md", "plots/metrics.csv"}
    assert (thesis / "thesis.tex").read_text() == "mine"


def test_rm_deletes_nothing_below_a_link_in_the_runs_folder(thesis: Path) -> None:
    run = sine_of(thesis.parent / "runs")
    (run / "checkpoints").rename(thesis / "checkpoints")
    (run / "checkpoints").symlink_to(thesis / "checkpoints")
    before = contents(thesis)
    done = inside("runs", "rm", "short_sine", "--yes", cwd=thesis.parent)
    assert "checkpoints (a link)" in done.stderr
    assert contents(thesis) == before


def test_rm_takes_a_folder_of_runs_that_is_a_link_itself(thesis: Path) -> None:
    (thesis.parent / "linked").symlink_to("runs")
    done = inside("runs", "rm", "short_sine", "--yes", "--runs", "linked", cwd=thesis.parent)
    assert done.returncode == 0, done.stderr
    assert only_run(thesis.parent / "runs").name.startswith("short_digits")


def test_rm_takes_the_path_of_a_run_as_a_shell_completes_it(thesis: Path) -> None:
    run = sine_of(thesis.parent / "runs")
    done = inside("runs", "rm", f"runs/{run.name}/", "--yes", cwd=thesis.parent)
    assert done.returncode == 0, done.stderr
    assert not run.exists()
