"""The answer of a report: its best variant, what the seeds show, the means as a figure, and the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from nnexp.reports.html.figures.base import Figure, capitalize, format_metric_name
from nnexp.reports.html.figures.estimates import VariantEstimate, find_unit, make_estimates
from nnexp.reports.html.figures.intervals import plot_intervals
from nnexp.reports.html.markup import (
    Html,
    join_pieces,
    render_code,
    render_fold,
    render_list,
    render_table,
    render_warning,
    tag,
)
from nnexp.reports.html.page import render_figure
from nnexp.reports.report import Report, list_rows
from nnexp.reports.tables import format_cells, format_mean, format_sentences, format_verdict_heading
from nnexp.statistics.verdicts import Verdict
from nnexp.wording import format_count

MAX_TABLE_ROWS = 200
"""Variants in the table of a page."""

OPEN_TABLE_ROWS = 15
"""Variants that are seen without asking for more."""

MIN_FOLDED_ROWS = 6
"""Variants for which a fold is worth its line."""

OPEN_SENTENCES = 4
"""Sentences that are read without asking for more, where no difference is shown; those that show one come first."""

OPEN_DIFFERENCES = 10
"""Differences that are read without asking for more."""

MAX_COMPARISONS = 100
"""Comparisons that are on a page."""

MAX_LEADING_PARAMETERS = 4
"""Columns of parameters that stand before the results; of more the first two do, and the others behind them."""

MAX_NARROW_VARIANTS = 10
"""Variants for which a figure in a file has room in one column of a paper."""

MAX_NARROW_CHARACTERS = 18
"""Letters of a variant's name that have room there."""

MAX_ESTIMATES = 30
"""Variants in the figure of means."""


def make_answer_figures(report: Report, colours: Mapping[str, str]) -> list[Figure]:
    """The means with their intervals, where there are two variants or more to compare."""
    known = report.measured_variants
    shown = known[:MAX_ESTIMATES]
    if report.baseline in known and report.baseline not in shown:
        shown.append(report.baseline)
    if len(shown) < 2:
        return []
    estimates = make_estimates(shown, report)
    title = format_metric_name(report.measure.metric)
    make = partial(plot_intervals, estimates, title, share=report.measure.is_share, colours=colours)
    longest = max(map(len, map(str, shown)))
    wide = len(shown) > MAX_NARROW_VARIANTS or longest > MAX_NARROW_CHARACTERS
    caption = _describe_means(estimates, len(known), f"{find_unit(shown)}s")
    return [Figure("means", f"{capitalize(title)} of the variants", caption, make, wide=wide)]


def _describe_means(estimates: Sequence[VariantEstimate], known_count: int, units: str) -> str:
    """How the figure of means is to be read."""
    sentences = [f"Each value is of one of the {units}."]
    if any(one.mean.n > 1 for one in estimates):
        sentences = [
            f"Means with their 95 % intervals (t distribution); below them, pale, the single {units}.",
            "Overlapping intervals do not show that variants are equal: they are compared in pairs, as the text says.",
        ]
    if len(estimates) < known_count:
        sentences.append(f"Shown are the first {MAX_ESTIMATES} of {known_count:,} variants in the order of the table.")
    return " ".join(sentences)


def render_summary(report: Report) -> Html:
    """How many variants and runs there are, in which states, and what is good."""
    states = Counter(row.state for row in list_rows(report.variants))
    counts = ", ".join(f"{count:,} {state}" for state, count in states.items())
    what = f"{format_count(len(report.variants), 'variant')}, {format_count(states.total(), 'run')} ({counts})"
    better = "the larger the better" if report.measure.larger_is_better else "the smaller the better"
    return join_pieces([f"{what}, by ", render_code(report.measure.metric), f": {better}."])


def render_answer(report: Report, figures: Sequence[Figure]) -> list[Html | None]:
    """The best variant in a sentence, then the verdicts, the figures and the table."""
    return [
        tag("p", describe_best(report), class_="lead"),
        *_render_verdicts(report),
        *map(render_figure, figures),
        *_render_variants(report),
    ]


def describe_best(report: Report) -> str:
    """The best variant, in a sentence."""
    measure = report.measure
    metric = format_metric_name(measure.metric)
    best = report.best
    if best is None:
        return "No variant is called the best."
    mean = best.compute_mean(measure.metric)
    if not mean.n and not best.done_rows:
        return "No run is done yet."
    if not mean.n:
        return f"No run that is done has a {metric}."
    unit = "run" if best.configuration.is_baseline else find_unit([best])
    result = f"{metric} {format_mean(mean, share=measure.is_share)} ({format_count(mean.n, unit)})"
    if len(report.variants) == 1:
        return f"{best.label}: {result}."
    return f"Best: {best.label}, {result}."


def _render_verdicts(report: Report) -> list[Html | None]:
    """What can be said of the differences: those that are shown first, and the others where they are asked for."""
    # The diagnosis has a section of its own.
    in_health: set[str] = set()
    for entry in report.health:
        in_health.update(entry.format_sentences())
    sentences = [line for line in format_sentences(report) if line not in in_health]
    heading = ""
    if report.verdicts:
        heading = format_verdict_heading(report)
    if heading not in sentences:
        mixed, others = _divide(sentences, lambda line: line.startswith("mixed"))
        return [*map(render_warning, mixed), render_list(others)]
    place = sentences.index(heading)
    # What stands before the heading are warnings: they hold for all that follows.
    return [
        *map(render_warning, sentences[:place]),
        tag("p", heading, class_="note"),
        *_render_comparisons(report.verdicts, sentences[place + 1 :]),
    ]


def _divide(sentences: Iterable[str], is_first: Callable[[str], bool]) -> tuple[list[str], list[str]]:
    """The sentences that are, and those that are not."""
    first: list[str] = []
    others: list[str] = []
    for sentence in sentences:
        (first if is_first(sentence) else others).append(sentence)
    return first, others


def _render_comparisons(verdicts: Sequence[Verdict], sentences: Sequence[str]) -> list[Html | None]:
    """The comparisons, and what the text says besides them."""
    differing = {verdict.format_sentence(): verdict.conclusion in ("better", "worse") for verdict in verdicts}
    shown, others = _divide(list(differing)[:MAX_COMPARISONS], differing.__getitem__)
    open_count = OPEN_DIFFERENCES
    if not shown:
        shown, others, open_count = others, [], OPEN_SENTENCES
    if len(shown) <= open_count + 1:  # a fold for one sentence would take the room of the sentence
        open_count = len(shown)
    first, rest = shown[:open_count], shown[open_count:]
    # Without the sentence that counts those which a terminal leaves out: the page folds its own.
    besides = [s for s in sentences if s not in differing and not s.endswith("--format json has all of them")]
    without = f"{format_count(len(others), 'comparison')} without a shown difference"
    more = len(differing) - MAX_COMPARISONS
    return [
        render_list([*besides, *first]),
        render_fold(f"{len(rest)} more", render_list(rest)),
        render_fold(without, render_list(others)),
        tag("p", f"and {more:,} more: --format json has all of them", class_="note") if more > 0 else None,
    ]


def _render_variants(report: Report) -> list[Html | None]:
    """The variants: the first ones, and the others where they are asked for."""
    columns = list(format_cells(report).items())
    parameter_count = len(report.headers)
    order = arrange_columns(len(columns), parameter_count)
    left = {place for place, column in enumerate(order) if column < parameter_count}
    headers, cells = zip(*map(columns.__getitem__, order), strict=True)
    rows = list(zip(*cells, strict=True))
    if len(rows) < OPEN_TABLE_ROWS + MIN_FOLDED_ROWS:
        return [render_table(headers, rows, left)]
    summary = f"All {len(rows)} variants."
    if len(rows) > MAX_TABLE_ROWS:
        summary = f"The first {MAX_TABLE_ROWS} of {len(rows):,} variants."
    return [
        render_table(headers, rows[:OPEN_TABLE_ROWS], left),
        render_fold(summary, render_table(headers, rows[:MAX_TABLE_ROWS], left)),
    ]


def arrange_columns(count: int, parameter_count: int) -> list[int]:
    """The places of columns, the first of which are parameters: of many, most stand behind the results.

    >>> arrange_columns(5, 2), arrange_columns(8, 6)
    ([0, 1, 2, 3, 4], [0, 1, 6, 7, 2, 3, 4, 5])
    """
    first = parameter_count
    if parameter_count > MAX_LEADING_PARAMETERS:
        first = 2
    return [*range(first), *range(parameter_count, count), *range(first, parameter_count)]
