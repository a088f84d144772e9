"""Where the numbers of a report come from: commands, specs, versions, data, and what went wrong."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nnexp.errors import NnexpError
from nnexp.reports.html.markup import (
    Html,
    Piece,
    join_pieces,
    render_code,
    render_code_block,
    render_fold,
    render_list,
    render_table,
    tag,
)
from nnexp.reports.html.requests import SweepRequest, read_requests
from nnexp.reports.report import Report, compute_rank
from nnexp.reports.rows import RunRow
from nnexp.runs import manifest
from nnexp.spec.problems import SpecText
from nnexp.spec.yaml import parse_yaml
from nnexp.storage import atomic

MAX_UNFINISHED_RUNS = 50
"""Lines of runs that did not come to an end; more are counted."""

MAX_NAMED_ITEMS = 5
"""Runs and data sets that are named one by one; more are marked with dots."""

MAX_TEXT_CHARACTERS = 100_000
"""Characters of a file that are shown."""


def render_repetition(report: Report, command: str) -> list[Html | None]:
    """How to do it again, with all that it depends on."""
    row = find_example_run(report)
    pieces: list[Html | None] = []
    for path in report.sweeps:
        pieces += _render_sweep(path)
    if row is not None:
        pieces += _render_run(row, alone=not report.sweeps)
    pieces.append(tag("p", "This page: ", render_code(command)) if command else None)
    return pieces


def find_example_run(report: Report) -> RunRow | None:
    """A run of the best variant, by which the rest is explained."""
    ranked = sorted(report.variants, key=lambda variant: compute_rank(variant, report.measure))
    begun = [
        row for variant in ranked for row in (*variant.done_rows, *variant.rows) if (row.path / "run.json").is_file()
    ]
    return begun[0] if begun else None


def _render_sweep(path: Path) -> list[Html | None]:
    """The commands that make a sweep: the one that sweep.yaml is of, and those whose runs it does not have."""
    earlier = read_requests(path)[:-1]
    known = [_format_command(request.words) for request in earlier if request.words is not None]
    unknown = [request for request in earlier if request.words is None]
    text = _read_text(path / "sweep.yaml")
    name = render_code(path.name)
    if _is_sweep_file(text):
        said: list[Html | None] = [
            tag("p", "The sweep ", name, " is made by ", render_code("nnexp sweep sweep.yaml"), ", with this file:"),
            render_code_block(text),
        ]
        if known:
            said += [tag("p", "and, with the spec below, by:"), render_code_block("\n".join(known))]
    else:
        commands = [*known, _format_command([line for line in text.splitlines() if line.strip()])]
        by = "this command" if len(commands) == 1 else f"these {len(commands)} commands, which extend it"
        said = [
            tag("p", "The sweep ", name, f" is made by {by}, with the spec below:"),
            render_code_block("\n".join(commands)),
        ]
    return [*said, *(_render_lost_request(request) for request in unknown)]


def _is_sweep_file(text: str) -> bool:
    """Whether a sweep was asked for by a file, and not by words alone."""
    try:
        return isinstance(parse_yaml(SpecText("sweep.yaml", text)).make_plain(), dict)
    except (NnexpError, ValueError):
        return False


def _format_command(words: Sequence[str]) -> str:
    return shlex.join(["nnexp", "sweep", "spec.yaml", *words])


def _render_lost_request(request: SweepRequest) -> Html:
    """An earlier request that cannot be written as a command."""
    count = len(request.runs)
    what = (
        f"An earlier state of its file asked for {count:,} run{'s' * (count != 1)}, some of which it no longer does: "
    )
    names = f"{', '.join(request.runs[:MAX_NAMED_ITEMS])}{', ...' if count > MAX_NAMED_ITEMS else ''}"
    return tag("p", f"{what}{names}. The folder of each has its spec.", class_="note")


def render_sources(report: Report) -> Html | None:
    """What the runs were trained on."""
    row = find_example_run(report)
    found = list(dict.fromkeys(_format_source(variant.configuration.spec) for variant in report.variants))
    said = "; ".join(found[:MAX_NAMED_ITEMS]) + ("; ..." if len(found) > MAX_NAMED_ITEMS else "")
    counts = (
        _format_example_counts(_as_mapping(_read_record(row).get("data")))
        if row is not None and len(found) == 1
        else ""
    )
    return join_pieces(["Data: ", render_code(said), f" ({counts} examples)" if counts else "", "."])


def _format_source(spec: Mapping[str, Any]) -> str:
    """The name of a data set, and the file where it is of one."""
    source = _as_mapping(spec.get("data")).get("source")
    if not isinstance(source, dict) or len(source) != 1:
        return str(source)
    [(name, given)] = source.items()
    path = _as_mapping(given).get("path")
    return f"{name} {path}" if isinstance(path, str) else str(name)


def _format_example_counts(data: Mapping[str, Any]) -> str:
    """How many examples each part has."""
    examples = _as_mapping(data.get("examples"))
    return ", ".join(f"{part} {count:,}" for part, count in examples.items() if isinstance(count, int) and count)


def _read_record(row: RunRow) -> manifest.Manifest:
    """The record of a run, empty where it cannot be read."""
    try:
        return manifest.read_manifest(row.path)
    except NnexpError:
        return {}


def _render_run(row: RunRow, *, alone: bool) -> list[Html | None]:
    """The spec of a run, and what it was made with."""
    record = _read_record(row)
    if not record:
        return []
    words = shlex.join(["nnexp", "train", "spec.yaml", *map(str, record.get("overrides", []))])
    what = "The run" if alone else "One run of the best variant"
    spec, resolved = _read_text(row.path / "spec.yaml"), _read_text(row.path / "resolved.yaml")
    return [
        tag("p", f"{what}, ", render_code(row.run), f", seed {row.seed}, alone:"),
        render_code_block(words),
        render_fold("spec.yaml, as it was written", render_code_block(spec)) if spec else None,
        render_fold("resolved.yaml, with every default; it can be trained itself", render_code_block(resolved))
        if resolved
        else None,
        render_table(("", ""), _list_facts(record), left=2),
    ]


def _list_facts(record: manifest.Manifest) -> Iterable[tuple[Piece, Piece]]:
    """What the numbers depend on."""
    versions, machine = _as_mapping(record.get("versions")), _as_mapping(record.get("machine"))
    git, data = _as_mapping(record.get("git")), _as_mapping(record.get("data"))
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    if git.get("commit"):
        yield (
            "commit",
            join_pieces([render_code(str(git["commit"])[:12]), " and changes beside it" if git.get("dirty") else ""]),
        )
    yield "data", join_pieces(["SHA-256 ", render_code(f"{str(data.get('fingerprint', ''))[:16]}…")])
    yield "examples", _format_example_counts(data)
    yield "machine", ", ".join(str(machine[key]) for key in ("cpu", "system") if machine.get(key))
    if isinstance(record.get("parameters"), int):
        yield "parameters", f"{record['parameters']:,}"
    yield "this run began", str(record.get("began", ""))


def _as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _read_text(path: Path) -> str:
    """A text file, as far as it can be shown."""
    try:
        text = atomic.read_file(path).decode("utf-8", errors="replace")
    except NnexpError:
        return ""
    return (
        text
        if len(text) <= MAX_TEXT_CHARACTERS
        else f"{text[:MAX_TEXT_CHARACTERS]}\n... {len(text) - MAX_TEXT_CHARACTERS:,} characters more"
    )


def render_unfinished_runs(report: Report) -> list[Html | None]:
    """What failed, diverged, is damaged or is not over."""
    rows = [(v.label, row) for v in report.variants for row in v.rows if row.state not in ("done", "waiting", "pruned")]
    waiting = sum(row.state == "waiting" for v in report.variants for row in v.rows)
    pruned = sum(row.state == "pruned" for v in report.variants for row in v.rows)
    counted = [f"{waiting:,} runs have not begun" if waiting else "", f"{pruned:,} runs were pruned" if pruned else ""]
    said = any(row.error for _, row in rows)
    headers = ["run", "seed", "state", "epochs", *(["what happened"] if said else []), "variant"]
    cells = [
        (row.run, str(row.seed), row.state, str(row.epochs), *([row.error] if said else []), label)
        for label, row in rows[:MAX_UNFINISHED_RUNS]
    ]
    words = {at for at, header in enumerate(headers) if header not in ("seed", "epochs")}
    more = f"and {len(rows) - MAX_UNFINISHED_RUNS:,} more" if len(rows) > MAX_UNFINISHED_RUNS else ""
    return [
        render_table(headers, cells, words) if rows else None,
        tag("p", more, class_="note") if more else None,
        tag("p", "; ".join(filter(None, counted)) + ".", class_="note") if any(counted) else None,
        render_list(report.problems),
    ]
