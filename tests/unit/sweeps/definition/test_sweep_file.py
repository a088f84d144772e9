"""Sweep files: what every key says, and every mistake at its line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.errors import SpecError, UsageError
from nnexp.sweeps.definition import sweep_file
from nnexp.sweeps.definition.settings import (
    EnsembleSettings,
    HalvingSettings,
    PruningSettings,
    SweepObjective,
    SweepSettings,
    TrialSettings,
)
from tests.unit.sweeps.support import BASE, complaints, from_text, runs_of, varied

ALL = """\
name: study
set: {training.epochs: 5, activation: tanh}
seeds: [4, 2]
grid:
  optimizer.adam.lr: [1e-3, 1e-2]
zip: {training.batch_size: [5, 11], regularization.l2: [0, 1e-3]}
variants:
  plain: {}
  wide: {architecture.0.dense.units: 13}
random:
  trials: 3
  seed: 5
  space: {init: {choice: [he, xavier]}}
exclude: [{optimizer.adam.lr: 1e-2, training.batch_size: 5}]
folds: 3
objective: {minimize: dev_loss}
pruning: {successive_halving: {rungs: [1, 3], keep: 0.5, asynchronous: true}}
ensemble: {bagging: 2}
"""


def test_every_key_of_a_sweep_file(tmp_path: Path) -> None:
    found = from_text(tmp_path, ALL)
    assert found.name == "study"
    assert found.base_name == "base"
    assert found.base_text == BASE
    assert found.overrides == ("training.epochs=5", "activation=tanh")
    assert found.seeds == (4, 2)
    assert [(axis.path, axis.value_count) for axis in found.grid] == [("optimizer.adam.lr", 2)]
    assert [(axis.path, axis.value_count) for axis in found.zipped] == [
        ("training.batch_size", 2),
        ("regularization.l2", 2),
    ]
    assert [(named.name, len(named.point)) for named in found.variants] == [("plain", 0), ("wide", 1)]
    assert found.sampled
    assert (found.sampled.sampler, found.sampled.trials) == ("random", TrialSettings(3, seed=5))
    assert [path for path, _, _ in found.sampled.keys] == ["init"]
    assert found.exclude == ({"optimizer.adam.lr": 1e-2, "training.batch_size": 5},)
    assert found.settings == SweepSettings(
        "study",
        3,
        SweepObjective(minimize="dev_loss"),
        PruningSettings(HalvingSettings((1, 3), keep=0.5, asynchronous=True)),
        EnsembleSettings(bagging=2),
    )
    # 2 learning rates × 2 batch sizes × 2 variants × 3 trials × 2 seeds × 3 folds × 2 members
    assert found.run_count == 2 * 2 * 2 * 3 * 2 * 3 * 2


def test_the_name_is_that_of_the_file_unless_it_says_another(tmp_path: Path) -> None:
    assert from_text(tmp_path, "seeds: 2").name == "study"
    assert from_text(tmp_path, "name: other\nseeds: 2").name == "other"


def test_a_number_of_seeds_stands_for_the_first_ones(tmp_path: Path) -> None:
    assert from_text(tmp_path, "seeds: 4").seeds == (0, 1, 2, 3)


def test_words_add_to_a_file(tmp_path: Path) -> None:
    found = from_text(tmp_path, "grid: {activation: [relu, tanh]}", "init=he,xavier", "seed=0..2", "training.epochs=4")
    assert [axis.path for axis in found.grid] == ["activation", "init"]
    assert found.seeds == (0, 1, 2)
    runs = runs_of(found)
    assert len(runs) == 2 * 2 * 3
    assert {run.plain_spec["training"]["epochs"] for run in runs} == {4}


def test_words_replace_the_values_of_a_grid(tmp_path: Path) -> None:
    found = from_text(tmp_path, "grid: {activation: [relu, tanh]}", "activation=elu,gelu")
    assert varied(runs_of(found)) == [{"activation": "elu"}, {"activation": "gelu"}]


def test_the_base_is_found_from_the_folder_of_the_sweep(tmp_path: Path) -> None:
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "adam.yaml").write_text(BASE.replace("name: base\n", ""))
    file = tmp_path / "sweeps" / "study.yaml"
    file.write_text("base: ../adam.yaml\nseeds: 2\n")
    found = sweep_file.read_definition(file)
    assert found.base_name == "adam"
    assert runs_of(found)[0].plain_spec["name"] == "adam"


def test_a_file_that_names_a_base_is_a_sweep(tmp_path: Path) -> None:
    from_text(tmp_path, "seeds: 2")
    assert sweep_file.is_sweep_file(tmp_path / "study.yaml")
    assert not sweep_file.is_sweep_file(tmp_path / "base.yaml")


MISTAKES = {
    "unknown key": ("gird: {activation: [relu]}", 2, 1, "unknown key 'gird'"),
    "empty grid": (
        "grid: {}",
        2,
        7,
        "expected a mapping of keys of the spec, each to a list of values, found an empty mapping",
    ),
    "no grid": ("grid:", 2, 6, "expected a mapping of keys of the spec, each to a list of values, found nothing"),
    "empty axis": ("grid: {activation: []}", 2, 20, "expected a list of values, found an empty list"),
    "axis without list": ("grid: {activation: relu}", 2, 20, "expected a list of values, found 'relu'"),
    "seed in grid": ("grid: {seed: [1, 2]}", 2, 8, "seeds are no axis of a grid"),
    "random in grid": (
        "grid: {optimizer.adam.lr: [{uniform: [1, 2]}]}",
        2,
        28,
        "uniform draws numbers at random, and a grid has none",
    ),
    "zip of different lengths": ("zip: {activation: [relu], init: [he, xavier]}", 2, 6, "lists of different lengths"),
    "seeds as text": ("seeds: many", 2, 8, "expected a number of seeds or a list of them, found 'many'"),
    "no seeds": ("seeds: []", 2, 8, "expected a number of seeds or a list of them, found an empty list"),
    "zero seeds": ("seeds: 0", 2, 8, "expected a number of seeds or a list of them, found 0"),
    "negative seed": ("seeds: [1, -1]", 2, 12, "expected a whole number ≥ 0, found -1"),
    "variants as list": (
        "variants: [a, b]",
        2,
        11,
        "expected a mapping of names, each to a mapping of keys of the spec to values, found a list",
    ),
    "variant as text": ("variants: {a: relu}", 2, 15, "expected a mapping of keys of the spec to values, found 'relu'"),
    "set as list": ("set: [a]", 2, 6, "expected a mapping of keys of the spec to values, found a list"),
    "exclude as mapping": ("exclude: {a: 1}", 2, 10, "expected a list of mappings, found a mapping"),
    "exclude of text": ("exclude: [a]", 2, 11, "expected a mapping of keys of the spec to values, found 'a'"),
    "exclude of a key that stays": (
        "grid: {activation: [relu, tanh]}\nexclude: [{activaton: relu}]",
        3,
        12,
        "'activaton' does not vary in this sweep",
    ),
    "two samplers": (
        "random: {trials: 2, space: {init: {choice: [he]}}}\nsobol: {trials: 2, space: {init: {choice: [he]}}}",
        3,
        1,
        "there is random already: a sweep draws in one way",
    ),
    "no space": ("random: {trials: 2}", 2, 9, "needs `space`, a mapping of keys to distributions"),
    "nothing drawn": ("random: {trials: 2, space: {init: he}}", 2, 35, "nothing is drawn here"),
    "bounds": ("random: {trials: 2, space: {optimizer.adam.lr: {uniform: [2, 1]}}}", 2, 58, None),
    "log": ("sobol: {trials: 2, space: {optimizer.adam.lr: {log_uniform: [0, 1]}}}", 2, 62, "0 has no logarithm"),
    "no choice": (
        "tpe: {trials: 2, space: {init: {choice: []}}}",
        2,
        41,
        "expected a list of values, found an empty list",
    ),
    "trials as text": (
        "random: {trials: x, space: {init: {choice: [he]}}}",
        2,
        18,
        "expected a whole number ≥ 1, found 'x'",
    ),
    "both ways": (
        "objective: {maximize: dev_loss, minimize: dev_loss}",
        2,
        12,
        "expected just one of maximize, minimize",
    ),
    "neither way": ("objective: {}", 2, 12, "expected just one of maximize, minimize"),
    "two ensembles": (
        "ensemble: {members: 2, bagging: 2}",
        2,
        11,
        "expected just one of members, bagging, snapshots",
    ),
    "one member": ("ensemble: {members: 1}", 2, 21, None),
    "one fold": ("folds: 1", 2, 8, "expected a whole number ≥ 2, found 1"),
    "no rungs": ("pruning: {successive_halving: {rungs: []}}", 2, 39, None),
    "rungs that fall": (
        "pruning: {successive_halving: {rungs: [3, 1]}}",
        2,
        10,
        "expected epochs in rising order, found [3, 1]",
    ),
    "a rung twice": (
        "pruning: {successive_halving: {rungs: [2, 2]}}",
        2,
        10,
        "expected epochs in rising order, found [2, 2]",
    ),
    "keep all": ("pruning: {successive_halving: {rungs: [1], keep: 1}}", 2, 50, None),
    "a key in two ways": (
        "grid: {activation: [relu, tanh]}\nvariants: {a: {activation: elu}}",
        2,
        8,
        "it varies in two ways: only one of them would count",
    ),
    "no such key of the spec": ("grid:\n  optimizer.adam.rate: [1, 2]", 3, 18, "unknown key 'rate'"),
    "wrong type in a list": (
        "grid:\n  training.batch_size:\n    - 5\n    - ten",
        5,
        7,
        "expected a whole number ≥ 1 or full, found 'ten'",
    ),
    "a way that leads nowhere": ("set: {seed.adam.lr: 3}", 2, 12, None),
    "repeated key": ("seeds: 2\nseeds: 3", 3, 1, None),
}


@pytest.mark.parametrize(("text", "line", "column", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_shown_at_its_place(
    text: str, line: int, column: int, message: str | None, tmp_path: Path
) -> None:
    found = complaints(tmp_path, text)
    assert (line, column) in [place[:2] for place in found], found
    assert message is None or message in [said for *_, said in found], found


def test_many_mistakes_are_shown_at_once_in_order(tmp_path: Path) -> None:
    text = "gird: 1\nseeds: []\ngrid: {activation: []}\nobjective: {}\nexclude: 3"
    assert [line for line, *_ in complaints(tmp_path, text)] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds: 2", "a sweep names the spec that it starts from"),
        ("base: 3", "a sweep names the spec that it starts from"),
        ("base: nowhere.yaml", "there is no file"),
        ("base: study.yaml", "is a sweep itself"),
        ("- base", "expected a mapping, found a list"),
    ],
)
def test_a_sweep_needs_a_base_that_is_a_spec(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(text)
    with pytest.raises(SpecError, match=message):
        sweep_file.read_definition(file)


def test_what_is_wrong_with_the_base_is_shown_in_its_own_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        runs_of(from_text(tmp_path, "seeds: 2", base=BASE.replace("adam", "adm")))
    [problem] = caught.value.problems
    assert problem.place.text.name.endswith("base.yaml")
    assert problem.message == "unknown optimizer 'adm'"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        sweep_file.read_definition(tmp_path / "none.yaml")
