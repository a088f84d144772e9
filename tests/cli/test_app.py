"""The program's commands: loaded by name, listed without being loaded."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from typer.core import TyperGroup
from typer.main import get_command

from nnexp.cli import commands
from nnexp.cli.app import COMMANDS, find_command, make_app
from nnexp.registry import sources
from tests.cli.inside import inside

HEAVY = {"numpy", "pandas", "pydantic", "scipy", "yaml", "altair", "distributed"}


def modules_of(code: str) -> set[str]:
    """The modules that a new process has imported after this code."""
    code = f"import contextlib, io, sys\nwith contextlib.redirect_stdout(io.StringIO()):\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_list_of_commands_is_shown_without_loading_one() -> None:
    code = " from nnexp.cli.app import make_app\n make_app(['--help'])(['--help'], standalone_mode=False)"
    assert not HEAVY & modules_of(code)


def test_only_the_command_that_is_called_is_loaded() -> None:
    words = ["runs", "--help"]
    code = f" from nnexp.cli.app import make_app\n make_app({words})({words}, standalone_mode=False)"
    prefix = "nnexp.cli.commands."
    loaded = {name.removeprefix(prefix) for name in modules_of(code) if name.startswith(prefix)}
    assert loaded == {"runs"}


def test_help_of_no_command_waits_for_a_heavy_package() -> None:
    every = [[name, "--help"] for name in COMMANDS]
    code = f" from nnexp.cli.app import make_app\n for words in {every}: make_app(words)(words, standalone_mode=False)"
    loaded = modules_of(code)
    assert {f"nnexp.cli.commands.{name}" for name in COMMANDS} <= loaded
    assert not {"pandas", "scipy", "altair", "distributed"} & loaded


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_list_says(name: str) -> None:
    module = import_module(f"nnexp.cli.commands.{name}")
    assert callable(getattr(module, COMMANDS[name].function or "app"))


def test_every_module_of_commands_is_in_the_list() -> None:
    [folder] = map(Path, commands.__path__)
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "data_show"}  # data_show belongs to `data`
    assert modules == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, tmp_path: Path) -> None:
    done = inside(name, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"nnexp {name}" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_begins_with_its_line_in_the_list_and_ends_with_an_example(name: str, tmp_path: Path) -> None:
    lines = [line.strip() for line in inside(name, "-h", cwd=tmp_path).stdout.splitlines() if line.strip()]
    text = " ".join(lines)
    assert text.index(COMMANDS[name].summary) < text.index("╭")
    assert lines[-1] == f"Example: {COMMANDS[name].example}"


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS), ["data", "fetch"], ["runs", "rm"]], ids=" ".join)
def test_help_shows_no_type_for_flags(words: list[str], tmp_path: Path) -> None:
    shown = inside(*words, "--help", cwd=tmp_path).stdout
    assert "--help" in shown
    assert "bool" not in shown


@pytest.mark.parametrize("name", ["data fetch", "data list", "data show", "runs rm"])
def test_help_of_a_command_below_another_ends_with_an_example_of_it(name: str, tmp_path: Path) -> None:
    lines = inside(*name.split(), "-h", cwd=tmp_path).stdout.split("\n")
    example = [line.strip() for line in lines if line.strip()][-1]
    assert example.startswith(f"Example: nnexp {name}")
    assert_accepted(example.removeprefix("Example: "))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_accepts_the_words_of_its_example(name: str) -> None:
    assert COMMANDS[name].example.startswith(f"nnexp {name}")
    assert_accepted(COMMANDS[name].example)


def assert_accepted(line: str) -> None:
    """Read the words of a command line as the program does, without doing what they say."""
    words = shlex.split(line)[1:]
    command, context = get_command(make_app(words)), None
    while isinstance(command, TyperGroup) and words:
        context = command.make_context("nnexp", list(words), parent=context)
        command = command.commands[words.pop(0)]
    command.make_context("nnexp", words, parent=context)


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


def test_a_ctrl_c_that_strikes_while_an_object_is_cleared_away_stops_the_program_silently() -> None:
    code = """
import os, signal, sys, time
from nnexp.cli import app

class Struck:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def run(*args):
    Struck()
    time.sleep(20)

app.make_app = lambda words: run
app.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.fixture(scope="module")
def with_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after the first two commands of the tutorial."""
    folder = tmp_path_factory.mktemp("first")
    assert inside("new", "first", cwd=folder).returncode == 0
    assert inside("train", "first.yaml", "training.epochs=1", cwd=folder).returncode == 0
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_no_example_has_a_placeholder(name: str) -> None:
    assert not {word for word in COMMANDS[name].example.split() if word.isupper()}


@pytest.mark.parametrize("name", ["evaluate", "predict", "diagnose", "export"])
def test_an_example_on_a_run_works_after_the_tutorial_has_made_it(name: str, with_first: Path) -> None:
    words = shlex.split(COMMANDS[name].example)[1:]
    if "digits.csv" in words:
        pd.DataFrame(sources["digits"]().load().x[:7]).to_csv(with_first / "digits.csv", index=False)
    done = inside(*words, cwd=with_first)
    assert done.returncode == 0, done.stderr


TINY = """\
data: {source: moons}
architecture: [dense: 4, relu, output]
optimizer: {sgd: {lr: 0.1}}
"""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("train tiny.yaml --epochs 3", "train tiny.yaml training.epochs=3"),
        ("train tiny.yaml --epochs=3 seed=2", "train tiny.yaml training.epochs=3 seed=2"),
        ("train --max-epochs 3 tiny.yaml", "train training.epochs=3 tiny.yaml"),
        ("train tiny.yaml --lr 0.1", "train tiny.yaml optimizer.sgd.lr=0.1"),
        ("train tiny.yaml --batch-size 8", "train tiny.yaml training.batch_size=8"),
        ("train tiny.yaml --weight_decay 0.1", "train tiny.yaml regularization.l2=0.1"),
        ("sweep tiny.yaml --seed 0..4", "sweep tiny.yaml seed=0..4"),
        ("ablate tiny.yaml --epochs 3", "ablate tiny.yaml training.epochs=3"),
        ("validate tiny.yaml --epochs 3", "validate tiny.yaml training.epochs=3"),
        ("data show tiny.yaml --noise 0.1", "data show tiny.yaml data.source.moons.noise=0.1"),
    ],
)
def test_an_option_that_is_a_key_of_the_spec_is_told_the_override(words: str, meant: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    done = inside(*words.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    option = next(word.partition("=")[0] for word in words.split() if word.startswith("--"))
    assert done.stderr.startswith(f"error: there is no option {option};")
    assert done.stderr.endswith(f"\n  nnexp {meant}\n")


@pytest.mark.parametrize(
    ("words", "hint"), [("train tiny.yaml --runz x", "--runs"), ("train tiny.yaml --zebra", "No such option: --zebra")]
)
def test_an_option_that_is_no_key_is_answered_as_ever(words: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    done = inside(*words.split(), cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert "override" not in done.stderr


def test_a_word_that_an_option_does_not_take_is_told_in_plain_words(tmp_path: Path) -> None:
    done = inside("export", "x", "--to", "onx", cwd=tmp_path)
    assert done.returncode == 2
    assert "'onx' is not one of 'onnx', 'npz'" in done.stderr
    assert "Value error" not in done.stderr


def test_help_says_the_default_number_of_seeds_once_and_what_runs_alone_does(tmp_path: Path) -> None:
    assert "(5)" not in inside("ablate", "-h", cwd=tmp_path).stdout
    assert "`nnexp runs` alone lists all runs" in inside("runs", "-h", cwd=tmp_path).stdout
    shown = inside("data", "show", "-h", cwd=tmp_path).stdout
    assert "examples=100" in shown
    assert "optimizer" not in shown
