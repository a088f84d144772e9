"""The choice between a kernel's two versions.

Both give the same bits, so the choice is one of time alone: the compiled version is used where it is installed and the
arrays are large enough to repay its import.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from nnexp.kernels import reference
from nnexp.typing import Array

WORTH_COMPILING = 50_000
"""Array entries from which an update in one compiled pass saves more than importing Numba costs, in a short run."""


@cache
def compiled() -> ModuleType | None:
    """The compiled kernels, or None where Numba is missing or the environment says NNEXP_KERNELS=numpy."""
    if os.environ.get("NNEXP_KERNELS") == "numpy" or find_spec("numba") is None:
        return None
    from nnexp.kernels import compiled

    return compiled


def adam(theta: Array, *rest: Array) -> None:
    """One Adam update in place; see `nnexp.kernels.reference.adam`."""
    module = compiled() if theta.size >= WORTH_COMPILING else None
    (module or reference).adam(theta, *rest)
