"""Loss and metrics on a whole part, as at evaluation.   R replicas, N examples"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.data.parts import Part
from nnexp.model import Model
from nnexp.replicas import together
from nnexp.scoring import Scoring
from nnexp.typing import Array, IntArray

BLOCK = 256
"""Examples that are evaluated at once. Fixed, because another number could give other last bits."""


def evaluate(model: Model, parts: Sequence[Part], scoring: Scoring, chosen: IntArray | None = None) -> dict[str, Array]:
    """Loss and metrics, each (R,), on one part that all replicas share or on one part a replica.

    To `chosen` (R, O), where it is given, is added how often each output is the class, or says yes.
    """
    replicas, examples = len(model.theta), len(parts[0])
    scores = np.empty((replicas, examples, scoring.size))
    total = np.zeros(replicas)
    for start in range(0, examples, BLOCK):
        here = slice(start, start + BLOCK)
        x, d = together([part.inputs(here) for part in parts]), together([part.d[here] for part in parts])
        z = model.outputs(x)
        total += model.loss(z, d)[0].astype(np.float64) * x.shape[1]
        scoring.score(z, d, out=scores[:, here])
        if chosen is not None:
            chosen += scoring.chosen(z)
    d = together([part.d for part in parts])
    return {"loss": total / examples, **scoring.summarize(scores, d)}
