"""Where the numbers of a report come from: commands, specs, versions, data, and what went wrong."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nnexp import files
from nnexp.errors import NnexpError
from nnexp.pages.html import Html, Piece, block, code, folded, joined, listed, table, tag
from nnexp.pages.requests import Request, requests
from nnexp.reports.report import Report, rank
from nnexp.reports.rows import Row
from nnexp.runs import manifest
from nnexp.spec.problems import Text
from nnexp.spec.text import parse

MOST = 50
"""Lines of runs that did not come to an end; more are counted."""

NAMED = 5
"""Runs and data sets that are named one by one; more are marked with dots."""

LONGEST = 100_000
"""Characters of a file that are shown."""


def repeating(report: Report, command: str) -> list[Html | None]:
    """How to do it again, with all that it depends on."""
    row = example(report)
    pieces: list[Html | None] = []
    for path in report.sweeps:
        pieces += _sweep(path)
    if row is not None:
        pieces += _run(row, alone=not report.sweeps)
    pieces.append(tag("p", "This page: ", code(command)) if command else None)
    return pieces


def example(report: Report) -> Row | None:
    """A run of the best variant, by which the rest is explained."""
    ranked = sorted(report.variants, key=lambda variant: rank(variant, report.measure))
    begun = [row for variant in ranked for row in (*variant.done, *variant.rows) if (row.path / "run.json").is_file()]
    return begun[0] if begun else None


def _sweep(path: Path) -> list[Html | None]:
    """The commands that make a sweep: the one that sweep.yaml is of, and those whose runs it does not have."""
    earlier = requests(path)[:-1]
    known = [_command(request.words) for request in earlier if request.words is not None]
    unknown = [request for request in earlier if request.words is None]
    text = _text(path / "sweep.yaml")
    name = code(path.name)
    if _is_file(text):
        said: list[Html | None] = [
            tag("p", "The sweep ", name, " is made by ", code("nnexp sweep sweep.yaml"), ", with this file:"),
            block(text),
        ]
        if known:
            said += [tag("p", "and, with the spec below, by:"), block("\n".join(known))]
    else:
        commands = [*known, _command([line for line in text.splitlines() if line.strip()])]
        by = "this command" if len(commands) == 1 else f"these {len(commands)} commands, which extend it"
        said = [tag("p", "The sweep ", name, f" is made by {by}, with the spec below:"), block("\n".join(commands))]
    return [*said, *(_not_kept(request) for request in unknown)]


def _is_file(text: str) -> bool:
    """Whether a sweep was asked for by a file, and not by words alone."""
    try:
        return isinstance(parse(Text("sweep.yaml", text)).plain(), dict)
    except (NnexpError, ValueError):
        return False


def _command(words: Sequence[str]) -> str:
    return shlex.join(["nnexp", "sweep", "spec.yaml", *words])


def _not_kept(request: Request) -> Html:
    """An earlier request that cannot be written as a command."""
    count = len(request.runs)
    what = (
        f"An earlier state of its file asked for {count:,} run{'s' * (count != 1)}, some of which it no longer does: "
    )
    names = f"{', '.join(request.runs[:NAMED])}{', ...' if count > NAMED else ''}"
    return tag("p", f"{what}{names}. The folder of each has its spec.", class_="note")


def sources(report: Report) -> Html | None:
    """What the runs were trained on."""
    row = example(report)
    found = list(dict.fromkeys(_source(variant.configuration.spec) for variant in report.variants))
    said = "; ".join(found[:NAMED]) + ("; ..." if len(found) > NAMED else "")
    counts = _counts(_mapping(_record(row).get("data"))) if row is not None and len(found) == 1 else ""
    return joined(["Data: ", code(said), f" ({counts} examples)" if counts else "", "."])


def _source(spec: Mapping[str, Any]) -> str:
    """The name of a data set, and the file where it is of one."""
    source = _mapping(spec.get("data")).get("source")
    if not isinstance(source, dict) or len(source) != 1:
        return str(source)
    [(name, given)] = source.items()
    path = _mapping(given).get("path")
    return f"{name} {path}" if isinstance(path, str) else str(name)


def _counts(data: Mapping[str, Any]) -> str:
    """How many examples each part has."""
    examples = _mapping(data.get("examples"))
    return ", ".join(f"{part} {count:,}" for part, count in examples.items() if isinstance(count, int) and count)


def _record(row: Row) -> manifest.Manifest:
    """The record of a run, empty where it cannot be read."""
    try:
        return manifest.read(row.path)
    except NnexpError:
        return {}


def _run(row: Row, *, alone: bool) -> list[Html | None]:
    """The spec of a run, and what it was made with."""
    record = _record(row)
    if not record:
        return []
    words = shlex.join(["nnexp", "train", "spec.yaml", *map(str, record.get("overrides", []))])
    what = "The run" if alone else "One run of the best variant"
    spec, resolved = _text(row.path / "spec.yaml"), _text(row.path / "resolved.yaml")
    return [
        tag("p", f"{what}, ", code(row.run), f", seed {row.seed}, alone:"),
        block(words),
        folded("spec.yaml, as it was written", block(spec)) if spec else None,
        folded("resolved.yaml, with every default; it can be trained itself", block(resolved)) if resolved else None,
        table(("", ""), _facts(record), left=2),
    ]


def _facts(record: manifest.Manifest) -> Iterable[tuple[Piece, Piece]]:
    """What the numbers depend on."""
    versions, machine = _mapping(record.get("versions")), _mapping(record.get("machine"))
    git, data = _mapping(record.get("git")), _mapping(record.get("data"))
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    if git.get("commit"):
        yield "commit", joined([code(str(git["commit"])[:12]), " and changes beside it" if git.get("dirty") else ""])
    yield "data", joined(["SHA-256 ", code(f"{str(data.get('fingerprint', ''))[:16]}…")])
    yield "examples", _counts(data)
    yield "machine", ", ".join(str(machine[key]) for key in ("cpu", "system") if machine.get(key))
    if isinstance(record.get("parameters"), int):
        yield "parameters", f"{record['parameters']:,}"
    yield "this run began", str(record.get("began", ""))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(path: Path) -> str:
    """A text file, as far as it can be shown."""
    try:
        text = files.read(path).decode("utf-8", errors="replace")
    except NnexpError:
        return ""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n... {len(text) - LONGEST:,} characters more"


def lost(report: Report) -> list[Html | None]:
    """What failed, diverged, is damaged or is not over."""
    rows = [(v.label, row) for v in report.variants for row in v.rows if row.state not in ("done", "waiting", "pruned")]
    waiting = sum(row.state == "waiting" for v in report.variants for row in v.rows)
    pruned = sum(row.state == "pruned" for v in report.variants for row in v.rows)
    counted = [f"{waiting:,} runs have not begun" if waiting else "", f"{pruned:,} runs were pruned" if pruned else ""]
    said = any(row.error for _, row in rows)
    headers = ["run", "seed", "state", "epochs", *(["what happened"] if said else []), "variant"]
    cells = [
        (row.run, str(row.seed), row.state, str(row.epochs), *([row.error] if said else []), label)
        for label, row in rows[:MOST]
    ]
    words = {at for at, header in enumerate(headers) if header not in ("seed", "epochs")}
    more = f"and {len(rows) - MOST:,} more" if len(rows) > MOST else ""
    return [
        table(headers, cells, words) if rows else None,
        tag("p", more, class_="note") if more else None,
        tag("p", "; ".join(filter(None, counted)) + ".", class_="note") if any(counted) else None,
        listed(report.problems),
    ]
