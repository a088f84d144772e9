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
"""Runs of each kind that are diagnosed: their findings repeat, and each reads a folder."""


@dataclass(frozen=True, slots=True)
class HealthSummary:
    """What is wrong with some runs: which they are, in words and by name, and the findings that they share."""

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
            sentence = entry.finding.text
            if count > 1:
                sentence = f"{len(entry.runs)} of them, such as {entry.runs[0]}: {sentence}"
            # The first remedy alone: `nnexp diagnose` has all of them.
            for remedy in entry.finding.remedies[:1]:
                override = f": {remedy.override}" if remedy.override else ""
                sentence += f"; to try: {remedy.text}{override}"
            yield sentence

    def as_dict(self) -> dict[str, Any]:
        """Everything for a program."""
        findings = [{"runs": list(entry.runs), **entry.finding.as_dict()} for entry in self.findings]
        return {"whose": self.subject, "runs": list(self.runs), "findings": findings}


def summarize_health(variants: Sequence[Variant], best: Variant | None) -> list[HealthSummary]:
    """What is wrong with the runs of the best variant, if there is one, and with those that diverged or failed."""
    broken: list[RunRow] = []
    for variant in variants:
        broken += variant.lost_rows
    summaries = [_summarize_runs("the best variant", best.done_rows)] if best else []
    summaries.append(_summarize_runs("what diverged or failed", broken))
    return [summary for summary in summaries if summary.runs]


def _summarize_runs(subject: str, rows: Sequence[RunRow]) -> HealthSummary:
    """What the first of these runs have in common; baselines and ensembles have no layers to diagnose."""
    networks = [row for row in rows if row.configuration.kind == NETWORK_KIND]
    diagnoses = list(_diagnose_runs(networks[:MAX_RUNS]))
    runs = tuple(diagnosis.run for diagnosis in diagnoses)
    return HealthSummary(subject, runs, tuple(find_shared_findings(diagnoses)))


def _diagnose_runs(rows: Sequence[RunRow]) -> Iterator[Diagnosis]:
    for row in rows:
        try:
            yield diagnose_run(row.path)
        except NnexpError:
            continue  # the report lists what is damaged among its problems
