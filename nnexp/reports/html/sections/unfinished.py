"""The runs of a report that failed, diverged, are damaged or are not over."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.reports.html.markup import Html, render_list, render_table, tag
from nnexp.reports.report import Report
from nnexp.reports.rows import RunRow

MAX_UNFINISHED_RUNS = 50
"""Lines of runs that did not come to an end; more are counted."""

UNLISTED_STATES = ("done", "waiting", "pruned")
"""States of runs that need no line: those that are as they should be, and those that a sweep has by the thousand."""

NUMBER_HEADERS = ("seed", "epochs")


def render_unfinished_runs(report: Report) -> list[Html | None]:
    """A line for each run with what happened, the counts of those not begun or pruned, and what could not be read."""
    rows = [(variant.label, row) for variant in report.variants for row in variant.rows]
    listed = [(label, row) for label, row in rows if row.state not in UNLISTED_STATES]
    more = len(listed) - MAX_UNFINISHED_RUNS
    counts = _describe_counts([row for _, row in rows])
    return [
        _render_runs(listed) if listed else None,
        tag("p", f"and {more:,} more", class_="note") if more > 0 else None,
        tag("p", counts, class_="note") if counts else None,
        render_list(report.problems),
    ]


def _render_runs(listed: Sequence[tuple[str, RunRow]]) -> Html:
    """The table; its column of errors is there where any run has one."""
    has_errors = any(row.error for _, row in listed)
    cells = []
    for label, row in listed[:MAX_UNFINISHED_RUNS]:
        errors = [row.error] if has_errors else []
        cells.append((row.run, str(row.seed), row.state, str(row.epochs), *errors, label))
    error_headers = ["what happened"] if has_errors else []
    headers = ["run", "seed", "state", "epochs", *error_headers, "variant"]
    words = {place for place, header in enumerate(headers) if header not in NUMBER_HEADERS}
    return render_table(headers, cells, words)


def _describe_counts(rows: Sequence[RunRow]) -> str:
    """How many runs have not begun or were pruned."""
    counts = []
    waiting = sum(row.state == "waiting" for row in rows)
    if waiting:
        counts.append(f"{waiting:,} runs have not begun")
    pruned = sum(row.state == "pruned" for row in rows)
    if pruned:
        counts.append(f"{pruned:,} runs were pruned")
    return f"{'; '.join(counts)}." if counts else ""
