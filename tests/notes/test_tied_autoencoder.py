"""N1, homework 3, question 1: L = ½ ‖Wᵀ W x - x‖², W used twice, the gradient the sum of both paths.

W is the notes' m x n, our (I, H) transposed. The paths by themselves are in tests/unit/layers/test_blocks.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.tied_autoencoder import TiedAutoencoder
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.typing import AnyArray
from tests.notes.networks import begun, close, draw, gradients, model_of, weights, weights_of

N, I, H = 6, 5, 3


def paths(w: AnyArray, x: AnyArray) -> tuple[float, AnyArray, AnyArray]:
    """The loss, W (WᵀWx - x) xᵀ, which comes through the encoder, and W x (WᵀWx - x)ᵀ, through the decoder."""
    a = w.T @ w @ x - x
    return float((a**2).sum() / 2), w @ a @ x.T, w @ x @ a.T


def mean_of(w: AnyArray, x: AnyArray) -> tuple[float, AnyArray, AnyArray]:
    each = [paths(w, row[:, None]) for row in x]
    loss, encoder, decoder = (sum(part) / len(x) for part in zip(*each, strict=True))
    return loss, encoder, decoder


def test_the_gradient_is_the_sum_of_both_paths() -> None:
    x = draw(N, I)
    model = model_of((I,), [TiedAutoencoder(H)], SquaredError())
    loss, encoder, decoder = mean_of(weights(model)["tied_autoencoder_1.W"].T, x)
    objective, found = gradients(model, x, x)
    assert objective == pytest.approx(loss, rel=1e-12)
    close(found["tied_autoencoder_1.W"].T, encoder + decoder)


def test_untied_each_matrix_has_its_own_path() -> None:
    """The same network with two matrices, the second the first transposed: each is given one of the two terms."""
    x = draw(N, I)
    model = model_of((I,), [Dense(H, bias=False), Dense(I, bias=False)], SquaredError())
    w = weights(model)["dense_1.W"]
    model.theta[0] = np.concatenate([w.ravel(), w.T.ravel()])
    _, encoder, decoder = mean_of(w.T, x)
    _, found = gradients(model, x, x)
    close(found["dense_1.W"].T, encoder)
    close(found["dense_2.W"], decoder)


def test_three_numbers_by_hand() -> None:
    """W = (1, 2) as one row, x = (1, 1): h = 3, Wᵀh - x = (2, 5); encoder (2 + 10) xᵀ = (12, 12), decoder 3 (2, 5)."""
    model = model_of((2,), [TiedAutoencoder(1)], SquaredError())
    model.theta[0] = [1, 2]
    objective, found = gradients(model, np.ones((1, 2)), np.ones((1, 2)))
    assert objective == (4 + 25) / 2
    assert found["tied_autoencoder_1.W"].ravel().tolist() == [12 + 6, 12 + 15]


SPEC = """
data: {source: digits, targets: inputs, split: {train: 60, dev: 0, test: 100}}
architecture: [tied_autoencoder: {units: 4}]
init: {normal: {std: 0.1}}
loss: squared_error
optimizer: {sgd: {lr: 0.01}}
training: {epochs: 1, batch_size: full, dtype: float64}
"""


def test_training_moves_down_the_notes_gradient() -> None:
    stack = begun(SPEC)
    before = weights_of(stack)["tied_autoencoder_1.W"].T
    stack.begin_epoch()
    [batch] = stack.remaining_batches()
    stack.train_step(batch)
    _, encoder, decoder = mean_of(before, stack.parts[0].train.x)
    close(weights_of(stack)["tied_autoencoder_1.W"].T, before - 0.01 * (encoder + decoder), rtol=1e-9)
