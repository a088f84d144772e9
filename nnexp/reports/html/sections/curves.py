"""The learning curves of a report: loss, the metric, learning rate and norm of the gradient by epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from nnexp.metrics.names import is_share
from nnexp.reports.html.curves import MAX_DRAWN_EPOCHS
from nnexp.reports.html.figures.base import MAX_NAME_CHARACTERS, Figure, capitalize, format_metric_name
from nnexp.reports.html.figures.estimates import find_unit
from nnexp.reports.html.figures.lines import (
    MAX_LABELLED_VARIANTS,
    CurveLine,
    MetricAxis,
    has_zero_interval,
    is_cut_below,
    make_axis,
    plot_lines,
)
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.scales import needs_log_axis
from nnexp.reports.html.markup import Html, escape_controls, tag
from nnexp.reports.html.page import render_figure, render_grid, render_legend
from nnexp.reports.html.selection import CurveSelection
from nnexp.reports.report import Report
from nnexp.reports.tables import collect_loss_notes
from nnexp.runs.folder import make_plain_name

LEGEND_GROUP = "curves"

MAX_NARROW_CHARACTERS = 16
"""Letters of a name that leave room for the lines in one column of a paper."""


def make_curve_figures(selection: CurveSelection, report: Report, colours: Mapping[str, str]) -> Iterator[Figure]:
    """Learning curves, schedule and norm of the gradient, as far as they were recorded."""
    yield from _make_metric_figure(selection, "loss", f"loss{_format_loss(selection)}", colours)
    metric = _find_metric(report, selection)
    if metric:
        yield from _make_metric_figure(selection, metric, format_metric_name(metric), colours, share=is_share(metric))
    rates = _make_lines(selection, {"lr": "dev"})
    if rates:
        # Only the peaks decide: any schedule that decays to nearly 0 would ask for a logarithm.
        peaks = [max(mean.value for mean in line.curve.means) for line in rates]
        axis = make_axis(rates, "learning rate", colours, share=False, log=needs_log_axis(peaks))
        caption = "Lines of the same schedule lie over each other." if len(rates) > 1 else ""
        yield _make_figure("learning-rate", "Learning rate", caption, rates, axis)
    norms = _make_lines(selection, {"grad_norm": "dev"})
    if norms:
        axis = make_axis(norms, "norm of the gradient", colours, share=False, log=None)
        caption = f"The mean over the batches of an epoch, before clipping.{_describe_band_ends(norms, axis)}"
        yield _make_figure("gradient-norm", "Norm of the gradient", caption, norms, axis)


def _make_figure(
    name: str, title: str, caption: str, lines: Sequence[CurveLine], axis: MetricAxis, subtitle: str = ""
) -> Figure:
    """A figure of lines, which the buttons above the curves pick in."""
    make = partial(plot_lines, lines, axis)
    return Figure(name, title, caption, make, group=LEGEND_GROUP, subtitle=subtitle, wide=_is_wide(axis))


def render_curves(
    figures: Sequence[Figure], selection: CurveSelection, colours: Mapping[str, str]
) -> list[Html | None]:
    """The buttons of the variants, the figures, and how they are to be read."""
    if not figures:
        return []
    names = dict(zip(colours, shorten_names(list(colours), MAX_NAME_CHARACTERS), strict=True))
    keys = [tag("span", "dev", class_="key"), tag("span", "train", class_="key dashed")]
    return [
        render_legend(LEGEND_GROUP, colours.items(), *keys, names=names),
        render_grid(*map(render_figure, figures)),
        tag("p", describe_curves(selection), class_="note"),
    ]


def describe_curves(selection: CurveSelection) -> str:
    """How the curves are to be read."""
    variants = [one.variant for one in selection.variants]
    sentences = ["Each line is one run; there is no band, as one run has no spread."]
    if any(one.run_count > 1 for one in selection.variants):
        units = f"{find_unit(variants)}s"
        sentences = [f"Lines are means over {units}; bands, of dev, are 95 % intervals of the mean (t distribution)."]
    sentences.append("Train is measured on the batches of an epoch, as the weights change; dev after the epoch.")
    if any(one.compute_curve("train_loss").is_cut for one in selection.variants):
        sentences.append("A line ends where the first of its runs stopped, so that it is of the same runs throughout.")
    sentences += [f"{capitalize(note)}." for note in collect_loss_notes(variants)]
    longest = find_max_epochs(selection)
    if longest > MAX_DRAWN_EPOCHS:
        many = f"Of up to {longest:,} epochs {MAX_DRAWN_EPOCHS}"
        sentences.append(f"{many} at equal distances are drawn; nothing is smoothed.")
    return " ".join([*sentences, selection.caption]).strip()


def find_max_epochs(selection: CurveSelection) -> int:
    """Epochs of the longest line."""
    longest = 0
    for one in selection.variants:
        # A line ends with the first of its runs.
        longest = max(longest, min(map(len, one.histories)))
    return longest


def _make_metric_figure(
    selection: CurveSelection, metric: str, title: str, colours: Mapping[str, str], *, share: bool = False
) -> Iterator[Figure]:
    """Train and dev of one metric."""
    found = _make_lines(selection, {f"dev_{metric}": "dev", f"train_{metric}": "train"})
    if not found:
        return
    axis = make_axis(found, title, colours, share=share, log=None)
    parts = {line.part for line in found}
    reading = "Solid: dev; dashed: train."
    if len(parts) == 1:
        reading = f"On the {parts.pop()} part."
    caption = reading
    if is_cut_below(found, axis):
        caption += " The axis begins above the lowest values, those of the first epochs."
    caption += _describe_band_ends(found, axis)
    name = f"curves-{make_plain_name(metric).replace('_', '-')}"
    yield _make_figure(name, f"{capitalize(format_metric_name(metric))} by epoch", caption, found, axis, reading)


def _is_wide(axis: MetricAxis) -> bool:
    """Whether the names beside the lines need the room of both columns of a paper."""
    if len(axis.colours) > MAX_LABELLED_VARIANTS:
        return True
    return len(axis.colours) > 1 and max(map(len, axis.colours)) > MAX_NARROW_CHARACTERS


def _describe_band_ends(found: Sequence[CurveLine], axis: MetricAxis) -> str:
    """Where bands end that reach below a logarithmic axis."""
    if not has_zero_interval(found, axis):
        return ""
    return " Where an interval reaches 0, which a logarithm has no place for, the band ends at its line's lowest value."


def _make_lines(selection: CurveSelection, columns: Mapping[str, str]) -> list[CurveLine]:
    """The curves of these columns, which are of these parts."""
    lines = []
    for one in selection.variants:
        for column, part in columns.items():
            curve = one.compute_curve(column)
            if any(mean.n for mean in curve.means):
                lines.append(CurveLine(escape_controls(one.variant.label), part, curve))
    return lines


def _find_metric(report: Report, selection: CurveSelection) -> str | None:
    """The metric of the ranking without its part, of the loss an accuracy, where it was measured in each epoch."""
    known = [column.removeprefix("train_") for column in selection.columns if column.startswith("train_")]
    _, _, metric = report.measure.metric.partition("_")
    if metric == "loss":
        return next((name for name in known if "accuracy" in name), None)
    if metric not in known:
        return None
    return metric


def _format_loss(selection: CurveSelection) -> str:
    """The name of the loss, where all have the same."""
    names = {_find_loss_name(one.variant.configuration.spec.get("loss")) for one in selection.variants}
    if len(names) != 1 or "" in names:
        return ""
    return f" ({format_metric_name(names.pop())})"


def _find_loss_name(loss: object) -> str:
    """The name of a loss as a spec has it; empty where there is none."""
    if isinstance(loss, str):
        return loss
    if isinstance(loss, Mapping) and len(loss) == 1:
        return str(next(iter(loss)))
    return ""
