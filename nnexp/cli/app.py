"""The command line: one file a command, with its flags, its rendering and its exit codes, and nothing else.

Heavy imports stand inside the commands, so that `--help` and completion answer at once.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from typing import Annotated

import typer

from nnexp.cli.commands import (
    ablate,
    compare,
    data,
    describe,
    diagnose,
    evaluate,
    export,
    gradcheck,
    inspect,
    list,  # noqa: A004 - the command
    new,
    predict,
    report,
    runs,
    schema,
    sweep,
    train,
    validate,
)
from nnexp.errors import NnexpError

app = typer.Typer(
    name="nnexp",
    help="A laboratory for training neural networks: one YAML file says what to train, one command trains it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("sweep")(sweep.sweep)
app.command("ablate")(ablate.ablate)
app.command("validate")(validate.validate)
app.command("describe")(describe.describe)
app.command("gradcheck")(gradcheck.gradcheck)
app.command("diagnose")(diagnose.diagnose)
app.command("inspect")(inspect.inspect_)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("export")(export.export)
app.command("list")(list.list_)
app.command("new")(new.new)
app.command("schema")(schema.schema)
app.add_typer(runs.app, name="runs")
app.add_typer(data.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"nnexp {version('nnexp')}")
        raise typer.Exit


@app.callback()
def _accept_global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """What holds for all commands."""


def main() -> None:
    """The program `nnexp`: what a user can cause ends in a message and an exit code, a bug in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show Σ or ≥ shows ? instead
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        print("error: no space left where standard output goes", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing is tried again at the end
        sys.exit(1)
    except NnexpError as error:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one Ctrl-C too many must not cut off what is said now
        from nnexp.cli.console import print_error

        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
