"""Bias and variance as the notes read them, and what the dev part shows."""

from __future__ import annotations

import pytest

from nnexp.diagnosis import fit, task_fit
from tests.unit.diagnosis.support import evidence, final

MANY = {"train": 10_000, "dev": 10_000, "test": 0}


@pytest.mark.parametrize(
    ("train", "dev", "optimal", "bias", "variance"),
    [
        (0.01, 0.11, 0.0, False, True),  # the notes' table: 1 and 11 %
        (0.15, 0.16, 0.0, True, False),  # 15 and 16 %
        (0.15, 0.30, 0.0, True, True),  # 15 and 30 %
        (0.005, 0.01, 0.0, False, False),  # 0.5 and 1 %
        (0.15, 0.16, 0.15, False, False),  # the second, where 15 % is optimal: a very good model
        (0.15, 0.16, 0.10, True, False),  # and where 10 % is
    ],
)
def test_the_table_of_the_notes(train: float, dev: float, optimal: float, bias: bool, variance: bool) -> None:
    seen = evidence(record=final(1 - train, 1 - dev), optimal=optimal, examples=MANY)
    assert bool(list(fit.find_high_bias(seen))) == bias
    assert bool(list(fit.find_high_variance(seen))) == variance
    words = f"{'high' if bias else 'low'} bias, {'high' if variance else 'low'} variance"
    assert task_fit.format_balance(seen).endswith(words)


def test_the_balance_has_its_numbers() -> None:
    said = task_fit.format_balance(evidence(record=final(0.99, 0.89), examples=MANY))
    assert said == "error: train 1.0 %, dev 11.0 %, optimal 0.0 %: low bias, high variance"


def test_a_gap_that_chance_makes_in_a_small_dev_part_is_no_variance() -> None:
    # 10 points with 20 dev examples: standard error √(0.1 · 0.9 / 20) = 6.7 points, twice that 13.4
    few = {"train": 1000, "dev": 20, "test": 0}
    assert not list(fit.find_high_variance(evidence(record=final(1.0, 0.9), examples=few)))
    assert list(fit.find_high_variance(evidence(record=final(1.0, 0.9), examples=MANY)))


def test_without_a_dev_part_only_the_bias_is_said() -> None:
    seen = evidence(record=final(0.8, None), examples={"train": 500, "dev": 0, "test": 0})
    assert task_fit.format_balance(seen) == "error: train 20.0 %, no dev part, optimal 0.0 %: high bias"
    assert not list(fit.find_high_variance(seen))


def test_before_the_first_epoch_nothing_is_said() -> None:
    assert task_fit.format_balance(evidence()) == ""
    assert not task_fit.is_underfitting(evidence())


def test_a_run_that_goes_on_is_judged_by_its_last_epoch() -> None:
    seen = evidence(columns={"train_loss": [1.0, 0.5], "train_accuracy": [0.5, 0.8], "dev_accuracy": [0.5, 0.6]})
    assert task_fit.format_balance(seen) == "error: train 20.0 %, dev 40.0 %, optimal 0.0 %: high bias, high variance"


def test_values_are_judged_by_the_share_of_the_variance() -> None:
    seen = evidence(record=final(0.85, 0.84, "r2"), examples=MANY)
    assert [finding.cause for finding in fit.find_high_bias(seen)] == ["high_bias"]
    assert task_fit.format_balance(seen).startswith("error, a share of the variance: train 15.0 %")


def test_each_task_is_judged_by_itself() -> None:
    metrics = {"train": {"digit_accuracy": 0.99, "pixels_r2": 0.5}, "dev": {"digit_accuracy": 0.8, "pixels_r2": 0.5}}
    seen = evidence(record={"state": "done", "final": metrics}, examples=MANY)
    assert ["of pixels" in finding.text for finding in fit.find_high_bias(seen)] == [True]
    assert ["of digit" in finding.text for finding in fit.find_high_variance(seen)] == [True]


def test_remedies_come_in_the_order_of_the_notes() -> None:
    falling = {"train_loss": [2.0, 1.0], "dev_loss": [2.0, 1.5]}
    seen = evidence(record=final(0.8, 0.6), examples=MANY, columns=falling)
    [bias], [variance] = fit.find_high_bias(seen), fit.find_high_variance(seen)
    assert [r.text for r in bias.remedies[:3]] == ["a larger network", "train longer", "another architecture"]
    assert [r.override for r in bias.remedies[:3]] == ["architecture.mlp.hidden=[128, 128]", "training.epochs=30", ""]
    assert "--optimal-error" in bias.remedies[3].text
    assert variance.remedies[0].text == "more data"
    assert variance.remedies[1].override == "regularization.l2=1e-2"
    assert variance.remedies[-1].text == "another architecture"


def test_who_named_an_optimal_error_is_not_told_of_it() -> None:
    [bias] = fit.find_high_bias(evidence(record=final(0.8, 0.6), examples=MANY, optimal=0.05))
    assert not any("--optimal-error" in remedy.text for remedy in bias.remedies)


RISING = [1.0, 0.6, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
FALLING = [1.1, 0.7, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02]


def test_overfitting_begins_after_the_least_dev_loss() -> None:
    [finding] = fit.find_overfitting(evidence(columns={"train_loss": FALLING, "dev_loss": RISING}))
    assert finding.epoch == 3
    assert finding.text.startswith("overfitting since epoch 3: dev loss rose from 0.4 to 0.8 while train loss fell")
    assert "training.early_stopping.patience=3" in [remedy.override for remedy in finding.remedies]


@pytest.mark.parametrize(
    ("train", "dev", "record"),
    [
        (FALLING, [1.0, 0.6, 0.4, 0.39, 0.38, 0.38, 0.39, 0.39], {}),  # a rise of 3 %
        (FALLING, [1.0, 0.1, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007], {}),  # more than double, of nothing
        (list(reversed(FALLING)), RISING, {}),  # train loss rises too
        (FALLING, RISING, {"weights": {"checkpoint": "best"}}),  # the weights of then are kept
        (FALLING, [0.9, 0.5, 0.9, 0.4, 0.9, 0.5, 0.6, 0.5], {}),  # noise
        (FALLING[:3], RISING[2:5], {}),  # too soon to say
    ],
)
def test_what_is_no_overfitting(train: list[float], dev: list[float], record: dict[str, object]) -> None:
    assert not list(fit.find_overfitting(evidence(record=record, columns={"train_loss": train, "dev_loss": dev})))


def test_a_large_gap_is_measured_by_what_training_gained() -> None:
    rows = {"train_loss": [2.0, 0.1], "dev_loss": [2.2, 1.2], "train_accuracy": [0.5, 1.0], "dev_accuracy": [0.5, 1.0]}
    [finding] = fit.find_large_gap(evidence(columns=rows))  # gained 1.9, of which 1.1 do not come to the dev part
    assert finding.numbers == {"start": 2.0, "train_loss": 0.1, "dev_loss": 1.2}
    assert not list(fit.find_large_gap(evidence(columns={**rows, "dev_loss": [2.2, 1.0]})))
