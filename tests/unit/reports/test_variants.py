"""What the runs of a variant come to together, and how two variants are paired."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nnexp.reports.report import add_cells, compare_ranked, compute_rank, group_by_variant
from nnexp.reports.rows import RunRow
from nnexp.reports.variants import Variant
from nnexp.statistics.verdicts import RankingMetric
from tests.unit.reports.support import collected, plain, row, split

ACCURACY = RankingMetric("dev_accuracy", larger_is_better=True, is_share=True)

KNN = {"name": "knn", "data": plain()["data"], "baseline": {"knn": {"k": 5}}}


def variant(*rows: RunRow) -> Variant:
    [found] = group_by_variant(collected(*rows))
    return found


def runs(*accuracies: float, name: str = "a", **changes: Any) -> list[RunRow]:
    """Runs with the seeds 0, 1, ..."""
    return [
        row(f"{name}{seed}", plain(seed=seed, name=name, **changes), dev_accuracy=value)
        for seed, value in enumerate(accuracies)
    ]


def test_runs_that_differ_in_the_seed_alone_are_one_variant() -> None:
    found = group_by_variant(collected(*runs(0.9, 0.8), *runs(0.7, 0.6, activation="tanh")))
    assert [len(variant.rows) for variant in found] == [2, 2]


def test_the_mean_is_over_runs_that_are_done_and_states_are_counted() -> None:
    failed = row("f", plain(seed=7, name="a"), "failed")
    cut = [row("p", plain(seed=8, name="a"), "pruned"), row("d", plain(seed=9, name="a"), "diverged")]
    found = variant(*runs(0.9, 0.8), failed, *cut)
    mean = found.compute_mean("dev_accuracy")
    assert (mean.n, mean.dropped) == (2, 2)
    assert mean.value == pytest.approx(0.85)
    assert found.state_counts == {"done": 2, "diverged": 1, "failed": 1, "pruned": 1}


def test_a_fold_stands_for_the_mean_of_its_seeds_and_folds_overlap() -> None:
    rows = [
        row(f"r{seed}{fold}", plain(seed=seed, data=split(k_fold={"folds": 3, "fold": fold})), dev_accuracy=value)
        for seed, fold, value in ((0, 0, 0.6), (1, 0, 0.8), (0, 1, 0.9), (0, 2, 1.0))
    ]
    found = variant(*rows)
    assert found.collect_values("dev_accuracy") == {0: pytest.approx(0.7), 1: 0.9, 2: 1.0}
    assert found.fold_overlap == 1 / 2
    assert found.compute_mean("dev_accuracy").n == 3


def test_variants_are_paired_by_seed() -> None:
    a = variant(*runs(0.5, 0.6, 0.7))
    b = variant(*runs(0.6, 0.8, name="b")[::-1])
    difference = b.compute_difference(a, "dev_accuracy")
    assert difference.n == 2
    assert difference.mean == pytest.approx(0.15)


def test_a_run_that_diverged_drops_its_pair() -> None:
    a = variant(*runs(0.5, 0.6), row("x", plain(seed=2, name="a"), "diverged"))
    b = variant(*runs(0.6, 0.8, 0.9, name="b"))
    assert (b.compute_difference(a, "dev_accuracy").n, b.compute_difference(a, "dev_accuracy").dropped) == (2, 1)


def test_folds_are_not_paired_with_seeds() -> None:
    folded = variant(row("f", plain(data=split(k_fold={"folds": 3, "fold": 0})), dev_accuracy=0.5))
    assert variant(*runs(0.5, 0.6)).compute_difference(folded, "dev_accuracy").n == 0


def test_a_baseline_stands_beside_every_seed() -> None:
    baseline = variant(row("knn", {**KNN, "seed": 0}, dev_accuracy=0.7))
    difference = variant(*runs(0.8, 0.9, 1.0)).compute_difference(baseline, "dev_accuracy")
    assert difference.n == 3
    assert difference.mean == pytest.approx(0.2)


def test_two_baselines_are_one_pair_whatever_their_seeds() -> None:
    one = variant(*(row(f"k{seed}", {**KNN, "seed": seed}, dev_accuracy=0.7) for seed in range(12)))
    five = {**KNN, "baseline": {"knn": {"k": 9}}}
    other = variant(*(row(f"l{seed}", {**five, "seed": seed}, dev_accuracy=0.8) for seed in range(12)))
    assert other.compute_difference(one, "dev_accuracy").n == 1


def test_an_ensemble_is_paired_with_the_mean_of_its_members() -> None:
    members = [
        row(f"m{seed}", plain(seed=seed), group=seed // 2, dev_accuracy=value)
        for seed, value in enumerate((0.5, 0.7, 0.6, 0.9))
    ]
    ensembles = [
        row(f"e{s}", plain(seed=s), ensemble="ensemble of 2", dev_accuracy=v) for s, v in enumerate((0.8, 0.85))
    ]
    assert variant(*members).compute_mean("dev_accuracy").n == 4
    difference = variant(*ensembles).compute_difference(variant(*members), "dev_accuracy")
    assert difference.n == 2
    assert difference.mean == pytest.approx(((0.8 - 0.6) + (0.85 - 0.75)) / 2)


def test_a_variant_without_a_value_comes_last() -> None:
    lost = variant(row("f", plain(name="lost"), "failed"))
    assert compute_rank(lost, ACCURACY) > compute_rank(variant(*runs(0.0)), ACCURACY)
    assert math.isnan(lost.compute_mean("dev_accuracy").value)


def test_the_best_is_chosen_from_all_pairs_and_a_baseline_in_advance() -> None:
    rows = [r for number in range(4) for r in runs(0.5 + number / 10, 0.6 + number / 9, 0.7, name=f"v{number}")]
    variants = add_cells(group_by_variant(collected(*rows)), collected(*rows))
    ranked = sorted(variants, key=lambda v: compute_rank(v, ACCURACY))
    assert [v.comparisons for v in compare_ranked(ranked, None, ACCURACY)] == [6, 6, 6]
    assert [v.comparisons for v in compare_ranked(ranked, ranked[2], ACCURACY)] == [3, 3, 3]
    assert {v.b for v in compare_ranked(ranked, None, ACCURACY)} == {ranked[0].label}
    assert {v.a for v in compare_ranked(ranked, ranked[2], ACCURACY)} == {ranked[2].label}
