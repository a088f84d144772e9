"""Lines, polynomials, Friedman's function, random networks, and numbers without a meaning."""

from __future__ import annotations

from itertools import count
from math import atanh, pi, sin, tanh
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nnexp.data.dataset import Source
from nnexp.data.sources.base import matrix_product
from nnexp.data.sources.friedman import Friedman
from nnexp.data.sources.line import Line
from nnexp.data.sources.polynomial import Polynomial
from nnexp.data.sources.random_normal import RandomNormal
from nnexp.data.sources.teacher import Teacher, run_teacher

MANY = 10007


@pytest.mark.parametrize("make", [Line, Polynomial, Friedman, Teacher], ids=lambda cls: cls.__name__)
def test_noise_is_added_to_the_values_with_the_given_deviation(make: Any) -> None:
    clean, noisy = (make(examples=MANY, noise=noise).load() for noise in (0.0, 0.2))
    added = noisy.y - clean.y
    assert np.array_equal(clean.x, noisy.x)
    assert abs(added.mean()) < 0.01  # five standard errors: 5 · 0.2 / √10007
    assert added.std() == pytest.approx(0.2, abs=0.0071)
    assert np.abs(np.corrcoef(added[:, 0], clean.y[:, 0])[0, 1]) < 0.05


@pytest.mark.parametrize("source", [Line(examples=MANY), Polynomial(examples=MANY)], ids=lambda s: type(s).__name__)
def test_x_is_uniform_between_minus_1_and_1(source: Source) -> None:
    assert np.allclose(np.quantile(source.load().x, [0, 0.25, 0.5, 0.75, 1]), np.linspace(-1, 1, 5), atol=0.05)


def test_a_line_without_noise_has_the_slope_and_the_intercept() -> None:
    data = Line(examples=101, slope=-3, intercept=5, noise=0).load()
    assert np.polyfit(data.x[:, 0], data.y[:, 0], 1) == pytest.approx([-3, 5])
    assert np.allclose(data.y, 5 - 3 * data.x)


def test_the_default_polynomial_is_the_third_of_chebyshev() -> None:
    """T₃(cos t) = cos 3t."""
    data = Polynomial(examples=101, noise=0).load()
    assert np.allclose(data.y, np.cos(3 * np.arccos(data.x)))


def test_a_polynomials_first_coefficient_is_the_constant() -> None:
    data = Polynomial(coefficients=(2, -3, 0.5), examples=101, noise=0).load()
    assert np.allclose(data.y, 2 - 3 * data.x + 0.5 * data.x * data.x)


def test_a_polynomial_without_coefficients_is_zero() -> None:
    assert not Polynomial(coefficients=(), examples=101, noise=0).load().y.any()


def test_friedmans_values_are_his_function_of_the_first_five_features() -> None:
    data = Friedman(examples=101, features=7, noise=0).load()
    for x, (y,) in zip(data.x.tolist(), data.y.tolist(), strict=True):
        a, b, c, d, e, *_ = x
        assert y == pytest.approx(10 * sin(pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e)
    assert 0 <= data.x.min() < 0.01 < 0.99 < data.x.max() < 1


def test_friedmans_variance_without_noise_is_the_sum_of_its_parts() -> None:
    """10² / 12 + 5² / 12 + 20² / 180 and the variance of 10 sin(π ab), by the midpoint rule."""
    middle = (np.arange(1000) + 0.5) / 1000
    product_part = 10 * np.sin(np.pi * np.outer(middle, middle))
    variance = 100 / 12 + 25 / 12 + 400 / 180 + product_part.var()
    assert variance == pytest.approx(23.8, abs=0.05)
    assert Friedman(examples=200_003, noise=0).load().y.var() == pytest.approx(variance, rel=0.02)


def test_friedmans_other_features_mean_nothing() -> None:
    data = Friedman(examples=MANY, features=10).load()
    correlations = np.corrcoef(np.column_stack([data.x, data.y]).T)[-1, :-1]
    assert np.abs(correlations[5:]).max() < 0.05
    assert abs(correlations[2]) < 0.05  # a parabola around the middle
    assert (correlations[[0, 1, 3, 4]] > 0.2).all()


def test_what_a_teacher_says_worked_by_hand() -> None:
    """Two inputs, one hidden unit, one output. Drawn: W₁ = (√2, -√2) and w₂ = (3), then b = (0.1).

    W₁ / √2 = (1, -1), so x = (1, 0.5) gives 3 tanh(2 · 0.5 + 0.1).
    """
    drawn = iter([np.array([[2**0.5], [-(2**0.5)]]), np.array([[3.0]]), np.array([0.1])])
    random: Any = SimpleNamespace(standard_normal=lambda shape: next(drawn).reshape(shape))
    y = run_teacher(random, np.array([[1.0, 0.5]]), (2, 1, 1))
    assert y[0, 0] == pytest.approx(3 * tanh(1.1))
    assert atanh(y[0, 0] / 3) == pytest.approx(1.1)


def test_a_teacher_without_hidden_layers_is_linear() -> None:
    data = Teacher(hidden=(), features=7, outputs=300, examples=101).load()
    W, residual, rank, _ = np.linalg.lstsq(data.x, data.y)
    assert rank == 7
    assert np.abs(residual).max() < 1e-20
    assert W.std() == pytest.approx(1 / np.sqrt(7), rel=0.08)  # five standard errors: 5 / √(2 · 2100)


def test_a_teacher_with_hidden_layers_is_not_linear_and_its_size_is_that_of_one() -> None:
    data = Teacher(outputs=31, examples=MANY).load()
    residual = np.linalg.lstsq(np.column_stack([data.x, np.ones(MANY)]), data.y)[1] / MANY
    assert (residual > 0.1 * data.y.var(axis=0)).all()
    assert 0.3 < data.y.std() < 1


def test_a_teacher_is_the_same_for_any_number_of_examples() -> None:
    """The student may thus ask for more of them."""
    few, many = (Teacher(hidden=(), features=3, examples=examples).load() for examples in (101, 1009))
    assert np.allclose(np.linalg.lstsq(few.x, few.y)[0], np.linalg.lstsq(many.x, many.y)[0])


def test_random_normal_inputs_and_values_are_standard_normal_and_independent() -> None:
    data = RandomNormal(features=7, outputs=3, examples=MANY).load()
    together = np.column_stack([data.x, data.y])
    assert np.abs(together.mean(axis=0)).max() < 0.05  # five standard errors: 5 / √10007
    assert np.allclose(np.cov(together.T), np.eye(10), atol=0.071)
    assert np.mean(np.abs(together) < 1) == pytest.approx(0.6827, abs=0.02)


def test_random_normal_has_500_features_as_in_the_notes() -> None:
    assert RandomNormal().describe().shape == (500,)


def test_several_values_have_names_with_numbers() -> None:
    assert Teacher(outputs=1).describe().classes == ("y",)
    assert Teacher(outputs=3).describe().classes == ("y1", "y2", "y3")


def test_the_product_is_that_of_the_matrices() -> None:
    a, b = (np.fromiter(count(start), float, 6).reshape(shape) for start, shape in ((0, (2, 3)), (1, (3, 2))))
    assert matrix_product(a, b).tolist() == [[13, 16], [40, 52]]  # 0·1 + 1·3 + 2·5 = 13, and so on
