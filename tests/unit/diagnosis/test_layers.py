"""Dead, saturated and symmetric units; gradients that vanish or explode."""

from __future__ import annotations

import pytest

from nnexp.diagnosis import layers
from tests.unit.diagnosis.support import DIGITS, evidence, looks

BAD = {"train_loss": [2.3], "train_accuracy": [0.1]}
GOOD = {"train_loss": [0.1], "train_accuracy": [0.99]}
DEEP = ("dense_1", "dense_2", "dense_3", "output")


def test_dead_units_are_counted_by_layer() -> None:
    looked = looks({"output": {}}, {"relu_1": {}, "relu_2": {"dead": [0, 0.6, 61 / 64]}})
    [finding] = layers.find_dead_units(evidence(columns=BAD, looked=looked))
    assert finding.text == (
        "dead units: 61 of 64 units of relu_2 were never positive in epoch 2, on the same 48 training examples"
    )
    assert (finding.epoch, finding.layers, finding.numbers) == (1, ("relu_2",), {"relu_2": 61.0})


def test_half_of_the_units_may_be_dead_where_all_is_learned() -> None:
    looked = looks({"output": {}}, {"relu_1": {"dead": [0, 0.6]}, "relu_2": {"dead": [0, 0.95]}})
    assert [finding.layers for finding in layers.find_dead_units(evidence(columns=GOOD, looked=looked))] == [
        ("relu_2",)
    ]


def test_saturated_outputs_are_told_by_layer() -> None:
    looked = looks({"output": {}}, {"tanh_1": {"saturated": [0.9, 0.8]}, "tanh_2": {"saturated": [0.1, 0.1]}})
    [finding] = layers.find_saturated_units(evidence(columns=BAD, looked=looked))
    assert "80 % of the outputs of tanh_1" in finding.text
    assert finding.epoch == 0


def test_an_activation_after_the_output_may_saturate() -> None:
    text = "data: {source: xor}\narchitecture: [dense: 8, tanh, output, sigmoid]\nloss: squared_error\n"
    looked = looks({"dense_1": {}, "output": {}}, {"tanh_1": {}, "sigmoid_1": {"saturated": [0.1, 1.0]}})
    assert not list(layers.find_saturated_units(evidence(text, columns=GOOD, looked=looked)))


def test_symmetric_units_are_those_of_hidden_layers_that_never_part() -> None:
    looked = looks({"dense_1": {"symmetric": [1, 1]}, "dense_2": {"alike": [1, 0]}, "output": {"alike": [1, 1]}})
    [finding] = layers.find_symmetric_units(evidence(columns=BAD, looked=looked))
    assert finding.layers == ("dense_1",)


def test_the_initialiser_that_suits_is_suggested() -> None:
    zeros = DIGITS + "init: zeros\nactivation: tanh\n"
    looked = looks({"dense_1": {"symmetric": [1, 1]}, "output": {}})
    [finding] = layers.find_symmetric_units(evidence(zeros, columns=BAD, looked=looked))
    assert [remedy.override for remedy in finding.remedies] == ["init=xavier"]


def test_vanishing_gradients_are_those_of_the_first_layers() -> None:
    looked = looks({name: {"gradient": [g]} for name, g in zip(DEEP, [1e-6, 1e-4, 0.1, 1], strict=True)})
    [finding] = layers.find_vanishing_gradients(evidence(columns=BAD, looked=looked))
    assert finding.layers == ("dense_1", "dense_2")
    assert finding.numbers == {"dense_1": 1e-6, "dense_2": 1e-4}
    assert not list(layers.find_exploding_gradients(evidence(columns=BAD, looked=looked)))


@pytest.mark.parametrize(
    ("more", "first", "inits"),
    [
        # He gives √2 times Xavier's weights in a square layer, and LeCun as large ones
        ("activation: sigmoid\ninit: he\n", "activation=relu", []),
        ("activation: sigmoid\ninit: lecun\n", "activation=relu", []),
        ("activation: sigmoid\ninit: {normal: {std: 1e-3}}\n", "", ["init=xavier"]),  # relu alone would not do
        ("activation: tanh\ninit: {normal: {std: 1e-3}}\n", "init=xavier", ["init=xavier"]),
        ("activation: tanh\ninit: lecun\n", "", []),
        ("init: xavier\n", "init=he", ["init=he"]),
    ],
)
def test_against_vanishing_gradients_weights_are_never_made_smaller(more: str, first: str, inits: list[str]) -> None:
    looked = looks({name: {"gradient": [g]} for name, g in zip(DEEP, [1e-6, 1e-4, 0.1, 1], strict=True)})
    [finding] = layers.find_vanishing_gradients(evidence(DIGITS + more, columns=BAD, looked=looked))
    assert finding.remedies[0].override == first
    assert [r.override for r in finding.remedies if r.override.startswith("init")] == inits
    assert [r.text for r in finding.remedies[-2:]] == [
        "batch norm before each activation",
        "fewer layers, or residual blocks",
    ]


def test_relu_wants_larger_weights_too() -> None:
    text = DIGITS + "activation: sigmoid\ninit: {normal: {std: 1e-3}}\n"
    looked = looks({name: {"gradient": [g]} for name, g in zip(DEEP, [1e-6, 1e-4, 0.1, 1], strict=True)})
    [finding] = layers.find_vanishing_gradients(evidence(text, columns=BAD, looked=looked))
    assert finding.remedies[0].text.endswith("activation=relu init=he")


def test_saturation_by_large_weights_is_no_matter_of_the_activation() -> None:
    looked = looks({"output": {}}, {"tanh_1": {"saturated": [0.9, 0.8]}, "tanh_2": {}})
    large = DIGITS + "activation: tanh\ninit: {normal: {std: 3}}\n"
    [finding] = layers.find_saturated_units(evidence(large, columns=BAD, looked=looked))
    assert [r.override for r in finding.remedies] == ["init=xavier"]
    [finding] = layers.find_saturated_units(
        evidence(DIGITS + "activation: tanh\ninit: xavier\n", columns=BAD, looked=looked)
    )
    assert [r.override for r in finding.remedies] == ["activation=relu"]


def test_units_that_were_dead_from_the_start_did_not_die_of_steps() -> None:
    born = looks({"output": {}}, {"relu_1": {"dead": [1, 1]}})
    [finding] = layers.find_dead_units(evidence(DIGITS + "init: {he: {bias: -10}}\n", columns=BAD, looked=born))
    assert [r.override for r in finding.remedies] == ["init=he"]
    died = looks({"output": {}}, {"relu_1": {"dead": [0, 1]}})
    [finding] = layers.find_dead_units(evidence(columns=BAD, looked=died))
    assert [r.override for r in finding.remedies] == ["activation=leaky_relu", "optimizer.adam.lr=1e-4"]


def test_a_gradient_of_exactly_0_is_another_fault() -> None:
    looked = looks({name: {"gradient": [g]} for name, g in zip(DEEP, [0, 0, 0, 1], strict=True)})
    assert not list(layers.find_vanishing_gradients(evidence(columns=BAD, looked=looked)))


def test_exploding_gradients_grow_on_their_way_back() -> None:
    looked = looks({name: {"gradient": [g]} for name, g in zip(DEEP, [1e6, 1e4, 100, 1], strict=True)})
    [finding] = layers.find_exploding_gradients(evidence(columns=BAD, looked=looked))
    assert finding.layers == ("dense_1", "dense_2")
    assert "dense_1 got 1.0e+06 times the output layer's" in finding.text


def test_activations_that_grow_explode_too() -> None:
    sizes = {f"relu_{n}": {"rms": [30.0**n]} for n in range(1, 4)}
    [finding] = layers.find_exploding_gradients(evidence(columns=BAD, looked=looks({"output": {}}, sizes)))
    assert finding.layers == ("relu_3",)
    assert [r.override for r in finding.remedies] == [""]  # the initialiser is he already, and adam heeds no clipping
    clipped = DIGITS.replace("{adam: {lr: 1e-3}}", "{sgd: {lr: 0.1}}")
    [finding] = layers.find_exploding_gradients(evidence(clipped, columns=BAD, looked=looks({"output": {}}, sizes)))
    assert finding.remedies[0].override == "training.clip_norm=1.0"


def test_without_looks_nothing_is_said() -> None:
    rules = (
        layers.find_dead_units,
        layers.find_saturated_units,
        layers.find_symmetric_units,
        layers.find_vanishing_gradients,
        layers.find_exploding_gradients,
    )
    assert not [finding for rule in rules for finding in rule(evidence(columns=BAD))]
