"""Small sets in the exact form in which the published ones are distributed: CIFAR-10, CIFAR-100, and IDX files.

A path that ends in .tar.gz becomes an archive, any other a folder.
"""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from nnexp.data.sources import cifar10, cifar100
from nnexp.data.sources.cifar_like import CifarLike
from nnexp.typing import AnyArray, IntArray

Version: TypeAlias = Literal["python", "binary"]
Files: TypeAlias = dict[str, bytes]

ORDER = ["data_batch_4", "readme.html", "test_batch", "data_batch_3", "batches.meta", "data_batch_2", "data_batch_5"]
"""How the members of cifar-10-python.tar.gz begin; data_batch_1 is the last."""


def write_cifar10(
    path: Path,
    train_images: AnyArray,
    train_labels: IntArray,
    test_images: AnyArray,
    test_labels: IntArray,
    version: Version = "python",
    protocol: int | None = None,
) -> None:
    """Pictures (N, 32, 32, 3), cut in five training batches; `protocol` is Python 3's, or None for Python 2's form."""
    images = [*np.array_split(train_images, 5), test_images]
    labels = [*np.array_split(train_labels, 5), test_labels]
    names = cifar10.FILE_LAYOUT.batch_names
    files: Files = {}
    for name, pictures, given in zip(names, images, labels, strict=True):
        if version == "binary":
            files[f"{name}.bin"] = binary_batch(pictures, given)
        else:
            files[name] = pickled({**python_batch(name, pictures), b"labels": given.tolist()}, protocol)
    if version == "binary":
        files["batches.meta.txt"] = "\n".join([*cifar10.CLASS_NAMES, "", ""]).encode()
    else:
        files["batches.meta"] = pickled(cifar10_meta(), protocol)
    files["readme.html"] = b'<meta HTTP-EQUIV="REFRESH" content="0; url=https://www.cs.toronto.edu/~kriz/cifar.html">\n'
    in_order = [name for name in ORDER if name in files] + [name for name in files if name not in ORDER]
    folder = cifar10.FILE_LAYOUT.folders[0 if version == "python" else 1]
    write_files(path, folder, {name: files[name] for name in in_order})


def write_cifar100(
    path: Path,
    train_images: AnyArray,
    train_labels: IntArray,
    test_images: AnyArray,
    test_labels: IntArray,
    version: Version = "python",
    protocol: int | None = None,
) -> None:
    """Pictures (N, 32, 32, 3) with fine labels (N,); the coarse label of each is `coarse` of the fine one."""
    files: Files = {}
    for name, pictures, fine in (("test", test_images, test_labels), ("train", train_images, train_labels)):
        if version == "binary":
            files[f"{name}.bin"] = binary_batch(pictures, coarse(fine), fine)
        else:
            labels = {b"fine_labels": fine.tolist(), b"coarse_labels": coarse(fine).tolist()}
            files[name] = pickled({**python_batch(name, pictures), **labels}, protocol)
    if version == "binary":
        for known in cifar100.LABEL_LAYOUTS.values():
            files[known.names_file] = "\n".join([*known.classes, ""]).encode()
    else:
        files["meta"] = pickled(cifar100_meta(), protocol)
    write_files(path, cifar100.FILE_LAYOUT.folders[0 if version == "python" else 1], files)


def coarse(fine: IntArray) -> IntArray:
    """Groups of five labels; the published ones are grouped by meaning."""
    return fine // 5


def write_idx(
    folder: Path,
    train_images: AnyArray,
    train_labels: IntArray,
    test_images: AnyArray,
    test_labels: IntArray,
    *,
    packed: bool = True,
    dotted: bool = False,
) -> None:
    """Images (N, 28, 28) in the form of MNIST; `dotted` has a dot before idx, as some mirrors do."""
    folder.mkdir(parents=True, exist_ok=True)
    mark, ending = "." if dotted else "-", ".gz" if packed else ""
    for part, images, labels in (("train", train_images, train_labels), ("t10k", test_images, test_labels)):
        for name, array in ((f"{part}-images{mark}idx3-ubyte", images), (f"{part}-labels{mark}idx1-ubyte", labels)):
            content = idx_file(array)
            (folder / f"{name}{ending}").write_bytes(gzip.compress(content) if packed else content)


def idx_file(array: AnyArray) -> bytes:
    """An array of bytes: 0, 0, the code of the type, the number of dimensions, the sizes, the bytes."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def planes(pictures: AnyArray) -> AnyArray:
    """All red, then all green, then all blue of each picture. (N, 32, 32, 3) -> (N, 3072)"""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)).reshape(len(pictures), -1)


def binary_batch(pictures: AnyArray, *labels: IntArray) -> bytes:
    """Rows of the labels and the planes of one picture."""
    columns = [*(given[:, None].astype(np.uint8) for given in labels), planes(pictures)]
    return np.concatenate(columns, axis=1).tobytes()


def python_batch(name: str, pictures: AnyArray) -> dict[bytes, Any]:
    """What a batch has beside its labels."""
    filenames = [f"{name}_s_{number:06}.png".encode() for number in range(len(pictures))]
    return {b"batch_label": name.encode(), b"data": planes(pictures), b"filenames": filenames}


def cifar10_meta() -> dict[bytes, Any]:
    """The content of batches.meta."""
    return {b"num_cases_per_batch": 10000, b"label_names": encoded(cifar10.CLASS_NAMES), b"num_vis": 3072}


def cifar100_meta() -> dict[bytes, Any]:
    """The content of meta."""
    return {known.names_key.encode(): encoded(known.classes) for known in reversed(cifar100.LABEL_LAYOUTS.values())}


def encoded(names: Sequence[str]) -> list[bytes]:
    return [name.encode() for name in names]


def pickled(value: Any, protocol: int | None = None) -> bytes:
    """A pickle as Python 2's cPickle writes it in protocol 2, or one of Python 3's."""
    return Python2().pickled(value) if protocol is None else pickle.dumps(value, protocol)


class Python2:
    """The form of cPickle in protocol 2: dictionaries, lists, texts (bytes here), whole numbers, and arrays of them.

    Source: Modules/cPickle.c of Python 2.7 and array_reduce of NumPy 1.
    """

    def __init__(self) -> None:
        self.memorized = 0

    def pickled(self, value: Any) -> bytes:
        return b"\x80\x02" + self.one(value) + b"."

    def one(self, value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            return self.array(value)
        if isinstance(value, dict):
            parts = [self.one(part) for item in value.items() for part in item]
            return b"}" + self.put() + batched(parts, 2000, b"u")
        if isinstance(value, list):
            return b"]" + self.put() + batched([self.one(entry) for entry in value], 1000, b"e")
        return self.text(value) if isinstance(value, bytes) else self.integer(value)

    def text(self, value: bytes) -> bytes:
        head = b"U" + struct.pack("<B", len(value)) if len(value) < 256 else b"T" + struct.pack("<i", len(value))
        return head + value + self.put()

    def integer(self, value: int) -> bytes:
        if 0 <= value < 256:
            return b"K" + struct.pack("<B", value)
        return b"M" + struct.pack("<H", value) if 0 <= value < 2**16 else b"J" + struct.pack("<i", value)

    def put(self) -> bytes:
        """The memo counts from 1."""
        self.memorized += 1
        number = self.memorized
        return b"q" + struct.pack("<B", number) if number < 256 else b"r" + struct.pack("<i", number)

    def array(self, value: AnyArray) -> bytes:
        shape = b"".join(self.integer(size) for size in value.shape)
        return b"".join(
            [
                b"cnumpy.core.multiarray\n_reconstruct\n" + self.put(),
                b"cnumpy\nndarray\n" + self.put() + b"K\x00\x85" + self.put() + self.text(b"b"),
                b"\x87" + self.put() + b"R" + self.put() + b"(K\x01" + shape + b"\x86" + self.put(),
                b"cnumpy\ndtype\n"
                + self.put()
                + self.text(value.dtype.str[1:].encode())
                + b"K\x00K\x01\x87"
                + self.put(),
                b"R"
                + self.put()
                + b"(K\x03"
                + self.text(value.dtype.str[:1].encode())
                + b"NNN"
                + 2 * b"J\xff\xff\xff\xff",
                b"K\x00t" + self.put() + b"b\x89" + self.text(value.tobytes()) + b"t" + self.put() + b"b",
            ]
        )


def batched(parts: list[bytes], size: int, end: bytes) -> bytes:
    """Entries between a mark and the operation that stores them, so many at a time."""
    return b"".join(b"(" + b"".join(parts[i : i + size]) + end for i in range(0, len(parts), size))


def write_files(path: Path, folder: str, files: Files) -> None:
    """A folder with some files, or an archive that has them in a folder."""
    if not path.name.endswith(".tar.gz"):
        path.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (path / name).write_bytes(content)
        return
    entries = [tarfile.TarInfo(folder), *(tarfile.TarInfo(f"{folder}/{name}") for name in files)]
    entries[0].type = tarfile.DIRTYPE
    write_archive(path, [(entry, files.get(Path(entry.name).name, b"")) for entry in entries])


def write_archive(path: Path, members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> None:
    """An archive of members with their contents, whose sizes are those of the contents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for entry, content in members:
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def small_pictures(train: int = 200, test: int = 40) -> tuple[AnyArray, IntArray, AnyArray, IntArray]:
    """Pictures (N, 32, 32, 3) of ten classes and their labels: of a training part and of a test part."""
    data = CifarLike(examples=train + test, seed=1).load()
    return data.x[:train], data.y[:train], data.x[train:], data.y[train:]


def small_digits(train: int = 200, test: int = 40) -> tuple[AnyArray, IntArray, AnyArray, IntArray]:
    """Images (N, 28, 28) of ten classes and their labels: of a training part and of a test part."""
    train_images, train_labels, test_images, test_labels = small_pictures(train, test)
    return train_images[:, 2:-2, 2:-2, 0], train_labels, test_images[:, 2:-2, 2:-2, 0], test_labels


def write_all(folder: Path) -> None:
    """A small version of every published set, where `nnexp data fetch` would put it."""
    pictures = small_pictures()
    write_cifar10(folder / "cifar-10-python.tar.gz", *pictures)
    write_cifar100(folder / "cifar-100-python.tar.gz", *hundred_classes(*pictures))
    for name in ("mnist", "fashion_mnist"):
        write_idx(folder / name, *small_digits())


def hundred_classes(
    train_images: AnyArray, train_labels: IntArray, test_images: AnyArray, test_labels: IntArray
) -> tuple[AnyArray, IntArray, AnyArray, IntArray]:
    """The same pictures, of which those of a class are of ten classes in turn."""
    train, test = (labels * 10 + np.arange(len(labels)) // 10 % 10 for labels in (train_labels, test_labels))
    return train_images, train, test_images, test
