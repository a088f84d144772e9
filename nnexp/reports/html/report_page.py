"""The page of a report: its sections in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from nnexp.reports.html.best_variant import BestVariant, examine_variant
from nnexp.reports.html.figures.base import Figure
from nnexp.reports.html.figures.lines import assign_colours
from nnexp.reports.html.markup import tag
from nnexp.reports.html.page import render_page, render_section
from nnexp.reports.html.sections.answer import make_answer_figures, render_answer, render_summary
from nnexp.reports.html.sections.best_variant import make_best_figures, render_best_variant
from nnexp.reports.html.sections.curves import make_curve_figures, render_curves
from nnexp.reports.html.sections.health import render_health
from nnexp.reports.html.sections.origin import render_repetition, render_sources
from nnexp.reports.html.sections.parameters import make_parameter_figures, render_parameters
from nnexp.reports.html.sections.unfinished import render_unfinished_runs
from nnexp.reports.html.selection import CurveSelection, select_variants
from nnexp.reports.report import Report, compute_rank

MAX_TITLE_NAMES = 3
"""Sweeps or specs that a page is named after; more are counted."""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """All figures of a report, by what they are about."""

    report: Report
    selection: CurveSelection
    best: BestVariant | None
    answer_figures: tuple[Figure, ...]
    parameter_figures: tuple[Figure, ...]
    curve_figures: tuple[Figure, ...]
    best_figures: tuple[Figure, ...]
    colours: Mapping[str, str]

    @property
    def figures(self) -> list[Figure]:
        return [*self.answer_figures, *self.parameter_figures, *self.curve_figures, *self.best_figures]


def build_content(report: Report) -> ReportContent:
    """Everything that is drawn; runs that are not are not read again."""
    selection = select_variants(report)
    # One colour a variant in all figures of the page.
    colours = assign_colours([one.variant.label for one in selection.variants])
    best = examine_best(report)
    return ReportContent(
        report,
        selection,
        best,
        tuple(make_answer_figures(report, colours)),
        tuple(make_parameter_figures(report)),
        tuple(make_curve_figures(selection, report, colours)),
        tuple(make_best_figures(best)) if best else (),
        colours,
    )


def examine_best(report: Report) -> BestVariant | None:
    """A closer look at the variant that is ranked first, of those that have runs that are done, if they are ranked."""
    if report.best is None:
        return None
    ranked = sorted(report.variants, key=lambda variant: compute_rank(variant, report.measure))
    for variant in ranked:
        if variant.done_rows:
            return examine_variant(variant, report.measure.metric)
    return None


def render_report(content: ReportContent, command: str = "") -> str:
    """The page. command: that made it."""
    report, best = content.report, content.best
    best_title = f"The best variant: {best.variant.label}" if best else ""
    body = [
        tag("p", render_summary(report), class_="note"),
        tag("p", render_sources(report), class_="note"),
        render_section("Answer", *render_answer(report, content.answer_figures), id="answer"),
        render_section("Parameters", *render_parameters(content.parameter_figures), id="parameters"),
        render_section(
            "Learning curves",
            *render_curves(content.curve_figures, content.selection, content.colours),
            id="curves",
        ),
        render_section(best_title, *render_best_variant(best, content.best_figures), id="best"),
        render_section("Health", *render_health(report), id="health"),
        render_section("Unfinished and damaged runs", *render_unfinished_runs(report), id="lost"),
        render_section("How to repeat it", *render_repetition(report, command), id="repeat"),
    ]
    note = f"Made by nnexp {version('nnexp')}. This file is all there is; it loads nothing."
    return render_page(make_page_title(report), body, note)


def make_page_title(report: Report) -> str:
    """The names of the sweeps or, where there is none, of the specs."""
    names = [path.name for path in report.sweeps]
    if not names:
        names = list(dict.fromkeys(str(variant.configuration.spec["name"]) for variant in report.variants))
    title = ", ".join(names[:MAX_TITLE_NAMES])
    if len(names) > MAX_TITLE_NAMES:
        title += f" and {len(names) - MAX_TITLE_NAMES} more"
    return title
