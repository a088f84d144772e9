"""nnexp evaluate"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from nnexp.cli.console import err, make_table, out, print_json
from nnexp.cli.options import Json, RunName, RunsDir
from nnexp.cli.tables.confusion import render_classes, render_confusions
from nnexp.cli.tables.outputs import render_outputs
from nnexp.cli.tables.thresholds import describe_thresholds
from nnexp.data.splits import PartName
from nnexp.errors import UsageError
from nnexp.metrics.breakdown import ClassBreakdown
from nnexp.metrics.names import describe_metric, format_metric
from nnexp.metrics.outputs import POSITIVE
from nnexp.prediction.breakdown import measure_part
from nnexp.prediction.run import Run
from nnexp.runs.index import find_run
from nnexp.spec.loss_notes import list_loss_notes
from nnexp.wording import format_percent

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.metrics.breakdown import Breakdown

Evaluation: TypeAlias = "tuple[dict[str, float], list[Breakdown]]"

SINGLE_CLASS_METRICS = ("average_precision", "f1", "precision", "recall")
"""Metrics that are of one class; of two classes the table says of which."""

DEFAULT_TOP_K = 3
"""The k of top-k where none is asked for."""


def evaluate(
    run: RunName,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="Another labelled file, with the columns, arrays or folders of the run's data.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Literal["train", "dev", "test"] | None,
        typer.Option("--split", help="Part of the run's data to evaluate on.", show_default="test"),
    ] = None,
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
    """Loss and metrics of a run on a part of its data, or on another labelled file."""
    if file and split:
        raise UsageError(f"--split {split} is a part of the run's own data; leave out --split, or {file}")
    found = Run(find_run(run, runs))
    if file:
        what, name, (metrics, details) = "file", str(file), _evaluate_file(found, file)
    else:
        what, name, (metrics, details) = "split", split or "test", _evaluate_part(found, split or "test")
    _check_options(details, top, confusion=confusion)
    if json:
        documents = [entry.as_dict() for entry in details]
        print_json({"run": str(found.path), what: name, **metrics, "details": documents})
        return
    out.print(_render_summary(Path(name).name, metrics, details, top or DEFAULT_TOP_K))
    for note in [*list_loss_notes(found.spec), *describe_thresholds(found)]:
        out.print(note, markup=False)
    for entry in details:
        for shown in _render_tables(entry, out.width, confusion=confusion):
            out.print(shown)


def _evaluate_part(run: Run, part: PartName) -> Evaluation:
    """The metrics and the breakdown of each task on a part of the run's data. Raises UsageError where it is empty."""
    if not len(run.parts[part]):
        raise UsageError(f"{run.path} has no {part} part")
    return run.evaluate(part), run.details(part)


def _evaluate_file(run: Run, path: Path) -> Evaluation:
    """The metrics and the breakdown of each task on another labelled file."""
    file = run.read_labelled(path)
    for note in file.notes:
        err.print(f"{path}: {note}", markup=False)
    metrics = run.predictor.evaluate(file.part, everything=True)
    return metrics, measure_part(run.predictor, file.x, file.part.restore_targets())


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
    positives = {entry.task: _find_positive(entry) for entry in details}
    for section in sections:
        for name, text in section.items():
            shown.add_row(_describe_row(name, positives), text)
        shown.add_section()
    return shown


def _find_positive(entry: Breakdown) -> str:
    """The class that recall and the like are of where none is named: the second of two, or the only output's yes."""
    if isinstance(entry, ClassBreakdown) and len(entry.classes) == 2:
        return entry.classes[POSITIVE]
    return ""


def _describe_row(name: str, positives: Mapping[str, str]) -> str:
    """The name of a metric in words, with the class that it is of."""
    words = describe_metric(name)
    for task, positive in positives.items():
        if positive and name in [f"{task}_{kind}" if task else kind for kind in SINGLE_CLASS_METRICS]:
            return f"{words} of {positive}"
    return words


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
