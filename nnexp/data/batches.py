"""Minibatches of a stack.   R replicas, N training examples, B examples in a batch

Replicas that see the same examples in the same order share one batch (1, B, ...), which broadcasts through the first
layer. Otherwise each replica's batch is its own, (R, B, ...). Examples are gathered several batches at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nnexp.data.parts import Part
from nnexp.nn.replicas import stack_arrays
from nnexp.typing import Array, IntArray

GATHER_BYTES = 2**22
"""How much is gathered at once: enough to make the gathering cheap, little enough to stay in cache."""


class Batch(NamedTuple):
    """One step's examples: `start` and `stop` count them within the epoch."""

    start: int
    stop: int
    x: Array
    d: Array


def steps_per_epoch(examples: int, size: int) -> int:
    """The number of batches, the last, smaller one included."""
    return -(-examples // size)


def iterate_batches(parts: Sequence[Part], order: IntArray, size: int, first_step: int) -> Iterator[Batch]:
    """The batches of an epoch from `first_step` on, counted from 0; `parts` and `order` have an entry a replica.

    `order` (R, N), or (1, N) with one part where all replicas share, says in which order the examples come.
    """
    examples = order.shape[-1]
    bytes_per_batch = len(parts) * size * parts[0].example_bytes
    span = size * max(1, GATHER_BYTES // bytes_per_batch)
    for begin in range(first_step * size, examples, span):
        end = min(begin + span, examples)
        rows = order[:, begin:end]
        x, d = _gather_examples(parts, rows)
        for start in range(begin, end, size):
            stop = min(start + size, end)
            here = slice(start - begin, stop - begin)
            yield Batch(start, stop, x[:, here], d[:, here])


def _gather_examples(parts: Sequence[Part], rows: IntArray) -> tuple[Array, Array]:
    """Inputs and targets of (R, n) examples: taken together where all replicas have the same data."""
    if all(part is parts[0] for part in parts):
        x, d = _take_examples(parts[0], rows.reshape(-1))
        return x.reshape(*rows.shape, *x.shape[1:]), d.reshape(*rows.shape, *d.shape[1:])
    examples = [_take_examples(part, own) for part, own in zip(parts, rows, strict=True)]
    inputs, targets = zip(*examples, strict=True)
    return stack_arrays(inputs), stack_arrays(targets)


def _take_examples(part: Part, rows: IntArray) -> tuple[Array, Array]:
    """Inputs and targets of one replica's examples. (n) -> (n, ...), (n, O)"""
    return part.take_inputs(rows), np.take(part.d, rows, axis=0, mode="clip")
