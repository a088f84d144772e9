"""A report as a table for people, and for other programs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnexp.reports.labels import format_cell
from nnexp.reports.variants import Variant
from nnexp.statistics.means import MeanInterval
from nnexp.storage.atomic import replace_nonfinite

if TYPE_CHECKING:
    import pandas as pd

    from nnexp.reports.report import Report

MAX_VERDICTS = 10
"""Verdicts that are said; the rest are counted."""

OPTIONAL_HEADERS = ("time", "best epoch")
"""Columns that are left out where there is no room, the first first."""

LATEX_REPLACEMENTS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "…": r"\dots{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
"""What LaTeX would take for something else."""


def format_cells(report: Report) -> dict[str, list[str]]:
    """The table as texts, by header: what tells the variants apart, then what they came to."""
    metric, test, variants = report.measure.metric, report.test_metric, report.variants
    own = {header: [format_cell(variant.cells[header]) for variant in variants] for header in report.headers}
    found = {(header if header not in RUN_HEADERS else f"{header} "): column for header, column in own.items()}
    found["n"] = [str(variant.compute_mean(metric).n) for variant in variants]
    found[metric] = [format_mean(variant.compute_mean(metric), share=report.measure.is_share) for variant in variants]
    if test != metric and any(variant.compute_mean(test).n for variant in variants):
        found[test] = [format_mean(variant.compute_mean(test), share=report.measure.is_share) for variant in variants]
    epochs, seconds = [variant.best_epoch for variant in variants], [variant.seconds for variant in variants]
    if any(epoch is not None for epoch in epochs):
        found["best epoch"] = ["-" if epoch is None else f"{epoch:.1f}".removesuffix(".0") for epoch in epochs]
    found["time"] = [_format_seconds(value) for value in seconds]
    found["state"] = [format_states(variant) for variant in variants]
    return found


RUN_HEADERS = ("n", "best epoch", "time", "state")


def _format_seconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds:.0f} s"


def format_mean(mean: MeanInterval, *, share: bool) -> str:
    """A mean and its interval; shares in percent.

    >>> format_mean(MeanInterval(5, 0.98, 0.0093), share=True)
    '98.00 ± 0.93 %'
    """
    if not mean.n:
        return "-"
    factor, unit = (100, " %") if share else (1, "")
    form = ".2f" if share else _choose_number_format(abs(mean.value))
    half = f" ± {factor * mean.half_width:{form}}" if mean.half_width is not None else ""
    return f"{factor * mean.value:{form}}{half}{unit}"


def _choose_number_format(size: float) -> str:
    """Four places where the number has digits among them and few before, otherwise the exponential form."""
    return ".4f" if 1e-3 <= size < 1e4 or not size else ".3e"


def format_states(variant: Variant) -> str:
    """The state where all runs are in the same; otherwise how many are in which."""
    states = variant.state_counts
    return next(iter(states)) if len(states) == 1 else ", ".join(f"{count} {state}" for state, count in states.items())


def format_verdict_heading(report: Report) -> str:
    """How to read the verdicts."""
    measured, count = report.measure, report.verdicts[0].comparisons
    one = report.baseline.label if report.baseline else "Best variant"
    corrected = f", p-values Holm-corrected for all {count} pairs" if count > 1 else ""
    paired = f"paired by {report.verdicts[0].measure.pair}{corrected}"
    return f"{one} against each other one by {measured.metric} ({paired}):"


def format_sentences(report: Report) -> list[str]:
    """What stands below the table: in what the runs differ that should not, the verdicts, and the health."""
    mixed = [f"mixed: the runs differ in {difference}" for difference in report.mixed]
    return [*mixed, *_format_verdicts(report), *(line for entry in report.health for line in entry.format_sentences())]


def _format_verdicts(report: Report) -> list[str]:
    if not report.verdicts:
        return []
    if len(report.verdicts) > 1 and all(verdict.conclusion == "one pair" for verdict in report.verdicts):
        return [f"one {report.measure.pair} of each: no difference can be told from chance"]
    said = [verdict.format_sentence() for verdict in report.verdicts[:MAX_VERDICTS]]
    more = len(report.verdicts) - len(said)
    tail = [f"and {more} more: --format json has all of them"] if more else []
    return [format_verdict_heading(report), *said, *tail]


def format_markdown(report: Report) -> str:
    """A table of Markdown, and the verdicts as a list."""
    columns = {
        head: [re.sub(r"([|\\`*_<>\[\]])", r"\\\1", cell) for cell in found]
        for head, found in format_cells(report).items()
    }
    headers = [re.sub(r"([|\\`*_<>\[\]])", r"\\\1", header.strip()) for header in columns]
    widths = [max(len(head), 3, *map(len, column)) for head, column in zip(headers, columns.values(), strict=True)]
    rows = [headers, *zip(*columns.values(), strict=True)]
    own = len(report.headers)

    def format_line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if at < own else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if at < own else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    table = [format_line(rows[0]), format_line(rule), *map(format_line, rows[1:])]
    said = format_sentences(report)
    return "\n".join([*table, *([""] if said else []), *(f"- {sentence}" for sentence in said)]) + "\n"


def format_latex(report: Report) -> str:
    """A table for LaTeX with the package booktabs; the verdicts are comments."""
    columns = format_cells(report)
    own = len(report.headers)
    form = "l" * own + "r" * (len(columns) - own - 1) + "l"
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    head, *lines = [" & ".join(map(escape_latex, row)) + r" \\" for row in rows]
    body = [rf"\begin{{tabular}}{{{form}}}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"]
    return "\n".join([*body, *(f"% {sentence}" for sentence in format_sentences(report))]) + "\n"


def escape_latex(cell: str) -> str:
    """A text as LaTeX shows it."""
    return "".join(LATEX_REPLACEMENTS.get(character, character) for character in cell.strip())


def build_frame(report: Report) -> pd.DataFrame:
    """The table in numbers, a row a variant; shares stay shares."""
    import pandas as pd

    return pd.DataFrame([_build_number_row(variant, report) for variant in report.variants])


def format_csv(report: Report) -> str:
    """The table in numbers as csv."""
    return build_frame(report).to_csv(index=False, lineterminator="\n")


def _build_number_row(variant: Variant, report: Report) -> dict[str, Any]:
    found: dict[str, Any] = {header: _make_plain_value(variant.cells[header]) for header in report.headers}
    for metric in dict.fromkeys((report.measure.metric, report.test_metric)):
        mean = variant.compute_mean(metric)
        found |= {f"{metric}_n": mean.n, metric: mean.value, f"{metric}_low": mean.low, f"{metric}_high": mean.high}
    found |= {"best_epoch": variant.best_epoch, "seconds": variant.seconds}
    return found | {"state": format_states(variant)}


def _make_plain_value(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else format_cell(value)


def build_document(report: Report) -> dict[str, Any]:
    """The report for a program."""
    metrics = list(dict.fromkeys((report.measure.metric, report.test_metric)))
    return {
        "metric": report.measure.metric,
        "larger_is_better": report.measure.larger_is_better,
        "sweeps": [str(path) for path in report.sweeps],
        "mixed": list(report.mixed),
        "variants": [
            {
                "variant": variant.label,
                "kind": variant.configuration.kind,
                "values": dict(variant.cells),
                **{metric: make_mean_dict(variant.compute_mean(metric)) for metric in metrics},
                "best_epoch": variant.best_epoch,
                "seconds": variant.seconds,
                "states": variant.state_counts,
                "runs": [make_run_dict(row.run, row.seed, row.fold, row.state, row.error) for row in variant.rows],
            }
            for variant in report.variants
        ],
        "comparisons": [verdict.as_dict() for verdict in report.verdicts],
        "health": [entry.as_dict() for entry in report.health],
        "problems": list(report.problems),
    }


def make_mean_dict(mean: MeanInterval) -> dict[str, Any]:
    """A mean for a program."""
    value = None if math.isnan(mean.value) else mean.value
    return {"n": mean.n, "mean": value, "low": mean.low, "high": mean.high, "dropped": mean.dropped}


def make_run_dict(run: str, seed: int, fold: int | None, state: str, error: str) -> dict[str, Any]:
    """A run for a program."""
    return {"run": run, "seed": seed, "fold": fold, "state": state, **({"error": error} if error else {})}


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
