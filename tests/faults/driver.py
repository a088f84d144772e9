"""Trains the spec of these tests as a program of its own, with a checkpoint after every step.

python -m tests.faults.driver RUNS [KEY=VALUE]...

It prints the name of every event, so that whoever started it knows how far it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nnexp
from nnexp.training.events import Event
from tests.faults.support import tiny


def main() -> None:
    runs, *overrides = sys.argv[1:]

    def watch(event: Event) -> None:
        print(type(event).__name__, flush=True)

    nnexp.train(tiny(*overrides), runs=Path(runs), watch=watch, checkpoint_seconds=0)


if __name__ == "__main__":
    main()
