"""Test parts that are what a network is trained on, under another name."""

from __future__ import annotations

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnexp.data.paths import expand_path

NOTHING_SAID = "a test on examples that were trained on says nothing"


@dataclass(frozen=True, slots=True)
class Twin:
    """That a source's own test part is its training part: the parameter that names it, and in which way they agree.

    `of_data` says that the parameters are right, and the files hold the same.
    """

    parameter: str
    message: str
    of_data: bool = False


def twin_of(path: str, test: str) -> Twin | None:
    """Whether two files, or folders, are one and the same, or two files byte for byte alike."""
    one, other = expand_path(path), expand_path(test)
    if one.samefile(other):
        return Twin("test", f"{test} is the same as `path`, {path}: {NOTHING_SAID}")
    if one.is_file() and are_alike([one], [other]):
        return Twin("test", f"{test} holds byte for byte what {path} holds: {NOTHING_SAID}", of_data=True)
    return None


def are_alike(some: Sequence[Path], others: Sequence[Path]) -> bool:
    """Whether files are as many and, in their order, byte for byte the same. Nothing is read where sizes differ."""
    if len(some) != len(others):
        return False
    pairs = list(zip(some, others, strict=True))
    if any(one.stat().st_size != other.stat().st_size for one, other in pairs):
        return False
    # not shallow: the same size and time are no proof, as copies keep both
    return all(filecmp.cmp(one, other, shallow=False) for one, other in pairs)
