"""The health of a report's runs as a piece of its page."""

from __future__ import annotations

from nnexp.diagnosis.common import SharedFinding
from nnexp.diagnosis.findings import Finding
from nnexp.reports.health import HealthSummary
from nnexp.reports.html.markup import Html, join_pieces, render_code, render_list, tag
from nnexp.reports.report import Report
from nnexp.wording import format_count


def render_health(report: Report) -> list[Html | None]:
    """What was found in the best variant's runs, and in those that diverged or failed."""
    return [_render_entry(entry) for entry in report.health]


def _render_entry(entry: HealthSummary) -> Html:
    many = len(entry.runs)
    looked = f" {format_count(many, 'run')} looked into."
    nothing = None if entry.findings else tag("p", "Nothing wrong was seen.")
    head = tag("p", tag("b", f"{entry.subject[0].upper()}{entry.subject[1:]}."), tag("span", looked, class_="note"))
    return join_pieces([head, nothing, render_list(_render_finding(found, many) for found in entry.findings)])


def _render_finding(found: SharedFinding, many: int) -> Html:
    """A finding, said once for all runs that have it."""
    finding = found.finding
    runs = f"{len(found.runs)} of {many} runs, such as {found.runs[0]}" if many > 1 else ""
    where = ", ".join(filter(None, [runs, _format_epoch(finding)]))
    note = tag("span", f" ({where})", class_="note") if where else None
    return join_pieces([tag("span", finding.text), note, _render_remedies(finding)])


def _format_epoch(finding: Finding) -> str:
    if finding.epoch is None:
        return ""
    return f"epoch {finding.epoch}" if finding.epoch else "before training"


def _render_remedies(finding: Finding) -> Html | None:
    """What to try, each with the word to paste."""
    return render_list(
        join_pieces([remedy.text, *([": ", render_code(remedy.override)] if remedy.override else [])])
        for remedy in finding.remedies
    )
