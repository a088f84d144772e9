"""Loss and metrics on a whole part, as at evaluation.   R replicas, N examples"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.data.parts import Part
from nnexp.metrics.tasks import TaskMetrics
from nnexp.nn.losses.class_weights import compute_loss
from nnexp.nn.model import Model
from nnexp.nn.replicas import stack_arrays
from nnexp.training.data import stack_class_weights
from nnexp.typing import Array, IntArray

BLOCK_EXAMPLES = 256
"""Examples that are evaluated at once. Fixed, because matrix products of another size may have other last bits."""


def compute_part_outputs(model: Model, parts: Sequence[Part]) -> Array:
    """The outputs (R, N, O) for one part that all replicas share or for one part a replica."""
    starts = range(0, len(parts[0]), BLOCK_EXAMPLES)
    blocks = []
    for start in starts:
        here = slice(start, start + BLOCK_EXAMPLES)
        blocks.append(model.compute_outputs(stack_arrays([part.take_inputs(here) for part in parts])))
    return np.concatenate(blocks, axis=-2)


def evaluate_model(
    model: Model, parts: Sequence[Part], scoring: TaskMetrics, chosen: IntArray | None = None
) -> dict[str, Array]:
    """Loss and metrics, each (R,), on one part that all replicas share or on one part a replica.

    Where `chosen` (R, O) is given, adds to it how often each output is the predicted class, or says yes.
    """
    replicas, examples = len(model.theta), len(parts[0])
    class_weights = stack_class_weights(parts)
    scores = np.empty((replicas, examples, scoring.score_count))
    total = np.zeros(replicas)
    for start in range(0, examples, BLOCK_EXAMPLES):
        here = slice(start, start + BLOCK_EXAMPLES)
        x = stack_arrays([part.take_inputs(here) for part in parts])
        d = stack_arrays([part.d[here] for part in parts])
        z = model.compute_outputs(x)
        # A loss is the mean over its examples; summed in double precision, as the last block may be smaller.
        total += compute_loss(model.loss, class_weights, z, d)[0].astype(np.float64) * x.shape[1]
        scoring.score_examples(z, d, out=scores[:, here])
        if chosen is not None:
            chosen += scoring.count_choices(z)
    d = stack_arrays([part.d for part in parts])
    return {"loss": total / examples, **scoring.summarize_scores(scores, d)}
