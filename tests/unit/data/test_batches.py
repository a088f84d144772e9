"""Minibatches: every example once, in the order asked for, each replica's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.data.batches import iterate_batches, steps_per_epoch
from nnexp.data.parts import Part
from tests.contracts.arrays import random
from tests.contracts.examples import R


def part(examples: int, offset: int = 0) -> Part:
    """Inputs and targets that say which example of which part they are."""
    numbers = np.arange(examples, dtype=float)[:, None] + offset
    return Part(np.concatenate([numbers, -numbers], axis=-1), numbers)


@pytest.mark.parametrize(
    ("examples", "size", "steps"), [(100, 10, 10), (101, 10, 11), (99, 10, 10), (7, 7, 1), (7, 1, 7)]
)
def test_steps_of_an_epoch_count_the_last_smaller_batch(examples: int, size: int, steps: int) -> None:
    assert steps_per_epoch(examples, size) == steps


@given(examples=st.integers(1, 200), size=st.integers(1, 200), first=st.integers(0, 7), seed=st.integers(0, 99))
def test_batches_hold_each_replicas_examples_in_its_order(examples: int, size: int, first: int, seed: int) -> None:
    order = np.stack([random(seed + r).permutation(examples) for r in range(R)])
    parts = [part(examples, 1000 * r) for r in range(R)]
    found = list(iterate_batches(parts, order, size, first))
    assert [b.start for b in found] == list(range(first * size, examples, size))
    assert all(b.stop == min(b.start + size, examples) for b in found)
    for batch in found:
        for r in range(R):
            wanted = order[r, batch.start : batch.stop]
            assert np.array_equal(batch.x[r], parts[r].x[wanted])
            assert np.array_equal(batch.d[r], parts[r].d[wanted])


def test_a_shared_order_gives_one_batch_for_all() -> None:
    [batch] = iterate_batches([part(7)], np.arange(7)[None], 7, 0)
    assert batch.x.shape == (1, 7, 2)
    assert np.array_equal(batch.x[0], part(7).x)


def test_images_and_precision_pass_unchanged() -> None:
    images = Part(random().random((11, 2, 3, 5), dtype=np.float32), np.zeros((11, 2), np.float32))
    [batch] = iterate_batches([images], np.arange(11)[None], 11, 0)
    assert batch.x.dtype == np.float32
    assert np.array_equal(batch.x[0], images.x)
