"""A network's step in a stack of 32 and alone.   R replicas

64-64-10 on digits, batch 32, Adam, 1 thread. The runs of the stack differ in their seeds, so each has batches of its
own. A step is `Stack.step` with its measuring, on batches that lie ready; times are per network.
"""

from __future__ import annotations

from benchmarks.measure import Side, describe_machine, print_times, take_turns
from benchmarks.subjects import SMALL_SPEC, build_stack, gather_batches, run_steps

ROUNDS, REPLICAS, EPOCHS = 31, 32, 4


def make_side(replicas: int, kernels: str) -> Side:
    """Steps of a stack; a unit is one step of one network."""
    stack = build_stack(SMALL_SPEC, replicas=replicas)
    ready = gather_batches(stack)
    epochs = EPOCHS if replicas > 1 else EPOCHS * 10
    return Side(lambda: run_steps(stack, ready, epochs), epochs * len(ready) * replicas, kernels=kernels)


if __name__ == "__main__":
    print(describe_machine("numba"))
    for kernels, title in (("numpy", "NumPy kernels"), ("compiled", "compiled kernels")):
        sides = {"alone": make_side(1, kernels), f"in a stack of {REPLICAS}": make_side(REPLICAS, kernels)}
        print_times(
            f"A stack of {REPLICAS}, {title}", take_turns(sides, ROUNDS), base="alone", unit="step of one network"
        )
