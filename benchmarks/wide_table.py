"""A large table of every kind of column, drawn by a seed: what the time of `nnexp new` is measured on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS, COLUMNS = 100_000, 50

MISSING_RATE = 0.03

CITIES = ("Amsterdam", "Bergen", "Cork", "Dresden", "Évora", "Florence", "Ghent", "Helsinki")


def write_wide_table(path: Path, rows: int = ROWS) -> None:
    """An identifier, 2 dates, 3 yes-or-no columns, 8 categories, 35 numbers with gaps, and a target of 3 classes."""
    rng = np.random.default_rng(0)
    table: dict[str, Any] = {"id": [f"K{number:07d}" for number in rng.permutation(rows)]}
    for name in ("opened", "closed"):
        days = rng.integers(0, 4000, rows).astype("timedelta64[D]")
        table[name] = (np.datetime64("2012-01-01") + days).astype(str)
    for i in range(3):
        table[f"agreed_{i}"] = np.where(rng.random(rows) < 0.3, "yes", "no")
    for i in range(8):
        table[f"city_{i}"] = rng.choice(CITIES, rows)
    numbers = rng.normal(size=(rows, 35)) * 10.0 ** rng.integers(-1, 4, 35)
    score = numbers[:, 0] / numbers[:, 0].std() + rng.normal(size=rows)
    numbers[rng.random(numbers.shape) < MISSING_RATE] = np.nan
    for i, column in enumerate(numbers.T):
        table[f"value_{i}"] = np.round(column, 4)
    table["grade"] = np.array(["low", "middle", "high"])[np.digitize(score, [-1, 1])]
    frame = pd.DataFrame(table)
    assert frame.shape[1] == COLUMNS
    frame.to_csv(path, index=False)
