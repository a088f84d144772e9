"""Handwritten digits.   M examples"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass, replace
from importlib.resources import files
from tokenize import TokenError

import numpy as np

from nnexp.data.dataset import Dataset, Description, Source
from nnexp.data.sources.base import describe_classification
from nnexp.errors import DataError
from nnexp.registry import sources

DIGITS_FILE = files("nnexp.data") / "files" / "digits.npz"
CONTENT_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
"""Of the images' bytes followed by the labels' bytes."""

READ_ERRORS = (ValueError, KeyError, EOFError, RuntimeError, TokenError, zipfile.BadZipFile, zlib.error)
"""What NumPy raised for copies of the file with bytes changed or cut off."""

REINSTALL_ADVICE = "Reinstall nnexp, which brings the file."


@sources.register("digits")
@dataclass(frozen=True, slots=True)
class Digits(Source):
    """1,797 handwritten digits of 13 writers, 8×8 pixels each: real data that needs no download.

        x[8 row + column] = the number of ink pixels, 0..16, in a block of 4×4 of the scanned digit

    x (1797, 64) uint8, or with `flat: false` images (1797, 8, 8, 1) for convolution; y (1797,). 174 to 183 examples per
    class, in the order of the original test set.
    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    doi 10.24432/C50P49, CC BY 4.0; nnexp/data/files/digits.md says what was changed.
    """

    flat: bool = True

    def describe(self) -> Description:
        flat = describe_classification(examples=1797, features=64, classes=10)
        return flat if self.flat else replace(flat, shape=(8, 8, 1))

    def load(self) -> Dataset:
        try:
            with DIGITS_FILE.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                images, labels = arrays["images"], arrays["labels"]
        except OSError as error:
            raise DataError(f"digits: cannot read {DIGITS_FILE}: {error}. {REINSTALL_ADVICE}") from error
        except READ_ERRORS as error:
            raise DataError(f"digits: {DIGITS_FILE} is damaged: {error}. {REINSTALL_ADVICE}") from error
        # of the numbers and not of the file, whose bytes another version of zlib may write otherwise
        found = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
        if found != CONTENT_SHA256:
            raise DataError(
                f"digits: {DIGITS_FILE} is damaged: expected SHA-256 {CONTENT_SHA256}, found {found}. "
                f"{REINSTALL_ADVICE}"
            )
        return Dataset(images.reshape(-1, *self.describe().shape), labels.astype(np.int64), self.describe())
