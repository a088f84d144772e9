"""Examples and filters as small images.   H W C image"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np

from nnexp.data.dataset import Source
from nnexp.typing import AnyArray, Shape

ENLARGED_SIDE_PIXELS = 56
"""Pixels of the longer side that small images are enlarged to, by a whole number."""

PNG_COLOUR_TYPES = {1: 0, 3: 2}
"""How a PNG says grey, and red, green and blue, by the number of channels: ISO/IEC 15948, section 11.2.2."""

MAX_IMAGE_SIDE = 512
"""Pixels of a side; larger examples would make a page of megabytes."""


def find_image_shape(source: Source, shape: Shape) -> Shape | None:
    """Height, width and channels of the examples of a source whose shape is this, where they are images.

    A source that gives images as rows of numbers when it is `flat` is asked what it gives when it is not.
    """
    if len(shape) == 1 and getattr(source, "flat", False):
        given: Any = source
        shape = replace(given, flat=False).describe().shape
    if len(shape) != 3 or max(shape[:2]) > MAX_IMAGE_SIDE:
        return None
    return shape


def find_pixel_range(x: AnyArray) -> tuple[float, float]:
    """What is black and what is white in images x: bytes that use their range as they are, else least and largest."""
    finite = x
    if x.dtype.kind == "f":
        finite = x[np.isfinite(x)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    # Bytes may also be small counts, such as the 0 to 16 of the digits, which would all be black.
    if x.dtype == np.uint8 and high > 127:
        return 0.0, 255.0
    return low, high


def encode_image(image: AnyArray, low: float, high: float) -> str:
    """An image (H, W, C) as a data URL: in colours where it has three channels, in grey where it has another number."""
    scaled = (np.nan_to_num(image.astype(np.float64), nan=low) - low) / (high - low or 1)
    return encode_png(np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8))


def encode_png(pixels: AnyArray) -> str:
    """Bytes (H, W, C) as the data URL of a PNG; small images are enlarged, so that pixels stay squares."""
    channels = 3 if pixels.shape[-1] >= 3 else 1
    factor = max(1, ENLARGED_SIDE_PIXELS // max(pixels.shape[:2]))
    shown = pixels[..., :channels].repeat(factor, axis=-3).repeat(factor, axis=-2)
    height, width, _ = shown.shape
    head = struct.pack(">IIBBBBB", width, height, 8, PNG_COLOUR_TYPES[channels], 0, 0, 0)
    # Each line begins with the number of its filter, and 0 is none.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), shown.reshape(height, -1)], axis=-1)
    parts = [
        _make_png_chunk(b"IHDR", head),
        _make_png_chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
        _make_png_chunk(b"IEND", b""),
    ]
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()


def _make_png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def encode_filters(W: AnyArray, shape: Shape) -> list[str]:
    """Filters W (H W C, F) as images, each by itself from its most negative weight, black, over 0, grey, to white."""
    found = []
    for image in np.moveaxis(W.reshape(*shape, -1), -1, 0):
        most = float(np.abs(image).max()) or 1.0
        found.append(encode_image(image, -most, most))
    return found
