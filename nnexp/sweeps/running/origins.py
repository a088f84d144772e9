"""Runs of a sweep whose first weights were trained on examples of their dev or test parts."""

from __future__ import annotations

import json
from collections.abc import Iterable

from nnexp.data.fingerprint import compute_fingerprint
from nnexp.runs.trained_before import TrainedBefore, find_trained_before
from nnexp.sweeps.planning.plan import PlannedRun
from nnexp.wording import format_count


def describe_trained_before(runs: Iterable[PlannedRun], base_text: str) -> str:
    """In one line how many runs that is, and the worst of them; "" where there are none.

    Raises DataError and RunError where data or the runs that weights are from cannot be read.
    """
    found: list[TrainedBefore] = []
    known: dict[str, TrainedBefore | None] = {}
    for run in runs:
        init = run.plain_spec.get("init")
        if not isinstance(init, dict) or "from_run" not in init:
            continue
        key = json.dumps([run.plain_spec["data"], init], sort_keys=True)
        if key not in known:
            spec = run.build_spec(base_text)
            known[key] = find_trained_before(spec, compute_fingerprint(spec.data.load()).digest)
        before = known[key]
        if before and (before.worst or before.unknown):
            found.append(before)
    if not found:
        return ""
    worst = max(found, key=TrainedBefore.count_seen)
    [first, *_] = worst.describe()
    return f"{format_count(len(found), 'run')} of the sweep, such as this: {first}"
