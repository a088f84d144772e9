"""How much each class counts in the loss, from the training part.   N examples, K classes, O outputs"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from annotated_types import Gt

from nnexp.data.dataset import Description
from nnexp.errors import DataError
from nnexp.nn.losses.base import Targets
from nnexp.nn.losses.class_weights import ClassWeights
from nnexp.nn.named import Named
from nnexp.typing import Array

MAX_LISTED_CLASSES = 5
"""Classes that a message names."""


@dataclass(frozen=True, slots=True)
class ClassWeight:
    """How much one class counts."""

    weight: Annotated[float, Gt(0)]


UNIT_WEIGHT = ClassWeight(1.0)
"""Of a class that is not named."""

WeightRequest: TypeAlias = Literal["none", "balanced"] | Named[ClassWeight]
"""No weights; weights by which all classes count alike; or the weights of classes by name, 1 for those not named."""


def compute_class_weights(request: WeightRequest, description: Description, d: Array) -> ClassWeights | None:
    """How much each class counts, from training targets d (N, O); None where all count alike.

        balanced classes: w_k = N / (K n_k);  balanced yes or no: N / (2 n_yes) and N / (2 n_no)

    Source: King & Zeng 2001, Logistic Regression in Rare Events Data; scikit-learn's "balanced". Raises DataError where
    balanced weights have no example of a class to go by.
    """
    if request == "none":
        return None
    kinds, no, yes = [], [], []
    for targets, classes, columns in iterate_tasks(description):
        kinds.append(targets)
        if isinstance(request, Named):
            weights = dict(request.items())
            of_no: Array = np.ones(len(classes))
            of_yes: Array = np.array([weights.get(name, UNIT_WEIGHT).weight for name in classes])
        else:
            of_no, of_yes = _balance_task(targets, classes, d[:, columns])
        no.append(of_no)
        yes.append(of_yes)
    return ClassWeights(tuple(kinds), np.concatenate(no), np.concatenate(yes))


def iterate_tasks(description: Description) -> Iterator[tuple[Targets, tuple[str, ...], slice]]:
    """What each task predicts, its classes or outputs, and where they stand; the only one of other data too."""
    if not description.tasks:
        yield description.targets, description.classes, slice(0, description.output_count)
        return
    start = 0
    for task in description.tasks:
        stop = start + len(task.classes)
        yield task.targets, description.classes[start:stop], slice(start, stop)
        start = stop


def _balance_task(targets: Targets, classes: tuple[str, ...], d: Array) -> tuple[Array, Array]:
    """How much a target of 0 and one of 1 count in one task, each (O)."""
    ones = np.ones(len(classes))
    if targets == "values":
        return ones, ones
    examples, yes = len(d), d.sum(axis=0, dtype=np.float64)
    if targets == "classes":
        _refuse_absent("no example of", [name for name, count in zip(classes, yes, strict=True) if not count])
        return ones, examples / (len(classes) * yes)
    no = examples - yes
    _refuse_absent("no yes of", [name for name, count in zip(classes, yes, strict=True) if not count])
    _refuse_absent("no no of", [name for name, count in zip(classes, no, strict=True) if not count])
    return examples / (2 * no), examples / (2 * yes)


def _refuse_absent(what: str, absent: list[str]) -> None:
    """Raises DataError where there are such classes."""
    if not absent:
        return
    names = ", ".join(absent[:MAX_LISTED_CLASSES])
    more = f" and {len(absent) - MAX_LISTED_CLASSES} more" if len(absent) > MAX_LISTED_CLASSES else ""
    raise DataError(
        f"class_weights: balanced goes by the counts of the training part, which has {what} {names}{more}; write the "
        f"weights by hand, as in `class_weights: {{{absent[0]}: 1}}`, or give the training part more examples"
    )
