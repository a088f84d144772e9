"""Every way of saying a sweep: no value is lost in the runs, and what is recorded is what is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.errors import SpecError
from nnexp.spec.problems import Problem
from nnexp.sweeps.definition.ablation import build_ablation
from nnexp.sweeps.planning.plan import PlannedRun, RunPlanner
from nnexp.sweeps.planning.record import find_value
from nnexp.sweeps.running import sweep
from tests.unit.sweeps.support import BASE, from_text, from_words, runs_of

LR = "optimizer.adam.lr"
NO_ACTIVATION = BASE.replace("activation, ", "")

LOST = {
    "set": f"set: {{{LR}: 0.5, optimizer: adam}}",
    "set and grid": f"set: {{{LR}: 0.5}}\ngrid: {{optimizer: [adam, nadam]}}",
    "set and zip": f"set: {{{LR}: 0.5}}\nzip: {{optimizer: [adam, nadam], activation: [relu, tanh]}}",
    "set and a grid of the same key": f"set: {{{LR}: 0.5}}\ngrid: {{{LR}: [0.1, 0.2]}}",
    "set and every variant": f"set: {{{LR}: 0.5}}\nvariants: {{a: {{optimizer: adam}}, b: {{optimizer: nadam}}}}",
    "grid": f"grid: {{{LR}: [0.5, 0.1], optimizer: [adam, nadam]}}",
    "zip and grid": f"zip: {{{LR}: [0.5, 0.1]}}\ngrid: {{optimizer: [adam]}}",
    "a variant": f"variants: {{a: {{{LR}: 0.5, optimizer: adam}}, b: {{}}}}",
    "a variant and grid": f"variants: {{a: {{{LR}: 0.5}}, b: {{}}}}\ngrid: {{optimizer: [adam, nadam]}}",
    "grid and random": f"grid: {{{LR}: [0.5]}}\nrandom: {{trials: 2, space: {{optimizer: {{choice: [adam, nadam]}}}}}}",
    "the space of tpe": f"tpe: {{trials: 2, space: {{{LR}: {{uniform: [0.1, 1]}}, optimizer: {{choice: [adam]}}}}}}",
    "a value inside of a choice": (
        f"sobol: {{trials: 2, space: {{optimizer: {{choice: [{{adam: {{lr: 1}}}}, adam]}}, "
        f"{LR}: {{uniform: [0.1, 1]}}}}}}"
    ),
    "halving": (
        f"grid: {{{LR}: [0.5, 0.1], optimizer: [adam, nadam]}}\npruning: {{successive_halving: {{rungs: [1]}}}}"
    ),
    "a seed beside seeds": "set: {seed: 7}\nseeds: 2",
    "a variant's seed beside seeds": "variants: {a: {seed: 7}, b: {}}\nseeds: 2",
    "a fold beside folds": "set: {data.split.k_fold: {folds: 2, fold: 0}}\nfolds: 2",
    "a bootstrap beside bagging": "set: {data.split.bootstrap: 3}\nensemble: {bagging: 2}",
    "an exclusion of nothing": f"grid: {{{LR}: [0.5, 0.1]}}\nexclude: [{{{LR}: 0.3}}]",
    "an exclusion of nothing that is drawn": (
        f"random: {{trials: 2, space: {{{LR}: {{uniform: [0.1, 1]}}}}}}\nexclude: [{{{LR}: 3}}]"
    ),
    "a batch of random trials": f"random: {{trials: 2, batch: 3, space: {{{LR}: {{uniform: [0.1, 1]}}}}}}",
}

KINDS = {
    "grid": f"grid: {{{LR}: [0.5, 1], optimizer.adam.beta1: [0.5]}}",
    "grid of components": "grid: {optimizer: [nadam, {adam: {lr: {grid: [0.5, 0.1]}}}]}",
    "a component, then its parameter": f"grid: {{optimizer: [adam], {LR}: [0.5, 0.1]}}",
    "zip": f"zip: {{{LR}: [0.5, 0.1], training.batch_size: [11, full]}}",
    "variants and grid": f"variants: {{a: {{optimizer: adam}}, b: {{}}}}\ngrid: {{{LR}: [0.5, 0.1]}}",
    "set": f"set: {{training.epochs: 5}}\ngrid: {{{LR}: [0.5, 0.1]}}",
    "random": f"random: {{trials: 3, space: {{{LR}: {{log_uniform: [0.01, 1]}}}}}}",
    "sobol": "sobol: {trials: 3, space: {optimizer: {choice: [{sgd: {lr: {uniform: [0.1, 1]}}}, adam]}}}",
    "tpe": f"tpe: {{trials: 3, space: {{{LR}: {{uniform: [0.1, 1]}}}}}}",
    "halving": f"grid: {{{LR}: [0.5, 0.1]}}\npruning: {{successive_halving: {{rungs: [1]}}}}",
    "a layer": "grid: {architecture.0.dense.units: [3, 5], regularization.l2: [0.1, 0.2]}",
    "folds": f"set: {{data.split: {{test: 11}}}}\ngrid: {{{LR}: [0.5, 0.1]}}\nfolds: 2",
    "members": f"grid: {{{LR}: [0.5, 0.1]}}\nensemble: {{members: 2}}",
}


def problems_of_words(folder: Path, *words: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        from_words(folder, *words)
    return caught.value.problems


def check_record(run: PlannedRun) -> None:
    """The run's record says what its resolved spec does."""
    for path, recorded in run.values.items():
        trained = find_value(run.plain_spec, path)
        if isinstance(trained, dict):
            [(name, parameters)] = trained.items()
            trained = name if recorded == name else parameters
        assert path == "variant" or recorded == trained


@pytest.mark.parametrize("text", LOST.values(), ids=LOST.keys())
def test_a_value_that_no_run_would_have_is_refused_on_its_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        from_text(tmp_path, text)
    assert all(problem.place.line > 1 and "^" in problem.format_report() for problem in caught.value.problems)


@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS.keys())
def test_the_record_of_every_kind_of_sweep_is_what_is_trained(text: str, tmp_path: Path) -> None:
    runs = runs_of(from_text(tmp_path, text))
    assert runs
    for run in runs:
        check_record(run)


def test_the_record_of_words_and_of_an_ablation_is_what_is_trained(tmp_path: Path) -> None:
    definition = from_words(tmp_path, f"{LR}=0.5,0.1", "seed=0..1")
    for run in [*runs_of(definition), *runs_of(build_ablation(from_words(tmp_path, f"{LR}=0.5"), 1))]:
        check_record(run)


def test_words_that_wipe_out_others_are_refused_with_both_names(tmp_path: Path) -> None:
    [problem] = problems_of_words(tmp_path, f"{LR}=0.5,0.1", "optimizer=adam,nadam")
    assert (problem.place.text.name, problem.path) == ("argument 1", LR)
    assert problem.message == f"optimizer varies, and with nadam there is no {LR}"
    assert "optimizer={adam: {lr: {grid: [0.5, 0.1]}}},nadam" in problem.suggestion
    from_words(tmp_path, "optimizer={adam: {lr: {grid: [0.5, 0.1]}}},nadam")


def test_a_fixed_word_under_an_axis_is_refused_in_either_order(tmp_path: Path) -> None:
    for words in ([f"{LR}=0.5", "optimizer=adam,nadam"], ["optimizer=adam,nadam", f"{LR}=0.5"]):
        assert any(LR in p.message or p.path == LR for p in problems_of_words(tmp_path, *words))


def test_a_key_given_twice_in_a_command_is_refused(tmp_path: Path) -> None:
    [problem] = problems_of_words(tmp_path, "training.epochs=3", "training.epochs=4")
    assert "given twice" in problem.message


def test_an_axis_over_what_an_ablation_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        build_ablation(from_words(tmp_path, "optimizer=adam,nadam"), 1)


def test_a_word_takes_the_place_of_a_files_own_value(tmp_path: Path) -> None:
    [run] = runs_of(from_text(tmp_path, "set: {training.epochs: 5}", "training.epochs=3"))
    assert run.overrides == ("training.epochs=3",)
    assert run.plain_spec["training"]["epochs"] == 3


def test_a_set_value_that_one_variant_replaces_is_that_of_the_others(tmp_path: Path) -> None:
    runs = runs_of(from_text(tmp_path, f"set: {{{LR}: 0.5}}\nvariants: {{a: {{}}, b: {{{LR}: 0.1}}}}"))
    assert [run.plain_spec["optimizer"]["adam"]["lr"] for run in runs] == [0.5, 0.1]
    assert [run.overrides for run in runs] == [(f"{LR}=0.5",), (f"{LR}=0.1",)]


def test_variants_of_the_same_network_are_one_run_and_named(tmp_path: Path) -> None:
    planning = RunPlanner(from_words(tmp_path, "activation=relu,tanh", base=NO_ACTIVATION))
    [runs] = planning.plan_trials()
    assert len(runs) == 1
    assert planning.alike == {"activation=tanh": "activation=relu"}


def test_an_activation_that_a_layer_takes_makes_another_network(tmp_path: Path) -> None:
    planning = RunPlanner(from_words(tmp_path, "activation=relu,tanh"))
    [runs] = planning.plan_trials()
    assert (len(runs), planning.alike) == (2, {})


@pytest.mark.parametrize("objective", ["{maximize: dev_loss}", "{minimize: dev_accuracy}"])
def test_an_objective_against_its_sense_is_refused(objective: str, tmp_path: Path) -> None:
    definition = from_text(tmp_path, f"objective: {objective}")
    with pytest.raises(SpecError, match="would choose the worst run as the best"):
        sweep.plan_sweep(definition, tmp_path)
