"""The figures of curves: loss, the metric, and what went on in training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from nnexp.reports.comparable import is_share
from nnexp.reports.html.curves import MAX_DRAWN_EPOCHS
from nnexp.reports.html.figures.base import Figure, format_metric_name, needs_log_axis
from nnexp.reports.html.figures.lines import (
    MAX_LABELLED_VARIANTS,
    CurveLine,
    MetricAxis,
    has_zero_interval,
    is_cut_below,
    make_axis,
    plot_lines,
)
from nnexp.reports.html.markup import escape_controls
from nnexp.reports.html.selection import CurveSelection
from nnexp.reports.report import Report
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
        largest = [max(mean.value for mean in line.curve.means) for line in rates]
        axis = make_axis(rates, "learning rate", colours, share=False, log=needs_log_axis(largest))
        same = "Lines of the same schedule lie over each other." if len(rates) > 1 else ""
        yield Figure(
            "learning-rate",
            "Learning rate",
            same,
            partial(plot_lines, rates, axis),
            group=LEGEND_GROUP,
            wide=_is_wide(axis),
        )
    norms = _make_lines(selection, {"grad_norm": "dev"})
    if norms:
        axis = make_axis(norms, "norm of the gradient", colours, share=False, log=None)
        what = f"The mean over the batches of an epoch, before clipping.{_describe_band_ends(norms, axis)}"
        yield Figure(
            "gradient-norm",
            "Norm of the gradient",
            what,
            partial(plot_lines, norms, axis),
            group=LEGEND_GROUP,
            wide=_is_wide(axis),
        )


def describe_curves(selection: CurveSelection) -> str:
    """How the curves are to be read."""
    many = any(one.run_count > 1 for one in selection.variants)
    unit = "folds" if all(one.variant.configuration.folds for one in selection.variants) else "seeds"
    said = [
        f"Lines are means over {unit}; bands, of dev, are 95 % intervals of the mean (t distribution)."
        if many
        else "Each line is one run; there is no band, as one run has no spread.",
        "Train is measured on the batches of an epoch, as the weights change; dev after the epoch.",
    ]
    if any(one.compute_curve("train_loss").is_cut for one in selection.variants):
        said.append("A line ends where the first of its runs stopped, so that it is of the same runs throughout.")
    if find_max_epochs(selection) > MAX_DRAWN_EPOCHS:
        said.append(
            f"Of up to {find_max_epochs(selection):,} epochs {MAX_DRAWN_EPOCHS} at equal distances are drawn; "
            "nothing is smoothed."
        )
    return " ".join([*said, selection.caption]).strip()


def find_max_epochs(selection: CurveSelection) -> int:
    """Epochs of the longest line."""
    return max((min(len(h.rows) for h in one.histories) for one in selection.variants), default=0)


def _make_metric_figure(
    selection: CurveSelection, metric: str, title: str, colours: Mapping[str, str], *, share: bool = False
) -> Iterator[Figure]:
    """Train and dev of one metric."""
    found = _make_lines(selection, {f"dev_{metric}": "dev", f"train_{metric}": "train"})
    if not found:
        return
    axis = make_axis(found, title, colours, share=share, log=None)
    parts = {line.part for line in found}
    read = "Solid: dev; dashed: train." if len(parts) == 2 else f"On the {parts.pop()} part."
    less = " The axis begins above the lowest values, those of the first epochs." if is_cut_below(found, axis) else ""
    heading = f"{format_metric_name(metric)[0].upper()}{format_metric_name(metric)[1:]} by epoch"
    name = f"curves-{make_plain_name(metric).replace('_', '-')}"
    yield Figure(
        name,
        heading,
        read + less + _describe_band_ends(found, axis),
        partial(plot_lines, found, axis),
        group=LEGEND_GROUP,
        subtitle=read,
        wide=_is_wide(axis),
    )


def _is_wide(axis: MetricAxis) -> bool:
    """Whether the names beside the lines need the room of both columns of a paper."""
    return len(axis.colours) > MAX_LABELLED_VARIANTS or (
        len(axis.colours) > 1 and max(map(len, axis.colours)) > MAX_NARROW_CHARACTERS
    )


def _describe_band_ends(found: Sequence[CurveLine], axis: MetricAxis) -> str:
    """Where bands end that reach below a logarithmic axis."""
    if not has_zero_interval(found, axis):
        return ""
    return " Where an interval reaches 0, which a logarithm has no place for, the band ends at its line's lowest value."


def _make_lines(selection: CurveSelection, columns: Mapping[str, str]) -> list[CurveLine]:
    """The curves of these columns, which are of these parts."""
    found = [
        CurveLine(escape_controls(one.variant.label), part, one.compute_curve(column))
        for one in selection.variants
        for column, part in columns.items()
    ]
    return [line for line in found if any(mean.n for mean in line.curve.means)]


def _find_metric(report: Report, selection: CurveSelection) -> str | None:
    """The metric of the ranking without its part, of the loss an accuracy, where it was measured in each epoch."""
    known = [column.removeprefix("train_") for column in selection.columns if column.startswith("train_")]
    metric = report.measure.metric.partition("_")[2]
    wanted = [name for name in known if ("accuracy" in name if metric == "loss" else name == metric)]
    return next(iter(wanted), None)


def _format_loss(selection: CurveSelection) -> str:
    """The name of the loss, where all have the same."""
    names = {_find_loss_name(one.variant.configuration.spec.get("loss")) for one in selection.variants}
    name = names.pop() if len(names) == 1 else None
    return f" ({format_metric_name(name)})" if name else ""


def _find_loss_name(loss: object) -> str | None:
    if isinstance(loss, str):
        return loss
    return str(next(iter(loss))) if isinstance(loss, Mapping) and len(loss) == 1 else None
