"""The numbers of layers as words beside histograms and in tables: three digits, nothing where none is known."""

from __future__ import annotations

from math import isfinite, nan

from nnexp.inspection.layer_statistics import LayerStatistics
from nnexp.reports.html.markup import escape_controls
from nnexp.wording import shorten_text

MAX_INIT_CHARACTERS = 20
"""Characters of an initialiser's name or parameter above its column."""

MIN_WRITTEN_SHARE = 0.0005
"""A smaller share would be rounded to 0 tenths of a percent, and is not 0."""


def format_layer_number(value: float | None) -> str:
    """Three digits; nothing where it is not known.

    >>> [format_layer_number(value) for value in (None, 0.0, 0.23456, 3.123e-7, float("nan"))]
    ['', '0', '0.235', '3.12e-07', 'not finite']
    """
    if value is None:
        return ""
    if not isfinite(value):
        return "not finite"
    return f"{value:.3g}"


def format_layer_share(share: float | None) -> str:
    """A share in percent.

    >>> [format_layer_share(share) for share in (None, 0.0, 0.0001, 0.905)]
    ['', '0 %', '<0.1 %', '90.5 %']
    """
    if share is None or not isfinite(share):
        return format_layer_number(share)
    if 0 < share < MIN_WRITTEN_SHARE:
        return "<0.1 %"
    return f"{100 * share:.3g} %"


def format_bound(value: float) -> str:
    """An end of a histogram, with the minus of a text."""
    return f"{value:g}".replace("-", "−")


def format_range(layer: LayerStatistics) -> str:
    """Between which bounds a histogram is drawn."""
    return f"{format_bound(layer.low)} to {format_bound(layer.high)}"


def find_share(layer: LayerStatistics) -> float | None:
    """The share of a layer that is dead or saturated, where its kind knows such a thing."""
    # A kind of unit can be one of the two, never both.
    share = layer.dead if layer.dead is not None else layer.saturated
    if share is None or isfinite(layer.std):
        return share
    return nan  # no output that is NaN is positive, so that all units would count as dead


def split_init_name(init: str) -> list[str]:
    """An initialiser above its column: its name, and below it each of its parameters.

    >>> split_init_name("normal: {std: 0.01}")
    ['normal', 'std 0.01']
    """
    name, _, parameters = escape_controls(init).partition(": {")
    words = [name]
    if parameters:
        words += parameters.strip(" {}").replace(": ", " ").split(", ")
    return [shorten_text(word, MAX_INIT_CHARACTERS) for word in words]
