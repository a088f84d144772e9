"""A parameter of a component that varies: the message has the form that works, and it works."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from nnexp.errors import SpecError
from nnexp.spec.problems import Problem
from tests.unit.sweeps.support import from_text, from_words, runs_of


def find_problem(folder: Path, *words: str) -> Problem:
    with pytest.raises(SpecError) as caught:
        from_words(folder, *words)
    [problem] = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("words", "meant", "runs"),
    [
        (
            ["optimizer=nadam,adam", "optimizer.adam.lr=0.01,0.001"],
            "optimizer=nadam,{adam: {lr: {grid: [0.01, 0.001]}}}",
            3,
        ),
        (["optimizer=nadam,adam", "optimizer.adam.lr=0.01"], "optimizer=nadam,{adam: {lr: 0.01}}", 2),
        (["optimizer.adam.lr=0.01", "optimizer=nadam,adam"], "optimizer=nadam,{adam: {lr: 0.01}}", 2),
        (
            ["optimizer=nadam,{adam: {beta1: 0.8}}", "optimizer.adam.lr=0.1,0.2", "optimizer.nadam.lr=0.3"],
            "optimizer={nadam: {lr: 0.3}},{adam: {beta1: 0.8, lr: {grid: [0.1, 0.2]}}}",
            3,
        ),
        (
            ["schedule=constant,cosine", "schedule.cosine.cycles=1,2"],
            "schedule=constant,{cosine: {cycles: {grid: [1, 2]}}}",
            3,
        ),
    ],
)
def test_the_form_that_works_is_ready_to_paste_and_plans_these_runs(
    tmp_path: Path, words: list[str], meant: str, runs: int
) -> None:
    problem = find_problem(tmp_path, *words)
    assert meant in [word.rstrip(",") for word in shlex.split(problem.suggestion)]
    assert problem.suggestion.count("without")
    assert len(runs_of(from_words(tmp_path, meant))) == runs


def test_the_values_that_lack_the_parameter_are_named(tmp_path: Path) -> None:
    problem = find_problem(tmp_path, "optimizer=nadam,{sgd: {lr: 0.1}},adam", "optimizer.adam.lr=0.1,0.2")
    assert problem.message == "optimizer varies, and with nadam and sgd there is no optimizer.adam.lr"


def test_a_component_that_no_value_is_gets_no_form(tmp_path: Path) -> None:
    problem = find_problem(tmp_path, "optimizer=nadam,adam", "optimizer.lion.lr=0.1")
    assert problem.suggestion == "none of the values of optimizer is lion"


def test_a_parameter_that_every_value_has_varies_beside_it(tmp_path: Path) -> None:
    words = ["optimizer={adam: {beta1: 0.8}},{adam: {beta1: 0.9}}", "optimizer.adam.lr=0.1,0.2"]
    assert len(runs_of(from_words(tmp_path, *words))) == 4


def test_in_a_sweep_file_the_form_is_that_of_the_file(tmp_path: Path) -> None:
    grid = "grid: {optimizer: [nadam, adam], optimizer.adam.lr: [0.1, 0.2]}\n"
    with pytest.raises(SpecError) as caught:
        from_text(tmp_path, grid)
    [problem] = caught.value.problems
    form = "optimizer: [nadam, {adam: {lr: {grid: [0.1, 0.2]}}}]"
    assert problem.suggestion == f"write `{form}`, without optimizer.adam.lr"
    assert len(runs_of(from_text(tmp_path, f"grid: {{{form}}}\n"))) == 3
