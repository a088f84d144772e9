"""The diagnosis of a run."""

from __future__ import annotations

from pathlib import Path

from nnexp.diagnosis.evidence import evidence
from nnexp.diagnosis.findings import Diagnosis


def diagnose(folder: Path, optimal_error: float = 0.0) -> Diagnosis:
    """What the record of the run in this folder says. Raises RunError where the folder is none or is damaged.

    optimal_error: the error that cannot be avoided, a share of the examples, beside which bias is judged.
    """
    found = evidence(folder)
    if found is None:
        return Diagnosis(folder.name, recorded=False)
    return Diagnosis(folder.name, recorded=found.looked is not None and len(found.looked.numbers) > 0)
