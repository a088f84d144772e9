"""What several runs have in common that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nnexp.diagnosis.findings import Diagnosis, Finding


@dataclass(frozen=True, slots=True)
class Shared:
    """A finding of one or more runs: the sentence of the first of them, and the names of all."""

    finding: Finding
    runs: tuple[str, ...]


def shared(diagnoses: Iterable[Diagnosis]) -> list[Shared]:
    """Findings with the same cause in the same layers once, those of the most runs first."""
    first: dict[tuple[str, tuple[str, ...]], Finding] = {}
    runs: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for diagnosis in diagnoses:
        for finding in diagnosis.findings:
            key = (finding.cause, finding.layers)
            first.setdefault(key, finding)
            runs.setdefault(key, []).append(diagnosis.run)
    return sorted((Shared(first[key], tuple(names)) for key, names in runs.items()), key=lambda s: -len(s.runs))
