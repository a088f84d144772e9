"""The layers of a spec as one network: its placeholders replaced, its objective differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.nn.activations.identity import Identity
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.initialization import draw_parameters, make_buffers
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Context
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.output import Output
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.model import Model
from nnexp.nn.network import build_network, kind_of
from nnexp.nn.penalties.l1 import L1
from nnexp.nn.penalties.l2 import L2
from nnexp.nn.random import make_generators
from nnexp.registry import initializers
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal, targets
from tests.contracts.examples import SHAPES, Example, I, N, O, R, examples
from tests.contracts.gradients import check_gradient

NETWORKS = {
    "dense": [Dense(5), Tanh(), Output()],
    "batch_norm": [Dense(5, bias=False), BatchNorm(), Tanh(), Dropout(0.4), Dense(5), BatchNorm(scale=False), Output()],
    "batch_norm first": [BatchNorm(), Dense(5), Tanh(), Output(bias=False)],
    "no weights first": [Tanh(), Dropout(0.4), Identity(), Dense(5), Tanh(), Output()],
}


def model_of(layers: list[Any], loss: Loss, penalties: tuple[Any, ...]) -> Model:
    network = build_network(layers, Tanh(), O)
    declaration = network.declare((I,))
    theta = draw_parameters(declaration, initializers["xavier"](bias=0.1), range(R), "float64")
    return Model(network, declaration, loss, penalties, theta, make_buffers(declaration, R, "float64"))


@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("loss", [CrossEntropy(label_smoothing=0.1), SquaredError()], ids=str)
@pytest.mark.parametrize("replicas", [1, R], ids=["shared", "own"])
def test_grad_is_the_gradient_of_mean_loss_and_penalties(layers: list[Any], loss: Loss, replicas: int) -> None:
    model = model_of(layers, loss, (L2(0.3), L1(0.02)))
    x, d = normal(replicas, N, I), targets("classes")[0][:replicas]
    theta = model.theta.copy()

    def objective(moved: AnyArray) -> AnyArray:
        model.theta[...] = moved
        context = Context(training=True, generators=make_generators(range(R), "dropout"), propagate=False)
        value, penalty, _ = model.compute_gradient(x, d, context)
        return value + penalty

    objective(theta)
    check_gradient(objective, theta, model.grad.copy())


def test_penalties_leave_biases_gains_and_shifts_alone() -> None:
    layers, x, d = NETWORKS["batch_norm"], normal(R, N, I), targets("classes")[0]
    plain, punished = (model_of(layers, CrossEntropy(), penalties) for penalties in ((), (L2(0.3),)))
    for model in (plain, punished):
        model.compute_gradient(x, d, Context(training=True, generators=make_generators(range(R), "dropout")))
    changed = punished.grad != plain.grad
    assert np.array_equal(changed.any(axis=0), plain.regularized)
    assert 0 < plain.regularized.sum() < plain.regularized.size


def test_the_placeholders_are_replaced_by_the_activation_and_by_a_dense_layer() -> None:
    network = build_network([Dense(I), ActivationPlaceholder(), Output(bias=False)], Tanh(), O)
    assert network.layers == (Dense(I), Tanh(), Dense(O, bias=False))
    assert network.names == ("dense_1", "tanh_1", "output")


def test_layers_are_counted_within_their_kind() -> None:
    layers = [
        Dense(I),
        BatchNorm(),
        ActivationPlaceholder(),
        Dense(I),
        BatchNorm(),
        ActivationPlaceholder(),
        Tanh(),
        Output(),
    ]
    assert build_network(layers, Tanh(), O).names == (
        *("dense_1", "batch_norm_1", "tanh_1", "dense_2", "batch_norm_2", "tanh_2", "tanh_3"),
        "output",
    )


def test_two_outputs_have_two_names() -> None:
    network = build_network([Output(), Output()], Tanh(), O)
    assert len(set(network.names)) == 2
    assert network.declare((I,)).weight_count == I * O + O + O * O + O


@pytest.mark.parametrize("example", examples("layers", "activations"), ids=str)
def test_kind_of_a_layer_is_its_registered_name(example: Example) -> None:
    assert kind_of(example.component) == example.name


@pytest.mark.parametrize("example", examples("architectures"), ids=str)
def test_architectures_end_in_the_output_and_can_be_assembled(example: Example) -> None:
    for shape in SHAPES.get(example.name, ((I,),)):
        layers = example.component.build_layers(shape)
        assert isinstance(layers[-1], Output)
        assert build_network(layers, Tanh(), O).declare(shape).output == (O,)


def test_evaluation_gives_the_same_outputs_twice_and_changes_no_buffer() -> None:
    model = model_of(NETWORKS["batch_norm"], CrossEntropy(), ())
    before = model.buffers.copy()
    x = normal(1, N, I)
    assert identical(model.compute_outputs(x), model.compute_outputs(x))
    assert identical(model.buffers, before)
