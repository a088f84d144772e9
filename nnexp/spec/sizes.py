"""Sizes of inputs and outputs in place of those that the data have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nnexp.data.dataset import Description
from nnexp.errors import DataError
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.spec import Data
from nnexp.typing import Shape


@dataclass(frozen=True, slots=True)
class AssumedSizes:
    """The sizes at which a network is only looked at; None is for what the data say.

    Nothing need fit into memory, and where both are given the data need not be there.
    """

    shape: Shape | None = None
    outputs: int | None = None

    def describe_data(self, data: Data) -> Description:
        """What the data hold, with these sizes. Raises DataError where that cannot be said."""
        try:
            description = describe_data(data, self.shape)
        except DataError:
            if self.shape is None or self.outputs is None:
                raise
            description = Description(0, self.shape, "classes", ())
        if self.outputs is None:
            return description
        return replace(description, classes=tuple(map(str, range(self.outputs))))
