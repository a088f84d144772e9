"""Random numbers: every run owns a generator for each purpose, made of its seed and the purpose's name.   R replicas"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from nnexp.typing import Array, Shape


def make_generator(seed: int, purpose: str) -> np.random.Generator:
    """The random generator that the run with this seed owns for one purpose, independent of all its others.

    The purpose's name enters the seed sequence as a key, so a new purpose changes no other's numbers.
    """
    # Not Python's `hash`, which differs from process to process; little-endian, so that all machines draw the same.
    key = hashlib.sha256(purpose.encode()).digest()
    words = tuple(np.frombuffer(key[:16], dtype="<u4").tolist())
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=words)))


def make_generators(seeds: Sequence[int], purpose: str) -> list[np.random.Generator]:
    """One generator per replica."""
    return [make_generator(seed, purpose) for seed in seeds]


def copy_generators(sources: Sequence[np.random.Generator], rows: Sequence[int]) -> list[np.random.Generator]:
    """Copies of these replicas' generators: they draw what the originals would draw next, and leave those alone."""
    return [deepcopy(sources[row]) for row in rows]


class GeneratorSnapshot(Sequence[np.random.Generator]):
    """Copies of all replicas' generators, made when the first number is drawn: most networks draw none."""

    def __init__(self, sources: Sequence[np.random.Generator]) -> None:
        self._sources = sources
        self._copies: list[np.random.Generator] = []

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, row: Any) -> Any:
        self._copies = self._copies or copy_generators(self._sources, range(len(self)))
        return self._copies[row]


def draw_normal(sources: Sequence[np.random.Generator], shape: Shape) -> Array:
    """Standard normal numbers (R, *shape), each replica's from its own generator."""
    # Each replica draws as it would alone, whatever stack it is in.
    return np.stack([source.standard_normal(shape) for source in sources])


def draw_uniform(sources: Sequence[np.random.Generator], shape: Shape) -> Array:
    """Numbers uniform in [0, 1), (R, *shape), each replica's from its own generator; 24 random bits each."""
    return np.stack([source.random(shape, dtype=np.float32) for source in sources])
