"""nnexp diagnose"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from nnexp.cli.console import err, out, print_json, print_sentence
from nnexp.cli.options import Json, RunsDir, RunsOrSweeps
from nnexp.diagnosis.common import find_shared_findings, format_error_ranges
from nnexp.diagnosis.diagnosis import diagnose_run
from nnexp.errors import RunError, UsageError
from nnexp.reports.collect import collect_runs
from nnexp.reports.rows import NETWORK_KIND
from nnexp.wording import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from nnexp.diagnosis.findings import Diagnosis, Finding, Remedy
    from nnexp.reports.rows import RunRow

MAX_FULL_RUNS = 5
"""So many runs are shown one after the other, each whole; of more, only what they share."""


def diagnose(
    names: RunsOrSweeps,
    optimal_error: Annotated[
        float,
        typer.Option(
            "--optimal-error",
            metavar="SHARE",
            min=0,
            max=1,
            help="The error that even the best model makes, such as 0.15.",
        ),
    ] = 0.0,
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """What was wrong with a run, and what to try.

    Each finding has its numbers, its epoch and overrides to try. Nothing is
    trained: the findings come from what the run recorded.
    """
    collected = collect_runs(names, runs)
    folders = _list_network_folders(collected.rows)
    found: list[Diagnosis] = []
    problems = list(collected.problems)
    for folder in folders:
        try:
            found.append(diagnose_run(folder, optimal_error))
        except RunError as error:
            if len(folders) == 1:
                raise
            problems.append(str(error))
    for problem in dict.fromkeys(problems):
        err.print(problem, style="yellow", markup=False)
    if json:
        documents = [diagnosis.as_dict() for diagnosis in found]
        print_json(documents[0] if len(folders) == 1 else documents)
    elif len(folders) == 1 or len(collected.rows) == len(names) <= MAX_FULL_RUNS:
        # As many rows as names: every name is that of a run, and none that of a sweep or a folder of runs.
        for number, diagnosis in enumerate(found):
            if number:
                out.print()
            _print_diagnosis(diagnosis, out)
    else:
        _print_grouped(found, out)


def _list_network_folders(rows: Sequence[RunRow]) -> list[Path]:
    """The folders of the networks that have begun. Raises UsageError where there are none."""
    folders, kinds = [], set()
    for row in rows:
        if (row.path / "run.json").is_file():
            kinds.add(row.configuration.kind)
            if row.configuration.kind == NETWORK_KIND:
                folders.append(row.path)
    if not folders:
        found = ", ".join(sorted(kinds)) or "nothing that has begun"
        raise UsageError(f"diagnose needs the run of a trained network, and this is {found}")
    return folders


def _print_diagnosis(found: Diagnosis, console: Console) -> None:
    """A diagnosis for people."""
    if found.is_healthy:
        print_sentence(Text(f"{found.run}: no problems found", style="green"), 2, console)
    else:
        print_sentence(f"{found.run}: {format_count(len(found.findings), 'finding')}", 2, console)
    for finding in found.findings:
        _print_finding(finding, console)
    if found.balance:
        print_sentence(found.balance, 2, console)
    if not found.has_layer_history:
        print_sentence(Text("the run recorded no layer statistics: only its metrics were examined", "dim"), 2, console)


def _print_grouped(found: Sequence[Diagnosis], console: Console) -> None:
    """Many diagnoses, each finding once, and the range of the errors."""
    healthy = sum(diagnosis.is_healthy for diagnosis in found)
    print_sentence(f"{format_count(len(found), 'run')}, {healthy} of them without problems", 2, console)
    for entry in find_shared_findings(found):
        print_sentence(f"{len(entry.runs)} of {len(found)}, such as {entry.runs[0]}:", 2, console)
        _print_finding(entry.finding, console)
    if errors := format_error_ranges(found):
        print_sentence(errors, 2, console)


def _print_finding(finding: Finding, console: Console) -> None:
    """A finding, and what to try."""
    print_sentence(Text.assemble(("! ", "bold yellow"), finding.text), 2, console)
    for remedy in finding.remedies:
        _print_remedy(remedy, console)


def _print_remedy(remedy: Remedy, console: Console) -> None:
    """What to try: on a line that has room for all of it, or else the override alone and whole on the next."""
    words = f"    - {remedy.text}"
    if not remedy.override:
        print_sentence(words, 6, console)
        return
    override = Text(quote(remedy.override), style="bold")
    line = Text.assemble(words, ": ", override)
    if not console.is_terminal or line.cell_len <= console.width:
        console.print(line)
    else:
        print_sentence(f"{words}:", 6, console)
        console.print(Text.assemble(" " * 6, override))


def print_gravest_findings(found: Diagnosis, console: Console, most: int = 3) -> None:
    """The gravest findings, for the end of a training; nothing where there are none."""
    for finding in found.findings[:most]:
        _print_finding(finding, console)
    if len(found.findings) > most:
        print_sentence(Text(f"{len(found.findings) - most} more: nnexp diagnose {found.run}", style="dim"), 2, console)
