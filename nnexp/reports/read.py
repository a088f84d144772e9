"""Reading the record of a run: its state, its metrics and its variant, and a line on what is damaged."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnexp.errors import NnexpError, RunError
from nnexp.reports.rows import ENSEMBLE_KIND, PART_NAMES, RunRow, make_configuration
from nnexp.runs import manifest, metrics_csv
from nnexp.runs.index import find_current_state
from nnexp.spec.problems import SpecText
from nnexp.spec.yaml import parse_yaml
from nnexp.storage.atomic import restore_nonfinite
from nnexp.training.best_epoch import DEFAULT_METRIC, find_best_epoch

MAX_CACHED_SECTIONS = 4096
"""Sections of resolved specs that are kept; most runs share most of theirs with others."""


def read_row(folder: Path, problems: list[str], plain: Mapping[str, Any] | None = None) -> RunRow:
    """The row of a run folder. `plain` is its resolved spec where that is known; otherwise it is read.

    What is damaged beside its record is added to `problems`. Raises RunError where the record itself is.
    """
    record = manifest.read_manifest(folder)
    if plain is None:
        plain = read_resolved_spec(folder, record)
    if not {"name", "data"} <= plain.keys() or "split" not in plain["data"]:
        raise RunError(f"{folder / 'resolved.yaml'} is no resolved spec")
    configuration, fold = make_configuration(plain, describe_ensemble(record))
    state = find_current_state(folder, record)
    begun = RunRow(
        folder.name,
        folder,
        configuration,
        state,
        seed=record["seed"],
        group=record["seed"],
        fold=fold,
        metrics=_flatten_metrics(folder, record.get("final", {})),
        data=record["data"]["fingerprint"],
        files=record["data"].get("files", {}).get("contents", ""),
        members=tuple(str(member.get("run")) for member in record.get("members", [])),
    )
    try:
        rows = metrics_csv.read_metrics(folder)
    except RunError as error:
        problems.append(str(error))
        rows = []
    else:
        problems += _find_gaps(folder, record, rows)
    # run.json counts epochs and seconds at the end; until then the rows of metrics.csv do.
    if state != "done":
        return replace(begun, epochs=len(rows), seconds=sum(row.get("seconds", 0.0) for row in rows))
    seconds = record.get("seconds", math.nan)
    return replace(begun, epochs=record["epochs"], best_epoch=_find_best_epoch(record, plain, rows), seconds=seconds)


def _find_gaps(folder: Path, record: Mapping[str, Any], rows: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """What a metrics.csv lacks that can be read."""
    if record["state"] != "done":
        return
    epochs = record.get("epochs", 0)
    if epochs and [row.get("epoch") for row in rows] != list(range(1, epochs + 1)):
        path = folder / metrics_csv.FILE_NAME
        yield f"{path} has {len(rows)} rows, and not one for each of the {epochs} epochs of the run"


def _find_best_epoch(
    record: Mapping[str, Any], plain: Mapping[str, Any], rows: Sequence[Mapping[str, float]]
) -> int | None:
    """The epoch whose weights were kept as the best, or else that with the best metric of those that are watched."""
    if not record["epochs"]:
        return None
    kept: int | None = record["weights"].get("epoch")
    if record["weights"].get("checkpoint") == "best":
        return kept
    # A baseline has no training, and most runs have no early stopping: both are null or absent.
    stopping = (plain.get("training") or {}).get("early_stopping") or {}
    metric = stopping.get("metric", DEFAULT_METRIC)
    values = [row.get(metric, math.nan) for row in rows]
    return find_best_epoch(metric, values, stopping.get("min_delta", 0.0)) or kept


def read_resolved_spec(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The resolved spec as plain values. Raises RunError where it cannot be read, or is not what the run began with."""
    path = folder / "resolved.yaml"
    try:
        manifest.check_resolved(folder, dict(record))
        text = path.read_text(encoding="utf-8")
        found: dict[str, Any] = {}
        # Section by section: hundreds of runs share most of theirs, and each is parsed once.
        for section in re.split(r"(?m)^(?=[A-Za-z_])", text):
            if section.strip():
                found |= _parse_section(section)
    except (OSError, ValueError, TypeError, NnexpError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    return found


@lru_cache(maxsize=MAX_CACHED_SECTIONS)
def _parse_section(text: str) -> dict[str, Any]:
    """One top-level key of a resolved spec, with all below it."""
    found: dict[str, Any] = parse_yaml(SpecText("resolved.yaml", text)).make_plain()
    return found


def describe_ensemble(record: Mapping[str, Any]) -> str:
    """What an ensemble is made of, in words; nothing for a run."""
    if not manifest.is_ensemble(dict(record)):
        return ""
    members = record.get("members", [])
    words = f"{ENSEMBLE_KIND} of {len(members)}"
    if any(member.get("snapshot") for member in members):
        return f"{words} snapshots"
    if "train_part" in record:
        return f"{words} resamples"
    return words


def _flatten_metrics(folder: Path, final: Any) -> dict[str, float]:
    """The metrics by part and name, null being NaN. Raises RunError where they are something else."""
    metrics: dict[str, float] = {}
    try:
        for part in PART_NAMES:
            for name, value in restore_nonfinite(final.get(part, {})).items():
                metrics[f"{part}_{name}"] = float(value)
    except (AttributeError, TypeError, ValueError):
        raise RunError(f"{folder / 'run.json'} is damaged: final is not what it should be") from None
    return metrics
