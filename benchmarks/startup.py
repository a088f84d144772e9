"""How long the program takes to answer, from the start of the process to its end.

Compared with an interpreter that does nothing and with one that imports NumPy: what any Python program on it waits for.
`nnexp train` trains the whole run of configs/adam_bn.yaml in a new folder. One process after another, in turns; the
file system's caches are warm.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Side, describe_machine, print_times, take_turns

ROUNDS, TRAINING_ROUNDS = 15, 5
CONFIG = str(Path(__file__).parent.parent / "configs" / "adam_bn.yaml")


def make_process_turn(*arguments: str) -> Callable[[], None]:
    """Run Python with these arguments, to its end."""
    return lambda: _run_python(arguments)


def _run_python(arguments: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def train_once() -> None:
    """The whole command, in a folder that is new each time."""
    with tempfile.TemporaryDirectory() as runs:
        _run_python(("-m", "nnexp", "train", CONFIG, "--runs", runs, "--quiet"))


if __name__ == "__main__":
    print(describe_machine("pydantic", "typer"))
    quick = {
        "python -c pass": Side(make_process_turn("-c", "pass"), 1),
        "python -c 'import numpy'": Side(make_process_turn("-c", "import numpy"), 1),
        "nnexp --help": Side(make_process_turn("-m", "nnexp", "--help"), 1),
        "nnexp validate configs/adam_bn.yaml": Side(make_process_turn("-m", "nnexp", "validate", CONFIG), 1),
    }
    print_times("Starting", take_turns(quick, ROUNDS), base="python -c 'import numpy'", unit="command")
    whole = {
        "python -c 'import numpy'": Side(make_process_turn("-c", "import numpy"), 1),
        "nnexp train configs/adam_bn.yaml": Side(train_once, 1),
    }
    print_times("A whole run", take_turns(whole, TRAINING_ROUNDS), base="python -c 'import numpy'", unit="command")
