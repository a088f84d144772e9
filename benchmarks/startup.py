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

from benchmarks.measure import Side, machine, show, take_turns

ROUNDS, TRAINING_ROUNDS = 15, 5
CONFIG = str(Path(__file__).parent.parent / "configs" / "adam_bn.yaml")


def process(*arguments: str) -> Callable[[], None]:
    """Run Python with these arguments, to its end."""
    return lambda: _run(arguments)


def _run(arguments: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def train() -> None:
    """The whole command, in a folder that is new each time."""
    with tempfile.TemporaryDirectory() as runs:
        _run(("-m", "nnexp", "train", CONFIG, "--runs", runs, "--quiet"))


if __name__ == "__main__":
    print(machine("pydantic", "typer"))
    quick = {
        "python -c pass": Side(process("-c", "pass"), 1),
        "python -c 'import numpy'": Side(process("-c", "import numpy"), 1),
        "nnexp --help": Side(process("-m", "nnexp", "--help"), 1),
        "nnexp validate configs/adam_bn.yaml": Side(process("-m", "nnexp", "validate", CONFIG), 1),
    }
    show("Starting", take_turns(quick, ROUNDS), base="python -c 'import numpy'", unit="command")
    whole = {
        "python -c 'import numpy'": Side(process("-c", "import numpy"), 1),
        "nnexp train configs/adam_bn.yaml": Side(train, 1),
    }
    show("A whole run", take_turns(whole, TRAINING_ROUNDS), base="python -c 'import numpy'", unit="command")
