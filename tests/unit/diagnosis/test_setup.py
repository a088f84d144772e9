"""Inputs, batches, restraints, classes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nnexp.diagnosis import setup
from tests.unit.diagnosis.support import DIGITS, evidence, looks

BAD = {"train_loss": [2.3], "train_objective": [2.3], "train_accuracy": [0.1]}
NORMED = "data: {source: moons}\narchitecture: {mlp: {hidden: [8], batch_norm: true}}\n"
IMAGES = "data: {source: {digits: {flat: false}}}\n"


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"input_offset": [500.0]}, "the mean of a feature is 500 away from 0"),
        ({"input_spread": [1e4]}, "one feature is 1.0e+04 times as spread as the middle one"),
        ({"input_rms": [80.0]}, "they are of size 80"),
    ],
)
def test_inputs_that_are_not_normalised(numbers: dict[str, list[float]], words: str) -> None:
    text = DIGITS.replace("source: digits", "source: digits, normalize: none")
    [finding] = setup.find_unnormalized_inputs(evidence(text, looked=looks({"output": {}}, network=numbers)))
    assert finding.text.endswith(words)
    assert [remedy.override for remedy in finding.remedies] == ["data.normalize=standard"]


def test_normalised_inputs_are_fine() -> None:
    assert not list(setup.find_unnormalized_inputs(evidence(looked=looks({"output": {}}))))


@pytest.mark.parametrize(("size", "alarm"), [(2, True), (6, True), (8, False), ("full", False)])
def test_batch_norm_wants_batches(size: object, alarm: bool) -> None:
    found = list(setup.find_small_batches(evidence(NORMED + f"training: {{batch_size: {size}}}\n")))
    assert bool(found) == alarm


def test_a_normalised_map_has_many_places() -> None:
    layers = "architecture: [conv2d: {filters: 4, kernel: 3}, batch_norm, activation, flatten, output]\n"
    small = "training: {batch_size: 3}\n"
    assert not list(setup.find_small_batches(evidence(IMAGES + layers + small)))
    assert list(setup.find_small_batches(evidence(IMAGES + layers.replace("flatten,", "flatten, batch_norm,") + small)))


def counted(predicted: list[int], occurring: list[int]) -> dict[str, object]:
    return {"classes": {"train": {"predicted": predicted, "occurring": occurring}}}


def test_classes_that_are_never_predicted_are_named() -> None:
    record = counted([143] * 8 + [293, 0], [143] * 9 + [150])
    [finding] = setup.find_unpredicted_classes(evidence(record=record, looked=looks({"output": {}})))
    assert finding.text == "never predicted: class 9 (0 predictions for 150 of 1,437 training examples)"


def test_classes_that_do_not_occur_need_not_be_predicted() -> None:
    record = counted([143] * 8 + [293, 0], [143] * 8 + [293, 0])
    assert not list(setup.find_unpredicted_classes(evidence(record=record, looked=looks({"output": {}}))))


def test_dropout_that_keeps_examples_from_being_learned() -> None:
    text = "data: {source: digits}\narchitecture: [dense: 32, activation, {dropout: 0.97}, output]\n"
    [finding] = setup.find_over_regularization(evidence(text, columns=BAD))
    assert [remedy.override for remedy in finding.remedies] == ["architecture.2.dropout=0.2"]
    learned = {**BAD, "train_accuracy": [0.99]}
    assert not list(setup.find_over_regularization(evidence(text, columns=learned)))


def test_a_penalty_that_outweighs_the_loss() -> None:
    text = DIGITS + "regularization: {l2: 1.0}\n"
    [finding] = setup.find_over_regularization(evidence(text, columns={**BAD, "train_objective": [4.6]}))
    assert "the penalty is 50 % of the objective" in finding.text
    assert [remedy.override for remedy in finding.remedies] == ["regularization.l2=1e-2"]
    assert not list(setup.find_over_regularization(evidence(text, columns={**BAD, "train_objective": [2.4]})))


def test_decay_that_shrinks_the_weights() -> None:
    text = DIGITS.replace("{adam: {lr: 1e-3}}", "{adamw: {lr: 1e-3, decay: 30}}")
    looked = looks({"dense_1": {"weight": [1, 0.2]}, "output": {"weight": [1, 0.2]}})
    [finding] = setup.find_over_regularization(evidence(text, columns=BAD, looked=looked))
    assert [remedy.override for remedy in finding.remedies] == ["optimizer.adamw.decay=0.3"]


def test_outputs_that_never_say_yes_are_named() -> None:
    described = replace(looks({"output": {}}).description, targets="binary", classes=("even", "large"))
    looked = replace(looks({"output": {}}), description=described)
    [finding] = setup.find_unpredicted_classes(evidence(record=counted([700, 10], [720, 710]), looked=looked))
    assert finding.text == "hardly ever predicted: output large (10 predictions for 710 of 1,437 training examples)"
