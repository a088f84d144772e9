"""The program's commands: loaded by name, listed without being loaded."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from nnexp.cli import commands
from nnexp.cli.app import COMMANDS, find_command
from tests.cli.inside import inside

HEAVY = {"numpy", "pandas", "pydantic", "scipy", "yaml", "altair", "distributed"}


def modules_of(code: str) -> set[str]:
    """The packages that a new process has imported after this code."""
    code = f"import contextlib, io, sys\nwith contextlib.redirect_stdout(io.StringIO()):\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_list_of_commands_is_shown_without_loading_one() -> None:
    code = " from nnexp.cli.app import make_app\n make_app(['--help'])(['--help'], standalone_mode=False)"
    assert not HEAVY & modules_of(code)


def test_only_the_command_that_is_called_is_loaded() -> None:
    words = ["runs", "--help"]
    code = f" from nnexp.cli.app import make_app\n make_app({words})({words}, standalone_mode=False)"
    assert "pandas" not in modules_of(code)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_list_says(name: str) -> None:
    module = import_module(f"nnexp.cli.commands.{COMMANDS[name].module}")
    assert callable(getattr(module, COMMANDS[name].function or "app"))


def test_every_module_of_commands_is_in_the_list() -> None:
    [folder] = map(Path, commands.__path__)
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "data_show"}  # data_show belongs to `data`
    assert modules == {command.module for command in COMMANDS.values()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, tmp_path: Path) -> None:
    done = inside(name, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"nnexp {name}" in done.stdout


def test_help_lists_the_commands_in_their_groups(tmp_path: Path) -> None:
    shown = inside("--help", cwd=tmp_path).stdout
    for name, command in COMMANDS.items():
        assert shown.index(f"─ {command.group} ─") < shown.index(f"│ {name} ")


def test_a_misspelt_command_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = inside("trian", cwd=tmp_path)
    assert done.returncode == 2
    assert "Did you mean 'train'?" in done.stderr


def test_a_word_that_is_no_command_calls_none() -> None:
    assert find_command(["spec.yaml", "train"]) is None
    assert find_command([]) is None
