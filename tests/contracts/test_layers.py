"""What every layer and activation promises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from nnexp.nn.layers.base import Backward, Context, Layer, ShapeError
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.replicas import stack_replicas
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES, away_from_kinks, bind, identical, normal
from tests.contracts.examples import (
    FLAT,
    IMAGE,
    PLACEHOLDERS,
    Example,
    I,
    N,
    O,
    R,
    examples,
    layer_examples,
    variations,
)
from tests.contracts.gradients import check_gradient

every_layer = pytest.mark.parametrize("example", layer_examples(), ids=str)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
in_both_modes = pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])


@every_layer
@every_dtype
@in_both_modes
def test_shapes_are_as_declared_and_the_precision_is_kept(example: Example, dtype: str, training: bool) -> None:
    bound = bind(stack_replicas(variations(example.component)), example.shape, dtype)
    x = away_from_kinks(R, N, *example.shape, dtype=dtype)
    dy = normal(R, N, *bound.declaration.output, dtype=dtype)
    y, dx, grad = bound.gradients(x, dy, training=training)
    assert y.shape == dy.shape
    assert dx.shape == x.shape
    assert {str(array.dtype) for array in (y, dx, grad)} == {dtype}


@every_layer
@in_both_modes
def test_neither_pass_writes_into_what_it_is_given(example: Example, training: bool) -> None:
    bound = bind(example.component, example.shape)
    x, dy = away_from_kinks(R, N, *example.shape), normal(R, N, *bound.declaration.output)
    for array in (x, dy, bound.theta):
        array.flags.writeable = False
    _, first, grad = bound.gradients(x, dy, training=training)
    _, second, again = bound.gradients(x, dy, training=training)
    assert identical(first, second)
    assert identical(grad, again)


@every_layer
def test_backward_twice_gives_the_same(example: Example) -> None:
    bound = bind(example.component, example.shape)
    y, backward = bound.forward(away_from_kinks(R, N, *example.shape))
    held = y.copy()
    first, second = (backward(normal(*y.shape), bound.views(np.empty_like(bound.theta))) for _ in range(2))
    assert first is not None
    assert second is not None
    assert identical(first, second)
    assert identical(y, held)


@every_layer
@in_both_modes
def test_backward_overwrites_every_entry_of_dw(example: Example, training: bool) -> None:
    bound = bind(example.component, example.shape)
    x, dy = away_from_kinks(R, N, *example.shape), normal(R, N, *bound.declaration.output)
    *_, over_nan = bound.gradients(x, dy, training=training, prefill=np.nan)
    *_, over_ones = bound.gradients(x, dy, training=training, prefill=1.0)
    assert np.isfinite(over_nan).all()
    assert identical(over_nan, over_ones)


@every_layer
@in_both_modes
def test_gradients_are_central_differences(example: Example, training: bool) -> None:
    check_layer(stack_replicas(variations(example.component)), example, training=training)


def check_layer(layer: Layer, example: Example, *, training: bool = True) -> None:
    """Hold dx and the gradient of every weight against central differences of Σ y c."""
    bound = bind(layer, example.shape)
    x, c = away_from_kinks(R, N, *example.shape), normal(R, N, *bound.declaration.output, seed=5)
    _, dx, grad = bound.gradients(x, c, training=training)

    def objective(x: AnyArray, theta: AnyArray) -> AnyArray:
        y, _ = bound.forward(x, training=training, theta=theta)
        return (y * c).reshape(R, -1).sum(axis=-1)

    buffers = bound.buffers.copy()
    check_gradient(lambda moved: objective(moved, bound.theta), x, dx)
    if bound.declaration.weight_count:
        check_gradient(lambda moved: objective(x, moved), bound.theta, grad)
    assert training or identical(bound.buffers, buffers)


@dataclass(frozen=True)
class Wrong(Layer):
    """A dense layer with one fault in its backward pass."""

    fault: str
    dense: Dense = Dense(O)

    def declare(self, x: tuple[int, ...]) -> Declaration:
        return self.dense.declare(x)

    def forward(self, w: Views, x: AnyArray, ctx: Context) -> tuple[AnyArray, Backward]:
        y, right = self.dense.forward(w, x, ctx)

        def backward(dy: AnyArray, dw: Views) -> AnyArray | None:
            dx = right(dy, dw)
            assert dx is not None
            match self.fault:
                case "sign":
                    return -dx
                case "scale":
                    dw["W"] *= 1 + 1e-5
                case "axis":
                    dw["b"][...] = dy.sum(axis=-1, keepdims=True)[:, :1]
                case "stale":
                    return right(np.ones_like(dy), dw)
            return dx

        return y, backward


@pytest.mark.parametrize("fault", ["sign", "scale", "axis", "stale"])
def test_the_check_sees_a_planted_fault(fault: str) -> None:
    check_layer(Wrong("none"), Example("layers", "wrong", None))
    with pytest.raises(AssertionError, match=r"entry|direction"):
        check_layer(Wrong(fault), Example("layers", "wrong", None))


@pytest.mark.parametrize("name", sorted(FLAT))
def test_a_flat_layer_refuses_images_and_says_their_shape(name: str) -> None:
    [first, *_] = [example for example in examples("layers") if example.name == name]
    with pytest.raises(ShapeError, match="flat inputs, but these are 2 x 3 x 7"):
        first.component.declare(IMAGE)


@every_layer
def test_the_same_bits_without_propagation_of_dx(example: Example) -> None:
    bound = bind(example.component, example.shape)
    x, dy = away_from_kinks(R, N, *example.shape), normal(R, N, *bound.declaration.output)
    *_, wanted = bound.gradients(x, dy)
    first = Context(training=True, generators=bound.context(training=True).generators, new_epoch=True, propagate=False)
    _, backward = example.component.forward(bound.views(), x, first)
    grad = np.full_like(bound.theta, np.nan)
    backward(dy, bound.views(grad))
    assert identical(grad, wanted)


@pytest.mark.parametrize("example", [e for e in examples("layers") if e.name in PLACEHOLDERS], ids=str)
def test_placeholders_refuse_to_be_used_themselves(example: Example) -> None:
    with pytest.raises(AssertionError, match="is replaced by"):
        example.component.declare((I,))
    with pytest.raises(AssertionError, match="is replaced by"):
        example.component.forward(Views(), normal(R, N, I), Context(training=True))
