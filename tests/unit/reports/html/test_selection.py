"""Which variants are drawn, and how much is read for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.reports.html.figures.parallel import make_number_axis, make_parameter_axis
from nnexp.reports.html.report_page import build_content, render_report
from nnexp.reports.html.sections.answer import arrange_columns
from nnexp.reports.html.sections.curves import describe_curves
from nnexp.reports.html.sections.parameters import make_parameter_figures
from nnexp.reports.html.selection import select_variants
from nnexp.reports.report import ReportOptions, build_report
from nnexp.runs.metrics_csv import read_metrics
from tests.unit.reports.support import adam, plain, write_many, write_run

LIMIT = 3_000_000
"""Bytes of a page."""


def test_the_best_the_baseline_and_what_diverged_are_drawn_and_the_caption_says_so(tmp_path: Path) -> None:
    for number in range(9):
        write_run(tmp_path, plain(optimizer=adam((number + 1) / 1000)), 0.99 - number / 100)
    for seed in (0, 1):
        write_run(tmp_path, plain(seed=seed, optimizer=adam(7.0)), 0.1, epochs=2, state="diverged")
    made = build_report([str(tmp_path)], tmp_path, ReportOptions(baseline="lr=0.008"))
    found = select_variants(made)
    assert [one.variant.label for one in found.variants] == [
        "lr=0.001",
        "lr=0.002",
        "lr=0.003",
        "lr=0.004",
        "lr=0.005",
        "lr=0.008",
        "lr=7",
    ]
    assert "Drawn are 7 of 10 variants" in describe_curves(found)


def test_only_the_curves_that_are_drawn_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_many(tmp_path, variants=30, seeds=2, epochs=3)
    made = build_report([str(tmp_path)], tmp_path)
    read: list[Path] = []

    def recorded(path: Path) -> list[dict[str, float]]:
        read.append(path)
        return read_metrics(path)

    monkeypatch.setattr("nnexp.reports.html.selection.read_metrics", recorded)
    select_variants(made)
    assert len(read) == 10


def test_a_page_of_two_hundred_runs_is_small_and_says_how_it_was_thinned(tmp_path: Path) -> None:
    write_many(tmp_path, variants=40, seeds=5, epochs=130)
    page = render_report(build_content(build_report([str(tmp_path)], tmp_path)), "nnexp report runs")
    assert len(page.encode()) < LIMIT
    assert "Of up to 130 epochs 60 at equal distances are drawn" in page
    assert "Drawn are 5 of 40 variants" in page
    assert "The first 30 of 40" not in page
    assert "the first 30 of 40 variants" in page


def test_the_table_of_very_many_variants_is_cut_and_says_so(tmp_path: Path) -> None:
    write_many(tmp_path, variants=230, seeds=1, epochs=1)
    page = render_report(build_content(build_report([str(tmp_path)], tmp_path)))
    assert "The first 200 of 230 variants." in page
    assert len(page.encode()) < LIMIT


def test_one_parameter_is_a_dot_plot_two_are_a_heat_map_and_more_are_parallel(tmp_path: Path) -> None:
    def titles(count: int) -> list[str]:
        folder = tmp_path / str(count)
        for number in range(8):
            bits = [number >> place & 1 for place in range(3)]
            changes = {"activation": ["relu", "tanh"][bits[1]], "optimizer": adam([1e-3, 1e-2][bits[0]])}
            if count < 2:
                changes.pop("activation")
            training = {"training": {"epochs": 40, "batch_size": [8, 16][bits[2]], "early_stopping": None}}
            spec = plain(seed=number, **changes, **(training if count > 2 else {}))
            write_run(folder, spec, 0.8 + number / 100)
        return [figure.title for figure in make_parameter_figures(build_report([str(folder)], folder))]

    assert titles(1) == ["Dev accuracy by lr"]
    assert titles(2) == ["Dev accuracy by activation and lr", "Importance of the parameters"]
    assert titles(3) == ["Dev accuracy across 3 parameters", "Importance of the parameters"]


def test_variants_of_one_level_are_spread_around_it_in_the_order_of_their_results() -> None:
    found = make_parameter_axis("lr", [0.1, 0.1, 0.2, 0.1], [0.5, 0.9, 0.1, 0.7])
    assert found.places[0] < found.places[3] < found.places[1] < found.places[2] == 1
    assert [label for _, label in found.marks] == ["0.1", "0.2"]


def test_an_axis_of_many_numbers_is_logarithmic_where_they_span_much() -> None:
    found = make_number_axis("lr", [1e-4, 1e-2, 1.0])
    assert found.places == pytest.approx((0, 0.5, 1))
    assert found.marks[2] == (0.5, "0.01")
    assert make_number_axis("rate", [0.0, 0.2, 0.8]).places == pytest.approx((0, 0.25, 1))


def test_a_wide_table_has_its_results_behind_the_first_columns() -> None:
    assert arrange_columns(6, 3) == [0, 1, 2, 3, 4, 5]
    assert arrange_columns(18, 13) == [0, 1, *range(13, 18), *range(2, 13)]


def test_differences_that_are_shown_come_before_those_that_are_not(tmp_path: Path) -> None:
    for number in range(8):
        for seed in range(6):
            off = 0.2 if number == 7 else 0.0
            write_run(
                tmp_path,
                plain(seed=seed, optimizer=adam((number + 1) / 1000)),
                0.9 - off + (seed * 7 + number) % 5 / 1e3,
            )
    page = render_report(build_content(build_report([str(tmp_path)], tmp_path)))
    answer = page[page.index('id="answer"') : page.index("<figure")]
    before, _, after = answer.partition("<details>")
    assert "is better than" in before
    assert "is better than" not in after
    assert "undecided" not in before
    assert after.count("<li>undecided") == 6
    assert "6 comparisons without a shown difference" in after


def test_a_page_says_only_what_applies(tmp_path: Path) -> None:
    for number in range(7):
        write_run(tmp_path, plain(optimizer=adam((number + 1) / 1000)), 0.9 + number / 100)
    page = render_report(build_content(build_report([str(tmp_path)], tmp_path)))
    assert "Drawn are 5 of 7 variants: the best 5." in page
    assert "95 % intervals (t distribution); below them" not in page
    assert "Data: <code>digits</code> (train 1,437, dev 180, test 180 examples)." in page
    assert f"<code>{'d' * 16}…</code>" in page
