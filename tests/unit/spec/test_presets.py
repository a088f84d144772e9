"""Presets are expanded for the shape of the data, and at other sizes where a network is only looked at."""

from __future__ import annotations

import pytest

from nnexp.errors import DataError, SpecError
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.gated import Gated
from nnexp.nn.layers.output import Output
from nnexp.nn.layers.rbf import RBF
from nnexp.spec import resolved
from nnexp.spec.problems import Problem, SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.sizes import AssumedSizes
from nnexp.spec.spec import Spec

IMAGES = "data: {source: {digits: {flat: false}}}\n"
FLAT = "data: {source: digits}\n"
HUGE = "data: {source: {blobs: {classes: 9000000000000}}}\n"
"""More than any memory holds, so that nothing can be said of the data."""


def spec(text: str, *overrides: str, sizes: AssumedSizes | None = None) -> Spec:
    return load_network_spec(SpecText("s.yaml", text), overrides, name="s", sizes=sizes)


def problems_of(text: str, *overrides: str, sizes: AssumedSizes | None = None) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        spec(text, *overrides, sizes=sizes)
    return list(caught.value.problems)


def test_a_preset_is_expanded_for_the_shape_of_the_data() -> None:
    text = "architecture: {mlp: {hidden: []}}\n"
    assert spec(FLAT + text).architecture == (Output(),)
    assert spec(IMAGES + text).architecture == (Flatten(), Output())


def test_an_override_of_the_data_decides_too() -> None:
    text = "architecture: {mlp: {hidden: []}}\n"
    assert spec(FLAT + text, "data.source={digits: {flat: false}}").architecture == (Flatten(), Output())


@pytest.mark.parametrize(
    "architecture",
    ["{vgg: {depth: 11, width: 0.1}}", "alexnet", "{autoencoder: [3]}", "{two_layer: {embedding: {gated: 3}}}"],
)
def test_the_resolved_spec_shows_the_layers_and_is_the_same_spec(architecture: str) -> None:
    given = spec(f"{IMAGES}architecture: {architecture}\n")
    assert load_network_spec(SpecText("resolved.yaml", resolved.format_spec(given)), name="other") == given


@pytest.mark.parametrize(
    ("embedding", "layer"),
    [
        ("{gated: 3}", Gated(3)),
        ("{rbf: {units: 3, centers: sample}}", RBF(3, centers="sample")),
        ("{dense: 3}", Dense(3)),
    ],
)
def test_an_embedding_is_any_layer_with_its_parameters(embedding: str, layer: object) -> None:
    text = f"{FLAT}architecture: {{two_layer: {{embedding: {embedding}}}}}\n"
    assert spec(text).architecture == (layer, Output())


@pytest.mark.parametrize("preset", ["lenet5", "{vgg: 11}", "{mlp: {hidden: [3]}}"])
@pytest.mark.parametrize(
    "data",
    [
        "",
        "data:\n",
        "data: 3\n",
        "data: {source: digitz}\n",
        "data: {source: {digits: {flat: 3}}}\n",
        "data: {split: {train: 0.8, dev: 0.1, test: 0.1}}\n",
        HUGE,
    ],
)
def test_what_is_wrong_with_the_data_is_no_second_problem_of_a_preset(data: str, preset: str) -> None:
    [problem] = problems_of(f"{data}architecture: {preset}\n")
    assert "architecture" not in problem.path


def test_a_mistake_in_a_preset_is_reported_beside_one_in_the_data() -> None:
    found = problems_of("data: {source: digitz}\narchitecture: {vgg: {depth: 12}}\n")
    assert [problem.path for problem in found] == ["data.source", "architecture.vgg.depth"]


def test_a_preset_is_expanded_for_the_checks_beside_another_mistake() -> None:
    found = problems_of(f"{IMAGES}architecture: {{lenet5: {{padding: 2}}}}\nseed: -1\n")
    assert [problem.path for problem in found] == ["architecture.3", "seed"]


LENET = f"{IMAGES}architecture: lenet5\n"


def test_other_sizes_stand_in_place_of_the_data() -> None:
    [problem] = problems_of(LENET)
    assert problem.message == "conv2d_2: a window of 5 x 5 is larger than an image of 2 x 2"
    assert spec(LENET, sizes=AssumedSizes((32, 32, 1))).architecture[0] == Conv2D(6, 5)
    [problem] = problems_of(LENET, sizes=AssumedSizes((12, 12, 1)))
    assert problem.message == "conv2d_2: a window of 5 x 5 is larger than an image of 4 x 4"


def test_a_network_that_is_looked_at_need_not_fit_into_memory() -> None:
    text = f"{FLAT}architecture: [dense: 900000000000, output]\n"
    assert "memory" in problems_of(text)[0].message
    assert spec(text, sizes=AssumedSizes()).architecture[-1] == Output()


def test_with_both_sizes_the_data_need_not_be_there() -> None:
    text = f"{HUGE}architecture: [output]\n"
    assert spec(text, sizes=AssumedSizes((5,), 3)).architecture == (Output(),)
    for sizes in (AssumedSizes((5,)), AssumedSizes(None, 3), AssumedSizes()):
        assert [problem.path for problem in problems_of(text, sizes=sizes)] == ["data.source"]


def test_sizes_replace_only_what_they_give() -> None:
    data = spec(f"{FLAT}architecture: [output]\n").data
    description = AssumedSizes((5, 7, 2)).describe_data(data)
    assert (description.shape, description.output_count, description.examples) == ((5, 7, 2), 10, 1797)
    description = AssumedSizes(None, 3).describe_data(data)
    assert (description.shape, description.output_count) == ((64,), 3)


def test_sizes_describe_no_data_that_cannot_be() -> None:
    huge = spec(f"{HUGE}architecture: [output]\n", sizes=AssumedSizes((5,), 3)).data
    with pytest.raises(DataError, match="memory"):
        AssumedSizes((5,)).describe_data(huge)


def test_where_the_inputs_are_the_targets_another_input_has_other_outputs() -> None:
    data = spec("data: {source: digits, targets: inputs}\narchitecture: [output]\n").data
    assert AssumedSizes((5, 7, 2)).describe_data(data).output_count == 5 * 7 * 2
