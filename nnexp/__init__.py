"""nnexp: a laboratory for training neural networks, in NumPy.

spec = nnexp.load("configs/adam_bn.yaml", ["optimizer.adam.lr=3e-3"])
run = nnexp.train(spec)
run.metrics                 # a DataFrame, one row an epoch
run.predictor.predict(x)      # the class of each row of x
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnexp.api import compare, gradcheck, load, report, sweep, train
    from nnexp.errors import (
        DataError,
        Diverged,
        GradientMismatch,
        GradientUndecided,
        Interrupted,
        NnexpError,
        ResumeError,
        RunError,
        SpecError,
        UsageError,
    )
    from nnexp.prediction.run import Run
    from nnexp.spec.baseline import BaselineSpec
    from nnexp.spec.spec import Spec
    from nnexp.sweeps.sweep import Sweep

__all__ = [
    "BaselineSpec",
    "DataError",
    "Diverged",
    "GradientMismatch",
    "GradientUndecided",
    "Interrupted",
    "NnexpError",
    "ResumeError",
    "Run",
    "RunError",
    "Spec",
    "SpecError",
    "Sweep",
    "UsageError",
    "compare",
    "gradcheck",
    "load",
    "report",
    "sweep",
    "train",
]

_MODULE_OF_NAME = dict.fromkeys(("compare", "gradcheck", "load", "report", "sweep", "train"), "nnexp.api") | {
    "BaselineSpec": "nnexp.spec.baseline",
    "Run": "nnexp.prediction.run",
    "Spec": "nnexp.spec.spec",
    "Sweep": "nnexp.sweeps.sweep",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that `import nnexp` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'nnexp' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF_NAME.get(name, "nnexp.errors")), name)


def __dir__() -> list[str]:
    return __all__
