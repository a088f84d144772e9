"""What building the batches adds to the steps, for pictures that are held as bytes and normalised batch by batch.

steps    on batches that lie ready: forward, loss, backward, update and what is measured.
batches  the batches of an epoch alone: gathering, normalising, augmenting.

An MLP of 3072-512-10, batch 128, SGD, on 24,576 generated pictures of 32x32x3 (72 MiB of bytes), 1 thread. The ratio is
the share that batches add to a step.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measure import Side, describe_machine, print_times, take_turns
from benchmarks.subjects import build_stack
from nnexp.training.stack import Stack

ROUNDS, STEPS = 9, 20

PICTURES_SPEC = """
data:
  source: {cifar_like: {examples: 24576}}
  split: {train: 24576, dev: 0, test: 0}
  normalize: NORMALIZE
  augment: AUGMENT
architecture: [flatten, dense: 512, relu, output]
optimizer: {sgd: {lr: 0.01}}
training: {batch_size: 128}
"""


def make_batch_turn(stack: Stack) -> Callable[[], None]:
    """The first batches of an epoch, built and forgotten."""

    def run() -> None:
        stack.state.step = 0
        for _ in zip(stack.remaining_batches(), range(STEPS), strict=False):
            pass

    return run


def make_step_turn(stack: Stack) -> Callable[[], None]:
    """The same number of steps on ready batches."""
    stack.begin_epoch()
    ready = [batch for batch, _ in zip(stack.remaining_batches(), range(STEPS), strict=False)]

    def run() -> None:
        stack.state.step = 0
        for batch in ready:
            stack.train_step(batch)

    return run


if __name__ == "__main__":
    print(describe_machine())
    for title, normalize, augment in (
        ("standard", "standard", "[]"),
        ("per channel", "per_channel", "[]"),
        ("per channel, crops and flips", "per_channel", "[random_crop: 4, horizontal_flip]"),
    ):
        stack = build_stack(PICTURES_SPEC.replace("NORMALIZE", normalize).replace("AUGMENT", augment))
        sides = {"steps": Side(make_step_turn(stack), STEPS), "batches": Side(make_batch_turn(stack), STEPS)}
        print_times(f"Batches of pictures: {title}", take_turns(sides, ROUNDS), base="steps")
