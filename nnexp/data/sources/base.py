"""What the generated sources share.

M examples, K classes
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np
from annotated_types import Ge

from nnexp.data.dataset import Description
from nnexp.typing import Array, IntArray

Seed: TypeAlias = Annotated[int, Ge(0)]
"""The seed of the data itself, so that another seed of the run varies the training and not the examples."""

NoiseStd: TypeAlias = Annotated[float, Ge(0)]
"""The standard deviation of what is added to each coordinate; structural."""


def describe_classification(examples: int, features: int, classes: int) -> Description:
    """The description of a set whose classes are named by their numbers."""
    return Description(examples, (features,), "classes", tuple(map(str, range(classes))))


def make_balanced_labels(examples: int, classes: int) -> IntArray:
    """Labels 0, 1, …, K-1, 0, 1, … (M,), so that no class has more than one example more than another."""
    return np.arange(examples, dtype=np.int64) % classes


def polar_points(radius: Array, angle: Array) -> Array:
    """Points of the plane by radius and angle in radians. (M), (M) -> (M, 2)"""
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def describe_regression(examples: int, features: int, outputs: int = 1) -> Description:
    """The description of a set with values, y or y1, y2, …"""
    names = ["y"]
    if outputs > 1:
        names = [f"y{output}" for output in range(1, outputs + 1)]
    return Description(examples, (features,), "values", tuple(names))


def matrix_product(a: Array, b: Array) -> Array:
    """The product of two matrices, whose bits do not depend on the number of threads as those of BLAS do.

    core: (M, I), (I, O) -> (M, O)
    """
    # without optimize=True, which would hand it to BLAS
    return np.einsum("mi,io->mo", a, b)
