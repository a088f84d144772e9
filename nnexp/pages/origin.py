"""Where the numbers of a report come from: commands, specs, versions, data, and what went wrong."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nnexp.errors import NnexpError
from nnexp.pages.html import Html, Piece, block, code, folded, joined, listed, table, tag
from nnexp.reports.report import Report, rank
from nnexp.reports.rows import Row
from nnexp.runs import files, manifest
from nnexp.spec.problems import Text
from nnexp.spec.text import parse

MOST = 50
"""Lines of runs that did not come to an end; more are counted."""

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
    """The command that makes a sweep, and its file where it is one."""
    text = _text(path / "sweep.yaml")
    try:
        is_file = isinstance(parse(Text("sweep.yaml", text)).plain(), dict)
    except (NnexpError, ValueError):
        is_file = False
    if is_file:
        said = tag(
            "p", "The sweep ", code(path.name), " is made by ", code("nnexp sweep sweep.yaml"), ", with this file:"
        )
        return [said, block(text)]
    words = [line for line in text.splitlines() if line.strip()]
    line = shlex.join(["nnexp", "sweep", "spec.yaml", *words])
    return [tag("p", "The sweep ", code(path.name), " is made by this command, with the spec below:"), block(line)]


def _run(row: Row, *, alone: bool) -> list[Html | None]:
    """The spec of a run, and what it was made with."""
    try:
        record = manifest.read(row.path)
    except NnexpError:
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
    examples = _mapping(data.get("examples"))
    yield "data", joined(["SHA-256 ", code(str(data.get("fingerprint", ""))[:16])])
    yield "examples", ", ".join(f"{part} {count:,}" for part, count in examples.items() if isinstance(count, int))
    yield "machine", ", ".join(str(machine[key]) for key in ("cpu", "system") if machine.get(key))
    if isinstance(record.get("parameters"), int):
        yield "parameters", f"{record['parameters']:,}"
    yield "began", str(record.get("began", ""))


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
    headers, said = ("run", "variant", "seed", "state", "epochs"), any(row.error for _, row in rows)
    cells = [
        (row.run, label, str(row.seed), row.state, str(row.epochs), *([row.error] if said else []))
        for label, row in rows[:MOST]
    ]
    more = f"and {len(rows) - MOST:,} more" if len(rows) > MOST else ""
    return [
        table((*headers, *(["what happened"] if said else [])), cells, left=2) if rows else None,
        tag("p", more, class_="note") if more else None,
        tag("p", "; ".join(filter(None, counted)) + ".", class_="note") if any(counted) else None,
        listed(report.problems),
    ]
