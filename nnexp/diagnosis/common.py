"""What several runs have in common that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nnexp.diagnosis.findings import Diagnosis, Finding, TaskErrors
from nnexp.diagnosis.fit import format_error


@dataclass(frozen=True, slots=True)
class SharedFinding:
    """A finding of one or more runs: the sentence of the first of them, and the names of all."""

    finding: Finding
    runs: tuple[str, ...]


def format_error_ranges(diagnoses: Iterable[Diagnosis]) -> str:
    """The least and the largest errors of several runs in one sentence; empty where none is known."""
    tasks: dict[tuple[str, bool], list[TaskErrors]] = {}
    for diagnosis in diagnoses:
        for errors in diagnosis.errors:
            tasks.setdefault((errors.task, errors.values), []).append(errors)
    return "; ".join(_format_task_range(*task, errors) for task, errors in tasks.items())


def _format_task_range(task: str, values: bool, errors: Sequence[TaskErrors]) -> str:
    of, share = f" of {task}" if task else "", ", a share of the variance" if values else ""
    parts = {"train": [e.train for e in errors], "dev": [e.dev for e in errors if e.dev is not None]}
    words = [f"{part} {_format_range(shares)}" for part, shares in parts.items() if shares]
    return f"errors{of}{share}: {', '.join(words)}"


def _format_range(shares: Sequence[float]) -> str:
    least, most = format_error(min(shares)), format_error(max(shares))
    return least if least == most else f"{least.removesuffix(' %')} to {most}"


def find_shared_findings(diagnoses: Iterable[Diagnosis]) -> list[SharedFinding]:
    """Findings with the same cause in the same layers once, those of the most runs first."""
    first: dict[tuple[str, tuple[str, ...]], Finding] = {}
    runs: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for diagnosis in diagnoses:
        for finding in diagnosis.findings:
            key = (finding.cause, finding.layers)
            first.setdefault(key, finding)
            runs.setdefault(key, []).append(diagnosis.run)
    return sorted((SharedFinding(first[key], tuple(names)) for key, names in runs.items()), key=lambda s: -len(s.runs))
