"""The figures of a sweep's parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from nnexp.reports.html.figures.base import Figure, format_metric_name
from nnexp.reports.html.figures.parallel import plot_parallel_axes
from nnexp.reports.html.figures.parameters import VariantPoint, plot_dots, plot_heat_map
from nnexp.reports.html.figures.shares import MIN_VISIBLE_SHARE, plot_shares
from nnexp.reports.importance import ImportanceAnalysis, compute_importance
from nnexp.reports.report import Report
from nnexp.reports.rows import NETWORK_KIND
from nnexp.reports.tables import format_mean
from nnexp.reports.variants import Variant

NAME_COLUMNS = ("name", "variant", "kind")
"""Columns that call a variant something, and are no parameters."""

MAX_VARIANTS = 300
"""Variants in a dot plot and in parallel coordinates."""

MAX_AXES = 8
"""Axes of them besides the metric's."""


def make_parameter_figures(report: Report) -> Iterator[Figure]:
    """One parameter as a dot plot, two as a heat map, more as parallel coordinates; and what each explains."""
    variants = [v for v in report.variants if v.configuration.kind == NETWORK_KIND and _has_mean(v, report)]
    headers = [
        header
        for header in report.headers
        if header not in NAME_COLUMNS and len({repr(v.cells[header]) for v in variants}) > 1
    ]
    if not headers or len(variants) < 2:
        return
    found = analyse_parameters(report, variants, headers)
    if found is not None and len(headers) > 2:
        order = [name for one in found.parameters for name in one.parameters]
        headers = [*order, *(header for header in headers if header not in order)][:MAX_AXES]
    points = [make_point(variant, headers, report) for variant in variants]
    unit = "fold" if all(variant.configuration.folds for variant in variants) else "seed"
    yield _make_figure(report, points, headers, unit)
    if found is not None:
        yield Figure(
            "importance", "Importance of the parameters", describe_importance(found), partial(plot_shares, found)
        )


def _has_mean(variant: Variant, report: Report) -> bool:
    return math.isfinite(variant.compute_mean(report.measure.metric).value)


def make_point(variant: Variant, headers: Sequence[str], report: Report) -> VariantPoint:
    """A variant as the figures have it."""
    measure = report.measure
    mean = variant.compute_mean(measure.metric)
    single = tuple(value for value in variant.collect_values(measure.metric).values() if math.isfinite(value))
    return VariantPoint(
        tuple(variant.cells[h] for h in headers), mean, single, format_mean(mean, share=measure.is_share)
    )


def _make_figure(report: Report, points: Sequence[VariantPoint], headers: Sequence[str], unit: str) -> Figure:
    measure = report.measure
    title = format_metric_name(measure.metric)
    what = f"{title[0].upper()}{title[1:]}"
    if len(headers) == 1:
        caption = f"Means over {unit}s with 95 % intervals; pale: the single runs.{_describe_omission(points)}"
        make: Any = partial(plot_dots, points[:MAX_VARIANTS], headers[0], title, share=measure.is_share)
        return Figure("parameter", f"{what} by {headers[0]}", caption, make, narrow=True)
    larger = measure.larger_is_better
    if len(headers) == 2 and len({repr(one.values) for one in points}) == len(points):
        make = partial(plot_heat_map, points, headers, title, share=measure.is_share, larger=larger)
        caption = f"Means over {unit}s. The darker the better; empty cells: not run."
        return Figure("parameters", f"{what} by {headers[0]} and {headers[1]}", caption, make)
    make = partial(plot_parallel_axes, points[:MAX_VARIANTS], headers, title, share=measure.is_share, larger=larger)
    caption = "Each line is a variant, the darker the better. Lines that share a value are spread around it."
    caption += _describe_omission(points)
    return Figure("parameters", f"{what} across {len(headers)} parameters", caption, make, wide=True)


def _describe_omission(points: Sequence[VariantPoint]) -> str:
    """That not all are drawn, where that is so."""
    more = len(points) > MAX_VARIANTS
    return f" Drawn are the first {MAX_VARIANTS} of {len(points):,} variants in the order of the table." if more else ""


def analyse_parameters(
    report: Report, variants: Sequence[Variant], headers: Sequence[str]
) -> ImportanceAnalysis | None:
    """What each parameter explains."""
    metric = report.measure.metric
    means = [variant.compute_mean(metric).value for variant in variants]
    spreads = [_estimate_noise(variant, metric) for variant in variants]
    known = [spread for spread in spreads if spread is not None]
    noise = fmean(known) if len(known) == len(spreads) else None
    return compute_importance({h: [v.cells[h] for v in variants] for h in headers}, means, noise)


def _estimate_noise(variant: Variant, metric: str) -> float | None:
    """The variance of a variant's mean; None where there is but one run. 0 for runs that came to the same."""
    found = [value for value in variant.collect_values(metric).values() if math.isfinite(value)]
    if len(found) < 2:
        return None
    mean = fmean(found)
    variance = sum((value - mean) ** 2 for value in found) / (len(found) - 1)
    return variance * (1 / len(found) + variant.fold_overlap)


def describe_importance(found: ImportanceAnalysis) -> str:
    """How the importance is to be read."""
    variance = f"the variance between the means of {found.variant_count} variants"
    said = [f"The share of {variance} that a parameter explains by itself (first-order Sobol index)."]
    if any(len(one.parameters) > 1 for one in found.parameters):
        said.append("Parameters that change together stand on one line.")
    if found.is_complete:
        said.append("The variants are a complete grid, so these are exact main effects.")
    else:
        said.append(
            "The variants are no complete grid: of numbers with many values, groups of equal size are compared, and "
            "where parameters were chosen together, as a search does, they share what they explain."
        )
    if any(one.chance_share is not None and one.chance_share >= MIN_VISIBLE_SHARE for one in found.parameters):
        what = "from the spread over seeds" if found.is_complete else "(k - 1) / (V - 1) for k levels and V variants"
        said.append(f"The orange mark is what a parameter without any effect would be expected to show, {what}.")
    if found.variant_count < 20:
        said.append("With so few variants this is a description of them, and no estimate for others.")
    return " ".join(said)
