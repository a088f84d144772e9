"""Values to predict, scaled for training.   N examples, O outputs"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Dataset
from nnexp.data.feature_statistics import FeatureStatistics
from nnexp.data.normalizations.base import Normalization
from nnexp.data.normalizations.linear import Unchanged
from nnexp.data.targets.base import Target
from nnexp.typing import AnyArray, Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class TargetScaling:
    """What a network learns in place of the values y of the source: d = (y - shift) / scale.

    shift, scale: one number for each output, (O); 0 and 1 at outputs that are no values of the source. Both ways are
    computed in double precision: in single precision a year, say, would lose its months.
    """

    shift: Array
    scale: Array

    def scale_values(self, y: AnyArray) -> Array:
        """What the network learns, from values in the units of the data. core: (N, O) -> (N, O)"""
        return (np.asarray(y, np.float64) - self.shift) / self.scale

    def restore_values(self, d: AnyArray) -> Array:
        """Values in the units of the data, from targets or outputs of the network. core: (N, O) -> (N, O)"""
        return np.asarray(d, np.float64) * self.scale + self.shift


def fit_target_scaling(
    data: Dataset, rows: IntArray, normalize: Normalization, target: Target
) -> tuple[AnyArray, TargetScaling | None]:
    """The labels or values of a data set, scaled if they are values that are predicted; and what scaled them.

    The scaling is fitted on the training examples `rows` alone, and has an entry for each output of the target.
    """
    if isinstance(normalize, Unchanged) or data.description.targets != "values":
        return data.y, None
    places = target.find_source_values(data.description)
    if (places < 0).all():
        return data.y, None
    shift, scale = normalize.fit(FeatureStatistics(data.y, rows))
    fitted = TargetScaling(np.broadcast_to(shift, data.y.shape[1:]), np.broadcast_to(scale, data.y.shape[1:]))
    is_value = places >= 0
    by_output = TargetScaling(np.where(is_value, fitted.shift[places], 0), np.where(is_value, fitted.scale[places], 1))
    return fitted.scale_values(data.y), by_output
