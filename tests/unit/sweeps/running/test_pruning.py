"""Which runs go on: worked by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.definition.settings import HalvingSettings, SweepObjective
from nnexp.sweeps.running.folder import OutcomesByRun
from nnexp.sweeps.running.pruning import (
    FullTraining,
    SuccessiveHalving,
    average_metric,
    find_ended_outcome,
    find_outcome_at_rung,
)
from tests.unit.sweeps.support import done, paused, planned

LARGE, SMALL = SweepObjective(maximize="dev_accuracy"), SweepObjective(minimize="dev_loss")


def halving(names: str, *rungs: int, keep: float = 0.5, objective: SweepObjective = LARGE) -> SuccessiveHalving:
    return SuccessiveHalving([planned(name) for name in names], HalvingSettings(rungs, keep), objective)


def at(epoch: int, values: Mapping[str, float], metric: str = "dev_accuracy") -> OutcomesByRun:
    return {name: [paused(name, epoch, **{metric: value})] for name, value in values.items()}


def with_more(known: OutcomesByRun, *receipts: RunOutcome) -> OutcomesByRun:
    found = {name: list(entries) for name, entries in known.items()}
    for receipt in receipts:
        found.setdefault(receipt.run, []).append(receipt)
    return found


def test_plain_trains_every_run_to_its_end() -> None:
    strategy = FullTraining([planned(name) for name in "abcd"])
    assert strategy.find_due_runs({}) == dict.fromkeys("abcd")
    known = {
        "a": [done("a", 9)],
        "b": [RunOutcome("b", "diverged")],
        "c": [RunOutcome("c", "failed")],
        "d": [paused("d", 3)],
    }
    assert strategy.find_due_runs(known) == {"d": None}
    assert strategy.find_pruned_runs(known) == set()


def test_all_variants_come_to_the_first_rung() -> None:
    strategy = halving("abcd", 1, 3)
    assert strategy.find_due_runs({}) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert strategy.find_due_runs(at(1, {"a": 0.1, "c": 0.2})) == {"b": 1, "d": 1}
    assert strategy.find_pruned_runs({}) == set()


def test_the_best_half_goes_on_at_each_rung() -> None:
    strategy = halving("abcdefgh", 1, 3, 9)
    first = at(1, dict(zip("abcdefgh", (0.1, 0.8, 0.3, 0.7, 0.5, 0.2, 0.6, 0.4), strict=True)))
    assert strategy.find_due_runs(first) == {"b": 3, "d": 3, "e": 3, "g": 3}  # 0.8, 0.7, 0.5, 0.6
    assert strategy.find_pruned_runs(first) == set("acfh")
    second = with_more(
        first, *(paused(n, 3, dev_accuracy=v) for n, v in zip("bdeg", (0.5, 0.9, 0.8, 0.6), strict=True))
    )
    assert strategy.find_due_runs(second) == {"d": 9, "e": 9}
    assert strategy.find_pruned_runs(second) == set("abcfgh")
    third = with_more(second, paused("d", 9, dev_accuracy=0.7), paused("e", 9, dev_accuracy=0.9))
    assert strategy.find_due_runs(third) == {"e": None}
    end = with_more(third, done("e", 27, dev_accuracy=0.95))
    assert strategy.find_due_runs(end) == {}
    assert strategy.find_pruned_runs(end) == set("abcdfgh")


def test_a_rung_waits_for_all_that_take_part_in_it() -> None:
    strategy = halving("abcd", 1, 3)
    known = at(1, {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1})
    known = with_more(known, paused("a", 3, dev_accuracy=0.9))
    assert strategy.find_due_runs(known) == {"b": 3}


def test_the_smallest_go_on_where_the_objective_is_minimized() -> None:
    strategy = halving("abcd", 1, objective=SMALL)
    known = at(1, {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}, "dev_loss")
    assert strategy.find_due_runs(known) == {"c": None, "d": None}


def test_of_equal_ones_the_first_of_the_plan_go_on() -> None:
    assert halving("abcd", 1).find_due_runs(at(1, dict.fromkeys("abcd", 0.5))) == {"a": None, "b": None}
    assert halving("dcba", 1).find_due_runs(at(1, dict.fromkeys("abcd", 0.5))) == {"d": None, "c": None}


def test_at_least_one_goes_on() -> None:
    assert halving("abc", 1, keep=0.01).find_due_runs(at(1, {"a": 0.1, "b": 0.3, "c": 0.2})) == {"b": None}


def test_the_share_is_rounded() -> None:
    values = {name: 1 - n / 10 for n, name in enumerate("abcdefgh")}
    assert len(halving("abcdefgh", 1, keep=0.33).find_due_runs(at(1, values))) == 3  # 2.64
    assert len(halving("abcdefgh", 1, keep=0.3).find_due_runs(at(1, values))) == 2  # 2.4


def test_nan_failed_and_diverged_come_last() -> None:
    strategy = halving("abcd", 1)
    known = at(1, {"a": math.nan, "d": 0.0}) | {"b": [RunOutcome("b", "failed")], "c": [RunOutcome("c", "diverged", 1)]}
    assert strategy.find_due_runs(known) == {
        "d": None,
        "a": None,
    }  # of the three that are last, a is the first of the plan
    assert strategy.find_pruned_runs(known) == set()


def test_where_all_but_one_came_to_nothing_that_one_goes_on() -> None:
    strategy = halving("abc", 1, keep=0.3)
    known = at(1, {"a": math.nan, "c": -5.0}) | {"b": [RunOutcome("b", "failed")]}
    assert strategy.find_due_runs(known) == {"c": None}
    assert strategy.find_pruned_runs(known) == {"a"}  # b has failed, and that is what it is


def test_minimizing_ranks_nan_last_too() -> None:
    strategy = halving("ab", 1, objective=SMALL)
    assert strategy.find_due_runs(at(1, {"a": math.nan, "b": 1e9}, "dev_loss")) == {"b": None}


def test_a_variant_is_ranked_by_the_mean_of_its_runs_and_goes_on_whole() -> None:
    runs = [planned(f"{variant}{seed}", variant, seed) for variant in "ab" for seed in range(2)]
    strategy = SuccessiveHalving(runs, HalvingSettings((1,), 0.5), LARGE)
    known = at(1, {"a0": 0.9, "a1": 0.1, "b0": 0.6, "b1": 0.5})  # 0.5 and 0.55
    assert strategy.find_due_runs(known) == {"b0": None, "b1": None}
    known = at(1, {"a0": 0.9, "a1": 0.1, "b0": 0.6}) | {"b1": [RunOutcome("b1", "diverged")]}
    assert strategy.find_due_runs(known) == {"a0": None, "a1": None}


def test_a_run_that_ended_before_a_rung_answers_with_its_end() -> None:
    strategy = halving("abcd", 3)
    known = at(3, {"b": 0.3, "c": 0.2, "d": 0.1}) | {"a": [done("a", 2, dev_accuracy=0.9)]}  # stopped early
    assert strategy.find_due_runs(known) == {"b": None}
    assert strategy.find_pruned_runs(with_more(known, done("b", 9, dev_accuracy=1))) == {"c", "d"}


def test_a_run_that_ended_before_the_sweep_is_not_pruned() -> None:
    strategy = halving("ab", 3)
    known = with_more(at(3, {"a": 0.3, "b": 0.2}), done("b", 9, dev_accuracy=0.2), done("a", 9, dev_accuracy=0.3))
    assert strategy.find_due_runs(known) == {}
    assert strategy.find_pruned_runs(known) == set()


def test_the_end_of_a_run_is_no_answer_to_a_rung_before_it() -> None:
    """Its value there is another; the folder has it."""
    assert find_outcome_at_rung({"a": [done("a", 9, dev_accuracy=0.9)]}, "a", 3) is None
    assert find_outcome_at_rung({"a": [RunOutcome("a", "diverged", 9)]}, "a", 3) is not None


def test_a_restart_decides_the_same_in_whatever_order_receipts_came() -> None:
    strategy = halving("abcd", 1, 3)
    receipts = [paused(n, 1, dev_accuracy=v) for n, v in zip("abcd", (0.1, 0.4, 0.3, 0.2), strict=True)]
    forward, backward = with_more({}, *receipts), with_more({}, *reversed(receipts))
    assert list(strategy.find_due_runs(forward)) == list(strategy.find_due_runs(backward)) == ["b", "c"]


def asynchronous(names: str, *rungs: int, keep: float = 0.5) -> SuccessiveHalving:
    return SuccessiveHalving([planned(name) for name in names], HalvingSettings(rungs, keep, asynchronous=True), LARGE)


def test_asynchronous_promotes_as_soon_as_half_are_worse() -> None:
    strategy = asynchronous("abcd", 1, 3)
    assert strategy.find_due_runs({}) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert strategy.find_due_runs(at(1, {"a": 0.5})) == {"b": 1, "c": 1, "d": 1}  # half of one is none
    two = at(1, {"a": 0.5, "b": 0.6})
    assert strategy.find_due_runs(two) == {"b": 3, "c": 1, "d": 1}
    assert next(iter(strategy.find_due_runs(two))) == "b"  # promotions first
    three = with_more(two, paused("c", 1, dev_accuracy=0.7))
    assert strategy.find_due_runs(three) == {"c": 3, "d": 1}  # half of three is one, and now c is the best
    four = with_more(three, paused("d", 1, dev_accuracy=0.1))
    assert strategy.find_due_runs(four) == {"c": 3, "b": 3}


def test_asynchronous_promotes_further_and_to_the_end() -> None:
    strategy = asynchronous("abcd", 1, 3)
    known = at(1, {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4})
    known = with_more(known, paused("c", 3, dev_accuracy=0.9), paused("d", 3, dev_accuracy=0.5))
    assert strategy.find_due_runs(known) == {"c": None}
    assert strategy.find_pruned_runs(known) == set()
    known = with_more(known, done("c", 9, dev_accuracy=0.9))
    assert strategy.find_due_runs(known) == {}
    assert strategy.find_pruned_runs(known) == set("abd")


def test_asynchronous_brings_the_best_of_few_on() -> None:
    strategy = asynchronous("ab", 1, keep=0.3)  # 0.3 · 2 is none, but all have come
    assert strategy.find_due_runs(at(1, {"a": 0.2, "b": 0.4})) == {"b": None}
    assert strategy.find_due_runs(at(1, {"b": 0.4})) == {"a": 1}


def test_asynchronous_does_not_promote_what_came_to_nothing_before_others() -> None:
    strategy = asynchronous("abcd", 1)
    known = at(1, {"a": math.nan, "b": 0.1}) | {"c": [RunOutcome("c", "diverged")], "d": [RunOutcome("d", "failed")]}
    assert "b" in strategy.find_due_runs(known)


def test_the_first_end_that_is_no_failure_counts() -> None:
    assert find_ended_outcome({"a": [paused("a", 3)]}, "a") is None
    assert find_ended_outcome({}, "a") is None
    assert find_ended_outcome({"a": [paused("a", 3), done("a", 9)]}, "a") == done("a", 9)


def test_means() -> None:
    assert average_metric("m", [done("a", 1, m=1), done("b", 1, m=4)]) == 2.5
    assert math.isnan(average_metric("m", []))
    assert math.isnan(average_metric("m", [done("a", 1, m=1), RunOutcome("b", "diverged", metrics={"m": 4})]))
    assert math.isnan(average_metric("other", [done("a", 1, m=1)]))


@pytest.mark.parametrize("keep", [0.1, 0.33, 0.5, 0.9])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_at_least_one_variant_of_an_asynchronous_halving_comes_to_the_end(count: int, keep: float) -> None:
    names = "abcdefghi"[:count]
    strategy = SuccessiveHalving(
        [planned(name) for name in names], HalvingSettings((1, 3), keep, asynchronous=True), LARGE
    )
    known: OutcomesByRun = {}
    while due := strategy.find_due_runs(known):
        run, until = next(iter(due.items()))
        value = ord(run) / 200
        known = with_more(
            known, done(run, 9, dev_accuracy=value) if until is None else paused(run, until, dev_accuracy=value)
        )
    finished = [name for name in names if find_ended_outcome(known, name)]
    assert finished
    assert strategy.find_pruned_runs(known) == set(names) - set(finished)
