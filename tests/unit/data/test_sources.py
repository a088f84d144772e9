"""What every data source promises, and the geometry of each generated set."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnexp.data.dataset import Source
from nnexp.data.file_source import FileSource
from nnexp.data.sources import digits
from nnexp.data.sources.blobs import Blobs
from nnexp.data.sources.circles import Circles
from nnexp.data.sources.digits import Digits
from nnexp.data.sources.moons import Moons
from nnexp.data.sources.sine import Sine
from nnexp.data.sources.spirals import Spirals
from nnexp.data.sources.xor import Xor
from nnexp.errors import DataError
from nnexp.registry import sources

EXAMPLES: dict[str, dict[str, Any]] = {
    "blobs": {"examples": 101, "classes": 7, "features": 5, "spread": 0.7},
    "cifar_like": {"examples": 101, "classes": 7},
    "circles": {"examples": 103, "factor": 0.3},
    "digits": {},
    "friedman": {"examples": 109, "features": 7},
    "gaussians": {"examples": 103, "classes": 5, "features": 3},
    "line": {"examples": 107},
    "moons": {"examples": 107},
    "polynomial": {"examples": 109},
    "random_normal": {"examples": 103, "features": 7, "outputs": 3},
    "rings": {"examples": 107, "classes": 5},
    "sine": {"examples": 109},
    "spirals": {"examples": 113, "classes": 5, "turns": 1.5},
    "teacher": {"examples": 109, "outputs": 3, "hidden": (5, 3)},
    "teacher_classes": {"examples": 103, "classes": 5, "hidden": (5, 3)},
    "xor": {"examples": 127},
}
GENERATED = [name for name in EXAMPLES if "seed" in signature(sources[name]).parameters]
CLASSES = [name for name in GENERATED if sources[name]().describe().targets == "classes"]
PICTURES = ["cifar_like"]
MANY = 10007


def example(name: str, **changes: Any) -> Source:
    source: Source = sources[name](**EXAMPLES[name] | changes)
    return source


def test_every_registered_source_without_files_has_an_example() -> None:
    assert set(EXAMPLES) == {name for name in sources if not issubclass(sources[name], FileSource)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_describe_agrees_with_load(name: str) -> None:
    description, data = example(name).describe(), example(name).load()
    assert data.description == description
    assert data.x.shape == (description.examples, *description.shape)
    assert np.isfinite(data.x).all()
    if description.targets == "classes":
        assert data.y.dtype == np.int64
        assert data.y.shape == (description.examples,)
        assert set(data.y.tolist()) == set(range(description.output_count))
    else:
        assert data.y.dtype == np.float64
        assert data.y.shape == (description.examples, description.output_count)
        assert np.isfinite(data.y).all()


@pytest.mark.parametrize("name", GENERATED)
def test_describe_generates_nothing(name: str) -> None:
    assert example(name, examples=10**15).describe().examples == 10**15  # this many would fit in no memory


@pytest.mark.parametrize("name", [name for name in GENERATED if name not in PICTURES])
def test_generated_inputs_are_float64(name: str) -> None:
    assert example(name).load().x.dtype == np.float64


@pytest.mark.parametrize("name", EXAMPLES)
def test_same_parameters_give_the_same_bits(name: str) -> None:
    first, second = example(name).load(), example(name).load()
    assert first.x.tobytes() == second.x.tobytes()
    assert first.y.tobytes() == second.y.tobytes()


@pytest.mark.parametrize("name", GENERATED)
def test_every_example_changes_with_the_seed(name: str) -> None:
    first, second = example(name, seed=2).load(), example(name, seed=3).load()
    assert (first.x != second.x).reshape(len(first.x), -1).any(axis=-1).all()


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("examples", [1, 101, 103, 107])
def test_generated_classes_are_balanced_to_within_one_example(name: str, examples: int) -> None:
    source = example(name, examples=examples)
    counts = np.bincount(source.load().y, minlength=source.describe().output_count)
    assert counts.sum() == examples
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", ["circles", "moons", "rings", "spirals", "xor"])
def test_noise_is_gaussian_with_the_given_deviation_in_each_coordinate(name: str) -> None:
    clean, noisy = (example(name, examples=MANY, noise=noise).load() for noise in (0.0, 0.2))
    added = noisy.x - clean.x
    assert np.abs(added.mean(axis=0)).max() < 0.01  # five standard errors: 5 · 0.2 / √10007
    assert np.allclose(added.std(axis=0), 0.2, atol=0.0071)  # likewise: 5 · 0.2 / √(2 · 10007)
    assert abs(np.corrcoef(added.T)[0, 1]) < 0.05
    assert np.mean(np.abs(added) < 0.2) == pytest.approx(0.6827, abs=0.02)
    assert np.array_equal(noisy.y, clean.y)


def test_digits_are_the_uci_test_set() -> None:
    data = Digits().load()
    assert data.x.shape == (1797, 64)
    assert data.x.dtype == np.uint8
    assert (data.x.min(), data.x.max()) == (0, 16)
    assert np.bincount(data.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    # The first two rows of the first image of optdigits.tes, a zero; the set begins with the digits in order.
    assert data.x[0, :16].tolist() == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]
    assert data.y[:10].tolist() == list(range(10))


def test_digits_that_are_not_flat_are_the_same_as_images() -> None:
    flat, images = Digits().load(), Digits(flat=False).load()
    assert images.x.shape == (1797, 8, 8, 1)
    assert images.description.shape == Digits(flat=False).describe().shape == (8, 8, 1)
    assert images.x[0, :2, :, 0].tolist() == [[0, 0, 5, 13, 9, 1, 0, 0], [0, 0, 13, 15, 10, 15, 5, 0]]
    assert np.array_equal(images.x.reshape(1797, 64), flat.x)
    assert np.array_equal(images.y, flat.y)


def test_missing_digits_raise_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "DIGITS_FILE", tmp_path / "digits.npz")
    with pytest.raises(DataError, match=r"cannot read .*Reinstall nnexp"):
        Digits().load()


@pytest.mark.parametrize("array", ["images", "labels"])
def test_one_changed_number_in_digits_raises_data_error(
    array: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with digits.DIGITS_FILE.open("rb") as stream, np.load(stream) as archive:
        arrays = dict(archive)
    arrays[array].flat[997] ^= 1
    np.savez_compressed(tmp_path / "digits.npz", **arrays)
    monkeypatch.setattr(digits, "DIGITS_FILE", tmp_path / "digits.npz")
    with pytest.raises(DataError, match="expected SHA-256 87ff0c9e"):
        Digits().load()


@pytest.mark.parametrize("kept", [0, 1, 97, 30011, -1])
def test_truncated_digits_raise_data_error(kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits.npz").write_bytes(digits.DIGITS_FILE.read_bytes()[:kept])
    monkeypatch.setattr(digits, "DIGITS_FILE", tmp_path / "digits.npz")
    with pytest.raises(DataError, match="is damaged"):
        Digits().load()


def test_a_changed_byte_in_digits_raises_data_error_or_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, good = digits.DIGITS_FILE.read_bytes(), Digits().load()
    copy = tmp_path / "digits.npz"
    monkeypatch.setattr(digits, "DIGITS_FILE", copy)
    caught = 0
    # The archive's first and last bytes are its directories, where each byte means something else.
    for place in [*range(199), *range(199, len(whole), 499), *range(len(whole) - 199, len(whole))]:
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        copy.write_bytes(damaged)
        try:
            assert np.array_equal(Digits().load().x, good.x)
        except DataError:
            caught += 1
    assert caught > 199


def test_blobs_without_spread_are_one_centre_per_class_in_the_box() -> None:
    data = Blobs(examples=101, classes=7, features=5, spread=0).load()
    centres = np.unique(data.x, axis=0)
    assert len(centres) == 7
    assert len(np.unique(np.column_stack([data.x, data.y]), axis=0)) == 7
    assert np.abs(centres).max() <= 10
    assert np.abs(centres).max() > 5  # all of 35 coordinates in the inner half of the box: one chance in 2^35


def test_blobs_spread_is_the_standard_deviation_of_each_feature_in_each_class() -> None:
    data = Blobs(examples=MANY, classes=3, features=5, spread=0.7).load()
    for label in range(3):
        assert np.allclose(data.x[data.y == label].std(axis=0), 0.7, atol=0.05)


def test_circles_without_noise_lie_on_the_radii_all_the_way_round() -> None:
    data = Circles(examples=MANY, noise=0, factor=0.3).load()
    assert np.allclose(np.linalg.norm(data.x, axis=-1), np.where(data.y == 0, 1, 0.3))
    for label in (0, 1):
        angles = np.sort(np.arctan2(*data.x[data.y == label].T))
        assert np.diff(angles, append=angles[0] + 2 * np.pi).max() < 0.02  # no gap; the mean one is 0.0013


def test_moons_without_noise_are_two_interleaved_half_circles() -> None:
    data = Moons(examples=MANY, noise=0).load()
    upper, lower = data.x[data.y == 0], data.x[data.y == 1]
    assert np.allclose(np.linalg.norm(upper, axis=-1), 1)
    assert np.allclose(np.linalg.norm(lower - (1, 0.5), axis=-1), 1)
    assert upper[:, 1].min() >= 0
    assert lower[:, 1].max() <= 0.5
    assert np.allclose([upper.min(axis=0), upper.max(axis=0)], [(-1, 0), (1, 1)], atol=0.01)
    assert np.allclose([lower.min(axis=0), lower.max(axis=0)], [(0, -0.5), (2, 0.5)], atol=0.01)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_spirals_radius_grows_with_its_angle_over_the_given_turns(classes: int) -> None:
    data = Spirals(examples=MANY, classes=classes, noise=0, turns=1.5).load()
    for label in range(classes):
        arm = data.x[data.y == label]
        arm = arm[np.argsort(np.linalg.norm(arm, axis=-1))]
        angle = np.unwrap(np.arctan2(arm[:, 1], arm[:, 0]))
        assert np.linalg.norm(arm[-1]) == pytest.approx(1, abs=0.01)
        assert (np.diff(angle) > 0).all()
        assert angle[-1] - angle[0] == pytest.approx(2 * np.pi * 1.5, abs=0.1)


def test_spiral_arms_are_one_arm_turned_by_equal_angles() -> None:
    data = Spirals(examples=MANY, classes=5, noise=0, turns=1.5).load()
    z = data.x @ (1, 1j)
    first_arm = np.abs(z) * np.exp(2j * np.pi * 1.5 * np.abs(z))
    assert np.allclose(z, first_arm * np.exp(2j * np.pi * data.y / 5))


def test_xor_without_noise_is_the_sign_of_the_product_on_four_balanced_corners() -> None:
    data = Xor(examples=127, noise=0).load()
    assert np.array_equal(data.y, data.x.prod(axis=-1) < 0)
    corners, counts = np.unique(data.x, axis=0, return_counts=True)
    assert corners.tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    assert counts.max() - counts.min() <= 1


def test_xor_keeps_the_class_of_the_corner_under_noise() -> None:
    data = Xor(examples=MANY, noise=0.3).load()
    crossed = np.mean(data.y != (data.x.prod(axis=-1) < 0))
    assert 0 < crossed < 0.005  # 2 Φ(-1 / 0.3) = 0.0009 of the examples cross an axis


def test_sine_without_noise_is_the_sine_over_one_period() -> None:
    data = Sine(examples=MANY, noise=0).load()
    assert np.array_equal(data.y, np.sin(data.x))
    assert np.allclose(np.quantile(data.x, [0, 0.25, 0.5, 0.75, 1]), np.linspace(-np.pi, np.pi, 5), atol=0.1)
    assert np.abs(data.x).max() <= np.pi


def test_sine_noise_is_on_the_values_with_the_given_deviation() -> None:
    data = Sine(examples=MANY, noise=0.2).load()
    added = data.y - np.sin(data.x)
    assert abs(added.mean()) < 0.01
    assert added.std() == pytest.approx(0.2, abs=0.0071)
    assert abs(np.corrcoef(added[:, 0], data.x[:, 0])[0, 1]) < 0.05
