"""How a sweep stands."""

from __future__ import annotations

import math

from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.definition.settings import SweepObjective
from nnexp.sweeps.running.folder import OutcomesByRun
from nnexp.sweeps.running.progress import SweepProgress
from nnexp.sweeps.running.sweep import format_state_counts
from tests.unit.sweeps.support import done, paused, planned

LARGE = SweepObjective(maximize="m")


def board(names: str, known: OutcomesByRun, objective: SweepObjective = LARGE) -> SweepProgress:
    return SweepProgress([planned(name) for name in names], objective, dict.fromkeys(names, 9), known)


MIXED: OutcomesByRun = {
    "a": [done("a", 9, m=0.5)],
    "b": [RunOutcome("b", "diverged", 4)],
    "c": [RunOutcome("c", "failed", error="why")],
    "d": [paused("d", 3, m=0.9)],
}


def test_the_state_of_every_run() -> None:
    found = board("abcdef", dict(MIXED))
    found.running, found.pruned = {"e"}, {"d"}
    states = {"a": "done", "b": "diverged", "c": "failed", "d": "pruned", "e": "running", "f": "waiting"}
    assert found.collect_states() == states
    assert [found.count_runs(state) for state in states.values()] == [1] * 6
    assert format_state_counts(found) == "1 done, 1 diverged, 1 failed, 1 pruned, 1 interrupted, 1 waiting"
    assert format_state_counts(found, at_work=True) == "1 done, 1 diverged, 1 failed, 1 pruned, 1 running, 1 waiting"


def test_a_run_that_ended_is_done_whatever_else_is_said() -> None:
    found = board("a", dict(MIXED))
    found.running, found.pruned = {"a"}, {"a"}
    assert found.find_state("a") == "done"


def test_epochs_behind_and_in_all() -> None:
    found = board("abcdef", dict(MIXED))
    assert found.epochs_done == 9 + 4 + 0 + 3
    assert found.total_epochs == 9 + 4 + 0 + 9 + 9 + 9
    found.epochs_by_task = {1: 5, 2: 2}
    assert found.epochs_done == 9 + 4 + 0 + 3 + 7
    found.pruned = {"d"}
    assert found.total_epochs == 9 + 4 + 0 + 3 + 9 + 9


def test_no_time_is_foretold_before_anything_was_made() -> None:
    found = board("ab", {})
    assert found.estimate_seconds_left() is None
    found.epochs_by_task = {1: 9}
    left = found.estimate_seconds_left()
    assert left is not None
    assert left >= 0


def test_what_was_made_before_does_not_count_as_pace() -> None:
    found = board("ab", {"a": [done("a", 9, m=1)]})
    found.epochs_at_start = 9
    assert found.estimate_seconds_left() is None


def test_the_best_run_is_done_and_not_nan() -> None:
    known = MIXED | {
        "e": [done("e", 9, m=math.nan)],
        "f": [done("f", 9, m=0.7)],
        "g": [done("g", 9)],
        "b": [RunOutcome("b", "diverged", 4, metrics={"m": 5.0})],
    }
    best = board("edcbgaf", known).find_best_run()
    assert best
    assert best[0].run == "f"
    small = board("edcbgaf", known, SweepObjective(minimize="m")).find_best_run()
    assert small
    assert small[0].run == "a"


def test_there_is_no_best_where_nothing_is_done() -> None:
    assert board("bcd", dict(MIXED)).find_best_run() is None
    assert board("e", {"e": [done("e", 9, m=math.nan)]}).find_best_run() is None


def test_of_equal_runs_the_first_of_the_plan_is_the_best() -> None:
    best = board("ba", {"a": [done("a", 9, m=1)], "b": [done("b", 9, m=1)]}).find_best_run()
    assert best
    assert best[0].run == "b"


def test_runs_by_variant_and_their_mean() -> None:
    runs = [planned("a0", "a"), planned("b0", "b"), planned("a1", "a", 1), planned("a2", "a", 2)]
    found = SweepProgress(runs, LARGE, {}, {"a0": [done("a0", 9, m=1)], "a1": [done("a1", 9, m=4)]})
    assert {variant: [run.run for run in runs] for variant, runs in found.group_by_variant().items()} == {
        "a": ["a0", "a1", "a2"],
        "b": ["b0"],
    }
    assert found.average_objective(found.group_by_variant()["a"]) == 2.5
    assert math.isnan(found.average_objective(found.group_by_variant()["b"]))
