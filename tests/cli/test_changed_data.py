"""Results belong to the data that they came from: what every command says when these changed since."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import nnexp
from nnexp.errors import ResumeError
from nnexp.sweeps.executors.base import TaskReport
from tests.cli.inside import Done, told
from tests.inline import Inline, carried_out, written

SPEC = """
data: {source: {csv: {path: PATH, target: kind}}, split: {train: 31, dev: 11, test: 11}}
architecture: [dense: 5, activation, output]
training: {epochs: 2, batch_size: 16}
"""

GRID = ("optimizer.adam.lr=1e-3,1e-2", "seed=0..1")


def write_flowers(examples: int = 53, first: float = 0.5) -> None:
    """A table of two classes in the working folder, with a time that no earlier one had."""
    path = Path("flowers.csv")
    before = path.stat().st_mtime_ns if path.exists() else 0
    rows = [f"{'ab'[row % 2]},{row % 7},{row % 5 + first if row == 0 else row % 5}" for row in range(examples)]
    path.write_text("\n".join(["kind,width,length", *rows]) + "\n")
    os.utime(path, ns=(0, max(before, path.stat().st_mtime_ns) + 1_000_000_000))


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_flowers()
    Path("flowers.yaml").write_text(SPEC.replace("PATH", "flowers.csv"))


def train(*words: str, code: int = 0) -> Done:
    return told("train", "flowers.yaml", *words, code=code)


def sweep(*words: str, code: int = 0) -> Done:
    return told("sweep", "flowers.yaml", *words, "--jobs", "1", code=code)


def find_fingerprints() -> set[str]:
    """The fingerprints of all runs."""
    return {json.loads(path.read_text())["data"]["fingerprint"] for path in Path("runs").glob("*/run.json")}


def test_a_finished_run_answers_for_its_own_data_alone() -> None:
    train()
    write_flowers(examples=54)
    done = train(code=5)
    assert not done.stdout
    assert "53 examples then and 54 now" in done.stderr
    assert "`nnexp train ... --restart` trains it again" in done.stderr
    assert "name=flowers_2" in done.stderr


def test_the_remedies_work() -> None:
    train()
    write_flowers(first=0.75)
    train("name=flowers_2")
    train(code=5)
    train("--restart")
    train()
    assert len(find_fingerprints()) == 1


def test_an_interrupted_run_and_a_baseline_are_refused_too() -> None:
    train()
    (run,) = Path("runs").glob("*/run.json")
    record = json.loads(run.read_text())
    run.write_text(json.dumps(record | {"state": "interrupted"}))
    Path("knn.yaml").write_text(SPEC.replace("PATH", "flowers.csv").splitlines()[1] + "\nbaseline: knn\n")
    told("train", "knn.yaml")
    write_flowers(first=0.75)
    assert "the inputs changed" in train(code=5).stderr
    assert "the inputs changed" in told("train", "knn.yaml", code=5).stderr


def test_a_file_that_was_only_touched_is_no_change() -> None:
    train()
    sweep(*GRID)
    write_flowers()
    assert "already trained" in train().stderr
    sweep(*GRID)


def test_python_raises_what_the_command_says() -> None:
    spec = nnexp.load("flowers.yaml")
    nnexp.train(spec)
    nnexp.sweep("flowers.yaml", GRID, jobs=1)
    write_flowers(first=0.75)
    with pytest.raises(ResumeError, match="the inputs changed"):
        nnexp.train(spec)
    with pytest.raises(ResumeError, match="the inputs changed"):
        nnexp.sweep("flowers.yaml", GRID, jobs=1)
    assert len(nnexp.sweep("flowers.yaml", GRID, jobs=1, restart=True).runs) == 4
    assert len(find_fingerprints()) == 1


def test_a_run_whose_data_are_gone_is_returned_with_a_word_on_it() -> None:
    spec = nnexp.load("flowers.yaml")
    run = nnexp.train(spec)
    Path("flowers.csv").unlink()
    told_of: list[object] = []
    assert nnexp.train(spec, watch=told_of.append).final == run.final
    assert "was not checked: there is no file flowers.csv" in str(told_of)


def test_the_same_command_is_answered_where_the_data_are_gone() -> None:
    table = train().stdout
    sweep(*GRID)
    Path("flowers.csv").rename("elsewhere.csv")
    done = train()
    assert done.stdout == table
    assert "was not checked: there is no file flowers.csv" in done.stderr
    done = sweep(*GRID)
    assert done.stdout.count("2/2") == 2
    assert "best run: " in done.stdout
    assert "was not checked: there is no file flowers.csv" in done.stderr
    assert "there is no file flowers.csv" in train("seed=5", code=6).stderr
    assert "there is no file flowers.csv" in train("--restart", code=6).stderr
    assert "there is no file flowers.csv" in sweep(GRID[0], "seed=0..2", code=6).stderr


def test_a_run_whose_data_cannot_be_read_any_more_is_of_other_data() -> None:
    train()
    Path("flowers.csv").write_text("kind,width,length\na,1\n")
    assert "they cannot be read any more" in train(code=5).stderr


def test_a_read_only_archive_answers_and_is_compared_too() -> None:
    spec = nnexp.load("flowers.yaml")
    run = nnexp.train(spec)
    before = (run.path / "run.json").read_bytes()
    run.path.chmod(0o555)
    try:
        write_flowers()
        assert nnexp.train(spec).path == run.path
        write_flowers(first=0.75)
        with pytest.raises(ResumeError, match="the inputs changed"):
            nnexp.train(spec)
    finally:
        run.path.chmod(0o755)
    assert (run.path / "run.json").read_bytes() == before


def test_a_finished_sweep_is_refused_and_restarted() -> None:
    sweep(*GRID)
    write_flowers(examples=54)
    done = sweep(*GRID, code=5)
    assert "flowers-" in done.stderr
    assert "and 3 other runs: the inputs and the targets changed, 53 examples then and 54 now" in done.stderr
    assert sweep(*GRID, "--restart").stdout.count("2/2") == 2
    before = {path: path.stat().st_mtime_ns for path in Path("runs").glob("*/run.json")}
    sweep(*GRID, "--restart")
    assert {path: path.stat().st_mtime_ns for path in Path("runs").glob("*/run.json")} == before
    assert len(find_fingerprints()) == 1


def test_a_sweep_is_not_extended_on_other_data() -> None:
    sweep(*GRID)
    write_flowers(first=0.75)
    for code, words in ((5, ("seed=0..2",)), (5, ("seed=7..8",)), (5, ("seed=0..2", "--plan"))):
        assert "the inputs changed" in sweep(GRID[0], *words, code=code).stderr
    assert len(list(Path("runs").glob("*/run.json"))) == 4
    sweep(GRID[0], "seed=7..8", "--restart")
    assert len(find_fingerprints()) == 1  # the runs of the earlier seeds are gone


def test_a_sweep_takes_no_run_of_other_data_that_lies_there() -> None:
    train("seed=1", "optimizer.adam.lr=1e-2")
    write_flowers(first=0.75)
    assert "the inputs changed" in sweep(*GRID, code=5).stderr
    sweep(*GRID, "--restart")
    assert len(find_fingerprints()) == 1


def test_an_ablation_is_refused_and_restarted() -> None:
    words = ("ablate", "flowers.yaml", "--seeds", "1", "--jobs", "1")
    told(*words)
    write_flowers(first=0.75)
    assert "the inputs changed" in told(*words, code=5).stderr
    told(*words, "--restart")
    assert len(find_fingerprints()) == 1


PRUNED = """
seeds: 2
grid: {optimizer.adam.lr: [1e-4, 1e-2]}
pruning: {successive_halving: {rungs: [1], keep: 0.5}}
"""


def test_a_restarted_sweep_forgets_how_pruned_runs_stood_on_other_data(tmp_path: Path) -> None:
    file = written(tmp_path, SPEC.replace("PATH", "flowers.csv"), PRUNED)
    carried_out(file)
    write_flowers(first=0.75)
    with pytest.raises(ResumeError):
        carried_out(file)
    told("sweep", file, "--restart", "--jobs", "1")
    assert len(find_fingerprints()) == 1
    executor = Inline()
    carried_out(file, executor=executor)
    assert not executor.done


class Meddler(Inline):
    """Trains one task at each poll, and after the first changes the data: here, or as another machine has them."""

    def poll(self, seconds: float) -> list[TaskReport]:
        later, self._tasks = self._tasks[1:], self._tasks[:1]
        reports = super().poll(seconds)
        self._tasks = later
        if len(self.done) == 1:
            write_flowers(first=0.75)
        return reports


def test_data_that_change_while_a_sweep_is_trained_end_it(tmp_path: Path) -> None:
    file = written(tmp_path, SPEC.replace("PATH", "flowers.csv"), "grid: {activation: [relu, tanh]}\n")
    with pytest.raises(ResumeError, match="are not the same"):
        carried_out(file, executor=Meddler())
    told("sweep", file, "--jobs", "1", code=5)
    told("sweep", file, "--restart", "--jobs", "1")
    assert len(find_fingerprints()) == 1


def test_reports_and_comparisons_do_not_mix_data() -> None:
    train()
    write_flowers(first=0.75)
    train("name=flowers_2")
    assert "they differ in\n  the data: csv" in told("report", "runs", code=2).stderr
    first, second = sorted(map(str, Path("runs").glob("flowers*")))
    assert "they differ in\n  the data: csv" in told("compare", first, second, code=2).stderr


def test_folds_with_levels_of_their_own_are_of_the_same_data(tmp_path: Path) -> None:
    """Fold by fold the training part has other levels, and so the same file other numbers."""
    rows = [f"{'ab'[row % 2]},{row % 7},{'pqr'[row % 3]}" for row in range(53)]
    Path("places.csv").write_text("\n".join(["kind,width,place", *rows]) + "\n")
    source = "{csv: {path: places.csv, target: kind, categorical: {place: {top: 1}}}}"
    base = f"data: {{source: {source}, split: {{test: 11}}}}\n" + "\n".join(SPEC.splitlines()[2:])
    state = carried_out(written(tmp_path, base, "folds: 3\n"))
    assert state.progress.count_runs("done") == 3
    assert len(find_fingerprints()) > 1
    told("report", state.path)
    os.utime("places.csv", ns=(0, 0))
    told("sweep", tmp_path / "study.yaml", "--jobs", "1")
