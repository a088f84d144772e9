"""What looking into the layers costs: whole trainings with looks, as they come by default, and without.

64-64-10 on digits at batch 32, which has one look an epoch of 45 steps; the same in a stack of 16 runs; configs/adam_bn
(batch 64, batch norm, dropout), whose epochs are so short that every second has one; and a small convolutional network.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Side, describe_machine, print_times, take_turns
from benchmarks.subjects import SMALL_SPEC, build_stack
from nnexp.training.loop import train_stack

ROUNDS = 31

ADAM_BN, LENET5 = (Path(f"configs/{name}.yaml").read_text() for name in ("adam_bn", "lenet5_digits"))

SUBJECTS = {
    "64-64-10, batch 32, 30 epochs": (SMALL_SPEC, 1, ("training.epochs=30",)),
    "the same, a stack of 16, 10 epochs": (SMALL_SPEC, 16, ("training.epochs=10",)),
    "adam_bn, 40 epochs": (ADAM_BN, 1, ("training.epochs=40", "training.early_stopping=null")),
    "LeNet-5 on digits, 2 epochs": (LENET5, 1, ("training.epochs=2",)),
}


def make_trainings(spec: str, replicas: int, *overrides: str) -> Side:
    """A training from its beginning to its end; reading the spec and the data is not counted."""
    stacks = iter([build_stack(spec, *overrides, replicas=replicas) for _ in range(ROUNDS + 1)])

    def run() -> None:
        for _ in train_stack(next(stacks)):
            pass

    return Side(run, 1)


if __name__ == "__main__":
    print(describe_machine())
    for title, (spec, replicas, overrides) in SUBJECTS.items():
        sides = {
            "without": make_trainings(spec, replicas, *overrides, "diagnostics.every=never"),
            "with looks": make_trainings(spec, replicas, *overrides),
        }
        print_times(f"Looking into the layers: {title}", take_turns(sides, ROUNDS), base="without", unit="training")
