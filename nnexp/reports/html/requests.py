"""The requests that made a sweep what it is, as commands: a sweep that was extended has several."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from nnexp.errors import NnexpError
from nnexp.storage import atomic


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """Runs that were asked for together, by the names of their folders.

    words: of a command that asks for just these, where there is one.
    """

    runs: tuple[str, ...]
    words: tuple[str, ...] | None


def read_requests(folder: Path) -> list[SweepRequest]:
    """The requests for a sweep in their order, but those whose runs another one asks for as well.

    The last one is that of sweep.yaml, which holds no others; their words are found out from their runs.
    """
    asked = [tuple(names) for names in _read_run_names(folder)]
    kept = [
        names
        for at, names in enumerate(asked)
        if at == len(asked) - 1
        or not any(
            set(names) <= set(other) for later, other in enumerate(asked) if _can_replace(other, names, later > at)
        )
    ]
    overrides = _read_overrides(folder)
    return [SweepRequest(names, find_words([overrides.get(name) for name in names])) for names in kept]


def _can_replace(other: Sequence[str], names: Sequence[str], later: bool) -> bool:
    """Whether another request may stand for one: of two that ask for the same, the later one does."""
    return later or len(set(other)) > len(set(names))


def _read_run_names(folder: Path) -> list[list[str]]:
    """The names of each request's runs, as far as they can be read."""
    try:
        record = json.loads(atomic.read_file(folder / "sweep.json") or b"{}")
    except (ValueError, NnexpError):
        return []
    found = record.get("requests") if isinstance(record, Mapping) else None
    return [names for names in found.values() if isinstance(names, list)] if isinstance(found, Mapping) else []


def _read_overrides(folder: Path) -> dict[str, tuple[str, ...] | None]:
    """The overrides of each planned run; None for a member of an ensemble, which no words of a command ask for."""
    found: dict[str, tuple[str, ...] | None] = {}
    for line in atomic.read_file(folder / "plan.jsonl").split(b"\n"):
        try:
            run: dict[str, Any] = json.loads(line)
            member = run["member"] is not None or "variant" in run["values"]
            found[run["run"]] = None if member else tuple(map(str, run["overrides"]))
        except (ValueError, TypeError, KeyError):
            continue
    return found


def find_words(runs: Sequence[Sequence[str] | None]) -> tuple[str, ...] | None:
    """The words that give all combinations of values, where these are just the given runs.

    >>> find_words([["lr=0.1", "seed=0"], ["lr=0.1", "seed=1"], ["lr=1", "seed=0"], ["lr=1", "seed=1"]])
    ('lr=0.1,1', 'seed=0..1')
    >>> find_words([["lr=0.1", "seed=0"], ["lr=1", "seed=1"]])
    """
    known = [tuple(word.partition("=")[::2] for word in run) for run in runs if run is not None]
    keys = [key for key, _ in known[0]] if known else []
    if len(known) < len(runs) or not keys or any([key for key, _ in run] != keys for run in known):
        return None
    columns = [list(dict.fromkeys(values)) for values in zip(*([v for _, v in run] for run in known), strict=True)]
    if len(set(keys)) < len(keys) or {tuple(v for _, v in run) for run in known} != set(product(*columns)):
        return None
    return tuple(f"{key}={_format_values(key, values)}" for key, values in zip(keys, columns, strict=True))


def _format_values(key: str, values: Sequence[str]) -> str:
    """The values of a key as a command has them; of seeds that follow each other the first and the last."""
    if key == "seed" and len(values) > 1 and all(value.isdecimal() for value in values):
        numbers = [int(value) for value in values]
        if numbers == list(range(numbers[0], numbers[-1] + 1)):
            return f"{numbers[0]}..{numbers[-1]}"
    return ",".join(values)
