"""A report as a table for people, and for other programs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnexp.reports.comparable import DEV_ADVICE
from nnexp.reports.labels import format_cell
from nnexp.reports.rows import RunRow
from nnexp.reports.text_tables import format_latex_table, format_markdown_table
from nnexp.reports.variants import Variant
from nnexp.spec.loss_notes import list_plain_loss_notes
from nnexp.statistics.means import MeanInterval
from nnexp.statistics.verdicts import Verdict
from nnexp.storage.atomic import replace_nonfinite

if TYPE_CHECKING:
    import pandas as pd

    from nnexp.reports.report import Report

MAX_VERDICTS = 10
"""Verdicts that are written out; the rest are counted."""

RUN_HEADERS = ("n", "best epoch", "time", "state")
"""Columns that are made of the runs, and are no metrics."""

OPTIONAL_HEADERS = ("time", "best epoch")
"""Columns that are left out where there is no room, the first first."""

NOT_RANKED = (
    "not ranked: the runs have no dev part, and the test part chooses nothing; "
    f"{DEV_ADVICE}, or compare with a variant that you name: --baseline NAME"
)
"""Where there is no best variant."""

UNKNOWN_CELL = "-"

MIN_PLAIN_SIZE = 1e-3
"""Smaller numbers are written with an exponent: of four places at most one would be a digit."""

MAX_PLAIN_SIZE = 1e4
"""Larger ones are too, as their four places would be noise."""

MAX_EXACT_SECONDS = 100
"""Shorter times are written with hundredths: sweeps of small networks differ in them."""


def format_cells(report: Report) -> dict[str, list[str]]:
    """The table as texts, by header: what tells the variants apart, then their results."""
    columns: dict[str, list[str]] = {}
    for variant in report.variants:
        for header, cell in _format_variant(variant, report).items():
            columns.setdefault(header, []).append(cell)
    # Not all runs have a test part, and baselines have no epochs.
    for header in (*_list_metrics(report)[1:], "best epoch"):
        if set(columns[header]) == {UNKNOWN_CELL}:
            del columns[header]
    return columns


def _format_variant(variant: Variant, report: Report) -> dict[str, str]:
    """The cells of a variant by header."""
    cells = {}
    for header in report.headers:
        # A parameter called n would take the place of the number of runs; nobody sees the space behind it.
        key = f"{header} " if header in RUN_HEADERS else header
        cells[key] = format_cell(variant.cells[header])
    cells["n"] = str(variant.compute_mean(report.measure.metric).n)
    # Ranked by the dev part, and reported on the test part: the best by dev is too good there by chance.
    for metric in _list_metrics(report):
        cells[metric] = format_mean(variant.compute_mean(metric), share=report.measure.is_share)
    cells["best epoch"] = _format_epoch(variant.best_epoch)
    cells["time"] = _format_seconds(variant.seconds)
    cells["state"] = format_states(variant)
    return cells


def _format_epoch(epoch: float | None) -> str:
    """The mean of the best epochs, with one place where it is no whole number."""
    if epoch is None:
        return UNKNOWN_CELL
    return f"{epoch:.1f}".removesuffix(".0")


def _format_seconds(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN_CELL
    if seconds < MAX_EXACT_SECONDS:
        return f"{seconds:.2f} s"
    return f"{seconds:.0f} s"


def format_mean(mean: MeanInterval, *, share: bool) -> str:
    """A mean and its interval; shares in percent.

    >>> format_mean(MeanInterval(5, 0.98, 0.0093), share=True)
    '98.00 ± 0.93 %'
    """
    if not mean.n:
        return UNKNOWN_CELL
    if share:
        return _format_interval(mean, 100, ".2f") + " %"
    return _format_interval(mean, 1, _choose_number_format(abs(mean.value)))


def _format_interval(mean: MeanInterval, factor: int, form: str) -> str:
    """A mean, ± half the width of its interval where it has one."""
    value = f"{factor * mean.value:{form}}"
    if mean.half_width is None:
        return value
    return f"{value} ± {factor * mean.half_width:{form}}"


def _choose_number_format(size: float) -> str:
    """Four places where the number has digits among them and few before, otherwise the exponential form."""
    if size == 0 or MIN_PLAIN_SIZE <= size < MAX_PLAIN_SIZE:
        return ".4f"
    return ".3e"


def format_states(variant: Variant) -> str:
    """The state where all runs are in the same; otherwise how many are in which."""
    counts = variant.state_counts
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def format_verdict_heading(report: Report) -> str:
    """What is compared with what, and how."""
    first = report.verdicts[0]
    subject = report.baseline.label if report.baseline else "Best variant"
    method = f"paired by {first.measure.pair}"
    if first.comparisons > 1:
        method += f", p-values Holm-corrected for all {first.comparisons} pairs"
    return f"{subject} against each other one by {report.measure.metric} ({method}):"


def format_sentences(report: Report) -> list[str]:
    """The sentences below the table: what makes the runs incomparable, the verdicts, and the diagnosis."""
    sentences = list(map("mixed: the runs differ in {}".format, report.mixed))
    if report.measure.metric.endswith("_loss"):
        sentences += collect_loss_notes(report.variants)
    if report.best is None:
        sentences.append(NOT_RANKED)
    sentences += _format_verdicts(report)
    for entry in report.health:
        sentences += entry.format_sentences()
    return sentences


def collect_loss_notes(variants: Sequence[Variant]) -> list[str]:
    """What a reader must know of the losses of these variants, each note once."""
    notes: dict[str, None] = {}
    for variant in variants:
        if not variant.configuration.is_baseline:
            notes |= dict.fromkeys(list_plain_loss_notes(variant.configuration.spec))
    return list(notes)


def _format_verdicts(report: Report) -> list[str]:
    """A heading and a sentence for each verdict; for single pairs, which prove nothing, one sentence for all."""
    verdicts = report.verdicts
    if not verdicts:
        return []
    if len(verdicts) > 1 and {verdict.conclusion for verdict in verdicts} == {"one pair"}:
        return [f"one {report.measure.pair} of each: no difference can be told from chance"]
    sentences = [format_verdict_heading(report)]
    sentences += map(Verdict.format_sentence, verdicts[:MAX_VERDICTS])
    if len(verdicts) > MAX_VERDICTS:
        sentences.append(f"and {len(verdicts) - MAX_VERDICTS} more: --format json has all of them")
    return sentences


def format_markdown(report: Report) -> str:
    """A table of Markdown, and the verdicts as a list."""
    text = format_markdown_table(format_cells(report), len(report.headers)) + "\n"
    sentences = format_sentences(report)
    if sentences:
        # Without the empty line Markdown takes the list for further rows.
        text += "\n- " + "\n- ".join(sentences) + "\n"
    return text


def format_latex(report: Report) -> str:
    """A table for LaTeX with the package booktabs; the verdicts are comments."""
    lines = [format_latex_table(format_cells(report), len(report.headers))]
    lines += map("% {}".format, format_sentences(report))
    return "\n".join(lines) + "\n"


def build_frame(report: Report) -> pd.DataFrame:
    """The table in numbers, a row a variant; shares stay shares."""
    import pandas as pd  # here, because the import is slow

    return pd.DataFrame([_build_number_row(variant, report) for variant in report.variants])


def format_csv(report: Report) -> str:
    """The table in numbers as csv."""
    return build_frame(report).to_csv(index=False, lineterminator="\n")


def _build_number_row(variant: Variant, report: Report) -> dict[str, Any]:
    row: dict[str, Any] = {header: _make_plain_value(variant.cells[header]) for header in report.headers}
    for metric in _list_metrics(report):
        mean = variant.compute_mean(metric)
        row |= {f"{metric}_n": mean.n, metric: mean.value, f"{metric}_low": mean.low, f"{metric}_high": mean.high}
    return row | {"best_epoch": variant.best_epoch, "seconds": variant.seconds, "state": format_states(variant)}


def _list_metrics(report: Report) -> Sequence[str]:
    """The metric of the report and the same one on the test part, without repetition."""
    return tuple(dict.fromkeys((report.measure.metric, report.test_metric)))


def _make_plain_value(value: Any) -> Any:
    """A value as a csv file can hold it."""
    if isinstance(value, bool | int | float | str):
        return value
    return format_cell(value)


def build_document(report: Report) -> dict[str, Any]:
    """The report for a program."""
    return {
        "metric": report.measure.metric,
        "ranked": report.measure.ranks,
        "larger_is_better": report.measure.larger_is_better,
        "sweeps": list(map(str, report.sweeps)),
        "mixed": list(report.mixed),
        "variants": [_make_variant_dict(variant, _list_metrics(report)) for variant in report.variants],
        "comparisons": list(map(Verdict.as_dict, report.verdicts)),
        "health": [entry.as_dict() for entry in report.health],
        "problems": list(report.problems),
    }


def _make_variant_dict(variant: Variant, metrics: Sequence[str]) -> dict[str, Any]:
    """A variant for a program."""
    return {
        "variant": variant.label,
        "kind": variant.configuration.kind,
        "values": dict(variant.cells),
        **{metric: make_mean_dict(variant.compute_mean(metric)) for metric in metrics},
        "best_epoch": variant.best_epoch,
        "seconds": variant.seconds,
        "states": variant.state_counts,
        "runs": list(map(_make_run_dict, variant.rows)),
    }


def make_mean_dict(mean: MeanInterval) -> dict[str, Any]:
    """A mean for a program."""
    value = None if math.isnan(mean.value) else mean.value
    return {"n": mean.n, "mean": value, "low": mean.low, "high": mean.high, "dropped": mean.dropped}


def _make_run_dict(row: RunRow) -> dict[str, Any]:
    """A run for a program; `error` is there where something went wrong."""
    run = {"run": row.run, "seed": row.seed, "fold": row.fold, "state": row.state}
    if row.error:
        run["error"] = row.error
    return run


def format_json(report: Report) -> str:
    """The report as one JSON document; numbers that JSON does not have are null."""
    return json.dumps(replace_nonfinite(build_document(report)), indent=2) + "\n"


REPORT_FORMATTERS: Mapping[str, Callable[[Report], str]] = {
    "markdown": format_markdown,
    "csv": format_csv,
    "latex": format_latex,
    "json": format_json,
}
"""What writes a report in a form that needs no terminal."""
