"""nnexp compare, on a small sweep that was really trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from tests.cli.inside import Done, inside

TINY = """\
name: tiny
data: {source: {moons: {examples: 60, noise: 0.2}}, split: {train: 30, dev: 15, test: 15}}
architecture: [{dense: {units: 7}}, activation, output]
optimizer: {adam: {lr: 5e-2}}
training: {epochs: 4, batch_size: 13}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep over two rates and six seeds, and a run with one seed."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "lone.yaml").write_text(TINY.replace("name: tiny", "name: lone"))
    for words in (
        ["sweep", "tiny.yaml", "optimizer.adam.lr=1e-4,1e-1", "seed=0..5", "-j", "1"],
        ["train", "lone.yaml"],
    ):
        done = inside(*words, "-q", cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def compare(place: Path, *arguments: str, code: int = 0) -> Done:
    done = inside("compare", *arguments, cwd=place)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def document(place: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(compare(place, *arguments, "--json", code=code).stdout)
    return found


def runs_with(place: Path, lr: str) -> list[Path]:
    """The run folders with this rate, by seed."""
    found = [path for path in (place / "runs").glob("tiny-*") if f"lr: {lr}\n" in (path / "resolved.yaml").read_text()]
    return sorted(found, key=lambda path: json.loads((path / "run.json").read_text())["seed"])


def losses(place: Path, lr: str) -> list[float]:
    return [json.loads((path / "run.json").read_text())["final"]["dev"]["loss"] for path in runs_with(place, lr)]


SLOW_FAST = ("tiny:lr=1e-4", "tiny:lr=0.1", "--metric", "dev_loss")


def test_the_difference_is_the_paired_t_test_of_the_runs(place: Path) -> None:
    slow, fast = losses(place, "0.0001"), losses(place, "0.1")
    theirs = stats.ttest_rel(fast, slow)
    [found] = document(place, *SLOW_FAST)["comparisons"]
    assert found["n"] == 6
    assert found["p_t"] == pytest.approx(theirs.pvalue)
    assert found["low"] == pytest.approx(theirs.confidence_interval().low)
    assert found["p_sign_flips"] == 2 / 64
    assert (found["p"], found["test"]) == (2 / 64, "sign flips")


def test_it_is_said_in_a_sentence(place: Path) -> None:
    text = inside("compare", *SLOW_FAST, cwd=place).stdout
    assert "B is better than A by " in text
    assert "(6 seeds, p = 0.031)" in text
    assert "B - A" in text


def test_a_run_stands_for_all_that_differ_in_the_seed_alone(place: Path) -> None:
    first, second = runs_with(place, "0.0001")[2].name, runs_with(place, "0.1")[4].name
    by_runs = document(place, first, second, "--metric", "dev_loss")
    by_values = document(place, *SLOW_FAST)
    assert by_runs["comparisons"] == by_values["comparisons"]
    assert len(by_runs["variants"]["A"]["runs"]) == 6


def test_a_sweep_stands_for_all_its_variants(place: Path) -> None:
    whole = document(place, "tiny", "--metric", "dev_loss")
    assert whole["comparisons"] == document(place, *SLOW_FAST)["comparisons"]


def test_three_variants_are_three_comparisons(place: Path) -> None:
    lone = next((place / "runs").glob("lone-*")).name
    found = document(place, "tiny", lone)
    assert [(c["a"], c["b"]) for c in found["comparisons"]] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert [c["finding"] for c in found["comparisons"]][1:] == ["one pair", "one pair"]
    assert found["comparisons"][0]["p_corrected"] >= found["comparisons"][0]["p"]


@pytest.mark.parametrize(
    ("check", "holds"),
    [("B >= A", True), ("B > A", True), ("A >= B", False), ("A > B", False), ("A <= B", True), ("B<A", False)],
)
def test_a_check_holds_or_ends_with_4(check: str, holds: bool, place: Path) -> None:
    done = compare(place, *SLOW_FAST, "--check", check, code=0 if holds else 4)
    assert f"{check}: {'holds' if holds else 'does not hold'}" in done.stdout


def test_one_check_that_does_not_hold_is_enough(place: Path) -> None:
    found = document(place, *SLOW_FAST, "--check", "B > A", "--check", "A > B", code=4)
    assert found["checks"] == [{"check": "B > A", "holds": True}, {"check": "A > B", "holds": False}]


def test_with_one_seed_nothing_is_known_so_no_check_holds(place: Path) -> None:
    lone = next((place / "runs").glob("lone-*")).name
    for check in ("B >= A", "A >= B"):
        done = compare(place, "tiny:lr=0.1", lone, "--check", check, code=4)
        assert "in the only seed they share: no conclusion" in done.stdout


WRONG = [
    (["tiny:lr=0.1"], "two variants are needed"),
    (["tiny", "nothing"], "there is no run or sweep 'nothing'"),
    (["tiny", "tiny:lr=0.1"], "is the same variant as another"),
    (["tiny:lr=7", "tiny:lr=0.1"], "the sweep has no such variant; it has lr=0.0001; lr=0.1"),
    (["tiny:lr", "tiny:lr=0.1"], "there is no run or sweep 'tiny:lr'"),
    (["tiny:lr=0.1,units", "tiny:lr=0.1"], "expected key=value after the colon, found 'units'"),
    (["tiny:activation=relu", "tiny:lr=0.1"], "could be lr=0.0001 or lr=0.1"),
    (["lone:lr=0.1", "tiny:lr=0.1"], "'lone' is no sweep"),
    (["nothing:lr=0.1", "tiny:lr=0.1"], "there is no run or sweep 'nothing'"),
    ([*SLOW_FAST[:2], "--metric", "dev_acuracy"], "did you mean 'dev_accuracy'"),
    ([*SLOW_FAST, "--check", "B is better"], "--check: expected such as 'B >= A'"),
    ([*SLOW_FAST, "--check", "A >= A"], "--check: expected such as"),
    ([*SLOW_FAST, "--check", "C >= A"], "--check: there is no C"),
    ([*SLOW_FAST, "--check", "B == A"], "--check: expected such as"),
    ([], "Missing argument"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_is_wrong_is_said(arguments: list[str], message: str, place: Path) -> None:
    done = compare(place, *arguments, code=2)
    assert message in done.stderr
    assert done.stdout == ""
