"""One vector of weights and the named views into it."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.nn.activations.relu import ReLU
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.chain import make_chain
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.parameters import Declaration, Weight, layer_views, weight_views
from tests.contracts.examples import I, O, R

LAYERS = [Dense(O), BatchNorm(statistics="weighted_average"), ReLU(), Dropout(0.5), Dense(5, bias=False)]
DECLARATION = make_chain(LAYERS, ["dense", "batch_norm", "relu", "dropout", "dense"]).declare((I,))
SIZE = I * O + O + O + O + O * 5
BUFFERS = O + O + 1


def test_entries_have_full_names_in_the_order_of_theta() -> None:
    names = [name for name, _ in DECLARATION.iterate_weights()]
    assert names == ["dense_1.W", "dense_1.b", "batch_norm_1.gain", "batch_norm_1.shift", "dense_2.W"]


def test_sizes_count_every_entry() -> None:
    assert DECLARATION.output == (5,)
    assert DECLARATION.weight_count == SIZE
    assert DECLARATION.buffer_count == BUFFERS


def test_weights_are_regularized_and_biases_gains_and_shifts_are_not() -> None:
    mask = DECLARATION.regularized_mask()
    views = weight_views(DECLARATION, mask[None]).parts
    assert mask.shape == (SIZE,)
    assert views["dense_1"]["W"].all()
    assert views["dense_2"]["W"].all()
    assert mask.sum() == I * O + O * 5


def test_the_views_cover_theta_once_each_entry() -> None:
    flat = np.zeros((R, SIZE))
    views = weight_views(DECLARATION, flat)
    for part in views.parts.values():
        for view in part.values():
            view[...] += 1
    assert (flat == 1).all()


def test_views_share_memory_and_have_their_declared_shapes() -> None:
    theta, buffers = np.zeros((R, SIZE), np.float32), np.zeros((R, BUFFERS), np.float32)
    views = layer_views(DECLARATION, theta, buffers).parts
    shapes = {name: view.shape for name, view in views["batch_norm_1"].items()}
    assert shapes == {
        **dict.fromkeys(("gain", "shift", "mean", "variance"), (R, 1, O)),
        "examples": (R, 1, 1),
    }
    assert views["dense_1"]["W"].shape == (R, I, O)
    assert all(np.shares_memory(views["dense_1"][name], theta) for name in ("W", "b"))
    assert all(np.shares_memory(views["batch_norm_1"][name], buffers) for name in ("mean", "variance", "examples"))
    assert views["relu_1"] == views["dropout_1"] == {}


def test_a_view_of_one_replica_holds_that_replicas_weights() -> None:
    theta = np.arange(R * SIZE, dtype=float).reshape(R, SIZE)
    w = weight_views(DECLARATION, theta).parts["dense_1"]["W"]
    for r in range(R):
        assert np.array_equal(w[r].ravel(), theta[r, : I * O])


def test_an_array_of_another_size_is_refused() -> None:
    with pytest.raises(AssertionError, match="differ in size"):
        weight_views(DECLARATION, np.zeros((R, SIZE + 1)))


def test_buffers_start_at_their_declared_values() -> None:
    start = DECLARATION.initial_buffers()
    assert start.tolist() == [[0.0] * O + [1.0] * O + [1.0]]


def test_a_declaration_of_nothing_has_no_weights() -> None:
    empty = Declaration((I,))
    assert empty.weight_count == empty.buffer_count == 0
    assert empty.regularized_mask().shape == (0,)
    assert empty.initial_buffers().shape == (1, 0)


@pytest.mark.parametrize(
    ("weight", "regularized"), [(Weight((1,)), True), (Weight((1,), "bias"), False), (Weight((1,), 1.0), False)]
)
def test_only_drawn_weights_are_regularized(weight: Weight, regularized: bool) -> None:
    assert weight.is_regularized is regularized
