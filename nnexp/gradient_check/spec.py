"""The gradient of the model that a spec describes, with its own data."""

from __future__ import annotations

from nnexp.errors import Diverged, UsageError
from nnexp.gradient_check.gradients import ERROR_THRESHOLD, check_model
from nnexp.gradient_check.result import GradientCheck
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.training.stack import Stack
from nnexp.training.threads import limit_threads

MAX_EXAMPLES = 32
"""A batch is checked with at most so many of its examples, unless another number is asked for."""


def gradcheck(
    spec: AnySpec,
    *,
    after: int = 0,
    examples: int | None = None,
    entries: int | None = None,
    exhaustive: bool = False,
    threshold: float = ERROR_THRESHOLD,
) -> GradientCheck:
    """Hold the gradient of a spec's objective, penalties included, against differences in double precision.

    The batch is the first of training or, `after` some steps of the spec's own training, the one that comes next;
    `examples` of it, or up to MAX_EXAMPLES. `entries` of each parameter are compared, or with `exhaustive` all;
    otherwise the size of the network decides. A wrong gradient raises nothing: see `GradientCheck.raise_if_failed`.

    Raises UsageError for wrong numbers and for a baseline, DataError where the data cannot be read, Diverged where
    training does.
    """
    if isinstance(spec, BaselineSpec):
        raise UsageError(f"{spec.name} is a baseline, which has no gradient: name the spec of a network")
    if exhaustive and entries is not None:
        raise UsageError("a number of entries and `exhaustive` were both asked for: choose one")
    for name, number in {"examples": examples, "entries": entries}.items():
        if number is not None and number < 1:
            raise UsageError(f"{name} must be at least 1, and is {number}")
    if not threshold > 0:
        raise UsageError(f"the threshold must be larger than 0, and is {threshold:g}")
    with limit_threads(spec.training.threads):
        parts = spec.prepare()
        stack = Stack([spec], [parts])
        _train_steps(stack, after)
        stack.begin_epoch()
        batch = next(stack.remaining_batches())
        # A few examples are enough: each more makes every difference slower.
        here = slice(min(MAX_EXAMPLES, batch.stop - batch.start) if examples is None else examples)
        return check_model(
            stack.model,
            batch.x[:, here],
            batch.d[:, here],
            stack.state.dropout,
            name=spec.name,
            seed=spec.seed,
            after=after,
            threshold=threshold,
            entries=stack.model.theta.shape[1] if exhaustive else entries,
        )


def _train_steps(stack: Stack, steps: int) -> None:
    """Take some steps of the spec's training. Raises Diverged, or UsageError where there are not so many."""
    most = stack.steps_per_epoch * stack.training.epochs
    if not 0 <= steps < most:
        raise UsageError(f"training has {most} steps: a check cannot come after {steps}")
    done = 0
    while done < steps:
        stack.begin_epoch()
        for batch in stack.remaining_batches():
            if done == steps:
                return
            if not stack.train_step(batch):
                state = stack.state
                raise Diverged(stack.specs[0].name, state.epoch + 1, state.step)
            done += 1
        stack.end_epoch()
