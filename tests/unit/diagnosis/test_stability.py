"""Divergence, flat losses, learning rates."""

from __future__ import annotations

import math

from nnexp.diagnosis import stability
from tests.unit.diagnosis.support import DIGITS, evidence, looks

WRONG = [0.1] * 8


def falling(first: float, last: float, count: int = 8) -> list[float]:
    return [first + (last - first) * n / (count - 1) for n in range(count)]


def test_divergence_is_told_by_the_path_of_the_loss() -> None:
    record = {"state": "diverged", "diverged": {"epoch": 3, "step": 4}}
    seen = evidence(
        record=record,
        columns={"train_loss": [2.0, 1.5]},
        looked=looks({"output": {}}, losses=[1.4, 20.0, 3000.0, math.inf, 0.7]),  # the last of the epoch before
    )
    [finding] = stability.diverged(seen)
    assert finding.text == (
        "diverged in epoch 3, step 4: the loss went from 1.4 to 3000 and was not finite 3 steps later"
    )
    assert finding.epoch == 3
    assert finding.remedies[0].override == "optimizer.adam.lr=1e-4"
    assert "training.clip_norm=1.0" in [remedy.override for remedy in finding.remedies]


def test_divergence_in_the_first_step_is_told_without_any_record() -> None:
    seen = evidence(record={"state": "diverged", "diverged": {"epoch": 1, "step": 1}})
    [finding] = stability.diverged(seen)
    assert finding.text == "diverged in epoch 1, step 1"


def test_a_loss_that_grows_and_grows_is_about_to_diverge() -> None:
    [finding] = stability.about_to_diverge(evidence(columns={"train_loss": [2.0, 1.0, 3.0, 9.0]}))
    assert finding.epoch == 2
    assert not list(stability.about_to_diverge(evidence(columns={"train_loss": [2.0, 1.0, 9.0, 3.0]})))
    assert not list(stability.about_to_diverge(evidence(columns={"train_loss": [2.0, 0.001, 0.002, 0.004]})))


def test_too_high_a_learning_rate_carries_the_weights_away() -> None:
    rows = {"train_loss": [5.0, 2.3], "train_accuracy": [0.1, 0.1]}
    [finding] = stability.lr_too_high(evidence(columns=rows, looked=looks({"dense_1": {"weight": [1, 6, 6]}})))
    assert finding.numbers == {"start": 2.3, "first": 5.0, "last": 2.3, "grown": 6.0}
    assert finding.remedies[0].override == "optimizer.adam.lr=1e-5"
    assert not list(stability.lr_too_high(evidence(columns=rows, looked=looks({"dense_1": {"weight": [1, 1.5, 1.5]}}))))


def test_weights_that_grow_while_all_is_learned_are_no_fault() -> None:
    rows = {"train_loss": [1.0, 0.1], "train_accuracy": [0.7, 0.99]}
    assert not list(stability.lr_too_high(evidence(columns=rows, looked=looks({"dense_1": {"weight": [1, 6, 9]}}))))


def test_too_low_a_learning_rate_is_seen_by_its_steps() -> None:
    rows = {"train_loss": falling(2.5, 2.3), "train_accuracy": WRONG}
    slow = looks({"dense_1": {"update": [math.nan, 1e-6, 1e-6]}})
    [finding] = stability.lr_too_low(evidence(columns=rows, looked=slow))
    assert finding.remedies[0].override == "optimizer.adam.lr=1"  # 1e-6 is a thousandth of a usual step
    usual = looks({"dense_1": {"update": [math.nan, 1e-3, 1e-3]}})
    assert not list(stability.lr_too_low(evidence(columns=rows, looked=usual)))


def test_a_schedule_that_ends_near_0_is_judged_by_its_largest_steps() -> None:
    rows = {"train_loss": falling(2.5, 1.0), "train_accuracy": WRONG}
    ending = looks({"dense_1": {"update": [math.nan, 1e-3, 1e-5, 1e-9]}})
    assert not list(stability.lr_too_low(evidence(columns=rows, looked=ending)))
    assert not list(stability.updates(evidence(columns=rows, looked=ending)))


def test_without_looks_a_low_learning_rate_is_seen_by_an_even_fall() -> None:
    rows = {"train_loss": falling(2.5, 2.3), "train_accuracy": WRONG}
    assert list(stability.lr_too_low(evidence(columns=rows)))
    assert not list(stability.lr_too_low(evidence(columns={**rows, "train_loss": falling(2.5, 1.0)})))


def test_a_flat_loss_is_flat_from_the_start() -> None:
    rows = {"train_loss": [2.31, 2.30, 2.30], "train_accuracy": [0.1] * 3}
    assert [finding.epoch for finding in stability.flat(evidence(columns=rows))] == [1]
    assert not list(stability.flat(evidence(columns={**rows, "train_loss": [2.3, 1.5, 1.5]})))


def test_a_loss_that_still_falls_wants_more_epochs() -> None:
    rows = {"train_loss": falling(2.5, 1.0), "train_accuracy": WRONG}
    [finding] = stability.still_improving(evidence(columns=rows))
    assert finding.remedies[0].override == "training.epochs=30"
    learned = {**rows, "train_accuracy": [0.99] * 8}
    assert not list(stability.still_improving(evidence(columns=learned)))
    stopped = {"ending": "stopped_early"}
    assert not list(stability.still_improving(evidence(record=stopped, columns=rows)))


def test_updates_are_judged_layer_by_layer() -> None:
    steps = {"dense_1": {"update": [math.nan, 1e-8, 1e-8]}, "dense_2": {}, "output": {"update": [math.nan, 0.5, 0.5]}}
    small, large = stability.updates(evidence(columns={"train_loss": [1.0]}, looked=looks(steps)))
    assert (small.cause, small.layers) == ("small_updates", ("dense_1",))
    assert (large.cause, large.layers) == ("large_updates", ("output",))


def test_frozen_layers_are_left_out() -> None:
    frozen = DIGITS.replace("epochs: 10", "epochs: 10, freeze: [dense_1]")
    steps = {"dense_1": {"update": [math.nan, 1e-8]}, "output": {}}
    assert not list(stability.updates(evidence(frozen, columns={"train_loss": [1.0]}, looked=looks(steps))))
