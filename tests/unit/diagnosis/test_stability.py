"""Divergence, and losses that grow, stay flat or still fall."""

from __future__ import annotations

import math

import pytest

from nnexp.diagnosis import stability
from tests.unit.diagnosis.support import DIGITS, evidence, falling, looks

WRONG = [0.1] * 8


def test_divergence_is_told_by_the_path_of_the_loss() -> None:
    record = {"state": "diverged", "diverged": {"epoch": 3, "step": 4}}
    seen = evidence(
        record=record,
        columns={"train_loss": [2.0, 1.5]},
        looked=looks({"output": {}}, losses=[1.4, 20.0, 3000.0, math.inf, 0.7]),  # the last of the epoch before
    )
    [finding] = stability.find_divergence(seen)
    assert finding.text == (
        "diverged in epoch 3, step 4: the loss went from 1.4 to 3000 and was not finite 3 steps later"
    )
    assert finding.epoch == 3
    assert finding.remedies[0].override == "optimizer.adam.lr=1e-4"
    assert "training.clip_norm=1.0" not in [remedy.override for remedy in finding.remedies]  # adam divides by its size


SGD = DIGITS.replace("{adam: {lr: 1e-3}}", "{sgd: {lr: LR}}")


@pytest.mark.parametrize(
    ("lr", "losses", "overrides"),
    [
        ("0.05", [2.3, 0.5], ["optimizer.sgd.lr=5e-3", "training.clip_norm=1.0", "schedule.constant.warmup_epochs=1"]),
        ("0.05", [2.3, 2.0], ["optimizer.sgd.lr=5e-3", "schedule.constant.warmup_epochs=1"]),  # no good start
        ("100", [2.3, 2.0], ["optimizer.sgd.lr=0.1"]),  # far too high: the lower rate alone
    ],
)
def test_clipping_is_for_a_good_start_and_warm_up_for_an_ordinary_rate(
    lr: str, losses: list[float], overrides: list[str]
) -> None:
    record = {"state": "diverged", "diverged": {"epoch": 3, "step": 4}}
    text = SGD.replace("LR", lr)
    [finding] = stability.find_divergence(evidence(text, record=record, columns={"train_loss": losses}))
    assert [remedy.override for remedy in finding.remedies] == overrides


def test_of_weights_too_large_and_a_rate_too_high_none_helps_alone() -> None:
    record = {"state": "diverged", "diverged": {"epoch": 1, "step": 4}}
    grown = {f"relu_{n}": {"rms": [30.0**n]} for n in range(1, 4)}
    text = SGD.replace("LR", "0.05") + "init: {normal: {std: 2}}\n"
    [finding] = stability.find_divergence(evidence(text, record=record, looked=looks({"output": {}}, grown)))
    assert [remedy.override for remedy in finding.remedies] == [""]
    assert finding.remedies[0].text.endswith("optimizer.sgd.lr=5e-4 init=he")


def test_inputs_that_are_not_normalised_are_the_first_thing_to_mend() -> None:
    record = {"state": "diverged", "diverged": {"epoch": 1, "step": 4}}
    text = SGD.replace("LR", "0.05").replace("source: digits", "source: digits, normalize: none")
    looked = looks({"output": {}}, network={"input_rms": [80.0]})
    [finding] = stability.find_divergence(evidence(text, record=record, looked=looked))
    assert [remedy.override for remedy in finding.remedies] == ["data.normalize=standard", "optimizer.sgd.lr=5e-4"]


def test_divergence_in_the_first_step_is_told_without_any_record() -> None:
    seen = evidence(record={"state": "diverged", "diverged": {"epoch": 1, "step": 1}})
    [finding] = stability.find_divergence(seen)
    assert finding.text == "diverged in epoch 1, step 1"


def test_a_loss_that_grows_and_grows_is_about_to_diverge() -> None:
    [finding] = stability.find_growing_loss(evidence(columns={"train_loss": [2.0, 1.0, 3.0, 9.0]}))
    assert finding.epoch == 2
    assert not list(stability.find_growing_loss(evidence(columns={"train_loss": [2.0, 1.0, 9.0, 3.0]})))
    assert not list(stability.find_growing_loss(evidence(columns={"train_loss": [2.0, 0.001, 0.002, 0.004]})))


def test_a_flat_loss_is_flat_from_the_start() -> None:
    rows = {"train_loss": [2.31, 2.30, 2.30], "train_accuracy": [0.1] * 3}
    assert [finding.epoch for finding in stability.find_flat_loss(evidence(columns=rows))] == [1]
    assert not list(stability.find_flat_loss(evidence(columns={**rows, "train_loss": [2.3, 1.5, 1.5]})))


def test_a_fall_is_told_with_as_many_digits_as_show_it() -> None:
    rows = {"train_loss": [2.998, 2.980, 2.964], "train_accuracy": [0.1] * 3}
    [finding] = stability.find_flat_loss(evidence(columns=rows))
    assert finding.text == "flat from the start: a loss of 3.00 in epoch 1 and 2.96 in epoch 3"


def test_a_loss_that_still_falls_wants_more_epochs() -> None:
    rows = {"train_loss": falling(2.5, 1.0), "train_accuracy": WRONG}
    [finding] = stability.find_improving_loss(evidence(columns=rows))
    assert finding.remedies[0].override == "training.epochs=30"
    learned = {**rows, "train_accuracy": [0.99] * 8}
    assert not list(stability.find_improving_loss(evidence(columns=learned)))
    stopped = {"ending": "stopped_early"}
    assert not list(stability.find_improving_loss(evidence(record=stopped, columns=rows)))
