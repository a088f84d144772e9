"""All commands that made a sweep."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

from nnexp.reports.html.requests import find_words, read_requests


def sweep(folder: Path, *asked: list[list[str]], member: int | None = None) -> Path:
    """The record of a sweep with these requests, each a list of runs' overrides."""
    runs = {" ".join(run): run for each in asked for run in each}
    lines = [
        json.dumps({"run": name, "member": member, "values": {}, "overrides": run}) + "\n" for name, run in runs.items()
    ]
    (folder / "plan.jsonl").write_text("".join(lines))
    record = {"requests": {str(at): [" ".join(run) for run in each] for at, each in enumerate(asked)}}
    (folder / "sweep.json").write_text(json.dumps(record))
    return folder


def grid(activations: str, seeds: int) -> list[list[str]]:
    return [[f"activation={a}", f"seed={seed}"] for a, seed in product(activations.split(), range(seeds))]


def test_a_sweep_that_was_extended_has_all_its_commands(tmp_path: Path) -> None:
    found = read_requests(sweep(tmp_path, grid("relu tanh sigmoid", 5), grid("relu sigmoid", 20)))
    assert [request.words for request in found] == [
        ("activation=relu,tanh,sigmoid", "seed=0..4"),
        ("activation=relu,sigmoid", "seed=0..19"),
    ]


def test_a_request_whose_runs_a_later_one_asks_for_as_well_is_left_out(tmp_path: Path) -> None:
    found = read_requests(sweep(tmp_path, grid("relu", 2), grid("relu tanh", 2), grid("relu tanh", 3)))
    assert [request.words for request in found] == [("activation=relu,tanh", "seed=0..2")]


def test_runs_that_are_no_grid_have_no_command(tmp_path: Path) -> None:
    drawn = [["lr=0.1", "seed=0"], ["lr=0.2", "seed=1"]]
    first, last = read_requests(sweep(tmp_path, drawn, grid("relu", 1)))
    assert (first.words, first.runs) == (None, ("lr=0.1 seed=0", "lr=0.2 seed=1"))
    assert last.words == ("activation=relu", "seed=0")
    assert read_requests(sweep(tmp_path, drawn, member=0))[0].words is None


def test_values_stand_as_they_are_typed() -> None:
    assert find_words([["optimizer={sgd: {lr: 0.1}}", "seed=3"], ["optimizer=adam", "seed=3"]]) == (
        "optimizer={sgd: {lr: 0.1}},adam",
        "seed=3",
    )
    assert find_words([["seed=0"], ["seed=2"]]) == ("seed=0,2",)


def test_damaged_records_have_no_requests(tmp_path: Path) -> None:
    assert read_requests(tmp_path) == []
    for text in ("{", "[]", '{"requests": 3}', '{"requests": {"a": 3}}'):
        (tmp_path / "sweep.json").write_text(text)
        assert read_requests(tmp_path) == []
