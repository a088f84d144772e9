"""The runs of the measured sweep, for every library: 4 learning rates x 16 seeds of 64-64-10 on digits."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Labels: TypeAlias = npt.NDArray[np.int64]

RATES, SEEDS = (1e-4, 1e-3, 1e-2, 1e-1), range(16)
EPOCHS, BATCH = 20, 32
RUNS = [(rate, seed) for rate in RATES for seed in SEEDS]


def load_examples() -> tuple[Floats, Labels, Floats, Labels]:
    """Standardised training and dev inputs (N, 64), and their labels (N): 1,437 and 180 of them."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    train, dev = order[:1437], order[1437:1617]
    mean, spread = x[train].mean(axis=0), x[train].std(axis=0)
    x = ((x - mean) / np.where(spread > 0, spread, 1)).astype(np.float32)
    return x[train], y[train], x[dev], y[dev]
