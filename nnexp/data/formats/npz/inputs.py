"""Inputs in arrays: their shape as a network gets it, and what stands for a missing value.   M examples, H W C image"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np

from nnexp.data.formats.csv.overrides import format_override
from nnexp.data.formats.npz.members import ArrayMember
from nnexp.data.formats.npz.numbers import MissingNumbers, check_numbers, read_numbers
from nnexp.errors import DataError
from nnexp.typing import AnyArray, Shape

Layout: TypeAlias = Literal["auto", "channels_last", "channels_first"]

MIN_MAPPED_BYTES = 2**26
"""An array that is larger, and not compressed, is left in the file."""

CHANNEL_COUNTS = (1, 3)
"""The channels of grey and of coloured images."""


@dataclass(frozen=True, slots=True)
class InputForm:
    """How stored examples become those of a network: first their shape, then the place of the channels."""

    reshape: Shape
    layout: Layout
    missing: MissingNumbers

    def find_shape(self, x: ArrayMember) -> Shape:
        """The shape of an example. Raises DataError where the array cannot have it, or its channels may be first."""
        shape = x.shape[1:]
        if self.reshape:
            if prod(shape) != prod(self.reshape):
                what = f"an example has {prod(shape):,} numbers, of shape {list(shape)}"
                raise DataError(f"{x}: {what}; {list(self.reshape)} would be {prod(self.reshape):,}")
            shape = self.reshape
        if self.layout == "channels_first":
            if len(shape) != 3:
                raise DataError(f"{x}: images with channels first are of shape [C, H, W], and these of {list(shape)}")
            return *shape[1:], shape[0]
        is_doubtful = len(shape) == 3 and shape[0] in CHANNEL_COUNTS and shape[-1] not in CHANNEL_COUNTS
        if is_doubtful and self.layout == "auto":
            first, last = (format_override("layout", one, source="npz") for one in ("channels_first", "channels_last"))
            height, width = shape[1:]
            what = f"examples of shape {list(shape)} look like images of {height} x {width} with their channels first"
            raise DataError(f"{x}: {what}: if they are, {first}; if the last axis is that of the channels, {last}")
        return shape

    def find_stored_shape(self, shape: Shape) -> Shape:
        """The shape that an example with this one has where it is stored."""
        return (shape[-1], *shape[:-1]) if self.layout == "channels_first" else shape

    def arrange(self, x: AnyArray) -> AnyArray:
        """Stored examples (M, ...) as those of a network; a view where NumPy has one."""
        if self.reshape:
            x = x.reshape(len(x), *self.reshape)
        return np.moveaxis(x, 1, -1) if self.layout == "channels_first" else x


def find_common_dtype(parts: Sequence[ArrayMember], missing: MissingNumbers) -> np.dtype[Any]:
    """The type that holds the numbers of all parts, in the machine's byte order."""
    dtypes = []
    for x in parts:
        is_bool = x.dtype.kind == "b"  # a truth value becomes a byte, with which networks can compute
        dtypes.append(np.dtype(np.uint8) if is_bool else x.dtype.newbyteorder("="))
    if missing.signs:
        dtypes.append(np.dtype(np.float32))  # integers have no NaN
    return np.result_type(*dtypes)


def read_inputs(parts: Sequence[ArrayMember], form: InputForm) -> AnyArray:
    """The inputs of all parts, one after the other, or left in the file. Raises DataError where one is not finite."""
    first = parts[0]
    if len(parts) == 1 and not form.missing.signs and _can_map(first):
        mapped = first.map_array()
        if mapped.flags.aligned:  # else every use of the numbers would be slow
            for start, block in first.read_blocks():
                check_numbers(first, start, block, form.missing)
            return form.arrange(mapped)
    examples = sum(x.shape[0] for x in parts)
    inputs = np.empty((examples, *form.find_shape(first)), find_common_dtype(parts, form.missing))
    start = 0
    for x in parts:
        out = inputs[start : start + x.shape[0]]
        if form.layout == "channels_first":
            out[...] = form.arrange(read_numbers(x, np.empty(x.shape, inputs.dtype), form.missing))
        else:
            read_numbers(x, out.reshape(x.shape), form.missing)
        start += x.shape[0]
    return inputs


def _can_map(x: ArrayMember) -> bool:
    """Whether an array is large, and lies in the file as it is used."""
    is_plain = not x.fortran and x.dtype.isnative and x.dtype.kind != "b"
    return is_plain and not x.is_compressed and x.content_bytes > MIN_MAPPED_BYTES
