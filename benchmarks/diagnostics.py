"""What looking into the layers costs: whole trainings with looks, as they come by default, and without.

64-64-10 on digits at batch 32, which has one look an epoch of 45 steps; the same in a stack of 16 runs; configs/adam_bn
(batch 64, batch norm, dropout), whose epochs are so short that every second has one; and a small convolutional network.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Side, machine, show, take_turns
from benchmarks.subjects import SMALL, stack_of
from nnexp.training.loop import train

ROUNDS = 31

ADAM_BN, LENET5 = (Path(f"configs/{name}.yaml").read_text() for name in ("adam_bn", "lenet5_digits"))

SUBJECTS = {
    "64-64-10, batch 32, 30 epochs": (SMALL, 1, ("training.epochs=30",)),
    "the same, a stack of 16, 10 epochs": (SMALL, 16, ("training.epochs=10",)),
    "adam_bn, 40 epochs": (ADAM_BN, 1, ("training.epochs=40", "training.early_stopping=null")),
    "LeNet-5 on digits, 2 epochs": (LENET5, 1, ("training.epochs=2",)),
}


def trainings(spec: str, replicas: int, *overrides: str) -> Side:
    """A training from its beginning to its end; reading the spec and the data is not counted."""
    stacks = iter([stack_of(spec, *overrides, replicas=replicas) for _ in range(ROUNDS + 1)])

    def run() -> None:
        for _ in train(next(stacks)):
            pass

    return Side(run, 1)


if __name__ == "__main__":
    print(machine())
    for title, (spec, replicas, overrides) in SUBJECTS.items():
        sides = {
            "without": trainings(spec, replicas, *overrides, "diagnostics.every=never"),
            "with looks": trainings(spec, replicas, *overrides),
        }
        show(f"Looking into the layers: {title}", take_turns(sides, ROUNDS), base="without", unit="training")
