"""Ablations: which variants there are of a spec, and that each lacks just the one part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nnexp.errors import SpecError, UsageError
from nnexp.spec import resolved
from nnexp.spec.spec import Spec
from nnexp.sweeps.definition.ablation import UNCHANGED_VARIANT, build_ablation, inline_residual_blocks, remove_layers
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.planning.plan import PlannedRun, RunPlanner

SMALL = ("data.source.cifar_like.examples=200", "data.split={train: 100, dev: 50, test: 50}")

CONFIGS = Path(__file__).parents[4] / "configs"


def variants(config: str, *words: str, seeds: int = 1) -> dict[str, PlannedRun]:
    """One run of each variant, by the variant's name."""
    definition = build_ablation(parse_command(CONFIGS / f"{config}.yaml", words), seeds)
    [runs] = RunPlanner(definition).plan_trials()
    return {str(run.values["variant"]): run for run in runs}


def kinds(plain: Any) -> list[str]:
    return [layer if isinstance(layer, str) else next(iter(layer)) for layer in plain["architecture"]]


def test_the_parts_of_adam_bn_are_left_out_or_swapped_one_at_a_time() -> None:
    assert list(variants("adam_bn")) == [
        UNCHANGED_VARIANT,
        "no batch_norm",
        "no relu",
        "no dropout",
        "no l2",
        "no normalization",
        "no cosine",
        "no warmup",
        "no early_stopping",
        "no clip_norm",
        "tanh for relu",
        "sigmoid for relu",
        "xavier for he",
        "sgd for adam",
        "momentum for adam",
    ]


def test_each_variant_differs_from_the_whole_in_its_part_alone() -> None:
    runs = variants("adam_bn")
    whole = runs[UNCHANGED_VARIANT].plain_spec
    for name, run in runs.items():
        changed = [key for key in whole if run.plain_spec[key] != whole[key]]
        assert len(changed) == (name != UNCHANGED_VARIANT), name


def test_layers_are_left_out_wherever_they_stand() -> None:
    runs = variants("adam_bn")
    assert kinds(runs["no batch_norm"].plain_spec) == [
        "dense",
        "activation",
        "dropout",
        "dense",
        "activation",
        "output",
    ]
    assert kinds(runs["no relu"].plain_spec) == ["dense", "batch_norm", "dropout", "dense", "batch_norm", "output"]
    assert remove_layers(["relu", {"parallel": {"branches": [["relu"], ["tanh"]]}}], "relu") == [
        {"parallel": {"branches": [[], ["tanh"]]}}
    ]


def test_a_residual_block_loses_its_shortcut_and_keeps_its_layers() -> None:
    assert "no shortcut" in variants("residual_spirals")
    block = {"residual_block": {"layers": [{"dense": 3}, "relu"], "projected": False}}
    assert inline_residual_blocks([{"dense": 3}, block]) == [{"dense": 3}, {"dense": 3}, "relu"]


def test_an_optimizer_that_is_not_adaptive_gets_ten_times_the_rate_of_the_adaptive_one() -> None:
    found = variants("adam_bn", "optimizer.adam.lr=2e-3")["sgd for adam"].plain_spec["optimizer"]
    assert found == {"sgd": {"lr": pytest.approx(2e-2)}}


def test_augmentations_are_left_out_one_at_a_time() -> None:
    runs = variants("augmented_cifar_like", *SMALL)
    whole = runs[UNCHANGED_VARIANT].plain_spec["data"]["augment"]
    for index, entry in enumerate(whole):
        left = runs[f"no {next(iter(entry))}"].plain_spec["data"]["augment"]
        assert left == whole[:index] + whole[index + 1 :]


def test_all_variants_have_the_same_seeds() -> None:
    definition = build_ablation(parse_command(CONFIGS / "adam_bn.yaml", []), 3)
    [runs] = RunPlanner(definition).plan_trials()
    seeds: dict[str, list[int]] = {}
    for run in runs:
        seeds.setdefault(run.variant, []).append(run.seed)
    assert set(map(tuple, seeds.values())) == {(0, 1, 2)}


def test_seeds_given_twice_are_refused_with_both_places() -> None:
    definition = parse_command(CONFIGS / "adam_bn.yaml", ["training.epochs=3", "seed=0..1"])
    assert build_ablation(definition).seeds == (0, 1)
    with pytest.raises(SpecError) as caught:
        build_ablation(definition, 3)
    [problem] = caught.value.problems
    assert (problem.place.text.name, problem.path) == ("argument 2", "seed")
    assert "--seeds 3" in problem.message


def test_a_variant_that_changes_a_part_of_a_fixed_value_records_overrides_that_a_command_takes() -> None:
    fixed = "training={epochs: 3, batch_size: 100, early_stopping: {patience: 2}}"
    runs = variants("adam_bn", fixed, "regularization.l2=0.1")
    run = runs["no early_stopping"]
    assert run.overrides[:2] == (
        "training={epochs: 3, batch_size: 100, early_stopping: null}",
        "regularization.l2=0.1",
    )
    definition = parse_command(CONFIGS / "adam_bn.yaml", run.overrides)
    [[again]] = RunPlanner(definition).plan_trials()
    assert again.plain_spec == run.plain_spec
    assert runs[UNCHANGED_VARIANT].overrides[0] == fixed


def test_every_variant_can_be_built_again_from_the_plan() -> None:
    for run in variants("adam_bn").values():
        spec = run.build_spec("")
        assert isinstance(spec, Spec)
        assert resolved.make_plain_spec(spec) == run.plain_spec


def test_a_baseline_has_nothing_to_leave_out() -> None:
    with pytest.raises(UsageError, match="is a baseline"):
        build_ablation(parse_command(CONFIGS / "knn_digits.yaml", []), 1)
