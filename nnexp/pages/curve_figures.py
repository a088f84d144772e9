"""The figures of curves: loss, the metric, and what went on in training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from nnexp.pages.curves import POINTS
from nnexp.pages.drawn import Selection
from nnexp.pages.figures.base import Figure, named, spoken
from nnexp.pages.figures.lines import Axis, Line, lines
from nnexp.reports.report import Report

GROUP = "curves"


def curves(selection: Selection, report: Report, colours: Mapping[str, str]) -> Iterator[Figure]:
    """Learning curves, schedule and norm of the gradient, as far as they were recorded."""
    loss = _loss(selection)
    yield from _pair(selection, "loss", Axis(f"loss{loss}", share=False, colours=colours))
    metric = _metric(report, selection)
    if metric:
        yield from _pair(selection, metric, Axis(spoken(metric), share=report.measure.is_share, colours=colours))
    alone = {
        "lr": ("learning-rate", "Learning rate", "learning rate"),
        "grad_norm": ("gradient-norm", "Norm of the gradient", "mean norm of the gradient of a batch"),
    }
    for column, (name, title, axis) in alone.items():
        found = _lines(selection, {column: "train"})
        if found:
            yield _figure(found, name, title, "", Axis(axis, share=False, colours=colours), solid=True)


def how(selection: Selection) -> str:
    """How the curves are to be read."""
    many = any(one.runs > 1 for one in selection.drawn)
    folds = all(one.variant.configuration.folds for one in selection.drawn)
    unit = "folds" if folds else "seeds"
    said = [
        f"Lines are means over {unit}; the band of dev is the 95 % interval of the mean (t distribution)."
        if many
        else "Each line is one run; there is no band, as one run has no spread.",
        "Train is measured on the batches while the weights change, with dropout; dev after each epoch, without.",
    ]
    found = [one.curve(column) for one in selection.drawn for column in one.columns if column.endswith("loss")]
    if any(curve.cut for curve in found):
        said.append("A line ends where the first of its runs stopped, so that it is a mean of the same runs throughout.")
    if longest(selection) > POINTS:
        said.append(f"Of {longest(selection):,} epochs {POINTS} at equal distances are drawn, nothing is smoothed.")
    return " ".join([*said, selection.caption]).strip()


def longest(selection: Selection) -> int:
    """Epochs of the longest line."""
    return max((min(len(h.rows) for h in one.histories) for one in selection.drawn), default=0)


def _pair(selection: Selection, metric: str, axis: Axis) -> Iterator[Figure]:
    """Train and dev of one metric."""
    found = _lines(selection, {f"dev_{metric}": "dev", f"train_{metric}": "train"})
    if found:
        title = f"{spoken(metric)[0].upper()}{spoken(metric)[1:]} by epoch"
        parts = {line.part for line in found}
        caption = "Solid: dev; dashed: train." if len(parts) == 2 else f"On the {parts.pop()} part."
        yield _figure(found, f"curves-{metric.replace('_', '-')}", title, caption, axis)


def _figure(found: list[Line], name: str, title: str, caption: str, axis: Axis, *, solid: bool = False) -> Figure:
    if solid:
        found = [Line(line.variant, "dev", line.curve) for line in found]
    return Figure(name, title, "", partial(lines, found, axis), group=GROUP, subtitle=caption)


def _lines(selection: Selection, columns: Mapping[str, str]) -> list[Line]:
    """The curves of these columns, which are of these parts."""
    found = [
        Line(named(one.variant.label), part, one.curve(column))
        for one in selection.drawn
        for column, part in columns.items()
    ]
    return [line for line in found if line.curve.epochs]


def _metric(report: Report, selection: Selection) -> str | None:
    """The metric of the ranking without its part, where it was measured in each epoch and is not the loss."""
    metric = report.measure.metric.partition("_")[2]
    return metric if metric != "loss" and f"train_{metric}" in selection.columns else None


def _loss(selection: Selection) -> str:
    """The name of the loss, where all have the same."""
    names = {_name(one.variant.configuration.spec.get("loss")) for one in selection.drawn}
    return f" ({spoken(names.pop())})" if len(names) == 1 and None not in names else ""


def _name(loss: object) -> str | None:
    if isinstance(loss, str):
        return loss
    return next(iter(loss)) if isinstance(loss, Mapping) and len(loss) == 1 else None
