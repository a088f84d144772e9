"""The words of a command: several values, ranges, fixed values; every mistake at its column."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.errors import SpecError
from tests.unit.sweeps.support import BASE, from_words, runs_of


def axes(folder: Path, *words: str) -> dict[str, list[object]]:
    return {axis.path: [v.make_plain() for v in axis.values] for axis in from_words(folder, *words).grid}


@pytest.mark.parametrize(
    ("word", "path", "values"),
    [
        ("optimizer.adam.lr=1e-4,1e-3,1e-2", "optimizer.adam.lr", [1e-4, 1e-3, 1e-2]),
        ("activation=relu,tanh", "activation", ["relu", "tanh"]),
        ("activation=relu, tanh", "activation", ["relu", "tanh"]),
        ("training.clip_norm=null,1", "training.clip_norm", [None, 1]),
        ("optimizer=sgd,{adam: {lr: 1e-3, beta1: 0.8}}", "optimizer", ["sgd", {"adam": {"lr": 1e-3, "beta1": 0.8}}]),
        ("a=[1,2],[3]", "a", [[1, 2], [3]]),
        ("a=[1,[2,3]],{b: [4,5]}", "a", [[1, [2, 3]], {"b": [4, 5]}]),
        ("name='x, y',z", "name", ["x, y", "z"]),
        ('name="x, y",z', "name", ["x, y", "z"]),
        ("name='it''s, well',z", "name", ["it's, well", "z"]),
        ("a=0..3", "a", [0, 1, 2, 3]),
        ("a=0..2,7,9..10", "a", [0, 1, 2, 7, 9, 10]),
        ("a=1.5,2", "a", [1.5, 2]),
    ],
)
def test_several_values_make_an_axis(word: str, path: str, values: list[object], tmp_path: Path) -> None:
    assert axes(tmp_path, word) == {path: values}


def test_a_nested_grid_alone_makes_an_axis(tmp_path: Path) -> None:
    assert axes(tmp_path, "optimizer={adam: {lr: {grid: [1e-3, 1e-2]}}}") == {
        "optimizer": [{"adam": {"lr": {"grid": [1e-3, 1e-2]}}}]
    }


@pytest.mark.parametrize(
    ("word", "seeds"),
    [("seed=0..4", (0, 1, 2, 3, 4)), ("seed=7", (7,)), ("seed=3,1", (3, 1)), ("seed=0..1,5", (0, 1, 5))],
)
def test_seeds(word: str, seeds: tuple[int, ...], tmp_path: Path) -> None:
    assert from_words(tmp_path, word).seeds == seeds


def test_one_value_holds_for_all_runs(tmp_path: Path) -> None:
    found = from_words(tmp_path, "training.epochs=5", "activation=relu,tanh")
    assert found.overrides == ("training.epochs=5",)
    assert {run.plain_spec["training"]["epochs"] for run in runs_of(found)} == {5}


def test_a_list_in_brackets_is_one_value(tmp_path: Path) -> None:
    found = from_words(tmp_path, "architecture=[output]")
    assert not found.grid
    assert len(runs_of(found)) == 1


def test_the_name_of_a_sweep_is_that_of_its_base_or_of_the_file(tmp_path: Path) -> None:
    assert from_words(tmp_path).name == "base"
    assert from_words(tmp_path, base=BASE.replace("name: base", "name: other")).name == "other"
    assert from_words(tmp_path, base=BASE.replace("name: base\n", "")).name == "base"  # the file is base.yaml


@pytest.mark.parametrize(
    ("word", "column", "message"),
    [
        ("a=1,,2", 5, "a value is missing between the commas"),
        ("a=,1", 3, "a value is missing between the commas"),
        ("a=1,", 5, "a value is missing between the commas"),
        ("seed=4..0", 6, "the range 4..0 is empty"),
        ("a=1,4..0", 5, "the range 4..0 is empty"),
        ("a=0..1000000", 3, "the range 0..1000000 has more than 1,000,000 values"),
        ("a", 1, "expected key.sub=value, or several values with commas between them"),
        ("=1", 1, "expected key.sub=value, or several values with commas between them"),
        ("a..b=1", 1, "expected key.sub=value, or several values with commas between them"),
        ("seed=-1", 6, "expected a whole number ≥ 0, found -1"),
        ("seed=1,x", 8, "expected a whole number ≥ 0, found 'x'"),
        ("seed=true", 6, "expected a whole number ≥ 0, found true"),
        ("seed=1.5", 6, "expected a whole number ≥ 0, found 1.5"),
        ("seed=", 6, "expected a whole number ≥ 0, found nothing"),
        ("optimizer={adam: {lr: {uniform: [1, 2]}}},sgd", 23, "uniform draws numbers at random, and a grid has none"),
    ],
)
def test_a_mistake_is_shown_at_its_column(word: str, column: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        from_words(tmp_path, "training.epochs=5", word)
    [problem] = caught.value.problems
    assert (problem.place.text.name, problem.place.column, problem.message) == ("argument 2", column, message)


@pytest.mark.parametrize("word", ["a=[1,2", "a=1,[2", "a={b: 1", "a='x,y"])
def test_an_unclosed_bracket_or_quote_is_a_mistake(word: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="argument 1, column"):
        from_words(tmp_path, word)


def test_all_mistakes_are_shown_at_once_in_order(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        from_words(tmp_path, "seed=4..0", "a=1,,2", "b")
    assert [p.place.text.name for p in caught.value.problems] == ["argument 1", "argument 2", "argument 3"]


def test_a_key_that_varies_cannot_be_fixed_as_well(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="it varies in this sweep, so one value cannot hold for all runs"):
        from_words(tmp_path, "activation=relu,tanh", "activation=relu")


@pytest.mark.parametrize("words", [("activation=relu,tanh", "activation=elu,gelu"), ("seed=0,1", "seed=2,3")])
def test_values_of_a_key_in_two_words_are_refused(words: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="given twice"):
        from_words(tmp_path, *words)
