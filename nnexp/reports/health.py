"""The health of the runs that a report is about: of its best variant, and of what did not come to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nnexp.diagnosis.common import SharedFinding, find_shared_findings
from nnexp.diagnosis.diagnosis import diagnose_run
from nnexp.diagnosis.findings import Diagnosis
from nnexp.errors import NnexpError
from nnexp.reports.rows import NETWORK_KIND, RunRow
from nnexp.reports.variants import Variant
from nnexp.wording import format_count

MAX_RUNS = 20
"""Runs that are looked into, of each kind."""

BROKEN_STATES = ("diverged", "failed")


@dataclass(frozen=True, slots=True)
class HealthSummary:
    """What is wrong with some runs: `subject` they are, which were looked into, and what they have in common."""

    subject: str
    runs: tuple[str, ...]
    findings: tuple[SharedFinding, ...]

    def format_sentences(self) -> Iterator[str]:
        """A heading, then each finding with what to try first."""
        count = len(self.runs)
        title = f"diagnosis of {self.subject} ({format_count(count, 'run')}):"
        if not self.findings:
            yield f"{title} no problems found"
            return
        yield title
        for entry in self.findings:
            many = f"{len(entry.runs)} of them, such as {entry.runs[0]}: " if count > 1 else ""
            remedy = next(iter(entry.finding.remedies), None)
            trying = f"; to try: {remedy.text}" if remedy else ""
            override = f": {remedy.override}" if remedy and remedy.override else ""
            yield f"{many}{entry.finding.text}{trying}{override}"

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        findings = [{"runs": list(entry.runs), **entry.finding.as_dict()} for entry in self.findings]
        return {"whose": self.subject, "runs": list(self.runs), "findings": findings}


def summarize_health(ranked: Sequence[Variant]) -> list[HealthSummary]:
    """What is wrong with the runs of the best variant, the first one, and with those that diverged or failed."""
    broken = [row for variant in ranked for row in variant.rows if row.state in BROKEN_STATES]
    found = []
    for whose, rows in (("the best variant", ranked[0].done_rows), ("what diverged or failed", broken)):
        networks = [row for row in rows if row.configuration.kind == NETWORK_KIND]
        seen = list(_diagnose_runs(networks[:MAX_RUNS]))
        if seen:
            found.append(
                HealthSummary(whose, tuple(diagnosis.run for diagnosis in seen), tuple(find_shared_findings(seen)))
            )
    return found


def _diagnose_runs(rows: list[RunRow]) -> Iterator[Diagnosis]:
    for row in rows:
        try:
            yield diagnose_run(row.path)
        except NnexpError:
            continue  # what is damaged is named elsewhere
