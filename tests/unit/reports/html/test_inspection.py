"""The figures of networks before their training say what was measured, and in words what they cannot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from nnexp.inspection.findings import InspectionFinding
from nnexp.inspection.inspection import Inspection
from nnexp.inspection.layer_statistics import HISTOGRAM_BINS, LayerStatistics
from nnexp.reports.html.figures.base import PAGE_STYLE
from nnexp.reports.html.figures.histograms import plot_network, plot_side_by_side
from nnexp.reports.html.figures.layer_lines import (
    LayerQuantity,
    LayerSeries,
    cycle_colours,
    group_overlapping,
    make_axis,
    plot_by_layer,
)
from nnexp.reports.html.figures.layer_numbers import (
    find_share,
    format_layer_number,
    format_layer_share,
    split_init_name,
)
from nnexp.reports.html.inspection.page import render_inspection
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Spec

EVIL = "<script>alert(1)</script>"

BARS = (*[0.0] * 10, 0.25, 0.5, 0.125, 0.125, *[0.0] * 10)


def layer(name: str, std: float = 1.0, **given: Any) -> LayerStatistics:
    known: dict[str, Any] = {"kind": name.partition("_")[0], "shape": (7,), "mean": 0.0, "between": 1.0}
    known |= {"dead": None, "saturated": None, "gradient": 1.0, "weight_gradient": None, "symmetric": False}
    return LayerStatistics(name=name, std=std, **known | {"low": -1.0, "high": 1.0, "histogram": BARS} | given)


def inspection(
    init: str, layers: Sequence[LayerStatistics], carriers: Sequence[str] = (), name: str = "study"
) -> Inspection:
    found = (InspectionFinding("activations keep", "activations keep their size: it is so", healthy=True),)
    inputs = layer("inputs", gradient=None)
    return Inspection(name, init, (0,), "real", 5, 2.3, inputs, tuple(layers), tuple(carriers), found)


def network(init: str, *stds: float) -> Inspection:
    """Layers of tanh with these spreads, and an output."""
    names = [f"tanh_{at}" for at in range(1, len(stds) + 1)]
    layers = [layer(name, std, saturated=0.1) for name, std in zip(names, stds, strict=True)]
    return inspection(init, [*layers, layer("output", weight_gradient=0.5)], names)


@pytest.fixture(scope="module")
def spec() -> Spec:
    found = load_network_spec(SpecText("spec.yaml", "data: {source: digits}\narchitecture: [output]\n"), name="spec")
    assert isinstance(found, Spec)
    return found


def page(found: Sequence[Inspection], spec: Spec) -> str:
    return render_inspection(found, [(each.init, spec) for each in found], "nnexp inspect spec.yaml --html page.html")


def body(text: str) -> str:
    """A page without its scripts and its style, but with the data of its figures."""
    return text[text.index("<main>") : text.index("</main>")]


def data_of(chart: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """The rows of the layers of a chart that have this mark."""
    kinds = {place: one["mark"] if isinstance(one["mark"], str) else one["mark"]["type"] for place, one in parts(chart)}
    found = [rows_of(chart, one) for place, one in parts(chart) if kinds[place] == mark]
    return [row for rows in found for row in rows]


def parts(chart: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(chart["layer"]))


def rows_of(chart: dict[str, Any], one: dict[str, Any]) -> list[dict[str, Any]]:
    data = one.get("data") or chart["data"]
    return data["values"] if "values" in data else chart["datasets"][data["name"]]


def measured(*series: tuple[float | None, ...], share: bool = False) -> LayerQuantity:
    names = tuple(f"tanh_{at}" for at in range(len(series[0])))
    return LayerQuantity("spread", names, tuple(LayerSeries(f"init {at}", own) for at, own in enumerate(series)), share)


def drawn(found: LayerQuantity) -> dict[str, Any]:
    return plot_by_layer(found, cycle_colours([one.variant for one in found.series]), style=PAGE_STYLE).to_dict()


def test_bars_are_as_high_as_their_shares_and_stand_where_their_bins_are() -> None:
    chart = plot_network([layer("tanh_1")], {"he": "#123456"}, style=PAGE_STYLE).to_dict()
    bars = [row for row in data_of(chart, "rect") if "variant" in row]
    heights = [row["y2"] - row["y"] for row in bars]
    assert [height / max(heights) for height in heights] == pytest.approx([0.5, 1, 0.25, 0.25])
    wide = 0.9 / HISTOGRAM_BINS  # of a column a twentieth is free on either side
    assert [row["x"] for row in bars] == pytest.approx([0.05 + place * wide for place in (10, 11, 12, 13)], abs=1e-4)


def test_layers_go_down_and_initialisers_across() -> None:
    rows = [{name: layer(f"tanh_{at}", at / 10) for name in ("he", "xavier")} for at in (1, 2, 3)]
    chart = plot_side_by_side(rows, cycle_colours(["he", "xavier"]), style=PAGE_STYLE).to_dict()
    cells = [(row["init"], row["layer"], int(row["x"]), row["top"]) for row in data_of(chart, "rule")]
    assert [(init, name, column) for init, name, column, _ in cells] == [
        (init, f"tanh_{at}", column) for at in (1, 2, 3) for column, init in enumerate(("he", "xavier"))
    ]
    tops = [top for *_, top in cells]
    assert tops[::2] == tops[1::2] == sorted(set(tops))


@pytest.mark.parametrize("lost", [nan, inf])
def test_what_is_not_finite_is_said_instead_of_drawn(lost: float) -> None:
    rows = [{"he": layer("tanh_1"), "large": layer("tanh_1", lost, saturated=0.0)}]
    chart = plot_side_by_side(rows, cycle_colours(["he", "large"]), style=PAGE_STYLE).to_dict()
    assert {row["variant"] for row in data_of(chart, "rect") if "variant" in row} == {"he"}
    assert [row["text"] for row in data_of(chart, "text") if "text" in row].count("not finite") == 1
    assert (
        format_layer_share(find_share(layer("relu_1", lost, dead=1.0))) == "not finite"
    )  # no output that is NaN is positive


def test_zeros_stand_below_a_logarithmic_scale_and_a_line_does_not_lead_to_them() -> None:
    found = measured((1.0, 0.0, 0.0, 0.01), (1.0, 0.1, 0.01, 0.001))
    axis = make_axis(found)
    assert axis.is_log
    assert axis.low < axis.replace_zero(0) < 0.001 / 2
    rows = data_of(drawn(found), "line")
    first = [row for row in rows if row["variant"] == "init 0"]
    assert [(row["value"], row["hollow"], row["part"]) for row in first] == [
        *((1.0, False, 0), (0.0, True, 1), (0.0, True, 1)),
        (0.01, False, 2),
    ]
    assert len({row["part"] for row in rows if row["variant"] == "init 1"}) == 1
    assert axis.list_powers()[0] == axis.replace_zero(0)
    assert axis.list_powers()[1:] == pytest.approx([0.001, 0.01, 0.1, 1])


@pytest.mark.parametrize(
    ("series", "log"), [((1.0, 0.2), False), ((1.0, 0.05), True), ((0.0, 0.0), False), ((0.0, 3.0), False)]
)
def test_a_scale_is_logarithmic_where_numbers_differ_by_more_than_a_factor_of_ten(
    series: tuple[float, ...], *, log: bool
) -> None:
    axis = make_axis(measured(series))
    assert axis.is_log is log
    assert all(0 <= axis.place_of(value) <= 1 for value in series)
    assert ("(log scale)" in str(drawn(measured(series)))) is log


def test_many_decades_have_at_most_seven_powers_of_ten() -> None:
    ticks = make_axis(measured((1e-30, 1e12))).list_powers()
    assert 3 <= len(ticks) <= 7
    ratios = [later / earlier for earlier, later in pairwise(ticks)]
    assert ratios == pytest.approx([ratios[0]] * len(ratios))


def test_shares_are_on_a_scale_of_their_own() -> None:
    assert make_axis(measured((0.001, 0.9), share=True)).high == pytest.approx(1.05)
    assert make_axis(measured((0.0, 0.02), share=True)).high == pytest.approx(0.105)


def test_a_line_is_broken_where_a_number_is_not_finite_and_has_no_name_where_it_ends_early() -> None:
    rows = data_of(drawn(measured((1.0, nan, 2.0, inf), (1.0, 1.5, 2.0, 3.0))), "line")
    assert [(row["value"], row["part"]) for row in rows if row["variant"] == "init 0"] == [(1.0, 0), (2.0, 2)]
    labels = data_of(drawn(measured((1.0, nan, 2.0, inf), (1.0, 1.5, 2.0, 3.0))), "text")
    assert [row["label"] for row in labels] == ["init 1"]


def test_lines_that_lie_over_each_other_are_named() -> None:
    assert group_overlapping(measured((1.0, 2.0), (1.0, 2.001), (1.0, 2.5))) == [["init 0", "init 1"]]
    assert group_overlapping(measured((nan, nan), (nan, nan), (1.0, 2.0))) == []


def test_layers_of_which_nothing_is_known_have_no_place() -> None:
    short = measured((None, 1.0, None), (None, 2.0, 3.0)).drop_unknown_layers()
    assert short.layers == ("tanh_1", "tanh_2")
    assert short.series[0].values == (1.0, None)


def test_the_page_says_what_was_found_and_holds_all_numbers(spec: Spec) -> None:
    text = body(page([network("he", 0.5, 0.25), network("zeros", 0.0, 0.0)], spec))
    assert text.count("activations keep their size:</b> it is so") == 2
    assert all(f'id="{name}"' in text for name in ("histograms", "spread", "shares", "gradients"))
    assert "Exact zeros have no place on a logarithmic scale" not in text  # 1 to 0.25 is none
    assert text.count("<td") == 2 * 4 * 10 + 4  # ten columns, none of dead units; inputs and three layers; two facts
    assert "nnexp inspect spec.yaml --html page.html" in text
    assert "architecture: [output]" in text


def test_of_one_layer_numbers_are_written_and_no_figure_is_drawn(spec: Spec) -> None:
    text = body(page([inspection("he", [layer("output", 2.0, weight_gradient=0.25)])], spec))
    assert "he: 0.25 in output" in text
    assert text.count("data-chart=") == 2  # histograms, and the spread of inputs and output
    assert "shares" not in text


def test_a_figure_without_a_finite_number_is_words(spec: Spec) -> None:
    lost = [replace(network("large", nan, nan).layers[0], name=f"tanh_{at}", gradient=nan) for at in (1, 2)]
    found = inspection("large", [*lost, layer("output", nan, gradient=nan, weight_gradient=nan)], ["tanh_1", "tanh_2"])
    text = body(page([found], spec))
    assert "large: not finite in all layers" in text
    assert 'data-chart="gradients"' not in text
    assert "NaN" not in text


def test_names_are_text(spec: Spec) -> None:
    found = [replace(network(init, 0.5, 0.25), name=EVIL) for init in ("he", EVIL)]
    text = page(found, spec)
    assert EVIL not in text
    assert f"<h1>{EVIL.replace('<', '&lt;').replace('>', '&gt;')} before training</h1>" in text


def test_of_very_many_layers_some_are_drawn_and_that_is_said(spec: Spec) -> None:
    text = body(page([network("he", *[1.0] * 99), network("xavier", *[1.0] * 99)], spec))
    assert "Of 101 layers 40 at equal distances are drawn." in text
    chart = text[text.index('id="histograms"') : text.index('id="spread"')]
    assert all(f'"name":"{name}"' in chart for name in ("inputs", "output"))
    assert len(text) < 1_000_000


def test_more_initialisers_than_find_room_are_in_several_figures(spec: Spec) -> None:
    text = body(page([network(f"init {at}", 0.5, 0.25) for at in range(11)], spec))
    assert [f'id="{name}"' in text for name in ("histograms", "histograms-2", "histograms-3", "histograms-4")] == [
        *(True, True, True),
        False,
    ]


def test_numbers_are_short() -> None:
    assert [format_layer_number(value) for value in (None, 0.98765, 3.2e-9, inf)] == [
        "",
        "0.988",
        "3.2e-09",
        "not finite",
    ]
    assert [format_layer_share(share) for share in (None, 0.0, 0.0001, 0.905, 1.0)] == [
        "",
        "0 %",
        "<0.1 %",
        "90.5 %",
        "100 %",
    ]
    assert split_init_name("xavier: {fan: in, distribution: uniform}") == ["xavier", "fan in", "distribution uniform"]


def test_no_path_of_this_machine_is_on_the_page(spec: Spec) -> None:
    assert str(Path(__file__).parents[4]) not in page([network("he", 0.5, 0.25)], spec)
