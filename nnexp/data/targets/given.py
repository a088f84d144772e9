"""The targets that a data set comes with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.data.dataset import Description
from nnexp.data.targets.base import Target, one_hot
from nnexp.registry import targets
from nnexp.typing import AnyArray, Array, IntArray


@targets.register("given")
@dataclass(frozen=True, slots=True)
class Given(Target):
    """What the source gives: its classes or its values.

        d_nk = 1 where example n is of class k, else 0;  values as they are

    Source: lecture notes.
    """

    def describe(self, data: Description) -> Description:
        return data

    def find_source_values(self, data: Description) -> IntArray:
        if data.targets == "values":
            return np.arange(data.output_count)
        return np.full(data.output_count, -1)

    def make_targets(self, data: Description, x: Array, y: AnyArray) -> Array:
        if data.targets == "classes":
            return one_hot(y, data.output_count, x.dtype)
        return y.astype(x.dtype)
