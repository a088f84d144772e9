"""The requests that made a sweep what it is, as commands: a sweep that was extended has several."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
    """The requests for a sweep in their order, without those whose runs another one asks for as well.

    The last one is that of sweep.yaml, which holds no others; their words are found out from their runs.
    """
    asked = _read_run_names(folder)
    overrides = _read_overrides(folder)
    found = []
    for place, names in enumerate(asked):
        if not _is_covered(asked, place):
            found.append(SweepRequest(names, find_words(list(map(overrides.get, names)))))
    return found


def _is_covered(asked: Sequence[Sequence[str]], place: int) -> bool:
    """Whether another request asks for all runs of one; of two that ask for the same, the later one stays."""
    names, later = set(asked[place]), asked[place + 1 :]
    if not later:
        return False  # it is that of sweep.yaml, whatever it asks for
    return any(names <= set(other) for other in later) or any(names < set(other) for other in asked[:place])


def _read_run_names(folder: Path) -> list[tuple[str, ...]]:
    """The names of each request's runs, as far as they can be read."""
    try:
        record = json.loads(atomic.read_file(folder / "sweep.json") or b"{}")
    except (ValueError, NnexpError):
        return []
    match record:
        case {"requests": {**requests}}:
            return [tuple(names) for names in requests.values() if isinstance(names, list)]
    return []


def _read_overrides(folder: Path) -> dict[str, tuple[str, ...] | None]:
    """The overrides of each planned run; None for a member of an ensemble, which no words of a command ask for."""
    found: dict[str, tuple[str, ...] | None] = {}
    for line in atomic.read_file(folder / "plan.jsonl").split(b"\n"):
        try:
            run: dict[str, Any] = json.loads(line)
            member = run["member"] is not None or "variant" in run["values"]
            found[run["run"]] = None if member else tuple(map(str, run["overrides"]))
        except (ValueError, TypeError, KeyError):  # a line that was not written to its end
            continue
    return found


def find_words(runs: Sequence[Sequence[str] | None]) -> tuple[str, ...] | None:
    """The words that give all combinations of values, where these are just the given runs.

    >>> find_words([["lr=0.1", "seed=0"], ["lr=0.1", "seed=1"], ["lr=1", "seed=0"], ["lr=1", "seed=1"]])
    ('lr=0.1,1', 'seed=0..1')
    >>> find_words([["lr=0.1", "seed=0"], ["lr=1", "seed=1"]])
    """
    keys: list[str] = []
    combinations = []
    for run in runs:
        given = dict(word.partition("=")[::2] for word in run or ())
        if run is None or len(given) < len(run):  # a key twice is no list of values
            return None
        keys = keys or list(given)
        if not keys or list(given) != keys:
            return None
        combinations.append(tuple(given.values()))
    columns = list(map(list, map(dict.fromkeys, zip(*combinations, strict=True))))
    if set(combinations) != set(product(*columns)):
        return None
    return tuple(map(_format_values, keys, columns))


def _format_values(key: str, values: Sequence[str]) -> str:
    """The values of a key as a command has them; of seeds that follow each other the first and the last."""
    if key == "seed" and len(values) > 1 and all(map(str.isdecimal, values)):
        first, last = int(values[0]), int(values[-1])
        if list(map(int, values)) == list(range(first, last + 1)):
            return f"{key}={first}..{last}"
    return f"{key}={','.join(values)}"
