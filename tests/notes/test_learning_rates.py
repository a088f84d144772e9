"""N0, "Learning rate decay", and N1's cosine for snapshots, in the column `lr` of a training.

N0 counts its epochs from nowhere in particular; here they count from 0 where the formula allows it, so that training
begins with α0. The scan has K/epoch # where the root is lost: α = K/√(epoch #) α0, or K/√t α0, which count from 1.
"""

from __future__ import annotations

from math import cos, pi, sqrt

import numpy as np
import pytest

from tests.notes.networks import begun

TEXT = """
data: {source: {moons: {examples: 40}}, split: {train: 24, dev: 0, test: 10}}
architecture: [output]
optimizer: {sgd: {lr: 0.2}}
training: {epochs: 6, batch_size: 8}
"""


def rates(schedule: str) -> list[float]:
    """lr at every step: six epochs of three."""
    stack = begun(TEXT, f"schedule={schedule}")
    found: list[float] = []
    for _ in range(6):
        stack.begin_epoch()
        found += stack.learning_rates[0].tolist()
        for batch in stack.remaining_batches():
            stack.train_step(batch)
        [row] = stack.end_epoch()
        assert row["lr"] == pytest.approx(found[-1], rel=1e-6)
    return found


FORMULAS = {
    "{inverse_time: {decay: 1.0}}": [0.2, 0.1, 0.0667, 0.05, 0.04, 0.0333],  # 1/(1 + decay-rate · epoch) α0
    "exponential": [0.2, 0.19, 0.1805, 0.1715, 0.1629, 0.1548],  # 0.95^epoch α0
    "inverse_sqrt": [0.2, 0.1414, 0.1155, 0.1, 0.0894, 0.0816],  # K/√epoch α0, K = 1
    "{step: {every: 2, factor: 0.5}}": [0.2, 0.2, 0.1, 0.1, 0.05, 0.05],  # the discrete staircase
    "{piecewise: {boundaries: [1, 4], values: [1, 0.5, 0.1]}}": [0.2, 0.1, 0.1, 0.1, 0.02, 0.02],  # manual
}


@pytest.mark.parametrize("schedule", FORMULAS)
def test_the_rate_of_each_epoch(schedule: str) -> None:
    """α0 = 0.2, rounded to four digits."""
    found = np.array(rates(schedule)).reshape(6, 3)
    assert (np.ptp(found, axis=1) == 0).all()
    np.testing.assert_allclose(found[:, 0], FORMULAS[schedule], atol=5.1e-5)


def test_the_square_root_of_the_minibatch_counts_updates() -> None:
    """α = K/√t α0 for t = 1 ... 18, K = 2."""
    wanted = [2 / sqrt(t) * 0.2 for t in range(1, 19)]
    np.testing.assert_allclose(rates("{inverse_sqrt: {k: 2.0, per: batch}}"), wanted, rtol=1e-6)


def test_a_cyclic_cosine_dips_at_the_end_of_every_cycle_and_begins_again() -> None:
    """N1: three cycles of six updates; update i of a cycle has α0 (1 + cos(π i/6))/2, and the sixth is the dip."""
    wanted = [0.2 * (1 + cos(pi * i / 6)) / 2 for i in range(6)] * 3
    found = rates("{cosine: {cycles: 3}}")
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    dips = [i for i in range(18) if found[i] == pytest.approx(min(found))]
    assert dips == [5, 11, 17]
    assert found[5] < 0.07 * 0.2
