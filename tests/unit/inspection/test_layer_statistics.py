"""What is measured of one layer, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.inspection.layer_statistics import (
    HISTOGRAM_BINS,
    OutputStatistics,
    average_statistics,
    is_symmetric,
    measure_output_gradients,
    measure_outputs,
    measure_weight_gradients,
)
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.hard_tanh import HardTanh
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import weight_views
from nnexp.typing import Array


def measured(layer: Layer, z: Array) -> list[OutputStatistics]:
    """Of an activation its outputs for inputs z; of other layers the outputs are z."""
    return measure_outputs(layer, z, layer.apply(z)[0] if isinstance(layer, Activation) else z)


def test_mean_and_spread_of_each_replica() -> None:
    first, second = measured(Dense(2), np.array([[[1.0, 3.0], [5.0, 7.0]], [[2.0, 2.0], [2.0, 2.0]]]))
    assert (first.mean, first.std) == (4, np.sqrt(5))  # deviations -3, -1, 1, 3
    assert (second.mean, second.std) == (2, 0)
    assert (first.between, second.between) == (2, 0)  # units 1, 5 and 3, 7
    assert first.dead is None
    assert first.saturated is None


def test_equal_numbers_have_no_spread_at_all() -> None:
    """The mean of many equal numbers is not always that number."""
    [found] = measured(Dense(3), np.tile(np.array([0.1, 0.2, 0.3]), (1, 97, 1)))
    assert found.between == 0
    assert found.std == pytest.approx(np.sqrt(2 / 3) / 10)
    assert measured(Dense(3), np.full((1, 97, 3), 0.1))[0].std == 0


def test_a_unit_is_dead_that_is_positive_for_no_example() -> None:
    a = np.array([[[0.0, 0.0, 1.0, 0.0, 2.0], [0.0, 3.0, 1.0, 0.0, 0.0]]])
    assert measured(ReLU(), a)[0].dead == 2 / 5


def test_a_channel_is_dead_that_is_positive_nowhere() -> None:
    a = np.zeros((1, 2, 3, 3, 5))
    a[0, 1, 2, 0, 4] = 1e-9
    assert measured(ReLU(), a)[0].dead == 4 / 5


@pytest.mark.parametrize(
    ("layer", "values", "share"),
    [
        (Tanh(), [3.0, -3.0, 2.4, 0.0], 1 / 2),  # outputs 0.995, -0.995, 0.984, 0
        (HardTanh(), [1.5, -1.1, 7.0, 0.995], 3 / 4),
        (Sigmoid(), [-5.3, 5.3, 0.0, -3.9], 1 / 2),  # outputs 0.005, 0.995, 0.5, 0.02
        (Sigmoid(), [-1000.0, -0.8, 0.4, 2.2], 1 / 4),
    ],
)
def test_saturated_is_what_is_near_the_ends(layer: Layer, values: list[float], share: float) -> None:
    assert measured(layer, np.array(values)[None, None])[0].saturated == share


def test_the_outermost_bins_hold_what_is_beyond() -> None:
    [found] = measured(Tanh(), np.array([[[-9.0, -2.6, 0.0, 9.0]]]))
    assert found.histogram == (2, *[0] * 11, 1, *[0] * 10, 1)
    with np.errstate(invalid="ignore"):
        [found] = measured(Dense(3), np.array([[[-1e9, 1e9, np.inf, np.nan]]]))
    assert found.histogram == (1, *[0] * 22, 1)
    assert np.isnan(found.mean)


def test_histograms_are_shares_over_all_seeds() -> None:
    seen = measured(Tanh(), np.array([[[-99.0, -99.0]], [[-99.0, 99.0]]]))
    figures = average_statistics("tanh_1", Tanh(), (2,), seen, [1.0, 3.0])
    assert figures.histogram == (3 / 4, *[0] * (HISTOGRAM_BINS - 2), 1 / 4)
    assert (figures.low, figures.high, figures.kind) == (-1, 1, "tanh")
    assert (figures.mean, figures.std, figures.gradient) == (-1 / 2, 1 / 2, 2)  # of the means -1 and 0, the stds 0, 1
    assert figures.weight_gradient is None


def test_the_gradient_of_one_example() -> None:
    """Rows of the mean's gradient (3, 4) / 2 and (0, 0): one example's are (3, 4) and (0, 0), √((25 + 0) / 2)."""
    assert measure_output_gradients(np.array([[[1.5, 2.0], [0.0, 0.0]]])) == pytest.approx([np.sqrt(12.5)])


def test_the_gradient_of_weights_is_one_norm_over_all_of_a_layer() -> None:
    declaration = Dense(1).declare((2,))
    assert measure_weight_gradients(
        weight_views(declaration, np.array([[2.0, 3.0, 6.0], [0.0, 0.0, 1.0]]))
    ) == pytest.approx([7, 1])
    assert measure_weight_gradients(weight_views(Tanh().declare((2,)), np.empty((1, 0)))) == []


@pytest.mark.parametrize(("layer", "shape"), [(Dense(3), (2,)), (Conv2D(3, 2), (5, 5, 2))])
def test_units_are_symmetric_whose_drawn_weights_are_equal(layer: Layer, shape: tuple[int, ...]) -> None:
    declaration = layer.declare(shape)
    theta = np.full((2, declaration.weight_count), 0.7)
    assert is_symmetric(declaration, weight_views(declaration, theta))
    theta[1, 0] = 0.8
    assert not is_symmetric(declaration, weight_views(declaration, theta))


def test_one_unit_has_none_to_be_like() -> None:
    declaration = Dense(1).declare((2,))
    assert not is_symmetric(declaration, weight_views(declaration, np.zeros((1, declaration.weight_count))))
