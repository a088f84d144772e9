"""Examples of each class that is to be predicted.   K classes of the source, O of the target"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnexp.data.dataset import Description
from nnexp.data.splits import PartName
from nnexp.data.targets.base import Target
from nnexp.typing import IntArray


def count_classes(
    target: Target, source: Description, counts: Mapping[PartName, IntArray]
) -> dict[PartName, IntArray] | None:
    """The examples of each class of a target (O) in every part, from those of the source's classes (K).

    None where the target has no classes, or they do not follow from those of the source.
    """
    if target.needs_inputs or target.describe(source).targets != "classes":
        return None
    labels = np.arange(len(source.classes))
    no_inputs = np.empty((len(labels), 0))
    # a row for each class of the source, which says to which class of the target it belongs
    belongs = target.make_targets(source, no_inputs, labels).astype(np.int64)
    return {part: found @ belongs for part, found in counts.items()}
