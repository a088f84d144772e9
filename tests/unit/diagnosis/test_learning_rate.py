"""Learning rates, and updates out of proportion to the weights."""

from __future__ import annotations

import math

from nnexp.diagnosis import learning_rate
from tests.unit.diagnosis.support import DIGITS, evidence, falling, looks

WRONG = [0.1] * 8


def test_too_high_a_learning_rate_carries_the_weights_away() -> None:
    rows = {"train_loss": [5.0, 2.3], "train_accuracy": [0.1, 0.1]}
    [finding] = learning_rate.find_high_learning_rate(
        evidence(columns=rows, looked=looks({"dense_1": {"weight": [1, 6, 6]}}))
    )
    assert finding.numbers == {"start": 2.3, "first": 5.0, "last": 2.3, "grown": 6.0}
    assert finding.remedies[0].override == "optimizer.adam.lr=1e-5"
    assert not any("clip" in remedy.override for remedy in finding.remedies)
    assert not list(
        learning_rate.find_high_learning_rate(
            evidence(columns=rows, looked=looks({"dense_1": {"weight": [1, 1.5, 1.5]}}))
        )
    )


def test_weights_that_grow_while_all_is_learned_are_no_fault() -> None:
    rows = {"train_loss": [1.0, 0.1], "train_accuracy": [0.7, 0.99]}
    assert not list(
        learning_rate.find_high_learning_rate(evidence(columns=rows, looked=looks({"dense_1": {"weight": [1, 6, 9]}})))
    )


def test_too_low_a_learning_rate_is_seen_by_its_steps() -> None:
    rows = {"train_loss": falling(2.5, 2.3), "train_accuracy": WRONG}
    slow = looks({"dense_1": {"update": [math.nan, 1e-6, 1e-6]}})
    [finding] = learning_rate.find_low_learning_rate(evidence(columns=rows, looked=slow))
    # 1e-6 is a thousandth of a usual step, but a rate of 1 would be out of all proportion; and no five times as many
    # epochs would do where the last quarter of eight took off 3 %
    assert [remedy.override for remedy in finding.remedies] == ["optimizer.adam.lr=1e-2"]
    assert finding.text.startswith("learning rate too low: the loss fell from 2.5 in epoch 1 to 2.3 in epoch 8; ")
    usual = looks({"dense_1": {"update": [math.nan, 1e-3, 1e-3]}})
    assert not list(learning_rate.find_low_learning_rate(evidence(columns=rows, looked=usual)))


def test_a_schedule_that_ends_near_0_is_judged_by_its_largest_steps() -> None:
    rows = {"train_loss": falling(2.5, 1.0), "train_accuracy": WRONG}
    ending = looks({"dense_1": {"update": [math.nan, 1e-3, 1e-5, 1e-9]}})
    assert not list(learning_rate.find_low_learning_rate(evidence(columns=rows, looked=ending)))
    assert not list(learning_rate.find_unusual_updates(evidence(columns=rows, looked=ending)))


def test_without_records_a_low_learning_rate_is_seen_by_an_even_fall() -> None:
    rows = {"train_loss": falling(2.5, 2.3), "train_accuracy": WRONG}
    assert list(learning_rate.find_low_learning_rate(evidence(columns=rows)))
    assert not list(learning_rate.find_low_learning_rate(evidence(columns={**rows, "train_loss": falling(2.5, 1.0)})))


def test_updates_are_judged_layer_by_layer() -> None:
    steps = {"dense_1": {"update": [math.nan, 1e-8, 1e-8]}, "dense_2": {}, "output": {"update": [math.nan, 0.5, 0.5]}}
    small, large = learning_rate.find_unusual_updates(evidence(columns={"train_loss": [1.0]}, looked=looks(steps)))
    assert (small.cause, small.layers) == ("small_updates", ("dense_1",))
    assert (large.cause, large.layers) == ("large_updates", ("output",))


def test_frozen_layers_are_left_out() -> None:
    frozen = DIGITS.replace("epochs: 10", "epochs: 10, freeze: [dense_1]")
    steps = {"dense_1": {"update": [math.nan, 1e-8]}, "output": {}}
    assert not list(
        learning_rate.find_unusual_updates(evidence(frozen, columns={"train_loss": [1.0]}, looked=looks(steps)))
    )
