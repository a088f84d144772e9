"""Where the numbers of a report come from: commands, specs, versions and data."""

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
    render_table,
    tag,
)
from nnexp.reports.html.requests import SweepRequest, read_requests
from nnexp.reports.report import Report, compute_rank
from nnexp.reports.rows import RunRow
from nnexp.reports.variants import Variant
from nnexp.runs import manifest
from nnexp.spec.problems import SpecText
from nnexp.spec.yaml import parse_yaml
from nnexp.storage import atomic
from nnexp.wording import format_count

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
        what = "The run"
        if report.sweeps:
            what = "One run of the best variant" if report.best else "One of the runs"
        pieces += _render_run(row, what)
    if command:
        pieces.append(tag("p", "This page: ", render_code(command)))
    return pieces


def find_example_run(report: Report) -> RunRow | None:
    """A run of the best variant, by which the rest is explained."""
    for variant in sorted(report.variants, key=lambda variant: compute_rank(variant, report.measure)):
        # A run that is done has the most to show.
        for row in (*variant.done_rows, *variant.rows):
            if (row.path / "run.json").is_file():
                return row
    return None


def _render_sweep(path: Path) -> list[Html | None]:
    """The commands that make a sweep: the one that sweep.yaml is of, and those whose runs it does not have."""
    commands, lost = [], []
    for request in read_requests(path)[:-1]:
        if request.words is None:
            lost.append(_render_lost_request(request))
        else:
            commands.append(_format_command(request.words))
    text = _read_text(path / "sweep.yaml")
    if _is_sweep_file(text):
        pieces = _render_sweep_file(path.name, text, commands)
    else:
        commands.append(_format_command(list(filter(str.strip, text.splitlines()))))
        pieces = _render_sweep_commands(path.name, commands)
    return [*pieces, *lost]


def _render_sweep_file(name: str, text: str, commands: Sequence[str]) -> list[Html | None]:
    """A sweep that was asked for by a file, and extended by commands."""
    command = render_code("nnexp sweep sweep.yaml")
    pieces: list[Html | None] = [
        tag("p", "The sweep ", render_code(name), " is made by ", command, ", with this file:"),
        render_code_block(text),
    ]
    if commands:
        pieces += [tag("p", "and, with the spec below, by:"), render_code_block("\n".join(commands))]
    return pieces


def _render_sweep_commands(name: str, commands: Sequence[str]) -> list[Html | None]:
    """A sweep that was asked for by words alone."""
    by = "this command" if len(commands) == 1 else f"these {len(commands)} commands, which extend it"
    return [
        tag("p", "The sweep ", render_code(name), f" is made by {by}, with the spec below:"),
        render_code_block("\n".join(commands)),
    ]


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
    count = format_count(len(request.runs), "run")
    what = f"An earlier state of its file asked for {count}, some of which it no longer does"
    names = _join_first(request.runs, ", ")
    return tag("p", f"{what}: {names}. The folder of each has its spec.", class_="note")


def _join_first(items: Sequence[str], separator: str) -> str:
    """The first of some items, and dots for the others."""
    if len(items) > MAX_NAMED_ITEMS:
        items = [*items[:MAX_NAMED_ITEMS], "..."]
    return separator.join(items)


def render_sources(report: Report) -> Html:
    """What the runs were trained on; of one source also how many examples each part has."""
    sources = list(dict.fromkeys(map(_format_source, report.variants)))
    pieces: list[Piece] = ["Data: ", render_code(_join_first(sources, "; "))]
    row = find_example_run(report)
    if row is not None and len(sources) == 1:
        counts = _format_example_counts(_as_mapping(_read_record(row).get("data")))
        if counts:
            pieces.append(f" ({counts} examples)")
    return join_pieces([*pieces, "."])


def _format_source(variant: Variant) -> str:
    """The name of a data set, and the file where it is of one."""
    source = _as_mapping(variant.configuration.spec.get("data")).get("source")
    if not isinstance(source, dict) or len(source) != 1:
        return str(source)
    [(name, given)] = source.items()
    path = _as_mapping(given).get("path")
    if not isinstance(path, str):
        return str(name)
    return f"{name} {path}"


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


def _render_run(row: RunRow, what: str) -> list[Html | None]:
    """The spec of a run, and what it was made with; `what` says in words which run it is."""
    record = _read_record(row)
    if not record:
        return []
    words = shlex.join(["nnexp", "train", "spec.yaml", *map(str, record.get("overrides", []))])
    return [
        tag("p", f"{what}, ", render_code(row.run), f", seed {row.seed}, alone:"),
        render_code_block(words),
        _render_file("spec.yaml, as it was written", row.path / "spec.yaml"),
        _render_file("resolved.yaml, with every default; it can be trained itself", row.path / "resolved.yaml"),
        render_table(("", ""), _list_facts(record), left=2),
    ]


def _render_file(summary: str, path: Path) -> Html | None:
    """A file to unfold, nothing where it cannot be read."""
    text = _read_text(path)
    if not text:
        return None
    return render_fold(summary, render_code_block(text))


def _list_facts(record: manifest.Manifest) -> Iterable[tuple[Piece, Piece]]:
    """What the numbers depend on."""
    git, data = _as_mapping(record.get("git")), _as_mapping(record.get("data"))
    yield "versions", format_versions(_as_mapping(record.get("versions")))
    if git.get("commit"):
        changes = " and changes beside it" if git.get("dirty") else ""
        yield "commit", join_pieces([render_code(str(git["commit"])[:12]), changes])
    yield "data", join_pieces(["SHA-256 ", render_code(f"{str(data.get('fingerprint', ''))[:16]}…")])
    yield "examples", _format_example_counts(data)
    yield "machine", format_machine(_as_mapping(record.get("machine")))
    # A baseline has no weights, and a record of another version may have anything here.
    if isinstance(record.get("parameters"), int):
        yield "parameters", f"{record['parameters']:,}"
    yield "this run began", str(record.get("began", ""))


def format_versions(versions: Mapping[str, Any]) -> str:
    """The versions of Python and the libraries."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def format_machine(machine: Mapping[str, Any]) -> str:
    """The machine, as far as a record of it names it."""
    return ", ".join(map(str, filter(None, (machine.get("cpu"), machine.get("system")))))


def _as_mapping(value: Any) -> dict[str, Any]:
    """A part of a record, empty where a damaged or foreign record has something else there."""
    if not isinstance(value, dict):
        return {}
    return value


def _read_text(path: Path) -> str:
    """A text file, as far as it can be shown."""
    try:
        text = atomic.read_file(path).decode("utf-8", errors="replace")
    except NnexpError:
        return ""
    more = len(text) - MAX_TEXT_CHARACTERS
    if more <= 0:
        return text
    return f"{text[:MAX_TEXT_CHARACTERS]}\n... {more:,} characters more"
