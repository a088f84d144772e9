"""What the page of a report holds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from nnexp.reports.html.best_variant import BestVariant, examine_variant
from nnexp.reports.html.figures.base import MAX_NAME_CHARACTERS, Figure, format_metric_name
from nnexp.reports.html.figures.intervals import VariantEstimate, plot_intervals
from nnexp.reports.html.figures.lines import assign_colours
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.markup import Html, join_pieces, render_code, render_fold, render_list, render_table, tag
from nnexp.reports.html.page import render_figure, render_grid, render_legend, render_page, render_section
from nnexp.reports.html.sections import origin
from nnexp.reports.html.sections.best_variant import make_best_figures
from nnexp.reports.html.sections.curves import LEGEND_GROUP, describe_curves, make_curve_figures
from nnexp.reports.html.sections.health import render_health
from nnexp.reports.html.sections.parameters import make_parameter_figures
from nnexp.reports.html.selection import CurveSelection, select_variants
from nnexp.reports.report import Report, compute_rank
from nnexp.reports.tables import format_cells, format_mean, format_sentences, format_verdict_heading
from nnexp.reports.variants import Variant
from nnexp.wording import format_count

MAX_TABLE_ROWS = 200
"""Variants in the table of a page."""

OPEN_TABLE_ROWS = 15
"""Variants that are seen without asking for more."""

OPEN_SENTENCES = 4
"""Sentences that are read without asking for more, where no difference is shown; those that show one come first."""

OPEN_DIFFERENCES = 10
"""Differences that are read without asking for more."""

MAX_COMPARISONS = 100
"""Comparisons that are on a page."""

MAX_LEADING_PARAMETERS = 4
"""Columns of parameters that stand before the results; of more the first two do, and the others behind them."""

MAX_NARROW_VARIANTS, MAX_NARROW_CHARACTERS = 10, 18
"""Variants, and letters of one, for which a figure in a file needs both columns of a paper."""

MAX_ESTIMATES = 30
"""Variants in the figure of means."""


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
    chosen = assign_colours([one.variant.label for one in selection.variants])
    best = examine_best(report)
    return ReportContent(
        report,
        selection,
        best,
        tuple(make_answer_figures(report, chosen)),
        tuple(make_parameter_figures(report)),
        tuple(make_curve_figures(selection, report, chosen)),
        tuple(make_best_figures(best)) if best else (),
        chosen,
    )


def examine_best(report: Report) -> BestVariant | None:
    """A closer look at the variant that is ranked first, of those that have runs that are done."""
    ranked = sorted(report.variants, key=lambda variant: compute_rank(variant, report.measure))
    first = next((variant for variant in ranked if variant.done_rows), None)
    return None if first is None else examine_variant(first, report.measure.metric)


def make_answer_figures(report: Report, chosen: Mapping[str, str]) -> list[Figure]:
    """The means with their intervals, where there is more than one variant or more than one run."""
    measure = report.measure
    known = [variant for variant in report.variants if math.isfinite(variant.compute_mean(measure.metric).value)]
    shown = known[:MAX_ESTIMATES]
    if report.baseline in known and report.baseline not in shown:
        shown.append(report.baseline)
    estimates = [make_estimate(variant, report) for variant in shown]
    if len(estimates) < 2:
        return []
    unit = "folds" if all(v.configuration.folds for v in shown) else "seeds"
    caption = f"Each value is of one of the {unit}."
    if any(one.mean.n > 1 for one in estimates):
        caption = f"Means with their 95 % intervals (t distribution); below them, pale, the single {unit}."
        caption += (
            " Overlapping intervals do not show that variants are equal: they are compared in pairs, as the text says."
        )
    if len(shown) < len(known):
        caption += f" Shown are the first {MAX_ESTIMATES} of {len(known):,} variants in the order of the table."
    make = partial(
        plot_intervals, estimates, format_metric_name(measure.metric), share=measure.is_share, colours=chosen
    )
    title = format_metric_name(measure.metric)
    wide = len(shown) > MAX_NARROW_VARIANTS or max(len(variant.label) for variant in shown) > MAX_NARROW_CHARACTERS
    return [Figure("means", f"{title[0].upper()}{title[1:]} of the variants", caption, make, wide=wide)]


def make_estimate(variant: Variant, report: Report) -> VariantEstimate:
    """A variant's mean and its runs."""
    measure = report.measure
    mean = variant.compute_mean(measure.metric)
    single = tuple(value for value in variant.collect_values(measure.metric).values() if math.isfinite(value))
    return VariantEstimate(variant.label, mean, single, format_mean(mean, share=measure.is_share))


def render_report(found: ReportContent, command: str = "") -> str:
    """The page."""
    report = found.report
    body = [
        tag("p", _render_summary(report), class_="note"),
        tag("p", data, class_="note") if (data := origin.render_sources(report)) else None,
        render_section("Answer", *_render_answer(found), id="answer"),
        render_section("Parameters", *_render_parameters(found), id="parameters"),
        render_section("Learning curves", *_render_curves(found), id="curves"),
        render_section(
            f"The best variant: {found.best.variant.label}" if found.best else "", *_render_best(found), id="best"
        ),
        render_section("Health", *render_health(report), id="health"),
        render_section("Unfinished and damaged runs", *origin.render_unfinished_runs(report), id="lost"),
        render_section("How to repeat it", *origin.render_repetition(report, command), id="repeat"),
    ]
    return render_page(
        make_page_title(report), body, f"Made by nnexp {version('nnexp')}. This file is all there is; it loads nothing."
    )


def make_page_title(report: Report) -> str:
    """What the page is called."""
    names = [path.name for path in report.sweeps]
    names = names or list(dict.fromkeys(str(variant.configuration.spec["name"]) for variant in report.variants))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def _render_summary(report: Report) -> Html:
    states = Counter(row.state for variant in report.variants for row in variant.rows)
    runs, variants = sum(states.values()), len(report.variants)
    said = ", ".join(f"{count:,} {state}" for state, count in states.items())
    what = f"{variants:,} variant{'s' * (variants != 1)}, {runs:,} run{'s' * (runs != 1)} ({said})"
    better = "the larger the better" if report.measure.larger_is_better else "the smaller the better"
    return join_pieces([f"{what}, by ", render_code(report.measure.metric), f": {better}."])


def _render_answer(found: ReportContent) -> list[Html | None]:
    report = found.report
    return [
        tag("p", describe_best(report), class_="lead"),
        *_render_verdicts(report),
        *map(_render_figure, found.answer_figures),
        *_render_variants(report),
    ]


def _render_variants(report: Report) -> list[Html | None]:
    """The variants: the first ones, and the others where they are asked for."""
    columns, own = format_cells(report), len(report.headers)
    headers = list(columns)
    order = arrange_columns(len(headers), own)
    left = {place for place, at in enumerate(order) if at < own}
    headers, rows = [headers[at] for at in order], list(zip(*(columns[headers[at]] for at in order), strict=True))
    if len(rows) <= OPEN_TABLE_ROWS + 5:
        return [render_table(headers, rows, left)]
    some = (
        f"The first {MAX_TABLE_ROWS} of {len(rows):,} variants."
        if len(rows) > MAX_TABLE_ROWS
        else f"All {len(rows)} variants."
    )
    return [
        render_table(headers, rows[:OPEN_TABLE_ROWS], left),
        render_fold(some, render_table(headers, rows[:MAX_TABLE_ROWS], left)),
    ]


def arrange_columns(count: int, own: int) -> list[int]:
    """The places of columns, the first `own` of which are parameters: of many, most stand behind the results.

    >>> arrange_columns(5, 2), arrange_columns(8, 6)
    ([0, 1, 2, 3, 4], [0, 1, 6, 7, 2, 3, 4, 5])
    """
    first = own if own <= MAX_LEADING_PARAMETERS else 2
    return [*range(first), *range(own, count), *range(first, own)]


def describe_best(report: Report) -> str:
    """The best variant, in a sentence."""
    measure = report.measure
    best = min(report.variants, key=lambda variant: compute_rank(variant, measure))
    mean = best.compute_mean(measure.metric)
    if not mean.n:
        return (
            "No run is done yet."
            if not best.done_rows
            else f"No run that is done has a {format_metric_name(measure.metric)}."
        )
    what = f"{format_metric_name(measure.metric)} {format_mean(mean, share=measure.is_share)}"
    unit = "run" if best.configuration.is_baseline else "seed"
    if best.configuration.folds:
        unit = "fold"
    over = f"{format_count(mean.n, unit)}"
    return f"{best.label}: {what} ({over})." if len(report.variants) == 1 else f"Best: {best.label}, {what} ({over})."


def _render_verdicts(report: Report) -> list[Html | None]:
    """What can be said of the differences: those that are shown first, and the others where they are asked for."""
    of_health = {line for entry in report.health for line in entry.format_sentences()}
    said = [line for line in format_sentences(report) if line not in of_health]
    head = format_verdict_heading(report) if report.verdicts else ""
    if head not in said:
        mixed = [line for line in said if line.startswith("mixed")]
        return [
            *(tag("p", line, class_="bad") for line in mixed),
            render_list(line for line in said if line not in mixed),
        ]
    at = said.index(head)
    return [
        *(tag("p", line, class_="bad") for line in said[:at]),
        tag("p", head, class_="note"),
        *_render_comparisons(report, said[at + 1 :]),
    ]


def _render_comparisons(report: Report, said: Sequence[str]) -> list[Html | None]:
    """The comparisons, and what the text says besides them."""
    found = {verdict.format_sentence(): verdict.conclusion in ("better", "worse") for verdict in report.verdicts}
    more = len(found) - MAX_COMPARISONS
    besides = [line for line in said if line not in found and not line.endswith("--format json has all of them")]
    some = list(found)[:MAX_COMPARISONS]
    differ, alike = ([line for line in some if found[line] is shown] for shown in (True, False))
    open_ = OPEN_DIFFERENCES if differ else OPEN_SENTENCES
    first = differ or alike
    first, rest = (first, []) if len(first) <= open_ + 1 else (first[:open_], first[open_:])
    others = alike if differ else []
    without = f"{format_count(len(others), 'comparison')} without a shown difference"
    return [
        render_list([*besides, *first]),
        render_fold(f"{len(rest)} more", render_list(rest)) if rest else None,
        render_fold(without, render_list(others)) if others else None,
        tag("p", f"and {more:,} more: --format json has all of them", class_="note") if more > 0 else None,
    ]


def _render_parameters(found: ReportContent) -> list[Html | None]:
    """What needs the whole width, and below it the others."""
    wide, others = (
        [_render_figure(one) for one in found.parameter_figures if one.wide is is_wide] for is_wide in (True, False)
    )
    return [*wide, render_grid(*others)]


def _render_curves(found: ReportContent) -> list[Html | None]:
    if not found.curve_figures:
        return []
    names = dict(zip(found.colours, shorten_names(list(found.colours), MAX_NAME_CHARACTERS), strict=True))
    keys = [tag("span", "dev", class_="key"), tag("span", "train", class_="key dashed")]
    return [
        render_legend(LEGEND_GROUP, found.colours.items(), *keys, names=names),
        render_grid(*map(_render_figure, found.curve_figures)),
        tag("p", describe_curves(found.selection), class_="note"),
    ]


def _render_best(found: ReportContent) -> list[Html | None]:
    if found.best is None:
        return []
    problems = [tag("p", problem, class_="bad") for problem in found.best.problems]
    return [render_grid(*map(_render_figure, found.best_figures)), *problems]


def _render_figure(found: Figure) -> Html:
    return render_figure(
        found.name, found.title, found.make_page_chart(), found.caption or None, group=found.group, narrow=found.narrow
    )
