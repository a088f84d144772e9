"""Synthetic small pictures.   M examples, K classes, N pictures of one block, H W C image"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import Seed, describe_classification, make_balanced_labels
from nnexp.nn.random import make_generator
from nnexp.registry import sources
from nnexp.typing import AnyArray, Array, Count, IntArray, Shape

PICTURE_SHAPE: Shape = (32, 32, 3)
SIDE_PIXELS = PICTURE_SHAPE[0]

BLOCK_PICTURES = 100
"""Pictures that are drawn together, from a generator of their own: small enough for the cache."""

PLASTIC_STEPS = 0.7548776662466927, 0.5698402909980532
"""1/ρ and 1/ρ² for the plastic number ρ: their multiples modulo 1 spread as evenly over the square as can be."""

LOBES_BY_CLASS = np.array([0, 3, 2, 4, 5])
"""Of the figure, by class modulo 5; without lobes it is a disc."""


@sources.register("cifar_like")
@dataclass(frozen=True, slots=True)
class CifarLike(Source):
    """Pictures of striped figures on which a convolutional network beats an MLP, and an MLP a linear classifier.

        picture = colour + cloud + mask · (other colour - 0.7 cloud + axis · sin(2π (u cos a + v sin a) / w + phase))
                  + difficulty · 16 ε,  rounded and cut to 0..255
        mask = 1 inside r < radius (1 + 0.3 cos(lobes φ + turn)), in polar coordinates r, φ around the figure's centre

    x (M, 32, 32, 3) uint8 in red, green, blue; y (M,). A class is the stripes' angle a and width w, the number of
    lobes, and two colours of the whole picture, of which one picture in five has the second. The mean colour is what a
    linear classifier can use, the two colours are for an MLP, and the stripes, whose place, phase and colours vary, for
    convolutions. Half of the pictures are mirrored, so mirror images are of the same class. Classes are the same for
    every seed; with more of them they are only closer together.

    `difficulty` multiplies all spreads: of noise, clouds and colours, of a, w and radius, and up to 1, where they are
    at their widest, those of place, phase, turn and mirroring. At 0 a class is two pictures. At 1, with 5,000 training
    pictures, configs/linear_cifar_like.yaml gets 44 % of the test part right, mlp_cifar_like 56 %, lenet5_cifar_like
    81 % and cnn_cifar_like 86 %: means of five seeds, all within 3 percentage points of them.

    The first pictures are the same however many are asked for. They are drawn in blocks of 100, so that memory is that
    of the result and a few MB.
    Source: our own; the classes' places after Roberts 2018, The Unreasonable Effectiveness of Quasirandom Sequences.
    """

    examples: Count = 6000
    classes: Annotated[int, Ge(2)] = 10
    difficulty: Annotated[float, Ge(0), Le(4)] = 1.0
    seed: Seed = 0

    def describe(self) -> Description:
        return replace(describe_classification(self.examples, 0, self.classes), shape=PICTURE_SHAPE, itemsize=1)

    def load(self) -> Dataset:
        labels = make_balanced_labels(self.examples, self.classes)
        x = np.empty((self.examples, *PICTURE_SHAPE), np.uint8)
        for start in range(0, self.examples, BLOCK_PICTURES):
            wanted = x[start : start + BLOCK_PICTURES]
            random = make_generator(self.seed, f"data, block {start // BLOCK_PICTURES}")
            block_labels = (start + np.arange(BLOCK_PICTURES)) % self.classes
            # a whole block is drawn always, so that its pictures are the same however many are asked for
            wanted[...] = draw_pictures(random, block_labels, self.difficulty)[: len(wanted)]
        return Dataset(x, labels, self.describe())


def draw_pictures(random: np.random.Generator, labels: IntArray, difficulty: float) -> AnyArray:
    """One picture of each label. (N) -> (N, H, W, C) uint8"""
    draw = PictureRandom(random, len(labels), difficulty)
    # the order of the draws is part of the data: another one makes other pictures of every seed
    mask, stripes = draw_figures(draw, labels)
    mask, stripes = mask[..., None], stripes[..., None]
    back = draw_clouds(draw)
    axis = mix_colours(34 * (1 + draw.draw_pose(0.4)), draw.draw_normal(12), draw.draw_normal(12))
    other = mix_colours(draw.draw_normal(25), draw.draw_normal(15), draw.draw_normal(15))
    x = 128 + draw_palette(draw, labels) + back + mask * (other - 0.7 * back + stripes * axis)
    x += draw.draw_normal(16, PICTURE_SHAPE)
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class PictureRandom:
    """Random numbers for each of N pictures, (N, 1, 1) unless another core shape is asked for."""

    random: np.random.Generator
    count: int
    difficulty: float

    def draw_normal(self, spread: float, shape: Shape = (1, 1)) -> Array:
        """Normal numbers; the difficulty multiplies their standard deviation."""
        return self.difficulty * spread * self.random.standard_normal((self.count, *shape))

    def draw_pose(self, reach: float) -> Array:
        """Numbers in [-reach, reach); below difficulty 1 in a smaller interval."""
        return min(self.difficulty, 1) * reach * self.random.uniform(-1, 1, (self.count, 1, 1))

    def draw_choice(self, probability: float) -> IntArray:
        """Ones with a probability, else zeros (N,)."""
        return (self.random.random(self.count) < probability).astype(np.int64)


def draw_figures(draw: PictureRandom, labels: IntArray) -> tuple[Array, Array]:
    """The figures' masks, 0 to 1, and stripes, -1 to 1, both (N, H, W)."""
    labels = labels[:, None, None]
    across, down = spread_over_square(labels)
    grid = np.arange(SIDE_PIXELS) - (SIDE_PIXELS - 1) / 2
    u = (grid - draw.draw_pose(6)) * (1 - 2 * draw.draw_choice(min(draw.difficulty, 1) / 2)[:, None, None])
    v = grid[:, None] - draw.draw_pose(6)
    lobes = LOBES_BY_CLASS[labels % len(LOBES_BY_CLASS)]
    wave = np.where(lobes > 0, 0.3 * np.cos(lobes * np.arctan2(v, u) + draw.draw_pose(np.pi)), 0)
    # half a pixel of the border is grey, so that figures have no jagged edges
    mask = np.clip(0.5 + 9 * np.exp(draw.draw_normal(0.2)) * (1 + wave) - np.hypot(u, v), 0, 1)
    angle = np.pi / 2 * across + draw.draw_normal(0.15)
    width = 3.5 * 2.2**down * np.exp(draw.draw_normal(0.12))
    stripes = np.sin(2 * np.pi / width * (u * np.cos(angle) + v * np.sin(angle)) + draw.draw_pose(np.pi))
    return mask, stripes


def draw_palette(draw: PictureRandom, labels: IntArray) -> Array:
    """The colour of the whole picture, on a sphere around grey and off it by chance. (N) -> (N, 1, 1, C)"""
    height, turn = spread_over_square((2 * labels + draw.draw_choice(0.2))[:, None, None])
    light, chroma = 1 - 2 * height, 2 * np.sqrt(height * (1 - height))
    red_green, blue_yellow = chroma * np.cos(2 * np.pi * turn), chroma * np.sin(2 * np.pi * turn)
    light = 33 * light + draw.draw_normal(9.5)
    red_green = 33 * red_green + draw.draw_normal(9.5)
    blue_yellow = 33 * blue_yellow + draw.draw_normal(9.5)
    return mix_colours(light, red_green, blue_yellow)


def draw_clouds(draw: PictureRandom) -> Array:
    """Smooth random colours: 5 x 5 random ones, and between them (N, H, W, C) in soft steps."""
    away = np.abs(np.linspace(0, 4, SIDE_PIXELS)[:, None] - np.arange(5))
    near = np.clip(1 - away, 0, 1)
    soft = near * near * (3 - 2 * near)  # smoothstep, without the kinks of linear interpolation
    rows = np.einsum("hi,nijc->nhjc", soft, draw.draw_normal(25, (5, 5, PICTURE_SHAPE[-1])))
    return np.einsum("wj,nhjc->nhwc", soft, rows)


def mix_colours(light: Array, red_green: Array, blue_yellow: Array) -> Array:
    """Red, green and blue of lightness and two pairs of opponent colours. (N, H, W) each -> (N, H, W, C)"""
    half = blue_yellow / 2
    return np.stack([light + red_green + half, light - red_green + half, light - blue_yellow], axis=-1)


def spread_over_square(index: IntArray) -> tuple[Array, Array]:
    """Two numbers in [0, 1) for each index: points of the square, none of them close together."""
    first, second = PLASTIC_STEPS
    return (0.5 + first * index) % 1, (0.5 + second * index) % 1
