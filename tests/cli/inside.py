"""The program without a process of its own: the same main, the same streams, and no second start.

What only a process has is tested by tests.cli.program: its signals, its colours, what it imports and how it ends.
"""

from __future__ import annotations

import io
import re
import signal
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from nnexp.cli import app, console


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


class Terminal(io.StringIO):
    """Text that says of itself to be a terminal."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(folder: Path, width: int, *arguments: str) -> str:
    """What a command prints on a terminal of this width, without colours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console.out, "width", width)
        done = inside(*arguments, cwd=folder, out=Terminal())
    assert done.returncode == 0, done.stderr
    return re.sub("\x1b\\[[0-9;]*m", "", done.stdout)


def inside(*arguments: str, cwd: Path, out: io.StringIO | None = None, **environment: str) -> Done:
    """Run a command of `nnexp` here."""
    out, err, code = out or io.StringIO(), io.StringIO(), 0
    handler = signal.getsignal(signal.SIGINT)
    with pytest.MonkeyPatch.context() as patch, chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["nnexp", *arguments])
        for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "NNEXP_RUNS"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            app.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        finally:
            signal.signal(signal.SIGINT, handler)
    return Done(code, out.getvalue(), err.getvalue())


def told(*arguments: str | Path, code: int = 0) -> Done:
    """Run a command of `nnexp` here, in the folder where the tests run; it must end with this exit code."""
    done = inside(*map(str, arguments), cwd=Path.cwd())
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done
