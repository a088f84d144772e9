"""Layers inside layers, from text to network and back."""

from __future__ import annotations

import pytest

from nnexp.errors import SpecError
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.residual import Residual
from nnexp.nn.network import build_network, walk_layers
from nnexp.spec import resolved
from nnexp.spec.checks.check import declare_network
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Spec

NESTED = """
data: {source: moons}
activation: tanh
architecture:
  - residual_block:
      layers: [dense: 2, activation, parallel: [[dense: 1], [dense: 1, relu]]]
  - residual: 5
  - output
"""


def spec(text: str) -> Spec:
    return load_network_spec(SpecText("nested.yaml", text), name="nested")


def test_names_tell_where_a_weight_is() -> None:
    names = [name for name, _ in declare_network(spec(NESTED)).iterate_weights()]
    assert "residual_block_1.branch_2.dense_1.W" in names
    assert "residual_block_1.branch_2.parallel_1.branch_2.dense_1.b" in names


def test_the_specs_activation_stands_in_every_place_that_is_left_open() -> None:
    given = spec(NESTED)
    network = build_network(given.architecture, given.activation, outputs=2)
    [residual] = [layer for layer in walk_layers(network.layers) if isinstance(layer, Residual)]
    assert residual.activation == Tanh()
    assert sum(isinstance(layer, Tanh) for layer in walk_layers(network.layers)) == 1


def test_the_resolved_spec_shows_the_lists_and_is_the_same_spec() -> None:
    given = spec(NESTED)
    assert load_network_spec(SpecText("resolved.yaml", resolved.format_spec(given)), name="other") == given


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("[dense: 1, relu]", "[dense: 1, rel]", 6, "unknown layer 'rel'"),
        ("[[dense: 1], [dense: 1, relu]]", "{branches: 3}", 6, "expected a list of branches"),
        ("[dense: 2,", "[dense: 0,", 6, "expected a whole number ≥ 1, found 0"),
        ("[[dense: 1],", "[[dense: 3],", 5, "the block turns 2 into 4, which cannot be added"),
    ],
)
def test_a_mistake_inside_a_layer_is_shown_on_its_line(old: str, new: str, line: int, message: str) -> None:
    changed = NESTED.replace(old, new)
    assert changed != NESTED
    with pytest.raises(SpecError) as caught:
        spec(changed)
    assert [problem.place.line for problem in caught.value.problems] == [line]
    assert message in str(caught.value)
