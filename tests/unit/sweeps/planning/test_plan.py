"""Plans: every run resolved and checked, once each, with its seed, fold and member."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnexp.errors import SpecError
from nnexp.runs import folder
from nnexp.spec import resolved
from nnexp.spec.read import load_spec
from nnexp.sweeps.planning import plan
from nnexp.sweeps.planning.labels import flatten_value, format_label, shorten_names
from nnexp.sweeps.planning.plan import PlannedRun, RunPlanner, resolve_base
from tests.unit.sweeps.support import BASE, complaints, from_text, from_words, runs_of

FOLDED = BASE.replace("{train: 23, dev: 13, test: 11}", "{test: 11}")
"""A base spec for folds, which decide what trains and what is dev."""


def test_a_run_has_the_folder_of_its_resolved_spec(tmp_path: Path) -> None:
    [first, second] = runs_of(from_words(tmp_path, "optimizer.adam.lr=1e-3,1e-2"))
    alone = load_spec(tmp_path / "base.yaml", ["optimizer.adam.lr=1e-3"])
    assert first.run == folder.make_folder_name(alone)
    assert first.plain_spec == resolved.make_plain_spec(alone)
    assert first.run != second.run


def test_the_overrides_of_a_run_make_it_of_the_base(tmp_path: Path) -> None:
    text = """
set: {training.epochs: 4}
grid: {optimizer: [nadam, {adam: {lr: {grid: [1e-3, 1e-2]}}}]}
seeds: 2
folds: 2
ensemble: {bagging: 2}
variants: {a: {}, b: {architecture: [{dense: {units: 5}}, activation, {dropout: {rate: 0.1}}, output]}}
"""
    runs = runs_of(from_text(tmp_path, text, "activation=tanh", base=FOLDED))
    assert len(runs) == 3 * 2 * 2 * 2 * 2
    for run in runs:
        assert resolved.make_plain_spec(load_spec(tmp_path / "base.yaml", run.overrides)) == run.plain_spec


def test_a_plan_outlasts_being_written_down(tmp_path: Path) -> None:
    for run in runs_of(
        from_text(tmp_path, "grid: {optimizer: [nadam, adam]}\nfolds: 2\nensemble: {members: 2}", base=FOLDED)
    ):
        again = PlannedRun.from_dict(json.loads(json.dumps(run.as_dict())))
        assert again == run
        assert resolved.hash_spec(again.build_spec(FOLDED)) == resolved.hash_spec(
            load_spec(tmp_path / "base.yaml", run.overrides)
        )


def test_each_variant_is_trained_with_the_same_seeds(tmp_path: Path) -> None:
    runs = runs_of(from_words(tmp_path, "activation=relu,tanh", "seed=4,2"))
    assert [(run.values["activation"], run.seed, run.plain_spec["seed"]) for run in runs] == [
        ("relu", 4, 4),
        ("relu", 2, 2),
        ("tanh", 4, 4),
        ("tanh", 2, 2),
    ]
    assert len({run.variant for run in runs}) == 2


def test_without_seeds_the_base_spec_says_it(tmp_path: Path) -> None:
    runs = runs_of(from_words(tmp_path, "activation=relu,tanh"))
    assert [run.seed for run in runs] == [3, 3]
    assert all("seed" not in override for run in runs for override in run.overrides)


def test_folds(tmp_path: Path) -> None:
    runs = runs_of(from_text(tmp_path, "folds: 3\nseeds: 2", base=FOLDED))
    assert [(run.fold, run.seed) for run in runs] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert {json.dumps(run.plain_spec["data"]["split"]["k_fold"]) for run in runs} == {
        f'{{"folds": 3, "fold": {fold}}}' for fold in range(3)
    }
    assert len({run.variant for run in runs}) == 1


def test_members_have_seeds_of_their_own_and_share_that_of_their_ensemble(tmp_path: Path) -> None:
    runs = runs_of(from_text(tmp_path, "ensemble: {members: 3}\nseeds: [0, 5]"))
    assert [(run.seed, run.member) for run in runs] == [(0, 0), (0, 1), (0, 2), (5, 0), (5, 1), (5, 2)]
    assert [run.plain_spec["seed"] for run in runs] == [0, 1, 2, 15, 16, 17]


def test_bagging_draws_the_examples_of_each_member(tmp_path: Path) -> None:
    runs = runs_of(from_text(tmp_path, "ensemble: {bagging: 2}\nseeds: [4]"))
    assert [run.plain_spec["data"]["split"]["bootstrap"] for run in runs] == [8, 9]


def test_the_same_run_is_planned_once_and_said(tmp_path: Path) -> None:
    definition = from_words(tmp_path, "activation=relu,tanh,relu", "seed=1,2,1")
    planning = RunPlanner(definition)
    [runs] = planning.plan_trials()
    assert len(runs) == 4
    assert planning.duplicate_count == 9 - 4
    assert len({run.run for run in runs}) == 4


def test_values_that_resolve_to_the_same_spec_are_one_run(tmp_path: Path) -> None:
    planning = RunPlanner(from_words(tmp_path, "optimizer=adam,{adam: {lr: 1e-3}},{adam: {lr: 0.001}}"))
    [runs] = planning.plan_trials()
    assert (len(runs), planning.duplicate_count) == (1, 2)  # 1e-3 is the default


def test_a_collision_of_six_digits_gets_a_longer_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = folder.make_folder_name
    monkeypatch.setattr(
        plan, "make_folder_name", lambda spec, digits=6: "base-aaaaaa" if digits == 6 else real(spec, digits)
    )
    runs = [run.run for run in runs_of(from_words(tmp_path, "seed=0..2"))]
    assert runs[0] == "base-aaaaaa"
    assert [len(run) for run in runs[1:]] == [len("base-") + 16] * 2
    assert len(set(runs)) == 3


def test_a_bad_value_far_down_is_found_on_its_line(tmp_path: Path) -> None:
    values = [f"    - {0.001 * n:.3f}" for n in range(1, 301)]
    values[212] = "    - -0.213"
    text = "grid:\n  optimizer.adam.lr:\n" + "\n".join(values)
    assert complaints(tmp_path, text) == [(4 + 212, 7, "expected a number > 0, found -0.213")]


def test_a_mistake_of_many_runs_is_told_once(tmp_path: Path) -> None:
    found = complaints(tmp_path, "grid: {activation: [relu, tanh, rleu], init: [he, xavier, normal]}\nseeds: 3")
    assert [message for *_, message in found] == ["unknown activation 'rleu'"]


def test_at_most_fifty_mistakes_are_looked_for(tmp_path: Path) -> None:
    found = complaints(tmp_path, f"grid: {{activation: [{', '.join(f'x{n}' for n in range(80))}]}}")
    assert len(found) == plan.MAX_PROBLEMS


def test_what_fits_by_itself_but_not_together_is_found(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="warm"):
        runs_of(from_words(tmp_path, "schedule={cosine: {warmup_epochs: 5}},constant", "training.epochs=4,9"))


def test_the_plan_of_a_drawn_part_comes_trial_by_trial(tmp_path: Path) -> None:
    text = "random: {trials: 3, space: {optimizer.adam.lr: {log_uniform: [1e-4, 1]}}}\nseeds: 2"
    definition = from_text(tmp_path, text)
    assert len(runs_of(definition)) == 6
    assert len({run.variant for run in runs_of(definition)}) == 3


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        (3, {"key": 3}),
        (None, {"key": None}),
        ("adam", {"key": "adam"}),
        ({"adam": None}, {"key": "adam"}),
        ({"adam": {"lr": 0.1, "beta1": 0.9}}, {"key": "adam", "key.adam.lr": 0.1, "key.adam.beta1": 0.9}),
        ({"noise": 0.1}, {"key": "noise", "key.noise": 0.1}),
        ([1, "a"], {"key": "[1, a]"}),
        ({"epochs": 3, "batch_size": 5}, {"key.epochs": 3, "key.batch_size": 5}),
        (
            {"teacher": {"init": {"normal": {"std": 2}}}},
            {"key": "teacher", "key.teacher.init": "normal", "key.teacher.init.normal.std": 2},
        ),
    ],
)
def test_values_as_cells_of_a_table(value: object, cells: dict[str, object]) -> None:
    assert flatten_value("key", value) == cells


def test_a_variant_in_a_few_words() -> None:
    columns = ["optimizer.adam.lr", "activation", "variant"]
    assert format_label({"optimizer.adam.lr": 1e-05, "activation": "relu"}, columns) == "lr=1e-05 activation=relu"
    assert format_label({"variant": "wide", "activation": None}, columns) == "wide activation=null"
    assert format_label({}, columns) == "base"


def test_short_names_tell_columns_from_each_other() -> None:
    columns = ["optimizer", "optimizer.adam.lr", "optimizer.sgd.lr", "training.epochs", "a.b.c", "b.c", "c"]
    names = shorten_names(columns)
    assert names["optimizer"] == "optimizer"
    assert names["optimizer.adam.lr"] == "adam.lr"
    assert names["training.epochs"] == "epochs"
    assert len(set(names.values())) == len(columns)


def test_the_base_of_a_sweep_is_resolved_whatever_varies(tmp_path: Path) -> None:
    one, two = (from_words(tmp_path, "seed=0..3", f"activation={values}") for values in ("relu,tanh", "elu,gelu"))
    assert resolve_base(one) == resolve_base(two) == resolved.make_plain_spec(load_spec(tmp_path / "base.yaml"))


def test_a_base_that_is_wrong_by_itself_may_be_made_right_by_what_varies(tmp_path: Path) -> None:
    broken = BASE.replace("{adam: {lr: 5e-2}}", "{adam: {lr: -1}}")
    definition = from_words(tmp_path, "optimizer.adam.lr=1e-3,1e-2", base=broken)
    assert len(runs_of(definition)) == 2
    assert resolve_base(definition) == {}
