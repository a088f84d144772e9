"""The independence law: filling replica j with NaN changes no bit of any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nnexp.nn.kernels import dispatch
from nnexp.nn.replicas import row_norms, stack_replicas
from nnexp.optim.clipping import clip_norm, clip_value
from nnexp.training.stack import Stack
from nnexp.typing import AnyArray
from tests.contracts.arrays import away_from_kinks, bind, identical, normal, targets
from tests.contracts.examples import Example, I, N, O, R, examples, layer_examples, update_rules, variations
from tests.laws.stacks import STUDIES, stack_of

J = 1
OTHERS = [r for r in range(R) if r != J]


def spoiled(array: AnyArray) -> AnyArray:
    """A copy with NaN for all of replica J."""
    copy = array.copy()
    copy[J] = np.nan
    return copy


def check(f: Callable[..., tuple[AnyArray, ...]], *arrays: AnyArray) -> None:
    """Hold f of the arrays, replica J filled with NaN in each alone and in all, against f of them as they are."""
    clean = f(*(array.copy() for array in arrays))
    one_at_a_time = [[spoiled(a) if a is bad else a.copy() for a in arrays] for bad in arrays]
    for bad in (*one_at_a_time, [spoiled(array) for array in arrays]):
        with np.errstate(invalid="ignore"):
            found = f(*bad)
        for before, after in zip(clean, found, strict=True):
            assert identical(before[OTHERS], after[OTHERS])


@pytest.mark.parametrize("example", layer_examples(), ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_layers(example: Example, training: bool) -> None:
    bound = bind(stack_replicas(variations(example.component)), example.shape)

    def passes(x: AnyArray, theta: AnyArray, buffers: AnyArray, dy: AnyArray) -> tuple[AnyArray, ...]:
        bound.theta, bound.buffers = theta, buffers
        return *bound.gradients(x, dy, training=training), bound.buffers

    x, dy = away_from_kinks(R, N, *example.shape), normal(R, N, *bound.declaration.output)
    check(passes, x, bound.theta, bound.buffers, dy)


@pytest.mark.parametrize("example", examples("losses"), ids=str)
def test_losses(example: Example) -> None:
    for d in targets(example.component.targets[0]):
        check(stack_replicas(variations(example.component)), normal(R, N, O), d)


@pytest.mark.parametrize("example", examples("penalties"), ids=str)
def test_penalties(example: Example) -> None:
    check(stack_replicas(variations(example.component)), normal(R, I))


@pytest.mark.parametrize("example", update_rules(), ids=str)
@pytest.mark.parametrize("repaid", [0, 10**9], ids=["compiled", "numpy"])
def test_optimizers(monkeypatch: pytest.MonkeyPatch, example: Example, repaid: int) -> None:
    monkeypatch.setattr(dispatch, "MIN_COMPILED_ENTRIES", repaid)
    optimizer = stack_replicas(variations(example.component))

    def step(theta: AnyArray, grad: AnyArray, *arrays: AnyArray) -> tuple[AnyArray, ...]:
        slots = dict(zip(optimizer.slots, arrays, strict=True))
        update = optimizer.bind(theta, grad, slots, np.arange(I) % 2 == 0)
        optimizer.look_ahead(theta, slots)
        update(2, np.asarray(optimizer.lr)[:, None])
        return theta, *slots.values()

    arrays = [np.abs(normal(R, I, seed=seed)) for seed in range(2 + len(optimizer.slots))]
    check(step, *arrays)


@pytest.mark.parametrize("clip", [lambda g, c: clip_norm(g, row_norms(g), c), clip_value], ids=["norm", "value"])
@pytest.mark.parametrize("limit", [0.5, 1e6])
def test_clipping(clip: Any, limit: float) -> None:
    def clipped(grad: AnyArray) -> tuple[AnyArray]:
        clip(grad, np.full(R, limit))
        return (grad,)

    check(clipped, normal(R, I))


STEPPED = {
    name: STUDIES[name] for name in ("own orders", "nesterov on a sine, own orders", "adamw", "double precision")
}


OWN_INPUTS = [name for name in STEPPED if name != "adamw"]
SPOILS = [(name, spoil) for name in STEPPED for spoil in ("theta", "buffers", "slots")]


@pytest.mark.parametrize(("name", "spoil"), [*SPOILS, *((name, "inputs") for name in OWN_INPUTS)])
def test_whole_training_steps(name: str, spoil: str) -> None:
    """Two epochs, metrics included, one of whose replicas turned to NaN after the first step."""
    clean, bad = (stack_of(STUDIES[name].specs()) for _ in range(2))
    epochs(clean)
    with np.errstate(invalid="ignore"):
        epochs(bad, spoil)
    for array in ("theta", "buffers", "losses", "scores", "best_theta", "best_value", "best_epoch", "order"):
        assert identical(getattr(clean.state, array)[OTHERS], getattr(bad.state, array)[OTHERS])
    for slot, values in clean.state.slots.items():
        assert identical(values[OTHERS], bad.state.slots[slot][OTHERS])
    for r in OTHERS:
        for before, after in zip(clean.state.history[r], bad.state.history[r], strict=True):
            assert {**before, "seconds": 0} == {**after, "seconds": 0}
    assert spoil == "buffers" or np.isnan(bad.state.theta[J]).any()


def epochs(trained: Stack, spoil: str = "") -> None:
    """Two epochs; after the first step replica J's part of what `spoil` names becomes NaN."""
    for _ in range(2):
        trained.begin_epoch()
        for batch in trained.remaining_batches():
            if spoil and batch.start and not trained.state.epoch:
                ruin(trained, spoil, batch.x)
            trained.train_step(batch)
        trained.end_epoch()


def ruin(trained: Stack, what: str, x: AnyArray) -> None:
    state = trained.state
    arrays = {"theta": [state.theta], "buffers": [state.buffers], "slots": list(state.slots.values()), "inputs": [x]}
    for array in arrays[what]:
        array[J] = np.nan
