"""What is said of numbers that were made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nnexp.inspection.findings import collect_findings
from nnexp.inspection.layer_statistics import HISTOGRAM_BINS, LayerStatistics

DENSE = LayerStatistics("dense_1", "dense", (7,), 0, 1, 1, None, None, 1, 1, False, -3, 3, (0,) * HISTOGRAM_BINS)  # noqa: FBT003
RELU = replace(DENSE, name="relu_1", kind="relu", dead=0.0, weight_gradient=None)


def relus(sizes: list[float], slopes: list[float] | None = None, dead: float = 0.0) -> list[LayerStatistics]:
    """ReLUs with these standard deviations and gradients, and an output layer."""
    slopes = slopes or [1.0] * len(sizes)
    pairs = enumerate(zip(sizes, slopes, strict=True), start=1)
    layers = [
        replace(RELU, name=f"relu_{l}", std=std, between=std, gradient=slope, dead=dead) for l, (std, slope) in pairs
    ]
    return [*layers, replace(DENSE, name="output")]


def said(layers: list[LayerStatistics]) -> list[str]:
    return [finding.what for finding in collect_findings(layers, range(len(layers) - 1))]


@pytest.mark.parametrize(
    ("sizes", "word"),
    [
        ([1, 0.5, 0.25, 0.06], "activations shrink"),
        ([1, 0.1, 0.01, 0.0001], "activations vanish"),
        ([1, 4, 5, 20], "activations grow"),
        ([1, 10, 100, 10_000], "activations explode"),
        ([1, 2, 3, 4], "activations keep"),
        ([4, 2, 1, 3], "activations keep"),
        ([1, 0.5, 0.25, 0.2], None),  # neither much nor little
        ([1, 30, 60, 0.05, 0.06, 0.07], None),  # up and down
        ([1, 0.01], None),  # two layers are no trend
    ],
)
def test_a_trend_is_told_where_it_is_clear(sizes: list[float], word: str | None) -> None:
    found = [what for what in said(relus(sizes)) if what.startswith("activations")]
    assert found == ([word] if word else [])


@pytest.mark.parametrize(
    ("slopes", "word"),
    [
        ([0.05, 0.2, 1], "gradients shrink"),
        ([1e-5, 1e-2, 1], "gradients vanish"),
        ([50, 8, 1], "gradients grow"),
        ([1e5, 1e2, 1], "gradients explode"),
        ([1, 2, 1], "gradients keep"),
    ],
)
def test_gradients_are_followed_from_the_last_layer_to_the_first(slopes: list[float], word: str) -> None:
    assert said(relus([1, 1, 1], slopes))[-1] == word


def test_the_factor_is_the_mean_one_of_a_layer() -> None:
    found = collect_findings(relus([1, 0.5, 0.25, 0.125, 0.0625]), range(5))
    assert found[0].text == "activations shrink: standard deviation 1 in relu_1, 0.062 in relu_5, times 0.5 a layer"


def test_examples_that_grow_alike_while_units_differ() -> None:
    layers = [replace(layer, between=0.1**l) for l, layer in enumerate(relus([1, 1, 1, 1]))]
    assert [finding.text for finding in collect_findings(layers, range(4))] == [
        "examples grow alike: between them standard deviation 1 in relu_1, 0.001 in relu_4, times 0.1 a layer",
        "gradients keep their size on their way back: norm 1 in relu_4, 1 in relu_1",
    ]
    same = [replace(layer, between=0.0) for layer in layers]
    assert collect_findings(same, range(4))[0].text == "every unit of relu_1 to relu_4 gives the same for all examples"


def test_dead_units_from_a_half_on() -> None:
    assert "dead" not in said(relus([1, 1, 1], dead=0.49))
    found = collect_findings(relus([1, 1, 1], dead=0.625), range(3))
    assert found[0].text == "dead units: 62 % of the units of relu_1 to relu_3 are never positive on these examples"
    assert [finding.healthy for finding in found] == [False, True]  # nothing good is said of dead activations


def test_nothing_else_is_said_of_what_is_not_finite() -> None:
    layers = relus([1, float("inf"), float("nan")])
    assert [finding.text for finding in collect_findings(layers, range(3))] == [
        "the outputs are not finite from relu_2 on"
    ]
    layers = relus([1, 1, 1], [float("inf"), float("nan"), 1])
    assert [f.text for f in collect_findings(layers, range(3))] == ["the gradients are not finite from relu_2 on back"]


def test_units_that_are_alike_are_named_but_not_the_outputs() -> None:
    layers = [
        replace(DENSE, symmetric=True),
        replace(DENSE, name="dense_2"),
        replace(DENSE, name="output", symmetric=True),
    ]
    found = collect_findings(layers, [0, 1])
    assert [finding.what for finding in found] == ["symmetric"]
    assert found[0].text.startswith("symmetric units in dense_1: ")


def test_layers_are_named_in_short() -> None:
    def text(*zero: int) -> str:
        layers = [replace(DENSE, name=f"dense_{l}", weight_gradient=float(l not in zero)) for l in range(1, 10)]
        return collect_findings([*layers, replace(DENSE, name="output", kind="dense")], [])[0].text.partition("of ")[2]

    assert text(2, 3, 4) == "dense_2 to dense_4"
    assert text(2, 3) == "dense_2, dense_3"
    assert text(1, 3, 5, 7, 9) == "dense_1, dense_3, dense_5 and 2 more"


def test_weights_starve_beside_the_last_layers() -> None:
    layers = [replace(DENSE, weight_gradient=0.9e-3), replace(DENSE, name="output")]
    assert said(layers) == ["weights starve"]
    assert said([replace(layers[0], weight_gradient=1.1e-3), layers[1]]) == []


def test_no_layers_to_compare_say_nothing() -> None:
    assert collect_findings([replace(DENSE, name="output")], []) == []
