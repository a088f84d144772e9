"""Long names stay different, and what is drawn never depends on how they are shortened."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nnexp.reports.html.figures.base import PAGE_STYLE
from nnexp.reports.html.figures.estimates import VariantEstimate
from nnexp.reports.html.figures.intervals import plot_intervals
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.report_page import build_content, render_report
from nnexp.reports.report import build_report
from nnexp.statistics.means import estimate_mean
from tests.unit.reports.support import plain, write_run

LONG = "architecture=dense 64, activation, dropout 0.1, dense 64, activation, dropout 0.1, output"


def test_what_all_have_in_common_is_left_out() -> None:
    assert shorten_names([f"{LONG} lr=0.1", f"{LONG} lr=0.01"], 60) == ["… lr=0.1", "… lr=0.01"]
    assert shorten_names(["a", "b"], 60) == ["a", "b"]


@given(st.lists(st.text("ab …", min_size=1, max_size=30), min_size=1, max_size=8, unique=True), st.integers(8, 20))
def test_different_names_stay_different_and_find_room(names: list[str], longest: int) -> None:
    found = shorten_names(names, longest)
    assert len(set(found)) == len(names)
    assert max(map(len, found)) <= longest


def test_variants_whose_names_begin_alike_have_rows_and_colours_of_their_own() -> None:
    labels = [f"{LONG} seed={number}" for number in range(3)]
    found = [
        VariantEstimate(label, estimate_mean([0.5, 0.6, number]), (0.5,), "") for number, label in enumerate(labels)
    ]
    colours = dict(zip(labels, ("red", "green", "blue"), strict=True))
    chart = plot_intervals(found, "accuracy", share=True, colours=colours, style=PAGE_STYLE).to_dict(validate=False)
    last = chart["layer"][-1]["encoding"]
    assert len(set(last["y"]["sort"])) == 3
    assert last["color"]["scale"] == {"domain": labels, "range": ["red", "green", "blue"]}


def test_curves_of_variants_whose_names_begin_alike_are_not_joined(tmp_path: Path) -> None:
    head = [{"residual": {"layers": "x" * 70}}]
    for number in (5, 7, 11):
        write_run(tmp_path, plain(architecture=[*head, {"dense": {"units": number}}], name="n" * 70), 0.9)
    found = build_content(build_report([str(tmp_path)], tmp_path))
    assert len(found.colours) == 3
    [loss] = [figure for figure in found.curve_figures if figure.name == "curves-loss"]
    chart = loss.make_page_chart()
    [rows] = [rows for rows in chart["datasets"].values() if "part" in rows[0]] if "datasets" in chart else [[]]
    rows = rows or next(layer["data"]["values"] for layer in chart["layer"] if "part" in layer["data"]["values"][0])
    assert {row["variant"] for row in rows} == set(found.colours)
    assert render_report(found).count("data-key=") == 3
