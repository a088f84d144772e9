"""Overrides fit the spec as it was written."""

from __future__ import annotations

import pytest

from nnexp.diagnosis import remedies, weights
from tests.unit.diagnosis.support import DIGITS, evidence


@pytest.mark.parametrize(
    ("written", "override"),
    [
        ("{adam: {lr: 1e-3}}", "optimizer.adam.lr=1e-4"),
        ("{adam: 1e-3}", "optimizer.adam=1e-4"),
        ("adam", "optimizer.adam.lr=1e-4"),
        ("{momentum: {lr: 0.05, beta: 0.8}}", "optimizer.momentum.lr=5e-3"),
    ],
)
def test_the_learning_rate_however_it_is_written(written: str, override: str) -> None:
    assert (
        remedies.suggest_learning_rate(evidence(DIGITS.replace("{adam: {lr: 1e-3}}", written)), 0.1).override
        == override
    )


@pytest.mark.parametrize(
    ("architecture", "overrides"),
    [
        ("{mlp: {hidden: [8], dropout: 0.9}}", ["architecture.mlp.dropout=0.2"]),
        ("[dense: 8, relu, dropout: {rate: 0.9}, output]", ["architecture.2.dropout=0.2"]),
        (
            "[{classic_dropout: 0.9}, dense: 8, dropout: 0.5, output]",
            ["architecture.0.classic_dropout=0.2", "architecture.2.dropout=0.2"],
        ),
    ],
)
def test_dropout_wherever_it_is(architecture: str, overrides: list[str]) -> None:
    seen = evidence(f"data: {{source: digits}}\narchitecture: {architecture}\n")
    assert [remedy.override for remedy in remedies.suggest_less_dropout(seen)] == overrides


def test_an_activation_that_layers_name_themselves_takes_more_than_a_word() -> None:
    seen = evidence("data: {source: digits}\narchitecture: [dense: 8, tanh, output]\n")
    assert [remedy.override for remedy in remedies.suggest_activation(seen, "relu", "another")] == [""]


def test_nothing_is_suggested_that_is_there_already() -> None:
    seen = evidence(DIGITS.replace("epochs: 10", "epochs: 10, clip_norm: 1.0, early_stopping: {patience: 3}"))
    assert not list(remedies.suggest_clipping(seen))
    assert not list(remedies.suggest_early_stopping(seen))
    assert not list(weights.suggest_initializer(seen))
    assert not list(remedies.suggest_normalization(seen))
    assert not list(remedies.suggest_activation(seen, "relu", "another"))


@pytest.mark.parametrize(
    ("losses", "epochs"),
    [
        # 8 epochs, the last quarter 2: the loss is to lose a half at that pace in so many times 8 epochs
        ([1.0] * 6 + [0.95, 0.9], ["training.epochs=30"]),  # 0.05 an epoch, 9 more of 16 that three times are
        ([1.0] * 6 + [0.98, 0.96], ["training.epochs=50"]),  # 0.02 an epoch, 24 more of 32
        ([1.0] * 6 + [0.99, 0.98], []),  # 0.01 an epoch: 49 more
        ([1.0] * 8, []),
    ],
)
def test_longer_only_where_some_times_as_many_epochs_would_do(losses: list[float], epochs: list[str]) -> None:
    assert [r.override for r in remedies.suggest_longer_training(evidence(columns={"train_loss": losses}))] == epochs
    stopped = evidence(record={"ending": "stopped_early"}, columns={"train_loss": losses})
    assert not list(remedies.suggest_longer_training(stopped))


@pytest.mark.parametrize(
    ("dev", "overrides"),
    [
        ([1.0] * 3 + [0.5] + [0.6] * 11, ["training.early_stopping.patience=3"]),  # a quarter of 15
        ([1.0] * 9 + [0.5] + [0.6] * 50, ["training.early_stopping.patience=10"]),
        ([1.0] * 12 + [0.5] + [0.6] * 2, []),  # it would not have stopped
        ([], []),
    ],
)
def test_early_stopping_is_for_runs_that_it_would_have_stopped(dev: list[float], overrides: list[str]) -> None:
    assert [r.override for r in remedies.suggest_early_stopping(evidence(columns={"dev_loss": dev}))] == overrides
    kept = evidence(record={"weights": {"checkpoint": "best"}}, columns={"dev_loss": dev})
    assert not list(remedies.suggest_early_stopping(kept))


def test_the_best_weights_are_to_be_taken_where_they_are_not() -> None:
    text = DIGITS.replace("epochs: 10", "epochs: 10, early_stopping: {patience: 3, restore_best: false}")
    [remedy] = remedies.suggest_early_stopping(evidence(text, columns={"dev_loss": [1.0, 0.5, 0.6]}))
    assert remedy.override == "training.early_stopping.restore_best=true"


@pytest.mark.parametrize(("optimizer", "clipped"), [("sgd", 1), ("momentum", 1), ("nesterov", 1), ("ema_momentum", 1)])
def test_clipping_is_for_steps_that_grow_with_the_gradient(optimizer: str, clipped: int) -> None:
    text = DIGITS.replace("{adam: {lr: 1e-3}}", f"{{{optimizer}: {{lr: 0.1}}}}")
    assert len(list(remedies.suggest_clipping(evidence(text)))) == clipped
    for other in ("adam", "rmsprop", "lion"):
        assert not list(remedies.suggest_clipping(evidence(text.replace(optimizer, other))))


def test_a_warm_up_to_a_rate_that_is_far_too_high_is_not_suggested() -> None:
    assert list(remedies.suggest_warmup(evidence()))
    far = DIGITS.replace("1e-3", "1.0")
    assert not list(remedies.suggest_warmup(evidence(far)))
    falling = far + "schedule: cosine\n"  # and the loss did well when the rate was lower
    assert not list(remedies.suggest_warmup(evidence(falling, columns={"train_loss": [2.3, 2.2]})))
    assert list(remedies.suggest_warmup(evidence(falling, columns={"train_loss": [2.3, 0.2]})))


def test_a_batch_fits_the_training_part_and_leaves_no_batch_of_one() -> None:
    assert remedies.suggest_larger_batch(evidence()).override == "training.batch_size=16"
    one_left = {"train": 1025, "dev": 0, "test": 0}
    assert remedies.suggest_larger_batch(evidence(examples=one_left)).override == "training.batch_size=17"
    few = {"train": 10, "dev": 0, "test": 0}
    assert remedies.suggest_larger_batch(evidence(examples=few)).override == "training.batch_size=full"
