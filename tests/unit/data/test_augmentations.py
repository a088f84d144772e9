"""Random changes of the training examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.data.augmentations.base import augment_batch, fits_shape
from nnexp.data.augmentations.cutout import Cutout
from nnexp.data.augmentations.horizontal_flip import HorizontalFlip
from nnexp.data.augmentations.mixup import Mixup
from nnexp.data.augmentations.noise import Noise
from nnexp.data.augmentations.random_crop import RandomCrop
from nnexp.errors import SpecError
from nnexp.nn.random import make_generator
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import Example, examples
from tests.laws.stacks import spec_of, stack_of

B, H, W, C, O = 101, 5, 7, 3, 4
every = pytest.mark.parametrize("example", examples("augmentations"), ids=str)


def images(dtype: str = "float32") -> AnyArray:
    """Every number is another, and none is 0."""
    return (1 + np.arange(B * H * W * C)).reshape(B, H, W, C).astype(dtype)


def targets(dtype: str = "float32") -> AnyArray:
    return np.eye(O, dtype=dtype)[np.arange(B) % O]


def source(seed: int = 0) -> np.random.Generator:
    return make_generator(seed, "augment")


@every
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_precision_stay_and_nothing_is_written_into(example: Example, dtype: str) -> None:
    x, d = images(dtype), targets(dtype)
    x.flags.writeable = d.flags.writeable = False
    changed, soft = example.component.apply(x, d, source())
    assert (changed.shape, changed.dtype) == (x.shape, x.dtype)
    assert (soft.shape, soft.dtype) == (d.shape, d.dtype)
    assert not identical(changed, x)


@every
def test_the_generator_alone_decides(example: Example) -> None:
    x, d = images(), targets()
    once, again, other = (example.component.apply(x, d, source(seed))[0] for seed in (0, 0, 1))
    assert identical(once, again)
    assert not identical(once, other)


def test_a_crop_is_the_image_moved_by_up_to_the_padding_with_zeros_behind_it() -> None:
    x = images()
    changed, _ = RandomCrop(2).apply(x, targets(), source())
    seen = set()
    for before, after in zip(x, changed, strict=True):
        matches = [(u, v) for u in range(-2, 3) for v in range(-2, 3) if np.array_equal(after, moved(before, u, v))]
        assert len(matches) == 1
        seen.add(matches[0])
    assert {u for u, _ in seen} == {v for _, v in seen} == set(range(-2, 3))


def moved(image: AnyArray, u: int, v: int) -> AnyArray:
    """The image whose pixel (i, j) is (i + u, j + v) of this one, or 0."""
    out = np.zeros_like(image)
    for i in range(H):
        for j in range(W):
            if 0 <= i + u < H and 0 <= j + v < W:
                out[i, j] = image[i + u, j + v]
    return out


@pytest.mark.parametrize(("rate", "low", "high"), [(0.0, 0, 0), (0.5, 35, 66), (1.0, B, B)])
def test_so_many_images_are_mirrored_and_the_others_stay(rate: float, low: int, high: int) -> None:
    x = images()
    changed, _ = HorizontalFlip(rate).apply(x, targets(), source())
    turned = [np.array_equal(after, before[:, ::-1]) for before, after in zip(x, changed, strict=True)]
    kept = [np.array_equal(after, before) for before, after in zip(x, changed, strict=True)]
    assert low <= sum(turned) <= high
    assert sum(turned) + sum(kept) == B


def test_noise_has_the_spread_that_is_asked_for() -> None:
    x = np.zeros((500, 20))
    changed, _ = Noise(0.3).apply(x, targets(), source())
    assert changed.std() == pytest.approx(0.3, rel=0.03)
    assert abs(changed.mean()) < 0.02
    assert identical(Noise(0.0).apply(images(), targets(), source())[0], images())


def test_cutout_blots_out_one_square_that_may_reach_over_the_edge() -> None:
    x = images()
    changed, _ = Cutout(3).apply(x, targets(), source())
    sizes = set()
    for before, after in zip(x, changed, strict=True):
        out = (after == 0).all(axis=-1)
        rows, columns = np.flatnonzero(out.any(axis=1)), np.flatnonzero(out.any(axis=0))
        assert out.sum() == len(rows) * len(columns)
        assert np.array_equal(rows, np.arange(rows[0], rows[-1] + 1))
        assert np.array_equal(after[~out], before[~out])
        sizes.add((len(rows), len(columns)))
    assert sizes == {(r, c) for r in (2, 3) for c in (2, 3)}  # the middle is in the image


def test_mixup_mixes_inputs_and_targets_alike() -> None:
    x, d = normal(B, 6), targets("float64")
    changed, soft = Mixup(1.0).apply(x, d, source())
    again = source()
    share, others = again.beta(1.0, 1.0), again.permutation(B)
    np.testing.assert_allclose(changed, share * x + (1 - share) * x[others], rtol=1e-14)
    np.testing.assert_allclose(soft, share * d + (1 - share) * d[others], rtol=1e-14)
    np.testing.assert_allclose(soft.sum(axis=-1), 1, rtol=1e-14)


def test_several_act_in_their_order() -> None:
    x, d, one, other = images(), targets(), source(), source()
    both, _ = augment_batch([HorizontalFlip(1.0), Noise(0.1)], x, d, one)
    turned, _ = HorizontalFlip(1.0).apply(x, d, other)
    assert identical(both, Noise(0.1).apply(turned, d, other)[0])


@every
def test_what_is_for_images_does_not_fit_flat_inputs(example: Example) -> None:
    assert fits_shape(example.component, (4, 4, 1))
    assert fits_shape(example.component, (4,)) == (example.name in ("noise", "mixup"))


TEXT = """
data: {source: digits, split: {train: 100, dev: 50, test: 50}, augment: [noise: 0.5]}
architecture: [dense: 5, relu, output]
training: {epochs: 2, batch_size: 20}
"""


def test_only_training_batches_are_changed_and_each_epoch_in_another_way() -> None:
    stack = stack_of([spec_of(TEXT)])
    train, seen = stack.parts[0].train, []
    for _ in range(2):
        stack.begin_epoch()
        batches = list(stack.remaining_batches())
        order = stack.state.order[0]
        x = np.concatenate([batch.x[0] for batch in batches])
        seen.append(x - train.x[order])
    assert seen[0].std() == pytest.approx(0.5, rel=0.05)
    assert not np.allclose(seen[0], seen[1])
    dev = stack.evaluate_part("dev")
    assert dev["loss"] == stack.evaluate_part("dev")["loss"]


def test_augmentation_draws_from_a_generator_of_its_own() -> None:
    plain, noisy = (stack_of([spec_of(TEXT, f"data.augment={a}")]) for a in ("[]", "[noise: 0.5]"))
    for stack in (plain, noisy):
        stack.begin_epoch()
        for batch in stack.remaining_batches():
            stack.train_step(batch)
    assert np.array_equal(plain.state.order, noisy.state.order)
    states: Any = [stack.state.dropout[0].bit_generator.state for stack in (plain, noisy)]
    assert states[0] == states[1]


@pytest.mark.parametrize(
    ("override", "path", "words"),
    [
        ("data.augment=[random_crop: 2]", "data.augment.0", "needs images, height x width x channels"),
        ("data.augment=[noise: 0.1, horizontal_flip]", "data.augment.1", "the inputs are 64"),
        ("data.augment=[nois: 0.1]", "data.augment.0", "unknown augmentation 'nois'"),
        ("data.augment=noise", "data.augment", "expected a list of augmentations"),
        ("data.augment=[noise: -1]", "data.augment.0.noise.std", "expected a number ≥ 0"),
        ("data.augment=[horizontal_flip: 1.5]", "data.augment.0.horizontal_flip.rate", "expected a number"),
    ],
)
def test_what_does_not_fit_is_said_in_its_place(override: str, path: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        load_spec(SpecText("spec.yaml", TEXT), [override], name="s")
    found = {problem.path: problem.message for problem in raised.value.problems}
    assert path in found, found
    assert words in found[path]


def test_a_baseline_takes_no_augmentation() -> None:
    with pytest.raises(SpecError, match="fitted once, to the examples as they are"):
        load_spec(SpecText("s", "data: {source: digits, augment: [noise: 0.1]}\nbaseline: knn\n"), name="s")
