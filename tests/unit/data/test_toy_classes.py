"""Gaussians with their own covariances, rings, and classes by a random network."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from nnexp.data.sources.circles import Circles
from nnexp.data.sources.gaussians import Gaussians
from nnexp.data.sources.rings import Rings
from nnexp.data.sources.teacher import Teacher
from nnexp.data.sources.teacher_classes import TeacherClasses
from nnexp.typing import AnyArray

MANY = 10007


def test_gaussians_have_the_means_and_covariances_of_their_truth() -> None:
    source = Gaussians(examples=MANY, classes=3, features=5)
    data, (means, factors) = source.load(), source.draw_truth()
    for label, (mean, factor) in enumerate(zip(means, factors, strict=True)):
        x = data.x[data.y == label]
        deviations = np.sqrt(np.diag(factor @ factor.T))
        assert np.allclose((x.mean(axis=0) - mean) / deviations, 0, atol=0.087)  # five standard errors: 5 / √3335
        expected = factor @ factor.T / np.outer(deviations, deviations)
        assert np.allclose(np.cov(x.T) / np.outer(deviations, deviations), expected, atol=0.13)  # and √2 as much


def test_gaussians_covariances_differ_and_are_drawn_as_the_formula_says() -> None:
    _, factors = Gaussians(classes=500, features=5).draw_truth()
    diagonals = np.log2(np.diagonal(factors, axis1=-2, axis2=-1))
    below = factors[:, *np.tril_indices(5, -1)]
    assert np.allclose(np.quantile(diagonals, [0, 0.25, 0.5, 0.75, 1]), np.linspace(-1, 1, 5), atol=0.1)
    assert np.array_equal(np.triu(factors, 1), np.zeros_like(factors))
    assert below.std() == pytest.approx(1 / np.sqrt(5), rel=0.05)
    assert len(np.unique(diagonals)) == diagonals.size


@pytest.mark.parametrize("separation", [0.0, 2.0])
def test_gaussians_means_are_as_far_apart_as_asked(separation: float) -> None:
    means, _ = Gaussians(classes=500, features=5, separation=separation).draw_truth()
    assert np.sqrt(np.mean(means**2)) == pytest.approx(separation, rel=0.075)  # five standard errors: 5 / √(2 · 2500)


def test_the_border_in_the_docstring_is_the_one_of_equal_densities_and_beats_a_straight_one() -> None:
    source = Gaussians(examples=MANY, classes=3, features=2)
    data, (means, factors) = source.load(), source.draw_truth()
    covariances = factors @ factors.mT
    scores, densities = [], []
    for mean, covariance in zip(means, covariances, strict=True):
        away = data.x - mean
        scores.append(np.vecdot(away @ np.linalg.inv(covariance), away) + np.log(np.linalg.det(covariance)))
        densities.append(multivariate_normal(mean, covariance).pdf(data.x))
    optimal = np.argmin(scores, axis=0)
    assert np.array_equal(optimal, np.argmax(densities, axis=0))
    assert np.mean(optimal == data.y) > straight(data.x, data.y) + 0.01


def straight(x: AnyArray, y: AnyArray) -> float:
    """The accuracy of a linear discriminant: Gaussians with the covariance that the classes have in common."""
    means = np.stack([x[y == label].mean(axis=0) for label in range(3)])
    shared = np.cov((x - means[y]).T)
    away = x[:, None] - means
    return float(np.mean(np.vecdot(away @ np.linalg.inv(shared), away).argmin(axis=-1) == y))


@pytest.mark.parametrize("width", [0.3, 1.0])
def test_rings_are_evenly_filled_all_the_way_round_and_do_not_overlap(width: float) -> None:
    data = Rings(examples=MANY, classes=3, width=width).load()
    for label in range(3):
        x = data.x[data.y == label]
        inner, outer = (1 + label) ** 2, (1 + label + width) ** 2
        area = (np.sum(x * x, axis=-1) - inner) / (outer - inner)  # the share of the ring's area inside each example
        assert area.min() > -1e-9
        assert area.max() < 1 + 1e-9
        assert np.allclose(np.quantile(area, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.044)  # 5 · 0.5 / √3335
        angles = np.sort(np.arctan2(*x.T))
        assert np.diff(angles, append=angles[0] + 2 * np.pi).max() < 0.03


def test_rings_have_area_where_circles_are_lines() -> None:
    ring, circle = Rings(examples=MANY, classes=2).load(), Circles(examples=MANY, noise=0).load()
    spreads = [np.linalg.norm(data.x[data.y == 0], axis=-1).std() for data in (ring, circle)]
    assert spreads[0] > 0.1
    assert spreads[1] < 1e-9


def test_a_teachers_classes_are_consecutive_parts_of_its_values() -> None:
    shape = {"hidden": (5, 3), "features": 7, "examples": 1009}
    values, classes = Teacher(**shape).load(), TeacherClasses(**shape, classes=5).load()  # type: ignore[arg-type]
    assert np.array_equal(values.x, classes.x)
    parts = [values.y[classes.y == label, 0] for label in range(5)]
    assert [len(part) for part in parts] == [202, 202, 202, 202, 201]
    assert all(below.max() < above.min() for below, above in pairwise(parts))


def test_noise_on_a_teachers_classes_changes_those_close_to_a_border_alone() -> None:
    value = Teacher(examples=MANY).load().y[:, 0]
    clean, noisy = (TeacherClasses(examples=MANY, classes=2, noise=noise).load() for noise in (0.0, 0.05))
    changed = clean.y != noisy.y
    assert np.array_equal(clean.x, noisy.x)
    assert 0.005 < changed.mean() < 0.1
    assert np.abs(value - np.median(value))[changed].max() < 5 * 0.05
