"""The digits as baselines see them."""

from __future__ import annotations

from functools import cache

from nnexp.baselines.base import Baseline
from nnexp.data.normalizations.linear import Unchanged
from nnexp.data.parts import Parts, prepare_parts
from nnexp.data.sources.digits import Digits
from nnexp.data.splits import Split
from nnexp.typing import Array


@cache
def digits() -> Parts:
    return prepare_parts(Digits(), Split(), Unchanged(), "float64")


def outputs(baseline: Baseline, x: Array, d: Array, new: Array) -> Array:
    """The outputs for new inputs after a fit."""
    return baseline.make_output_function(baseline.fit(x, d, [f"class {k}" for k in range(d.shape[-1])]))(new)


def digits_accuracy(baseline: Baseline) -> float:
    """The share of right answers on dev and test together, 360 digits."""
    parts = digits()
    found = [outputs(baseline, parts.train.x, parts.train.d, part.x) for part in (parts.dev, parts.test)]
    truth = [part.d.argmax(axis=-1) for part in (parts.dev, parts.test)]
    right = [z.argmax(axis=-1) == d for z, d in zip(found, truth, strict=True)]
    return float(sum(r.sum() for r in right) / sum(map(len, right)))
