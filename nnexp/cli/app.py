"""The command line: its commands by name, each loaded when it is called for.

A command's module imports all it needs at its top, which takes time. So only the module of the command that is called
is imported; for `nnexp --help` and for completing a command's name the table below is enough.
"""

from __future__ import annotations

import _thread
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

from nnexp.cli.help import HelpCommand, HelpGroup, format_example
from nnexp.errors import NnexpError

RUN, COMPARE, LOOK_INSIDE, DATA, MANAGE = "Run", "Compare", "Look inside", "Data", "Manage"
"""The groups of commands in `nnexp --help`."""

LOST_INTERRUPT_SECONDS = 0.01
"""After which a Ctrl-C is repeated that Python could not raise where it struck."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command in the list of commands; its module in `cli/commands` has its name.

    function: its name in the module; empty for one that has commands of its own, whose module has an `app`.
    summary: the first line of its help.
    """

    group: str
    function: str
    summary: str
    example: str


COMMANDS: Mapping[str, Command] = {
    "train": Command(
        RUN,
        "train",
        "Train the network, or fit the baseline, that a spec describes.",
        "nnexp train configs/adam_bn.yaml optimizer.adam.lr=3e-3",
    ),
    "sweep": Command(
        RUN,
        "sweep",
        "Train every combination of the given values; finished runs are skipped.",
        "nnexp sweep configs/adam_bn.yaml activation=relu,tanh seed=0..4",
    ),
    "ablate": Command(
        RUN,
        "ablate",
        "Train a spec without each of its parts in turn, or with another instead.",
        "nnexp ablate configs/adam_bn.yaml --seeds 3",
    ),
    "report": Command(
        COMPARE,
        "report",
        "Variants of runs and sweeps, best first, and what the seeds show.",
        "nnexp report adam_bn --html page.html",
    ),
    "compare": Command(
        COMPARE,
        "compare",
        "Two or more variants, paired by seed: difference, interval, p-value.",
        "nnexp compare adam_bn:activation=relu adam_bn:activation=tanh",
    ),
    "evaluate": Command(
        COMPARE,
        "evaluate",
        "Loss and metrics of a run on a part of its data, or on another labelled file.",
        "nnexp evaluate first --split dev --confusion",
    ),
    "predict": Command(
        COMPARE,
        "predict",
        "Predict for a file: classes and probabilities, or values, as csv.",
        "nnexp predict first digits.csv -o answers.csv",
    ),
    "diagnose": Command(
        LOOK_INSIDE,
        "diagnose",
        "What was wrong with a run, and what to try.",
        "nnexp diagnose first --optimal-error 0.01",
    ),
    "inspect": Command(
        LOOK_INSIDE,
        "inspect_",
        "Outputs and gradients of every layer before training.",
        "nnexp inspect configs/adam_bn.yaml --init xavier,he",
    ),
    "describe": Command(
        LOOK_INSIDE,
        "describe",
        "Shapes, parameters, multiply-adds and memory by layer.",
        "nnexp describe configs/lenet5_digits.yaml",
    ),
    "gradcheck": Command(
        LOOK_INSIDE,
        "gradcheck",
        "Check the gradients of a model, or of every component.",
        "nnexp gradcheck configs/adam_bn.yaml --after 10",
    ),
    "data": Command(
        DATA,
        "",
        "Fetch known data sets, list sources, and look at data.",
        "nnexp data show moons",
    ),
    "validate": Command(
        MANAGE,
        "validate",
        "Check specs without training; every mistake on its line.",
        "nnexp validate configs/adam_bn.yaml training.epochs=5",
    ),
    "new": Command(
        MANAGE,
        "new",
        "Write a commented spec to start from, and the schema for editors.",
        "nnexp new first",
    ),
    "list": Command(
        MANAGE,
        "list_",
        "List the components that a spec can name.",
        "nnexp list optimizers",
    ),
    "schema": Command(
        MANAGE,
        "schema",
        "Print the JSON Schema of specs.",
        "nnexp schema",
    ),
    "runs": Command(
        MANAGE,
        "",
        "List runs with their state and key metrics; `rm` deletes.",
        "nnexp runs rm first",
    ),
    "export": Command(
        MANAGE,
        "export",
        "Write a run as ONNX, NumPy arrays, or for TensorBoard.",
        "nnexp export first --to onnx",
    ),
}


def make_app(words: Sequence[str]) -> typer.Typer:
    """The program, with the command loaded that `words` name; the others are there with name and summary alone."""
    app = typer.Typer(
        name="nnexp",
        cls=HelpGroup,
        help="A laboratory for training neural networks: one YAML file says what to train, one command trains it.",
        epilog="`nnexp COMMAND -h` explains a command, with an example.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_accept_global_options)
    called = find_command(words)
    for name, command in COMMANDS.items():
        _add_command(app, name, command, is_called=name == called)
    return app


def _add_command(app: typer.Typer, name: str, command: Command, *, is_called: bool) -> None:
    """Add a command to the program; one that is not called is listed without loading its module."""
    if not is_called:
        app.command(name, help=command.summary, rich_help_panel=command.group)(_do_nothing)
        return
    module = import_module(f"nnexp.cli.commands.{name}")
    epilog = format_example(command.example)
    if command.function:
        function = getattr(module, command.function)
        app.command(name, cls=HelpCommand, rich_help_panel=command.group, epilog=epilog)(function)
    else:
        app.add_typer(module.app, name=name, cls=HelpGroup, rich_help_panel=command.group, epilog=epilog)


def find_command(words: Sequence[str]) -> str | None:
    """The command that the words of a command line call, if they do: the first of them that is no option.

    >>> find_command(["--version"]), find_command(["train", "sweep"])
    (None, 'train')
    """
    first = next((word for word in words if not word.startswith("-")), None)
    return first if first in COMMANDS else None


def list_words() -> list[str]:
    """The words after `nnexp`; where the shell asks for completions, those that were typed so far."""
    if "_NNEXP_COMPLETE" not in os.environ:
        return sys.argv[1:]
    # bash puts the line into COMP_WORDS, the other shells into _TYPER_COMPLETE_ARGS
    typed = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    return typed.split()[1:]


def _do_nothing() -> None:
    """Stands for a command that is listed and not called."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"nnexp {version('nnexp')}")
        raise typer.Exit


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
    sys.unraisablehook = _repeat_lost_interrupt
    try:
        run_app(make_app(list_words()))
    except NnexpError as error:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one Ctrl-C too many must not cut off what is said now
        from nnexp.cli.console import print_error  # takes Rich along, which `--help` on a pipe does without

        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _repeat_lost_interrupt(lost: sys.UnraisableHookArgs) -> None:
    """A Ctrl-C that struck while an object was cleared away, where Python only prints it: it counts all the same."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        # From another thread a moment later: raised in here it would be lost and printed once more.
        threading.Timer(LOST_INTERRUPT_SECONDS, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(lost)


def run_app(app: Callable[[], object]) -> None:
    """Run the program. A full disk where standard output goes is said there where it can be, once."""
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
