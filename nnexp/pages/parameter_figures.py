"""The figures of a sweep's parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from nnexp.pages.figures.base import Figure, spoken
from nnexp.pages.figures.parallel import parallel
from nnexp.pages.figures.parameters import Point, dots, heat
from nnexp.pages.figures.shares import SEEN, shares
from nnexp.pages.importance import Analysis, importance
from nnexp.reports.report import Report
from nnexp.reports.rows import NETWORK
from nnexp.reports.tables import mean_text
from nnexp.reports.variants import Variant

NAMES = ("name", "variant", "kind")
"""Columns that call a variant something, and are no parameters."""

MOST = 300
"""Variants in a dot plot and in parallel coordinates."""

AXES = 8
"""Axes of them besides the metric's."""


def parameters(report: Report) -> Iterator[Figure]:
    """One parameter as a dot plot, two as a heat map, more as parallel coordinates; and what each explains."""
    variants = [v for v in report.variants if v.configuration.kind == NETWORK and _known(v, report)]
    headers = [
        header
        for header in report.headers
        if header not in NAMES and len({repr(v.cells[header]) for v in variants}) > 1
    ]
    if not headers or len(variants) < 2:
        return
    found = analyse(report, variants, headers)
    if found is not None and len(headers) > 2:
        order = [name for one in found.parameters for name in one.parameters]
        headers = [*order, *(header for header in headers if header not in order)][:AXES]
    points = [point(variant, headers, report) for variant in variants]
    unit = "fold" if all(variant.configuration.folds for variant in variants) else "seed"
    yield _view(report, points, headers, unit)
    if found is not None:
        yield Figure("importance", "Importance of the parameters", explained(found), partial(shares, found))


def _known(variant: Variant, report: Report) -> bool:
    return math.isfinite(variant.mean(report.measure.metric).value)


def point(variant: Variant, headers: Sequence[str], report: Report) -> Point:
    """A variant as the figures have it."""
    measure = report.measure
    mean = variant.mean(measure.metric)
    single = tuple(value for value in variant.values(measure.metric).values() if math.isfinite(value))
    return Point(tuple(variant.cells[h] for h in headers), mean, single, mean_text(mean, share=measure.is_share))


def _view(report: Report, points: Sequence[Point], headers: Sequence[str], unit: str) -> Figure:
    measure = report.measure
    title = spoken(measure.metric)
    what = f"{title[0].upper()}{title[1:]}"
    if len(headers) == 1:
        caption = f"Means over {unit}s with 95 % intervals; pale: the single runs.{_some(points)}"
        make: Any = partial(dots, points[:MOST], headers[0], title, share=measure.is_share)
        return Figure("parameter", f"{what} by {headers[0]}", caption, make, narrow=True)
    larger = measure.larger_is_better
    if len(headers) == 2 and len({repr(one.values) for one in points}) == len(points):
        make = partial(heat, points, headers, title, share=measure.is_share, larger=larger)
        caption = f"Means over {unit}s. The darker the better; what is missing has no value."
        return Figure("parameters", f"{what} by {headers[0]} and {headers[1]}", caption, make)
    make = partial(parallel, points[:MOST], headers, title, share=measure.is_share, larger=larger)
    caption = "Each line is a variant, the darker the better. Lines that share a value are spread around it."
    caption += _some(points)
    return Figure("parameters", f"{what} across {len(headers)} parameters", caption, make, wide=True)


def _some(points: Sequence[Point]) -> str:
    """That not all are drawn, where that is so."""
    more = len(points) > MOST
    return f" Drawn are the first {MOST} of {len(points):,} variants in the order of the table." if more else ""


def analyse(report: Report, variants: Sequence[Variant], headers: Sequence[str]) -> Analysis | None:
    """What each parameter explains."""
    metric = report.measure.metric
    means = [variant.mean(metric).value for variant in variants]
    spreads = [_noise(variant, metric) for variant in variants]
    known = [spread for spread in spreads if spread is not None]
    noise = fmean(known) if len(known) == len(spreads) else None
    return importance({h: [v.cells[h] for v in variants] for h in headers}, means, noise)


def _noise(variant: Variant, metric: str) -> float | None:
    """The variance of a variant's mean; None where there is but one run. 0 for runs that came to the same."""
    found = [value for value in variant.values(metric).values() if math.isfinite(value)]
    if len(found) < 2:
        return None
    mean = fmean(found)
    variance = sum((value - mean) ** 2 for value in found) / (len(found) - 1)
    return variance * (1 / len(found) + variant.overlap)


def explained(found: Analysis) -> str:
    """How the importance is to be read."""
    variance = f"the variance between the means of {found.variants} variants"
    said = [f"The share of {variance} that a parameter explains by itself (first-order Sobol index)."]
    if any(len(one.parameters) > 1 for one in found.parameters):
        said.append("Parameters that change together stand on one line.")
    if found.complete:
        said.append("The variants are a complete grid, so these are exact main effects.")
    else:
        said.append(
            "The variants are no complete grid: of numbers with many values, groups of equal size are compared, and "
            "where parameters were chosen together, as a search does, they share what they explain."
        )
    if any(one.chance is not None and one.chance >= SEEN for one in found.parameters):
        what = "from the spread over seeds" if found.complete else "(k - 1) / (V - 1) for k levels and V variants"
        said.append(f"The orange mark is what a parameter without any effect would be expected to show, {what}.")
    if found.variants < 20:
        said.append("With so few variants this is a description of them, and no estimate for others.")
    return " ".join(said)
