"""The health of a report's runs as a piece of its page."""

from __future__ import annotations

from nnexp.diagnosis.findings import Finding
from nnexp.diagnosis.shared import Shared
from nnexp.pages.html import Html, code, joined, listed, tag
from nnexp.reports.health import Health
from nnexp.reports.report import Report


def healths(report: Report) -> list[Html | None]:
    """What was found in the best variant's runs, and in those that diverged or failed."""
    return [_of(entry) for entry in report.health]


def _of(entry: Health) -> Html:
    many = len(entry.runs)
    looked = f" {many} run{'s' * (many != 1)} looked into."
    nothing = None if entry.findings else tag("p", "Nothing wrong was seen.")
    head = tag("p", tag("b", f"{entry.whose[0].upper()}{entry.whose[1:]}."), tag("span", looked, class_="note"))
    return joined([head, nothing, listed(_shared(found, many) for found in entry.findings)])


def _shared(found: Shared, many: int) -> Html:
    """A finding, said once for all runs that have it."""
    finding = found.finding
    runs = f"{len(found.runs)} of {many} runs, such as {found.runs[0]}" if many > 1 else ""
    where = ", ".join(filter(None, [runs, _epoch(finding)]))
    note = tag("span", f" ({where})", class_="note") if where else None
    return joined([tag("span", finding.text), note, _remedies(finding)])


def _epoch(finding: Finding) -> str:
    if finding.epoch is None:
        return ""
    return f"epoch {finding.epoch}" if finding.epoch else "before training"


def _remedies(finding: Finding) -> Html | None:
    """What to try, each with the word to paste."""
    return listed(
        joined([remedy.text, *([": ", code(remedy.override)] if remedy.override else [])])
        for remedy in finding.remedies
    )
