"""What a reader must know of a loss: of which targets it is, and whether classes count alike in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.resolved import make_plain_spec


def list_loss_notes(spec: AnySpec) -> list[str]:
    """The notes on the loss of a spec's runs; none where it is that of the data as they are, or there is none."""
    return [] if isinstance(spec, BaselineSpec) else list_plain_loss_notes(make_plain_spec(spec))


def list_plain_loss_notes(plain: Mapping[str, Any]) -> list[str]:
    """The same of a resolved spec as plain values, perhaps of a version that knew neither.

    >>> list_plain_loss_notes({"data": {"scale_targets": "standard", "class_weights": "none"}})
    ['loss: of values scaled by standard; all other metrics are in the units of the data']
    """
    notes: list[str] = []
    scaling = plain["data"].get("scale_targets", "none")
    if scaling != "none":
        notes.append(f"loss: of values scaled by {scaling}; all other metrics are in the units of the data")
    weights = plain["data"].get("class_weights", "none")
    if weights == "balanced":
        notes.append("loss: classes have balanced weights; all other metrics count every example alike")
    elif weights != "none":
        listed = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
        notes.append(f"loss: weights of classes are {listed}; all other metrics count every example alike")
    return notes
