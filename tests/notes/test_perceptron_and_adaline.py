"""N2, "A bit of history": the perceptron rule of Rosenblatt and the ADALINE rule of Widrow and Hoff, step by step.

The notes have one linear unit and labels y ∈ {-1, 1}:  w ← w + y x where x is classified wrongly, and
w ← w + η (y - ŷ) x always; b is the weight of an input that is always 1.

A spec with two classes has two outputs, class 0 and class 1. Their difference u = w_1 - w_0 is the notes' one unit:
the perceptron moves both by x, so w = u / 2; ADALINE's targets differ by d_1 - d_0 = y, so w = u.
With a single output the targets are 0 and 1. The perceptron reads them as -1 and 1, and w is the notes' w. ADALINE does
not: there 2 z - 1 is the notes' ŷ, so that w is half the notes' w.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from nnexp.data.dataset import Description
from nnexp.data.fingerprint import Fingerprint
from nnexp.data.parts import Part, Parts
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.training.stack import Stack
from nnexp.typing import AnyArray
from tests.notes.networks import begun, close, draw, weights_of

EPOCHS = 4

PERCEPTRON = """
data: {source: {moons: {examples: 60, noise: 0.2}}, split: {train: 50, dev: 0, test: 10}}
architecture: perceptron
init: zeros
loss: perceptron
optimizer: {sgd: {lr: 1.0}}
training: {epochs: 4, batch_size: 1, dtype: float64}
"""

ADALINE = """
data: {source: {moons: {examples: 60, noise: 0.2}}, split: {train: 50, dev: 0, test: 10}}
architecture: adaline
init: zeros
loss: squared_error
optimizer: {sgd: {lr: 0.05}}
training: {epochs: 4, batch_size: 1, dtype: float64}
"""

Step = tuple[AnyArray, float, AnyArray, AnyArray]
"""An example x (I), its label -1 or 1, and W (I, O) and b (O) after the step that it made."""


def steps(stack: Stack) -> Iterator[Step]:
    """Every step of the training; the examples are looked up by the order that the state holds."""
    train = stack.parts[0].train
    for _ in range(EPOCHS):
        stack.begin_epoch()
        order = stack.state.order[0].copy()
        assert sorted(order) == list(range(len(train)))
        for k, batch in zip(order, stack.remaining_batches(), strict=True):
            stack.train_step(batch)
            w = weights_of(stack)
            yield train.x[k], 1.0 if train.d[k, -1] == 1 else -1.0, w["output.W"], w["output.b"][0]
        stack.end_epoch()


def in_one_unit(text: str, *overrides: str) -> Stack:
    """The same training on examples with one yes-or-no target, of 0 or 1."""
    spec = load_network_spec(SpecText("one.yaml", text), overrides, name="one")
    x = draw(50, 2, seed=1)
    d = (x @ [1.0, -2.0] + draw(50, seed=2) > 0.3)[:, None].astype(float)  # no line parts these
    description = Description(50, (2,), "binary", ("yes",))
    empty = Part(x[:0], d[:0])
    return Stack(
        [spec], [Parts(Part(x, d), empty, empty, description, np.zeros(2), np.ones(2), Fingerprint(0, "", "", ""))]
    )


def test_the_perceptron_rule_in_two_outputs() -> None:
    """Exactly: every weight is a sum of examples, and both ways add the same numbers."""
    w, b, mistakes = np.zeros(2), 0.0, []
    for x, y, weights, bias in steps(begun(PERCEPTRON)):
        wrong = y * (w @ x + b) <= 0  # on the boundary counts, so that zeros can learn
        if wrong:
            w, b = w + y * x, b + y
        mistakes.append(wrong)
        assert np.array_equal((weights[:, 1] - weights[:, 0]) / 2, w)
        assert (bias[1] - bias[0]) / 2 == b
        assert np.array_equal(weights[:, 1], -weights[:, 0])
    assert len(mistakes) == EPOCHS * 50
    assert 5 < sum(mistakes) < 100
    assert any(mistakes[-50:])


@pytest.mark.parametrize("init", ["zeros", "{normal: {std: 0.5, bias: 0.1}}"])
def test_the_perceptron_rule_in_one_output(init: str) -> None:
    """From random weights no example is on the boundary, and f(x) = 1 if wᵀx + b > 0 is literally the notes'."""
    stack = in_one_unit(PERCEPTRON, f"init={init}")
    start = weights_of(stack)
    w, b, mistakes = start["output.W"][:, 0], float(start["output.b"].item()), 0
    for x, y, weights, bias in steps(stack):
        z = w @ x + b
        wrong = z == 0 or (z > 0) != (y > 0)
        if wrong:
            w, b = w + y * x, b + y
        mistakes += wrong
        close(weights[:, 0], w)
        close(bias, np.array([b]))
    assert 20 < mistakes < EPOCHS * 50


def test_the_learning_rate_of_a_perceptron_only_scales_it_from_zeros() -> None:
    """The rule has none: with lr = 1/4 all weights are a quarter, and the mistakes are the same."""
    for (*_, whole, bias), (*_, quarter, other) in zip(
        steps(begun(PERCEPTRON)), steps(begun(PERCEPTRON, "optimizer.sgd.lr=0.25")), strict=True
    ):
        assert np.array_equal(whole, 4 * quarter)
        assert np.array_equal(bias, 4 * other)


def test_the_adaline_rule_in_two_outputs() -> None:
    w, b = np.zeros(2), np.zeros(())
    for x, y, weights, bias in steps(begun(ADALINE)):
        error = y - (w @ x + b)
        w, b = w + 0.05 * error * x, b + 0.05 * error
        close(weights[:, 1] - weights[:, 0], w)
        close(bias[1] - bias[0], b)
    assert np.linalg.norm(w) > 0.3


def test_the_adaline_rule_in_one_output() -> None:
    """With targets 0 and 1 the rule is the same; read as -1 and 1, weights are twice and b is 2b - 1."""
    w, b = np.zeros(2), np.zeros(1)
    signed, shift = np.zeros(2), -np.ones(1)
    for x, y, weights, bias in steps(in_one_unit(ADALINE)):
        error = (y + 1) / 2 - (w @ x + b)
        w, b = w + 0.05 * error * x, b + 0.05 * error
        close(weights[:, 0], w)
        close(bias, b)
        error = y - (signed @ x + shift)
        signed, shift = signed + 0.05 * error * x, shift + 0.05 * error
        close(signed, 2 * weights[:, 0])
        close(shift, 2 * bias - 1)


def test_the_adaline_rule_on_values() -> None:
    """A real-valued target needs no convention; η is `lr` because the loss is half the notes' (y - ŷ)²."""
    stack = begun(ADALINE, "data={source: {sine: {examples: 60}}, split: {train: 50, dev: 0, test: 10}}")
    train, w, b = stack.parts[0].train, 0.0, 0.0
    stack.begin_epoch()
    for k, batch in zip(stack.state.order[0].copy(), stack.remaining_batches(), strict=True):
        stack.train_step(batch)
        x, y = train.x[k].item(), train.d[k].item()
        error = y - (w * x + b)
        w, b = w + 0.05 * error * x, b + 0.05 * error
        found = weights_of(stack)
        close(found["output.W"], np.array([[w]]))
        close(found["output.b"], np.array([[b]]))


def test_the_perceptron_corrects_mistakes_only_and_adaline_always() -> None:
    for text, still in ((PERCEPTRON, True), (ADALINE, False)):
        path = [weights for *_, weights, _ in steps(begun(text))]
        stood = [np.array_equal(a, b) for a, b in pairwise(path)]
        assert any(stood) == still
