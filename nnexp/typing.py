"""The words that components use in their signatures: arrays, and parameters with their bounds.

A component's constructor is its schema, so a bound stands in the annotation:
`lr: Positive = 1e-3`, `units: Count`, `rate: Fraction`.

A *per-replica* parameter is a plain number in the spec. Inside a stack it is an array (R,), one number a run, and it
reaches other arrays only through `nnexp.nn.replicas.lift`. Every other parameter is *structural*: the runs of one stack
agree on it.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt, Le, Lt, Predicate, doc

Array: TypeAlias = npt.NDArray[np.floating[Any]]
"""A floating-point array whose axis 0 is the replica axis."""

AnyArray: TypeAlias = npt.NDArray[Any]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

Shape: TypeAlias = tuple[int, ...]
"""A core shape: one example's, without the replica axis and without the examples' axis."""


MetricsRow: TypeAlias = dict[str, float]
"""One line of metrics.csv: values by column."""


class PerReplica:
    """Marks a parameter that may differ between the runs of one stack."""


PER_REPLICA = PerReplica()

Hyper: TypeAlias = Annotated[float | Array, PER_REPLICA]
"""Any finite number; per replica."""

Positive: TypeAlias = Annotated[float | Array, PER_REPLICA, Gt(0)]
NonNegative: TypeAlias = Annotated[float | Array, PER_REPLICA, Ge(0)]
Fraction: TypeAlias = Annotated[float | Array, PER_REPLICA, Ge(0), Lt(1)]
"""At least 0 and less than 1; per replica."""

Probability: TypeAlias = Annotated[float | Array, PER_REPLICA, Ge(0), Le(1)]
"""From 0 to 1; per replica."""

Count: TypeAlias = Annotated[int, Ge(1)]
"""A whole number of at least 1; structural."""


def is_written(text: str) -> bool:
    """Whether a text has more than blanks.

    >>> is_written("data.csv"), is_written(" ")
    (True, False)
    """
    return bool(text.strip())


FileName: TypeAlias = Annotated[str, Predicate(is_written), doc("a text that names a file or folder")]
"""A path, which is never blank: pathlib takes a blank one for the working directory."""

RunName: TypeAlias = Annotated[str, Predicate(is_written), doc("a text that names the folder of a run")]
"""The folder of a run or the beginning of its name; a blank one would be the beginning of every name."""

ArrayName: TypeAlias = Annotated[str, Predicate(is_written), doc("a text that names an array")]
