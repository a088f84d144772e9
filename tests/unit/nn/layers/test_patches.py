"""Patches in blocks: the cuts, the memory that they take, and the two ways back from patches to images."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from math import prod

import numpy as np
import pytest

from nnexp.nn.layers import patches
from nnexp.nn.layers.base import Context
from nnexp.nn.layers.conv2d import Conv2D, add_patch_gradients, backward_to_images, correlate_windows
from nnexp.nn.layers.patches import BLOCK_BYTES, MAX_DIRECT_MULTIPLICATIONS, cut_slices, patch_blocks
from nnexp.nn.layers.windows import Windows
from nnexp.typing import AnyArray
from tests.contracts.arrays import bind, identical, normal
from tests.contracts.examples import R


@pytest.mark.parametrize(
    ("total", "most", "sizes"), [(7, 3, [3, 3, 1]), (9, 4, [3, 3, 3]), (5, 9, [5]), (3, 0, [1, 1, 1]), (1, 1, [1])]
)
def test_pieces(total: int, most: int, sizes: list[int]) -> None:
    found = cut_slices(total, most)
    assert [piece.stop - piece.start for piece in found] == sizes
    assert [row for piece in found for row in range(piece.start, piece.stop)] == list(range(total))


@pytest.mark.parametrize("block", [1, 700, 3000, 2**20])
@pytest.mark.parametrize("direct", [1, 10**3, 10**9])
def test_every_patch_is_laid_out_once_whatever_the_blocks(
    block: int, direct: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "BLOCK_BYTES", block)
    monkeypatch.setattr(patches, "MAX_DIRECT_MULTIPLICATIONS", direct)
    x = normal(R, 5, 8, 6, 2)
    found = np.full((R, 5, 4, 3, 3 * 3 * 2), np.nan)
    for part, laid_out in patch_blocks(Windows(3, 2, ((1, 0), (0, 1))), x, 7):
        assert np.isnan(found[part]).all()
        found[part] = laid_out.reshape(found[part].shape)
    padded = np.pad(x, [(0, 0), (0, 0), (1, 0), (0, 1), (0, 0)])
    for u in range(4):
        for v in range(3):
            window = padded[:, :, 2 * u : 2 * u + 3, 2 * v : 2 * v + 3]
            assert np.array_equal(found[:, :, u, v], window.reshape(R, 5, -1))


def test_the_cuts_do_not_depend_on_the_number_of_replicas() -> None:
    windows, x = Windows(3), normal(1, 7, 64, 64, 5, dtype="float32")
    alone, together = ([part for part, _ in patch_blocks(windows, np.repeat(x, r, -5), 3)] for r in (1, R))
    assert alone == together
    assert len(alone) > 1


def extra_memory(compute: Callable[[], object], results: int) -> int:
    """The most bytes that were held at one time, beyond the results."""
    tracemalloc.start()
    try:
        held = compute()
        return tracemalloc.get_traced_memory()[1] - results
    finally:
        del held
        tracemalloc.stop()


MEMORY = [
    Conv2D(8, 3, padding="same"),
    Conv2D(8, 3),
    Conv2D(8, 2, stride=2),
    Conv2D(8, 4, stride=4, padding=2),
]


def extras(layer: Conv2D, side: int, channels: int, replicas: int, examples: int) -> tuple[int, int]:
    """What the forward and the backward pass hold beyond y, dx and the arrays that they are given."""
    bound = bind(layer, (side, side, channels), "float32", replicas)
    x = np.ones((replicas, examples, side, side, channels), np.float32)
    dy = np.ones((replicas, examples, *bound.declaration.output), np.float32)
    w, dw = bound.views(), bound.views(np.empty_like(bound.theta))
    context = Context(training=True)
    forward = extra_memory(lambda: layer.forward(w, x, context)[0], dy.nbytes)
    _, backward = layer.forward(w, x, context)
    return forward, extra_memory(lambda: backward(dy, dw), x.nbytes)


@pytest.mark.parametrize("layer", MEMORY, ids=str)
@pytest.mark.parametrize("replicas", [1, R])
@pytest.mark.parametrize(("channels", "examples"), [(8, 64), (2, 256)])
def test_memory_for_patches_does_not_grow_with_the_batch(
    layer: Conv2D, replicas: int, channels: int, examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = BLOCK_BYTES // 4  # as many blocks of a smaller batch
    monkeypatch.setattr(patches, "BLOCK_BYTES", block)
    monkeypatch.setattr(patches, "MAX_DIRECT_MULTIPLICATIONS", MAX_DIRECT_MULTIPLICATIONS // 4)
    small, large = (extras(layer, 16, channels, replicas, count) for count in (examples, 4 * examples))
    all_patches = examples * prod(layer.declare((16, 16, channels)).output[:2]) * layer.kernel**2 * channels * 4
    assert all_patches > 1.5 * block  # even the smaller batch has several blocks
    for before, after in zip(small, large, strict=True):
        assert after < 1.2 * before + 2**14  # of a batch four times as large; its blocks may be cut a little larger
        assert after < 2 * replicas * block


@pytest.mark.parametrize("layer", MEMORY, ids=str)
def test_memory_for_patches_does_not_grow_with_the_image(layer: Conv2D) -> None:
    """One image has several blocks of patches; what is padded or added up is the size of an image."""
    side = 192
    image = (side + 4) ** 2 * 8 * 4
    for extra in extras(layer, side, 8, 1, 2):
        assert extra < image + 2 * BLOCK_BYTES


WINDOWS = [
    (Windows(3), (7, 9, 2), True),
    (Windows(3, padding="same"), (7, 9, 2), True),
    (Windows(4, padding="same"), (7, 9, 2), True),
    (Windows(3, padding=2), (7, 9, 2), True),
    (Windows(1), (7, 9, 2), True),
    (Windows(3, padding=3), (7, 9, 2), False),
    (Windows(3, 2), (7, 9, 2), False),
    (Windows(3, 3, "same"), (7, 8, 2), False),
]


@pytest.mark.parametrize(("windows", "shape", "turns"), WINDOWS, ids=str)
@pytest.mark.parametrize("block", [1, 500, 2**20])
def test_both_ways_back_are_the_adjoint_of_the_correlation(
    windows: Windows, shape: tuple[int, ...], turns: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Σ y dy = Σ x dx for any x, dy: the definition of the adjoint of a linear function x -> y."""
    monkeypatch.setattr(patches, "BLOCK_BYTES", block)
    x, w = normal(R, 5, *shape), normal(R, windows.size**2 * shape[-1], 3, seed=1)
    y = correlate_windows(windows, x, w)
    dy = normal(*y.shape, seed=2)
    assert (windows.backward_windows(shape) is not None) == turns
    for back in (backward_to_images, add_patch_gradients):
        dx: AnyArray = back(windows, shape, dy, w)
        assert dx.shape == x.shape
        np.testing.assert_allclose((x * dx).sum((1, 2, 3, 4)), (y * dy).sum((1, 2, 3, 4)), rtol=1e-11)
    np.testing.assert_allclose(
        backward_to_images(windows, shape, dy, w), add_patch_gradients(windows, shape, dy, w), atol=1e-12
    )


def test_a_filter_as_large_as_the_image_goes_back_by_adding_up() -> None:
    """Turned filters would see 25 windows, mostly zeros, where there is one patch; only the order of sums shows it."""
    windows, dy, w = Windows(5), normal(1, 3, 1, 1, 2), normal(1, 5 * 5 * 3, 2)
    assert windows.backward_windows((5, 5, 3)) is not None
    assert identical(backward_to_images(windows, (5, 5, 3), dy, w), add_patch_gradients(windows, (5, 5, 3), dy, w))
