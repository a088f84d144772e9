"""What diagnosis finds in the runs of a report, said once for all runs that share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nnexp.diagnosis.diagnosis import diagnose
from nnexp.diagnosis.findings import Finding
from nnexp.errors import NnexpError
from nnexp.pages.html import Html, code, joined, listed, tag
from nnexp.reports.report import Report, rank
from nnexp.reports.rows import Row

MOST = 20
"""Runs that are diagnosed."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A finding, as the first of the runs that have it says it, and these runs."""

    finding: Finding
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """Of the runs that were looked at: what was found, and of the best variant's first run what it says of bias."""

    looked: tuple[str, ...]
    shared: tuple[Shared, ...]
    balance: str = ""


def health(report: Report) -> Health:
    """The runs of the best variant, and those that failed or diverged, up to `MOST`."""
    ranked = sorted(report.variants, key=lambda variant: rank(variant, report.measure))
    lost = [row for variant in ranked for row in variant.rows if row.state in ("failed", "diverged")]
    trained = [v for v in ranked if not v.is_ensemble and not v.configuration.is_baseline]
    best = trained[0].done[: MOST // 2] if trained else []
    chosen = {row.path: row for row in (*best, *lost[: MOST - len(best)])}
    return gathered(chosen.values())


def gathered(rows: Iterable[Row]) -> Health:
    """The findings of runs, by cause and layers."""
    looked, balance = [], ""
    groups: dict[tuple[str, tuple[str, ...]], tuple[Finding, list[str]]] = {}
    for row in rows:
        try:
            found = diagnose(row.path)
        except NnexpError:  # the report says what is damaged
            continue
        looked.append(row.run)
        balance = balance or found.balance
        for finding in found.findings:
            groups.setdefault((finding.cause, finding.layers), (finding, []))[1].append(row.run)
    shared = sorted(groups.values(), key=lambda group: -len(group[1]))
    return Health(tuple(looked), tuple(Shared(finding, tuple(runs)) for finding, runs in shared), balance)


def findings(found: Health) -> list[Html | None]:
    """As pieces of a page; nothing where nothing was looked at or there is nothing to say."""
    if not found.looked or not (found.shared or found.balance):
        return []
    many = len(found.looked)
    said = f"Of the best variant, and of what failed or diverged: {many} run{'s' * (many != 1)} looked at."
    healthy = tag("p", "Nothing stands out.") if not found.shared else None
    return [
        tag("p", said, class_="note"),
        tag("p", found.balance) if found.balance else None,
        healthy,
        listed(_finding(shared, many) for shared in found.shared),
    ]


def _finding(shared: Shared, many: int) -> Html:
    finding = shared.finding
    count = f" {len(shared.runs)} of {many} runs, here {shared.runs[0]}." if many > 1 else ""
    return joined([tag("span", finding.text), tag("span", count, class_="note"), _remedies(finding)])


def _remedies(finding: Finding) -> Html | None:
    tries: Sequence[Html] = [
        joined([remedy.text, *([": ", code(remedy.override)] if remedy.override else [])])
        for remedy in finding.remedies
    ]
    return listed(tries)
