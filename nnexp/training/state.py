"""The state of a training: everything that its next step depends on.

    R replicas, P parameters, B buffers, N training examples, S steps of an epoch

A checkpoint is a state, and training that goes on from it gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.random import make_generators
from nnexp.typing import AnyArray, Array, IntArray, MetricsRow


@dataclass(slots=True)
class TrainingState:
    """Between two steps; arrays and lists have one entry a replica."""

    theta: Array
    buffers: Array
    slots: dict[str, Array]
    """The optimizer's arrays (R, P)."""

    shuffle: list[np.random.Generator]
    dropout: list[np.random.Generator]
    augment: list[np.random.Generator]

    epoch: int
    """Epochs done."""
    step: int
    """Steps done of the epoch that has begun."""
    order: IntArray
    """The order of the training examples in this epoch (R, N)."""

    losses: Array
    """Loss, objective and norm of the gradient of each step of this epoch, (R, S, 3)."""
    scores: AnyArray
    """The scores of each example of this epoch, (R, N, ...), from which the training metrics are made."""
    seconds: Array
    """Time that earlier processes spent on this epoch, (R,)."""
    history: list[list[MetricsRow]]

    best_theta: Array
    best_buffers: Array
    best_value: Array
    """The best value of the watched metric (R,), NaN before the first epoch."""
    best_epoch: IntArray
    """The epoch of the best value, from 1; 0 before the first."""
    layer_history: Array
    """The records of the layers' statistics, (R, records, n): see `nnexp.training.layer_recorder`."""
    diverged: IntArray
    """The step of this epoch, from 1, whose loss was not finite; 0 where all were. (R,)"""


def make_initial_state(
    theta: Array, buffers: Array, slots: Sequence[str], seeds: Sequence[int], examples: int, steps: int, scores: int
) -> TrainingState:
    """The state before the first step."""
    replicas = len(theta)
    return TrainingState(
        theta=theta,
        buffers=buffers,
        slots={name: np.zeros_like(theta) for name in slots},
        shuffle=make_generators(seeds, "shuffle"),
        dropout=make_generators(seeds, "dropout"),
        augment=make_generators(seeds, "augment"),
        epoch=0,
        step=0,
        order=np.zeros((replicas, examples), dtype=np.int64),
        losses=np.zeros((replicas, steps, 3)),
        scores=np.zeros((replicas, examples, scores)),
        seconds=np.zeros(replicas),
        history=[[] for _ in range(replicas)],
        best_theta=theta.copy(),
        best_buffers=buffers.copy(),
        best_value=np.full(replicas, np.nan),
        best_epoch=np.zeros(replicas, dtype=np.int64),
        layer_history=np.zeros((replicas, 0, 0)),
        diverged=np.zeros(replicas, dtype=np.int64),
    )
