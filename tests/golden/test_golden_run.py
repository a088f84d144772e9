"""One tiny seeded run whose numbers stay the same across refactorings.

If a change is meant to change numbers, say so in the changelog and write the file anew:
    python -m tests.golden.test_golden_run
The last digits depend on the CPU and BLAS, so the comparison is to six digits; bits are compared by the laws.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import nnexp
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec

GOLDEN = Path(__file__).with_name("metrics.csv")

SPEC = """
name: golden
seed: 3
data: {source: moons, split: {train: 150, dev: 50, test: 50}}
architecture:
  - dense: {units: 13}
  - batch_norm
  - activation
  - dropout: {rate: 0.1}
  - output
activation: tanh
init: xavier
regularization: {l2: 1e-3, l1: 1e-4}
optimizer: {adam: {lr: 3e-2}}
schedule: {cosine: {warmup_epochs: 1}}
training: {epochs: 7, batch_size: 32, dtype: float64, clip_norm: 1.0}
"""


def metrics(runs: Path) -> pd.DataFrame:
    run = nnexp.train(load_network_spec(SpecText("golden.yaml", SPEC), name="golden"), runs=runs)
    return run.metrics.drop(columns="seconds")


def test_the_golden_run_gives_the_stored_numbers(tmp_path: Path) -> None:
    stored, now = pd.read_csv(GOLDEN), metrics(tmp_path)
    assert list(now.columns) == list(stored.columns)
    np.testing.assert_allclose(now.to_numpy(), stored.to_numpy(), rtol=1e-6)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        metrics(Path(folder)).to_csv(GOLDEN, index=False)
