"""The runs of a report that failed, diverged, are damaged or are not over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nnexp.reports.html.markup import Html, render_list, render_table, tag
from nnexp.reports.report import Report
from nnexp.reports.rows import RunRow

MAX_UNFINISHED_RUNS = 50
"""Lines of runs that did not come to an end; more are counted."""

UNLISTED_STATES = ("done", "waiting", "pruned")
"""States of runs that need no line: those that are as they should be, and those that a sweep has by the thousand."""

COUNTED_STATES = {"waiting": "have not begun", "pruned": "were pruned"}

NUMBER_HEADERS = ("seed", "epochs")

ERROR_PLACE = 4
"""The place of the column of errors."""


def render_unfinished_runs(report: Report) -> list[Html | None]:
    """A line for each run with what happened, the counts of those not begun or pruned, and what could not be read."""
    states = Counter[str]()
    listed = []
    for variant in report.variants:
        for row in variant.rows:
            states[row.state] += 1
            if row.state not in UNLISTED_STATES:
                listed.append((variant.label, row))
    pieces: list[Html | None] = []
    if listed:
        pieces.append(_render_runs(listed))
    if len(listed) > MAX_UNFINISHED_RUNS:
        pieces.append(tag("p", f"and {len(listed) - MAX_UNFINISHED_RUNS:,} more", class_="note"))
    counts = [f"{states[state]:,} runs {words}" for state, words in COUNTED_STATES.items() if states[state]]
    if counts:
        pieces.append(tag("p", f"{'; '.join(counts)}.", class_="note"))
    return [*pieces, render_list(report.problems)]


def _render_runs(listed: Sequence[tuple[str, RunRow]]) -> Html:
    """The table; its column of errors is there where any run has one."""
    headers = ["run", "seed", "state", "epochs", "what happened", "variant"]
    rows = []
    for label, row in listed[:MAX_UNFINISHED_RUNS]:
        rows.append([row.run, str(row.seed), row.state, str(row.epochs), row.error, label])
    # An empty column would take the room of the others.
    if not any(row.error for _, row in listed):
        for cells in (headers, *rows):
            del cells[ERROR_PLACE]
    words = [place for place, header in enumerate(headers) if header not in NUMBER_HEADERS]
    return render_table(headers, rows, words)
