"""The figures of a sweep's parameters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from nnexp.reports.columns import has_different_values
from nnexp.reports.html.figures.base import Figure, capitalize, format_metric_name
from nnexp.reports.html.figures.dot_plot import plot_dots
from nnexp.reports.html.figures.estimates import VariantEstimate, find_unit, make_estimates
from nnexp.reports.html.figures.heat_map import plot_heat_map
from nnexp.reports.html.figures.parallel import plot_parallel_axes
from nnexp.reports.html.figures.shares import MIN_VISIBLE_SHARE, plot_shares
from nnexp.reports.html.markup import Html
from nnexp.reports.html.page import render_figure, render_grid
from nnexp.reports.importance import ImportanceAnalysis, compute_importance
from nnexp.reports.labels import NO_PARAMETER_HEADERS
from nnexp.reports.report import Report
from nnexp.reports.rows import NETWORK_KIND
from nnexp.reports.variants import Variant

MAX_VARIANTS = 300
"""Variants in a dot plot and in parallel coordinates."""

MAX_AXES = 8
"""Axes of them besides the metric's."""

MIN_ESTIMATING_VARIANTS = 20
"""Variants from which on the importance says something of others; with fewer it describes just these."""


def make_parameter_figures(report: Report) -> Iterator[Figure]:
    """One parameter as a dot plot, two as a heat map, more as parallel coordinates; and what each explains."""
    variants = [variant for variant in report.measured_variants if variant.configuration.kind == NETWORK_KIND]
    headers = _list_varied_headers(report.headers, variants)
    if not headers or len(variants) < 2:
        return
    importance = analyse_parameters(report, variants, headers)
    if importance is not None and len(headers) > 2:
        headers = _order_by_importance(headers, importance)[:MAX_AXES]
    estimates = make_estimates(variants, report, headers)
    yield _make_figure(report, estimates, headers, find_unit(variants))
    if importance is not None:
        caption = describe_importance(importance)
        yield Figure("importance", "Importance of the parameters", caption, partial(plot_shares, importance))


def render_parameters(figures: Sequence[Figure]) -> list[Html | None]:
    """What needs the whole width, and below it the others."""
    by_width: dict[bool, list[Html]] = {True: [], False: []}
    for figure in figures:
        by_width[figure.wide].append(render_figure(figure))
    return [*by_width[True], render_grid(*by_width[False])]


def _list_varied_headers(headers: Sequence[str], variants: Sequence[Variant]) -> list[str]:
    """The columns of parameters that differ between these variants."""
    varied = []
    for header in headers:
        is_varied = has_different_values(variant.cells[header] for variant in variants)
        if is_varied and header not in NO_PARAMETER_HEADERS:
            varied.append(header)
    return varied


def _order_by_importance(headers: Sequence[str], importance: ImportanceAnalysis) -> list[str]:
    """The parameters, the one that explains most first; those that could not be analysed are last."""
    order: list[str] = []
    for one in importance.parameters:
        order += one.parameters
    return list(dict.fromkeys([*order, *headers]))


def _make_figure(report: Report, found: Sequence[VariantEstimate], headers: Sequence[str], unit: str) -> Figure:
    """The figure that suits the number of parameters."""
    measure = report.measure
    title = format_metric_name(measure.metric)
    what = capitalize(title)
    if len(headers) == 1:
        caption = f"Means over {unit}s with 95 % intervals; pale: the single runs.{_describe_omission(found)}"
        make: Any = partial(plot_dots, found[:MAX_VARIANTS], headers[0], title, share=measure.is_share)
        return Figure("parameter", f"{what} by {headers[0]}", caption, make, narrow=True)
    scale: dict[str, Any] = {"share": measure.is_share, "larger": measure.larger_is_better}
    # Of several variants in a cell, which differ in their names alone, a heat map would show but one.
    if len(headers) == 2 and len({repr(one.levels) for one in found}) == len(found):
        make = partial(plot_heat_map, found, headers, title, **scale)
        caption = f"Means over {unit}s. The darker the better; empty cells: not run."
        return Figure("parameters", f"{what} by {headers[0]} and {headers[1]}", caption, make)
    make = partial(plot_parallel_axes, found[:MAX_VARIANTS], headers, title, **scale)
    caption = "Each line is a variant, the darker the better. Lines that share a value are spread around it."
    caption += _describe_omission(found)
    return Figure("parameters", f"{what} across {len(headers)} parameters", caption, make, wide=True)


def _describe_omission(found: Sequence[VariantEstimate]) -> str:
    """That not all are drawn, where that is so."""
    if len(found) <= MAX_VARIANTS:
        return ""
    return f" Drawn are the first {MAX_VARIANTS} of {len(found):,} variants in the order of the table."


def analyse_parameters(
    report: Report, variants: Sequence[Variant], headers: Sequence[str]
) -> ImportanceAnalysis | None:
    """What each parameter explains."""
    metric = report.measure.metric
    columns = defaultdict(list)
    means, variances = [], []
    for variant in variants:
        for header in headers:
            columns[header].append(variant.cells[header])
        means.append(variant.compute_mean(metric).value)
        variance = _estimate_noise(variant, metric)
        if variance is not None:
            variances.append(variance)
    # What chance explains is known only where all variants have several runs.
    noise = fmean(variances) if len(variances) == len(variants) else None
    return compute_importance(columns, means, noise)


def _estimate_noise(variant: Variant, metric: str) -> float | None:
    """The variance of a variant's mean, 0 where all runs are equal; None where there is but one run."""
    values = variant.list_finite_values(metric)
    if len(values) < 2:
        return None
    mean = fmean(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    # As for an interval of the mean: runs on overlapping folds are not independent.
    return variance * (1 / len(values) + variant.fold_overlap)


def describe_importance(found: ImportanceAnalysis) -> str:
    """How the importance is to be read."""
    variance = f"the variance between the means of {found.variant_count} variants"
    sentences = [f"The share of {variance} that a parameter explains by itself (first-order Sobol index)."]
    if any(len(one.parameters) > 1 for one in found.parameters):
        sentences.append("Parameters that change together stand on one line.")
    if found.is_complete:
        sentences.append("The variants are a complete grid, so these are exact main effects.")
    else:
        sentences.append(
            "The variants are no complete grid: of numbers with many values, groups of equal size are compared, and "
            "where parameters were chosen together, as a search does, they share what they explain."
        )
    if any(one.chance_share is not None and one.chance_share >= MIN_VISIBLE_SHARE for one in found.parameters):
        what = "from the spread over seeds" if found.is_complete else "(k - 1) / (V - 1) for k levels and V variants"
        sentences.append(f"The orange mark is what a parameter without any effect would be expected to show, {what}.")
    if found.variant_count < MIN_ESTIMATING_VARIANTS:
        sentences.append("With so few variants this is a description of them, and no estimate for others.")
    return " ".join(sentences)
