"""Penalties in each of the notes' conventions, weight decay, and dropout in both of its variants.

N0, "Regularization": λ/2M ‖w‖² and λ/M ‖w‖₁; N1, "Parameter norm penalties": α/2 wᵀw, gradient αw; N2: λ ‖W‖², gradient
2λW; N4, question 2: λ/2 ‖W‖². N0's and N1's "Dropout" are the last part.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from nnexp.nn.layers.base import EVALUATION_CONTEXT, Context, Layer
from nnexp.nn.layers.classic_dropout import ClassicDropout
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.parameters import Views
from nnexp.nn.random import make_generator, make_generators
from nnexp.typing import AnyArray
from tests.notes.networks import begun, close, weights_of

M, LAMBDA, LR = 30, 0.6, 0.1

TEXT = """
data: {source: {moons: {examples: 40}}, split: {train: 30, dev: 0, test: 10}}
architecture: [dense: 3, tanh, output]
init: {normal: {std: 0.8, bias: 0.2}}
optimizer: {sgd: {lr: 0.1}}
training: {epochs: 1, batch_size: full, dtype: float64}
"""

Penalty = Callable[[AnyArray], Any]

CONVENTIONS: dict[str, tuple[str, Penalty, Penalty]] = {
    # as a spec; the notes' term; its derivative
    "N0, λ/2m Σ w²": (f"l2: {LAMBDA / M}", lambda w: LAMBDA / (2 * M) * (w * w).sum(), lambda w: LAMBDA / M * w),
    "N0, λ/m Σ |w|": (f"l1: {LAMBDA / M}", lambda w: LAMBDA / M * np.abs(w).sum(), lambda w: LAMBDA / M * np.sign(w)),
    "N1, α/2 wᵀw": (f"l2: {LAMBDA}", lambda w: LAMBDA / 2 * w.ravel() @ w.ravel(), lambda w: LAMBDA * w),
    "N1, α ‖w‖₁": (f"l1: {LAMBDA}", lambda w: LAMBDA * np.abs(w).sum(), lambda w: LAMBDA * np.sign(w)),
    "N2, λ ‖W‖²": (f"l2: {2 * LAMBDA}", lambda w: LAMBDA * np.linalg.norm(w) ** 2, lambda w: 2 * LAMBDA * w),
    "N4, λ/2 ‖W‖²": (f"l2: {LAMBDA}", lambda w: LAMBDA / 2 * np.linalg.norm(w) ** 2, lambda w: LAMBDA * w),
}


def one_step(*overrides: str) -> tuple[dict[str, AnyArray], dict[str, AnyArray], dict[str, float]]:
    """The weights before and after one update, and the epoch's metrics."""
    stack = begun(TEXT, *overrides)
    before = weights_of(stack)
    stack.begin_epoch()
    [batch] = stack.remaining_batches()
    stack.train_step(batch)
    [row] = stack.end_epoch()
    return before, weights_of(stack), row


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_of_the_notes(name: str) -> None:
    """The penalty changes the objective by its term and a step by its derivative, and no bias."""
    written, term, slope = CONVENTIONS[name]
    before, plain, free = one_step()
    same, found, row = one_step(f"regularization={{{written}}}")
    for key, w in before.items():
        assert np.array_equal(w, same[key])
        decays = key.endswith(".W")
        close(found[key], plain[key] - LR * slope(w) if decays else plain[key])
    added = sum(float(term(w)) for key, w in before.items() if key.endswith(".W"))
    assert row["train_objective"] - row["train_loss"] == pytest.approx(added, rel=1e-12)
    assert row["train_loss"] == pytest.approx(free["train_loss"], rel=1e-14)


def test_l2_is_weight_decay() -> None:
    """N0: w ← w (1 - α λ/m) - α [back-propagation]; N1: w ← (1 - ε α) w - ε ∇J."""
    before, plain, _ = one_step()
    for written, factor in ((f"l2: {LAMBDA / M}", 1 - LR * LAMBDA / M), (f"l2: {LAMBDA}", 1 - LR * LAMBDA)):
        _, found, _ = one_step(f"regularization={{{written}}}")
        for key in ("dense_1.W", "output.W"):
            close(found[key], factor * before[key] + (plain[key] - before[key]))


def test_l1_pushes_by_a_constant_and_l2_by_less_the_smaller_the_weight() -> None:
    """N1: "slope is constant, doesn't decrease with weight"."""
    before, plain, _ = one_step()
    w = before["dense_1.W"]
    by_l1, by_l2 = (
        one_step(f"regularization={{{name}: 0.01}}")[1]["dense_1.W"] - plain["dense_1.W"] for name in ("l1", "l2")
    )
    np.testing.assert_allclose(np.abs(by_l1), LR * 0.01, rtol=1e-9)
    np.testing.assert_allclose(np.abs(by_l2), LR * 0.01 * np.abs(w), rtol=1e-9)


X = np.array([1.0, -2.0, 4.0])
DRAWS = 20_000


def thinned(layer: Layer) -> tuple[AnyArray, AnyArray, AnyArray]:
    """What many passes at training give for X, what comes back of ones, and the output at evaluation."""
    x = np.broadcast_to(X, (1, DRAWS, 3))
    y, backward = layer.forward(Views(), x, Context(training=True, generators=make_generators([0], "dropout")))
    dx = backward(np.ones_like(y), Views())
    assert dx is not None
    return y[0], dx[0], layer.forward(Views(), X[None, None], EVALUATION_CONTEXT)[0][0, 0]


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("cls", [Dropout, ClassicDropout])
def test_the_2_to_the_q_masks_of_q_units_average_to_the_output_at_evaluation(
    cls: type[Dropout | ClassicDropout], rate: float
) -> None:
    """N1: p is the probability of a zero; q units have 2^q masks. Weighed by p^zeros (1 - p)^ones their outputs average
    to x where they are divided by 1 - p, and to (1 - p) x where they are not: what each has at evaluation.
    """
    y, _, evaluated = thinned(cls(rate))
    kept = 1 / (1 - rate) if cls is Dropout else 1.0
    expected = np.zeros(3)
    for mask in product((0, 1), repeat=3):
        chance = float(np.prod([1 - rate if m else rate for m in mask]))
        drawn = (y != 0) == np.array(mask, bool)
        assert drawn.all(axis=-1).mean() == pytest.approx(chance, abs=0.018)  # five standard errors
        outputs = np.unique(y[drawn.all(axis=-1)], axis=0)
        np.testing.assert_allclose(outputs, [X * mask * kept], rtol=1e-6)
        expected += chance * outputs[0]
    np.testing.assert_allclose(expected, evaluated, rtol=1e-6)
    np.testing.assert_allclose(expected, X if cls is Dropout else (1 - rate) * X, rtol=1e-6)


@pytest.mark.parametrize("keep_prob", [0.25, 0.5, 0.9])
def test_the_notes_implementation_of_inverted_dropout(keep_prob: float) -> None:
    """N0: dl = rand(...) < keep-prob, al = al · dl / keep-prob, and dA = dA · dl / keep-prob on the way back."""
    random = make_generator(0, "dropout").random((DRAWS, 3), dtype=np.float32)
    y, dx, evaluated = thinned(Dropout(1 - keep_prob))
    dl = 1 - random <= keep_prob  # the layer keeps where its numbers are large, which is as likely
    np.testing.assert_allclose(y, X * dl / keep_prob, rtol=1e-12)
    np.testing.assert_allclose(dx, dl / keep_prob, rtol=1e-12)
    assert np.array_equal(evaluated, X)


def test_without_scaling_all_units_at_test_time_activate_a_unit_twice_as_much() -> None:
    """N1, "over activate", p = 0.5: on average w_i h_i is there half the time, so at test time outputs are halved."""
    w = np.array([0.5, 0.25, 1.0])
    y, _, evaluated = thinned(ClassicDropout(0.5))
    average, spread = (y @ w).mean(), (y @ w).std() / np.sqrt(DRAWS)
    assert X @ w == 4
    assert evaluated @ w == 2
    assert abs(average - 2) < 5 * spread
