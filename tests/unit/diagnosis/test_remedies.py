"""Overrides fit the spec as it was written."""

from __future__ import annotations

import pytest

from nnexp.diagnosis import remedies
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
    assert remedies.lr(evidence(DIGITS.replace("{adam: {lr: 1e-3}}", written)), 0.1).override == override


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
    assert [remedy.override for remedy in remedies.drop_less(seen)] == overrides


def test_an_activation_that_layers_name_themselves_takes_more_than_a_word() -> None:
    seen = evidence("data: {source: digits}\narchitecture: [dense: 8, tanh, output]\n")
    assert [remedy.override for remedy in remedies.activate(seen, "relu", "another")] == [""]


def test_nothing_is_suggested_that_is_there_already() -> None:
    seen = evidence(DIGITS.replace("epochs: 10", "epochs: 10, clip_norm: 1.0, early_stopping: {patience: 3}"))
    assert not list(remedies.clip(seen))
    assert not list(remedies.stop_early(seen))
    assert not list(remedies.initialize(seen))
    assert not list(remedies.normalize(seen))
    assert not list(remedies.activate(seen, "relu", "another"))


def test_a_batch_fits_the_training_part_and_leaves_no_batch_of_one() -> None:
    assert remedies.batch(evidence()).override == "training.batch_size=32"
    one_left = {"train": 1025, "dev": 0, "test": 0}
    assert remedies.batch(evidence(examples=one_left)).override == "training.batch_size=33"
    few = {"train": 20, "dev": 0, "test": 0}
    assert remedies.batch(evidence(examples=few)).override == "training.batch_size=full"
