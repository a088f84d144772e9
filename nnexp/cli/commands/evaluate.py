"""nnexp evaluate"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nnexp.cli.console import make_table, out, print_json
from nnexp.cli.options import Json, RunName, RunsDir
from nnexp.cli.tables.confusion import render_classes, render_confusions
from nnexp.cli.tables.outputs import render_outputs
from nnexp.errors import UsageError
from nnexp.metrics.breakdown import ClassBreakdown
from nnexp.metrics.names import describe_metric, format_metric
from nnexp.prediction.run import Run
from nnexp.runs.index import find_run
from nnexp.spec.loss_notes import list_loss_notes
from nnexp.wording import format_percent

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.metrics.breakdown import Breakdown

DEFAULT_TOP_K = 3
"""The k of top-k where none is asked for."""


def evaluate(
    run: RunName,
    split: Annotated[
        Literal["train", "dev", "test"], typer.Option("--split", help="Part of the data to evaluate on.")
    ] = "test",
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            metavar="K",
            min=1,
            help=f"The K of top-K accuracy; {DEFAULT_TOP_K} if there are more classes than that.",
            show_default=False,
        ),
    ] = None,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Also show the confusion matrix, and metrics by class.")
    ] = False,
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """Loss and metrics of a run on a part of its data."""
    found = Run(find_run(run, runs))
    if not len(found.parts[split]):
        raise UsageError(f"{found.path} has no {split} part")
    metrics, details = found.evaluate(split), found.details(split)
    _check_options(details, top, confusion=confusion)
    if json:
        documents = [entry.as_dict() for entry in details]
        print_json({"run": str(found.path), "split": split, **metrics, "details": documents})
        return
    out.print(_render_summary(split, metrics, details, top or DEFAULT_TOP_K))
    for note in list_loss_notes(found.spec):
        out.print(note, markup=False)
    for entry in details:
        for shown in _render_tables(entry, out.width, confusion=confusion):
            out.print(shown)


def _check_options(details: Sequence[Breakdown], top: int | None, *, confusion: bool) -> None:
    """Raises UsageError where something is asked for that these predictions do not have."""
    most = 0
    for entry in details:
        if isinstance(entry, ClassBreakdown):
            most = max(most, len(entry.classes))
    if not most and (confusion or top):
        option = "--confusion" if confusion else "--top"
        raise UsageError(f"{option} is for classes, and this run predicts none")
    if top and top >= most:
        raise UsageError(f"--top {top}: with {most} classes, the right one is always among so many; ask for fewer")


def _render_summary(split: str, metrics: dict[str, float], details: Sequence[Breakdown], top: int) -> Table:
    """Loss and metrics; where there are several tasks, in a section for each."""
    shared = {name: format_metric(name, value) for name, value in metrics.items()}
    names_by_task = _group_by_task([name for name in metrics if name != "loss"], details)
    sections = []
    for entry in details:
        prefix = f"{entry.task}_" if entry.task else ""
        section = {}
        for name in names_by_task[entry.task]:
            section[name] = shared.pop(name)
            if name == f"{prefix}accuracy":
                section |= {prefix + other: text for other, text in _list_class_metrics(entry, top)}
        sections.append(section)
    if len(sections) > 1:
        sections.insert(0, shared)
    else:
        sections = [shared | sections[0]]
    shown = make_table("metric", split)
    for section in sections:
        for name, text in section.items():
            shown.add_row(describe_metric(name), text)
        shown.add_section()
    return shown


def _group_by_task(names: Sequence[str], details: Sequence[Breakdown]) -> dict[str, list[str]]:
    """The names of the metrics of each task."""
    groups: dict[str, list[str]] = {entry.task: [] for entry in details}
    for name in names:
        # The longest that fits: of the tasks odd and odd_digit, odd_digit_accuracy is of the second.
        fitting = [task for task in groups if not task or name.startswith(f"{task}_")]
        groups[max(fitting, key=len)].append(name)
    return groups


def _list_class_metrics(entry: Breakdown, top: int) -> Iterator[tuple[str, str]]:
    """Metrics of predicted classes besides their accuracy."""
    if isinstance(entry, ClassBreakdown):
        yield "error rate", format_percent(entry.error_rate)
        if top < len(entry.classes):
            yield f"top {top}", format_percent(entry.top_accuracy(top))


def _render_tables(entry: Breakdown, width: int, *, confusion: bool) -> Iterator[str | Table]:
    """The tables of a task: its confusions where they are asked for, or its outputs if it has several."""
    name = f"{entry.task}, " if entry.task else ""
    if isinstance(entry, ClassBreakdown):
        if confusion:
            legend, matrix = render_confusions(entry, width)
            yield name + legend
            if matrix:
                yield matrix
            yield render_classes(entry, width)
    elif len(entry.outputs) > 1:
        legend, shown = render_outputs(entry, width)
        yield name + legend
        yield shown
