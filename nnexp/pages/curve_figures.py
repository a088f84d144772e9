"""The figures of curves: loss, the metric, and what went on in training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from nnexp.pages.curves import POINTS
from nnexp.pages.drawn import Selection
from nnexp.pages.figures.base import Figure, spans, spoken
from nnexp.pages.figures.lines import LABELLED, Axis, Line, axis_of, cut_below, lines, reach_zero
from nnexp.pages.html import visible
from nnexp.reports.comparable import is_share
from nnexp.reports.report import Report
from nnexp.runs.folder import plain_name

GROUP = "curves"

SHORT = 16
"""Letters of a name that leave room for the lines in one column of a paper."""


def curves(selection: Selection, report: Report, colours: Mapping[str, str]) -> Iterator[Figure]:
    """Learning curves, schedule and norm of the gradient, as far as they were recorded."""
    yield from _pair(selection, "loss", f"loss{_loss(selection)}", colours)
    metric = _metric(report, selection)
    if metric:
        yield from _pair(selection, metric, spoken(metric), colours, share=is_share(metric))
    rates = _lines(selection, {"lr": "dev"})
    if rates:
        largest = [max(mean.value for mean in line.curve.means) for line in rates]
        axis = axis_of(rates, "learning rate", colours, share=False, log=spans(largest))
        same = "Lines of the same schedule lie over each other." if len(rates) > 1 else ""
        yield Figure("learning-rate", "Learning rate", same, partial(lines, rates, axis), group=GROUP, wide=_wide(axis))
    norms = _lines(selection, {"grad_norm": "dev"})
    if norms:
        axis = axis_of(norms, "norm of the gradient", colours, share=False, log=None)
        what = f"The mean over the batches of an epoch, before clipping.{_ends(norms, axis)}"
        yield Figure(
            "gradient-norm", "Norm of the gradient", what, partial(lines, norms, axis), group=GROUP, wide=_wide(axis)
        )


def how(selection: Selection) -> str:
    """How the curves are to be read."""
    many = any(one.runs > 1 for one in selection.drawn)
    unit = "folds" if all(one.variant.configuration.folds for one in selection.drawn) else "seeds"
    said = [
        f"Lines are means over {unit}; bands, of dev, are 95 % intervals of the mean (t distribution)."
        if many
        else "Each line is one run; there is no band, as one run has no spread.",
        "Train is measured on the batches of an epoch, as the weights change; dev after the epoch.",
    ]
    if any(one.curve("train_loss").cut for one in selection.drawn):
        said.append("A line ends where the first of its runs stopped, so that it is of the same runs throughout.")
    if longest(selection) > POINTS:
        said.append(
            f"Of up to {longest(selection):,} epochs {POINTS} at equal distances are drawn; nothing is smoothed."
        )
    return " ".join([*said, selection.caption]).strip()


def longest(selection: Selection) -> int:
    """Epochs of the longest line."""
    return max((min(len(h.rows) for h in one.histories) for one in selection.drawn), default=0)


def _pair(
    selection: Selection, metric: str, title: str, colours: Mapping[str, str], *, share: bool = False
) -> Iterator[Figure]:
    """Train and dev of one metric."""
    found = _lines(selection, {f"dev_{metric}": "dev", f"train_{metric}": "train"})
    if not found:
        return
    axis = axis_of(found, title, colours, share=share, log=None)
    parts = {line.part for line in found}
    read = "Solid: dev; dashed: train." if len(parts) == 2 else f"On the {parts.pop()} part."
    less = " The axis begins above the lowest values, those of the first epochs." if cut_below(found, axis) else ""
    heading = f"{spoken(metric)[0].upper()}{spoken(metric)[1:]} by epoch"
    name = f"curves-{plain_name(metric).replace('_', '-')}"
    yield Figure(
        name,
        heading,
        read + less + _ends(found, axis),
        partial(lines, found, axis),
        group=GROUP,
        subtitle=read,
        wide=_wide(axis),
    )


def _wide(axis: Axis) -> bool:
    """Whether the names beside the lines need the room of both columns of a paper."""
    return len(axis.colours) > LABELLED or (len(axis.colours) > 1 and max(map(len, axis.colours)) > SHORT)


def _ends(found: Sequence[Line], axis: Axis) -> str:
    """Where bands end that reach below a logarithmic axis."""
    if not reach_zero(found, axis):
        return ""
    return " Where an interval reaches 0, which a logarithm has no place for, the band ends at its line's lowest value."


def _lines(selection: Selection, columns: Mapping[str, str]) -> list[Line]:
    """The curves of these columns, which are of these parts."""
    found = [
        Line(visible(one.variant.label), part, one.curve(column))
        for one in selection.drawn
        for column, part in columns.items()
    ]
    return [line for line in found if any(mean.n for mean in line.curve.means)]


def _metric(report: Report, selection: Selection) -> str | None:
    """The metric of the ranking without its part, of the loss an accuracy, where it was measured in each epoch."""
    known = [column.removeprefix("train_") for column in selection.columns if column.startswith("train_")]
    metric = report.measure.metric.partition("_")[2]
    wanted = [name for name in known if ("accuracy" in name if metric == "loss" else name == metric)]
    return next(iter(wanted), None)


def _loss(selection: Selection) -> str:
    """The name of the loss, where all have the same."""
    names = {_name(one.variant.configuration.spec.get("loss")) for one in selection.drawn}
    name = names.pop() if len(names) == 1 else None
    return f" ({spoken(name)})" if name else ""


def _name(loss: object) -> str | None:
    if isinstance(loss, str):
        return loss
    return str(next(iter(loss))) if isinstance(loss, Mapping) and len(loss) == 1 else None
