"""What the training loop adds to the bare steps.

bare steps  on batches that lie ready: forward, loss and backward (`Model.compute_gradient`), clipping by the norm
where the
            spec asks for it, the optimizer's update. The gradient's norm is counted only where clipping needs it.
measured    the same with `Stack.step`, which also takes down loss, accuracy and the gradient's norm of every step and
            watches for infinities.
whole loop  `for event in train(stack)`, from a fresh stack to its last event: the order of the examples, the gathering
            of batches, the measured steps, the events, and after every epoch the metrics, the evaluation on the dev
            part, and the copy of the best weights.

64-64-10 on digits, batch 32, Adam, NumPy kernels, 1 thread.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measure import Side, describe_machine, print_times, take_turns
from benchmarks.subjects import SMALL_SPEC, build_stack, gather_batches, run_steps
from nnexp.nn.layers.base import Context
from nnexp.nn.replicas import lift, row_norms
from nnexp.optim.clipping import clip_norm
from nnexp.training.loop import train_stack

ROUNDS, EPOCHS = 31, 30


def make_loop_turn(*overrides: str) -> Callable[[], None]:
    """A run from its beginning to its end; reading the spec and the data is not counted."""
    stacks = iter([build_stack(SMALL_SPEC, f"training.epochs={EPOCHS}", *overrides) for _ in range(ROUNDS + 1)])

    def run() -> None:
        for _ in train_stack(next(stacks)):
            pass

    return run


def make_bare_turn(*overrides: str) -> tuple[Callable[[], None], int]:
    """The same number of steps on ready batches, from fresh stacks too, and that number."""
    stacks = iter([build_stack(SMALL_SPEC, f"training.epochs={EPOCHS}", *overrides) for _ in range(ROUNDS + 1)])
    ready = gather_batches(build_stack(SMALL_SPEC))

    def run() -> None:
        stack = next(stacks)
        model, limit = stack.model, stack.training.clip_norm
        context = Context(training=True, generators=stack.state.dropout, propagate=False)
        rate = lift(stack.optimizer.lr, stack.state.theta)
        update = stack.optimizer.bind(stack.state.theta, model.grad, stack.state.slots, model.regularized)
        t = 0
        for _ in range(EPOCHS):
            for batch in ready:
                t += 1
                model.compute_gradient(batch.x, batch.d, context)
                if limit is not None:
                    clip_norm(model.grad, row_norms(model.grad), limit)
                update(t, rate)

    return run, EPOCHS * len(ready)


def make_measured_turn(*overrides: str) -> Callable[[], None]:
    """As many steps, with their measuring."""
    stacks = iter([build_stack(SMALL_SPEC, f"training.epochs={EPOCHS}", *overrides) for _ in range(ROUNDS + 1)])

    def run() -> None:
        stack = next(stacks)
        run_steps(stack, gather_batches(stack), EPOCHS)

    return run


if __name__ == "__main__":
    print(describe_machine())
    for title, overrides in (("no clipping", ()), ("clipping by the norm", ("training.clip_norm=5.0",))):
        bare, units = make_bare_turn(*overrides)
        sides = {
            "bare steps": Side(bare, units),
            "measured steps": Side(make_measured_turn(*overrides), units),
            "whole loop": Side(make_loop_turn(*overrides), units),
        }
        print_times(f"The loop around the step: {title}", take_turns(sides, ROUNDS), base="bare steps")
