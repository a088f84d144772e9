"""The Gaussian classifier against SciPy's densities and numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from nnexp.baselines.base import FitError
from nnexp.baselines.gaussian_classifier import GaussianClassifier
from nnexp.typing import Array
from tests.unit.baselines.data import digits_accuracy, outputs

LINE = np.array([[0.0], [2.0], [4.0], [8.0]])
SIDES = np.eye(2)[[0, 0, 1, 1]]
THREE = np.array([[3.0]])
"""One class has the mean 1 and the variance 1, the other the mean 6 and the variance 4; together 2.5 within classes."""


def log_normal(x: float, mean: float, variance: float) -> float:
    return -0.5 * (np.log(2 * np.pi) + np.log(variance) + (x - mean) ** 2 / variance)


def spread(seed: int = 0) -> tuple[Array, Array]:
    """Three correlated classes of different sizes in five dimensions."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [31, 47, 23])
    mixing = rng.normal(size=(3, 5, 5))
    x = np.einsum("ni,nij->nj", rng.normal(size=(101, 5)), mixing[labels]) + 3 * rng.normal(size=(3, 5))[labels]
    return x, np.eye(3)[labels]


def test_numbers_worked_by_hand_with_a_variance_for_each_class() -> None:
    # at 3: -½ log 2π - ½ 4 = -2.918939 and -½ log 2π - ½ log 4 - ½ 9/4 = -2.737086
    z = outputs(GaussianClassifier(ridge=0.0), LINE, SIDES, THREE)
    np.testing.assert_allclose(z, [[-2.918939, -2.737086]], atol=1e-6)


def test_numbers_worked_by_hand_with_a_shared_variance() -> None:
    # the boundary lies in the middle of 1 and 6, so that 3 is of the other class than with a variance for each
    z = outputs(GaussianClassifier("shared", ridge=0.0), LINE, SIDES, np.array([[3.0], [3.5]]))
    np.testing.assert_allclose(z[0], [log_normal(3, 1, 2.5), log_normal(3, 6, 2.5)], rtol=1e-12)
    assert z[0, 0] > z[0, 1]
    assert z[1, 0] == pytest.approx(z[1, 1])


def test_the_ridge_is_a_part_of_the_mean_variance_within_the_classes() -> None:
    z = outputs(GaussianClassifier(ridge=0.4), LINE, SIDES, THREE)
    np.testing.assert_allclose(z, [[log_normal(3, 1, 1 + 1), log_normal(3, 6, 4 + 1)]], rtol=1e-12)


@pytest.mark.parametrize("ridge", [0.0, 0.1])
@pytest.mark.parametrize("covariance", ["full", "shared", "diagonal"])
def test_it_is_scipys_density_with_the_moments_of_each_class(covariance: str, ridge: float) -> None:
    x, d = spread()
    new = np.random.default_rng(7).normal(size=(13, 5)) * 3
    found = outputs(GaussianClassifier(covariance, ridge), x, d, new)  # type: ignore[arg-type]
    of_class = [x[d[:, j] == 1] for j in range(3)]
    full = [np.cov(part.T, bias=True) for part in of_class]
    pooled: Array = np.sum([len(part) * matrix for part, matrix in zip(of_class, full, strict=True)], axis=-3) / len(x)
    mean_variance = np.trace(pooled) / 5
    diagonal = [np.diag(np.diag(matrix)) for matrix in full]
    choices: dict[str, list[Array]] = {"full": full, "shared": [pooled] * 3, "diagonal": diagonal}
    for j, (part, matrix) in enumerate(zip(of_class, choices[covariance], strict=True)):
        whole = matrix + ridge * mean_variance * np.eye(5)
        expected = multivariate_normal.logpdf(new, part.mean(axis=-2), whole)
        np.testing.assert_allclose(found[:, j], expected, rtol=1e-9)


def test_a_shared_covariance_gives_linear_boundaries_and_a_full_one_does_not() -> None:
    x, d = spread()
    a, b = np.random.default_rng(3).normal(size=(2, 11, 5))

    def bend(covariance: str) -> float:
        """How far the difference of two classes' likelihoods is from an affine function."""
        places = np.concatenate([a + b, a, b, np.zeros((1, 5))])
        z = outputs(GaussianClassifier(covariance), x, d, places)  # type: ignore[arg-type]
        f = z[:, 0] - z[:, 1]
        return float(np.abs(f[:11] - f[11:22] - f[22:33] + f[33]).max())

    assert bend("shared") < 1e-9
    assert bend("full") > 1


def test_classes_are_equally_likely_whatever_their_numbers() -> None:
    x = np.array([[-1.0], [1.0], *[[9.0], [11.0]] * 50])
    d = np.eye(2)[[0, 0, *[1] * 100]]
    z = outputs(GaussianClassifier(ridge=0.0), x, d, np.array([[5.0]]))
    assert z[0, 0] == pytest.approx(z[0, 1])


def test_probabilities_are_the_shares_of_the_densities() -> None:
    classifier = GaussianClassifier(ridge=0.0)
    z = outputs(classifier, LINE, SIDES, THREE)
    densities = np.exp(z)
    np.testing.assert_allclose(classifier.scores(z), densities / densities.sum(), rtol=1e-12)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "shared"])
def test_a_feature_that_never_varies_is_an_error_without_a_ridge_and_none_with_it(covariance: str) -> None:
    x, d = spread()
    x[:, 2] = 1.5
    with pytest.raises(FitError, match=r"is singular: a feature never varies.*`ridge`"):
        outputs(GaussianClassifier(covariance, 0.0), x, d, x)  # type: ignore[arg-type]
    assert np.isfinite(outputs(GaussianClassifier(covariance), x, d, x)).all()  # type: ignore[arg-type]


def test_a_feature_that_follows_from_others_is_an_error_without_a_ridge() -> None:
    x, d = spread()
    x[:, 4] = x[:, 0] - 2 * x[:, 1]
    with pytest.raises(FitError, match="the covariance of class class 0 is singular"):
        outputs(GaussianClassifier(ridge=0.0), x, d, x)


def test_classes_of_one_example_have_the_ridge_and_no_variance_at_all_is_an_error() -> None:
    x = np.array([[0.0], [5.0], [7.0]])
    z = outputs(GaussianClassifier(ridge=1.0), x, np.eye(2)[[0, 1, 1]], np.zeros((1, 1)))
    assert z[0, 0] == pytest.approx(log_normal(0, 0, 2 / 3))  # the squares 0, 1, 1 of the distances to the means
    with pytest.raises(FitError, match="no variance to estimate"):
        outputs(GaussianClassifier(), x, np.eye(3), x)


def test_a_class_without_examples_has_the_probability_0() -> None:
    classifier = GaussianClassifier()
    z = outputs(classifier, LINE, np.eye(3)[[0, 0, 2, 2]], LINE)
    scores = classifier.scores(z)
    assert (scores[:, 1] == 0).all()
    np.testing.assert_allclose(scores.sum(axis=-1), 1)


def test_the_digits_are_read() -> None:
    assert digits_accuracy(GaussianClassifier("full", ridge=0.1)) >= 0.98
    assert digits_accuracy(GaussianClassifier("full")) >= 0.95
    assert digits_accuracy(GaussianClassifier("shared")) >= 0.93
    assert digits_accuracy(GaussianClassifier("diagonal")) >= 0.85
