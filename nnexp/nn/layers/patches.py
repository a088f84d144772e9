"""The patches of images, laid out a block at a time.

N examples, H W C image, K side of a window, U V its positions
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod
from typing import TypeAlias

import numpy as np

from nnexp.nn import kernels
from nnexp.nn.layers.windows import Windows
from nnexp.typing import Array, Shape

BLOCK_BYTES = 2**20
"""How many patches are laid out at once: what a core's cache holds, with what is computed from them."""

MAX_DIRECT_MULTIPLICATIONS = 10**6
"""The multiplications up to which OpenBLAS takes matrices as they lie, which is faster where they are narrow."""

MAX_NARROW_CHANNELS = 3
"""Channels up to which patches lie in memory place by place."""

OutputBlock: TypeAlias = tuple[slice, slice, slice]
"""A part of the output: all replicas, some examples, and some of their rows of positions."""


def patch_blocks(windows: Windows, x: Array, filters: int) -> Iterator[tuple[OutputBlock, Array]]:
    """The patches of the images, a row each, and the part of the output (N, U, V, F) that they give.

    core: x (N, H, W, C) -> (n u V, K K C), the patches of n examples and u rows of positions: all of them or, where one
    image alone has more than BLOCK_BYTES of patches, some of one example's. Each block is written over the one before,
    so that memory grows with neither the batch nor the image. Where the cuts are depends on the shapes of one example
    and of the batch, never on the number of replicas.
    """
    replicas, shape = x.shape[:-4], x.shape[-3:]
    examples, strips = cut_blocks(windows, shape, filters, x.shape[-4], x.itemsize)
    most = examples[0].stop
    has_zeros = windows.has_zero_padding(shape)
    # One padded array for all blocks: its zeros are written once, and each block only overwrites the image inside.
    padded = windows.make_padded((*replicas, most), shape, x.dtype) if has_zeros else x
    seen = kernels.windows(padded, windows.size, windows.stride)
    buffer = allocate_patches((*replicas, most, strips[0].stop, *seen.shape[-4:]), x.dtype)
    row = (*replicas, -1, prod(seen.shape[-3:]))
    for some in examples:
        count = some.stop - some.start
        source = some
        if has_zeros:
            padded[(slice(None), slice(count), *windows.image_slices(shape))] = x[:, some]
            source = slice(count)
        for strip in strips:
            patches = buffer[:, :count, : strip.stop - strip.start]
            np.copyto(patches, seen[:, source, strip])
            yield (slice(None), some, strip), np.reshape(patches, row, copy=False)


def allocate_patches(shape: Shape, dtype: np.dtype[np.floating]) -> Array:
    """An array for patches (..., n, u, V, K, K, C) that they are quickly copied into, in long runs.

    A patch's pixels lie side by side in the image, K C numbers a row. Where channels are few, the numbers that
    neighbouring patches have at one place make the longer run: then V varies fastest in memory instead of C.
    """
    if shape[-1] > MAX_NARROW_CHANNELS:
        return np.empty(shape, dtype)
    return np.moveaxis(np.empty((*shape[:-6], *shape[-3:], *shape[-6:-3]), dtype), (-6, -5, -4), (-3, -2, -1))


def cut_blocks(
    windows: Windows, shape: Shape, filters: int, examples: int, itemsize: int
) -> tuple[list[slice], list[slice]]:
    """The blocks' examples, and their rows of positions: several examples with all rows, or one with some."""
    down, across = windows.count_positions(shape, "patches")
    row = across * windows.size**2 * shape[-1]
    most = BLOCK_BYTES // (row * down * itemsize)
    direct = MAX_DIRECT_MULTIPLICATIONS // (row * down * filters)
    if direct > 1:  # where one image alone is beyond it, blocks may as well be large
        most = min(most, direct)
    return cut_slices(examples, most), cut_slices(down, BLOCK_BYTES // (row * itemsize))


def cut_slices(total: int, most: int) -> list[slice]:
    """`total` things in the fewest pieces of at most `most`, at least one, all but the last of equal size."""
    size = ceil(total / ceil(total / max(1, most)))
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]
