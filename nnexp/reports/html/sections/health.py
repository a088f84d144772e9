"""The health of a report's runs as a piece of its page."""

from __future__ import annotations

from functools import partial

from nnexp.diagnosis.common import SharedFinding
from nnexp.diagnosis.findings import Finding
from nnexp.reports.health import HealthSummary
from nnexp.reports.html.markup import Html, Piece, join_pieces, render_code, render_list, tag
from nnexp.reports.report import Report
from nnexp.wording import format_count


def render_health(report: Report) -> list[Html | None]:
    """What was found in the best variant's runs, and in those that diverged or failed."""
    return list(map(_render_entry, report.health))


def _render_entry(entry: HealthSummary) -> Html:
    many = len(entry.runs)
    looked = f" {format_count(many, 'run')} looked into."
    nothing = None if entry.findings else tag("p", "Nothing wrong was seen.")
    head = tag("p", tag("b", f"{entry.subject[0].upper()}{entry.subject[1:]}."), tag("span", looked, class_="note"))
    findings = map(partial(_render_finding, many=many), entry.findings)
    return join_pieces([head, nothing, render_list(findings)])


def _render_finding(found: SharedFinding, many: int) -> Html:
    """A finding, once for all runs that have it."""
    finding = found.finding
    where = []
    # Of a single run it goes without saying.
    if many > 1:
        where.append(f"{len(found.runs)} of {many} runs, such as {found.runs[0]}")
    if finding.epoch is not None:
        where.append(f"epoch {finding.epoch}" if finding.epoch else "before training")
    note = tag("span", f" ({', '.join(where)})", class_="note") if where else None
    return join_pieces([tag("span", finding.text), note, _render_remedies(finding)])


def _render_remedies(finding: Finding) -> Html | None:
    """What to try, each with the word to paste."""
    items = []
    for remedy in finding.remedies:
        pieces: list[Piece] = [remedy.text]
        if remedy.override:
            pieces += [": ", render_code(remedy.override)]
        items.append(join_pieces(pieces))
    return render_list(items)
