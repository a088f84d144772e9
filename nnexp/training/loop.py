"""The training loop.

It trains a stack and yields an event for everything that happens. It writes no file, prints nothing and handles no
signal. Its caller may stop at any event: the stack's state is complete at each.
"""

from __future__ import annotations

from collections.abc import Iterator

from nnexp.training.events import STEP_DONE, Ending, EpochDone, Event, RunDone, TrainingStarted
from nnexp.training.stack import Stack


def train_stack(stack: Stack, until: int | None = None) -> Iterator[Event]:
    """Train every run of the stack until it has finished, stopped early, diverged, or made `until` epochs."""
    yield TrainingStarted(stack.training.epochs, stack.steps_per_epoch, stack.state.epoch, stack.state.step)
    while True:
        yield from retire_runs(stack, until)
        if not stack.runs:
            return
        stack.begin_epoch()
        for batch in stack.remaining_batches():
            finite = stack.train_step(batch)
            yield STEP_DONE
            if not finite:
                # The runs that diverged leave now; the others go on with this epoch where they are.
                break
        else:
            yield EpochDone(tuple(stack.runs), stack.end_epoch())


def retire_runs(stack: Stack, until: int | None = None) -> Iterator[RunDone]:
    """Take the runs that have ended out of the stack."""
    done: list[RunDone] = []
    for row, run in enumerate(stack.runs):
        ending = find_ending(stack, row, until)
        if ending:
            done.append(RunDone(run, ending, stack.copy_state(run)))
    # All at once, as the stack is put together anew for those that stay.
    stack.remove_runs([event.run for event in done])
    yield from done


def find_ending(stack: Stack, row: int, until: int | None = None) -> Ending | None:
    """How the run in this row has ended, if it has. A pure function of the state, so it holds after a resume too."""
    state, training = stack.state, stack.training
    if state.diverged[row]:
        return "diverged"
    stopping = training.early_stopping
    if stopping and state.epoch - state.best_epoch[row] >= stopping.patience:
        return "stopped_early"
    if state.epoch >= training.epochs:
        return "finished"
    if until is not None and state.epoch >= until and state.step == 0:
        return "paused"
    return None
