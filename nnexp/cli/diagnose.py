"""nnexp diagnose"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp.cli.options import Json, RunsDir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from nnexp.diagnosis.findings import Diagnosis, Finding


def diagnose(
    names: Annotated[
        list[str],
        typer.Argument(metavar="RUN_OR_SWEEP", help="Runs, sweeps, or a folder of runs.", show_default=False),
    ],
    optimal_error: Annotated[
        float,
        typer.Option(
            "--optimal-error", metavar="SHARE", min=0, max=1, help="The error that nobody could avoid, such as 0.15."
        ),
    ] = 0.0,
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """What was wrong with a run, from what it recorded: each finding with its numbers, its epoch and what to try."""
    from nnexp.cli.render import err, out, print_json
    from nnexp.diagnosis.diagnosis import diagnose
    from nnexp.diagnosis.shared import shared
    from nnexp.errors import RunError, UsageError
    from nnexp.reports.collecting import collect
    from nnexp.reports.rows import NETWORK

    collected = collect(names, runs)
    begun = [row for row in collected.rows if (row.path / "run.json").is_file()]
    folders = [row.path for row in begun if row.configuration.kind == NETWORK]
    if not folders:
        kinds = ", ".join(sorted({row.configuration.kind for row in begun})) or "nothing that has begun"
        raise UsageError(f"only networks that are trained can be diagnosed, and this is {kinds}")
    found: list[Diagnosis] = []
    for folder in folders:
        try:
            found.append(diagnose(folder, optimal_error))
        except RunError as error:
            if len(folders) == 1:
                raise
            err.print(str(error), style="yellow", markup=False)
    if json:
        documents = [diagnosis.as_dict() for diagnosis in found]
        print_json(documents[0] if len(folders) == 1 else documents)
    elif len(folders) == 1:
        for line in lines(found[0]):
            out.print(line)
    else:
        healthy = sum(diagnosis.healthy for diagnosis in found)
        out.print(f"{len(found)} runs, {healthy} of them with nothing wrong that was seen", markup=False)
        for entry in shared(found):
            out.print(f"{len(entry.runs)} of {len(found)}, such as {entry.runs[0]}:", markup=False)
            for line in of_finding(entry.finding):
                out.print(line)


def lines(found: Diagnosis) -> Iterator[Text]:
    """A diagnosis for people."""
    from rich.text import Text

    if found.healthy:
        yield Text(f"{found.run}: nothing wrong was seen", style="green")
    else:
        yield Text(f"{found.run}: {len(found.findings)} finding{'s' if len(found.findings) > 1 else ''}")
    for finding in found.findings:
        yield from of_finding(finding)
    if found.balance:
        yield Text(found.balance)
    if not found.recorded:
        yield Text("it did not look into its layers, so only its metrics were seen", style="dim")


def of_finding(finding: Finding) -> Iterator[Text]:
    """A finding, and what to try."""
    from rich.text import Text

    yield Text.assemble(("! ", "bold yellow"), finding.text)
    for remedy in finding.remedies:
        override = (f": {_quoted(remedy.override)}", "bold") if remedy.override else ""
        yield Text.assemble("    - ", remedy.text, override)


def _quoted(override: str) -> str:
    """An override as a shell takes it."""
    import shlex

    return shlex.quote(override)


def brief(found: Diagnosis, most: int = 3) -> Sequence[Text]:
    """The gravest findings, for the end of a training; nothing where nothing is wrong."""
    from rich.text import Text

    shown = [line for finding in found.findings[:most] for line in of_finding(finding)]
    left = len(found.findings) - most
    return [*shown, Text(f"{left} more: nnexp diagnose {found.run}", style="dim")] if left > 0 else shown
