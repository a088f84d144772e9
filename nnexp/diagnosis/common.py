"""The findings that several runs share, and the ranges of their errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nnexp.diagnosis.findings import Diagnosis, Finding, TaskErrors
from nnexp.diagnosis.task_fit import format_error


@dataclass(frozen=True, slots=True)
class SharedFinding:
    """A finding on one or more runs: the finding on the first of them, and the names of all."""

    finding: Finding
    runs: tuple[str, ...]


def format_error_ranges(diagnoses: Iterable[Diagnosis]) -> str:
    """The smallest and the largest errors of several runs in one sentence; empty where none is known."""
    tasks: dict[tuple[str, bool], list[TaskErrors]] = {}
    for diagnosis in diagnoses:
        for errors in diagnosis.errors:
            tasks.setdefault((errors.task, errors.values), []).append(errors)
    return "; ".join(map(_format_task_range, tasks.values()))


def _format_task_range(errors: Sequence[TaskErrors]) -> str:
    """The smallest and the largest errors of one task."""
    ranges = [f"train {_format_range([error.train for error in errors])}"]
    dev = [error.dev for error in errors if error.dev is not None]
    if dev:
        ranges.append(f"dev {_format_range(dev)}")
    return f"errors{errors[0].qualifier}: {', '.join(ranges)}"


def _format_range(shares: Sequence[float]) -> str:
    low, high = format_error(min(shares)), format_error(max(shares))
    if low == high:
        return low
    return f"{low.removesuffix(' %')} to {high}"


def find_shared_findings(diagnoses: Iterable[Diagnosis]) -> list[SharedFinding]:
    """Findings with the same cause in the same layers as one, those of the most runs first."""
    shared: dict[tuple[str, tuple[str, ...]], SharedFinding] = {}
    for diagnosis in diagnoses:
        for finding in diagnosis.findings:
            # The sentence and its numbers are those of the first run: each has others.
            known = shared.setdefault((finding.cause, finding.layers), SharedFinding(finding, ()))
            shared[finding.cause, finding.layers] = replace(known, runs=(*known.runs, diagnosis.run))
    return sorted(shared.values(), key=lambda one: len(one.runs), reverse=True)
