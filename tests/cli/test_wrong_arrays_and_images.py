"""Whatever is wrong with a .npz file or a folder of images is said by the program, with the file and the place."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.inside import inside

Row = tuple[str, str, Callable[[Path], object], str]

X = np.arange(40.0).reshape(20, 2)
LABELS = np.arange(20) % 2

SPEC = """
name: s
data: {source: SOURCE, split: {train: 0.5, dev: 0.25, test: 0.25}}
architecture: [flatten, output]
training: {epochs: 1, batch_size: full}
"""


def arrays(**changed: Any) -> Callable[[Path], object]:
    """Write a sound .npz file but for some arrays; None leaves one out."""
    whole = {"x": X, "y": LABELS} | changed
    return lambda folder: np.savez(folder / "s.npz", **{k: v for k, v in whole.items() if v is not None})


def entries(*parts: tuple[str, bytes], **options: Any) -> Callable[[Path], object]:
    """Write a zip file with these entries."""

    def write(folder: Path) -> None:
        with zipfile.ZipFile(folder / "s.npz", "w", **options) as archive:
            for name, content in parts:
                archive.writestr(name, content)

    return write


def npy(shape: tuple[int, ...], descr: object = "<f8", content: bytes = b"", version: int = 1) -> bytes:
    """The bytes of an array's file, whatever its header says."""
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + content
    )


def damaged(change: Callable[[bytes], bytes], save: Any = np.savez) -> Callable[[Path], object]:
    """Write a sound file, then change its bytes."""

    def write(folder: Path) -> None:
        save(folder / "s.npz", x=X, y=LABELS)
        (folder / "s.npz").write_bytes(change((folder / "s.npz").read_bytes()))

    return write


def claiming(claimed: int) -> Callable[[bytes], bytes]:
    """Change what the archive says of the size of the first array."""
    size = struct.pack("<I", 128 + X.nbytes)
    return lambda content: content.replace(size, struct.pack("<I", claimed))


def wrong_at(value: float) -> Any:
    x = X.copy()
    x[13, 1] = value
    return x


BAD_LABELS = np.where(np.arange(20) == 7, 5, LABELS)

NPZ: list[Row] = [
    ("no file", "{npz: none.npz}", lambda folder: None, "there is no file none.npz"),
    ("folder", "{npz: .}", lambda folder: None, ". is a folder, not a .npz file"),
    ("pipe", "{npz: s.npz}", lambda folder: os.mkfifo(folder / "s.npz"), "s.npz is no regular file"),
    ("empty", "{npz: s.npz}", lambda folder: (folder / "s.npz").touch(), "s.npz is damaged, or no .npz file"),
    (
        "text",
        "{npz: s.npz}",
        lambda folder: (folder / "s.npz").write_text("x,y\n1,2\n"),
        "s.npz is damaged, or no .npz",
    ),
    ("npy", "{npz: s.npz}", lambda folder: (folder / "s.npz").write_bytes(npy((1, 1))), "s.npz is damaged, or no .npz"),
    ("truncated", "{npz: s.npz}", damaged(lambda content: content[:-30]), "s.npz is damaged, or no .npz file"),
    (
        "bit",
        "{npz: s.npz}",
        damaged(lambda c: c[:300] + b"\1" + c[301:]),
        "the array x is damaged, or no .npz file: Bad CRC-32",
    ),
    ("no array", "{npz: {path: s.npz, x: z}}", arrays(), "s.npz has no array z; it has x, y"),
    ("no labels", "{npz: s.npz}", arrays(y=None), "s.npz has no array y; it has x"),
    ("objects", "{npz: s.npz}", arrays(x=np.array([[1, None]])), "s.npz: the array x holds Python objects"),
    ("structured", "{npz: s.npz}", arrays(x=np.zeros(20, "f8,i4")), "s.npz: the array x holds [('f0', '<f8')"),
    ("complex", "{npz: s.npz}", arrays(x=X + 1j), "s.npz: the array x holds complex128; expected numbers"),
    ("times", "{npz: s.npz}", arrays(x=X.astype("M8[s]")), "s.npz: the array x holds dates; expected numbers"),
    ("texts", "{npz: s.npz}", arrays(x=X.astype(str)), "s.npz: the array x holds texts; expected numbers"),
    ("no axes", "{npz: s.npz}", arrays(x=np.float64(3)), "s.npz: the array x has shape (); expected (M, ...)"),
    ("one axis", "{npz: s.npz}", arrays(x=X[:, 0]), "s.npz: the array x has shape (20,); expected (M, ...)"),
    ("no features", "{npz: s.npz}", arrays(x=X[:, :0]), "s.npz: the array x has shape (20, 0); expected (M, ...)"),
    ("no examples", "{npz: s.npz}", arrays(x=X[:0], y=LABELS[:0]), "s.npz: the array x holds no examples"),
    (
        "lengths",
        "{npz: s.npz}",
        arrays(y=LABELS[:-1]),
        "x has shape (20, 2) and y has (19,): expected as many examples",
    ),
    (
        "nan",
        "{npz: s.npz}",
        arrays(x=wrong_at(np.nan)),
        "s.npz: the array x: example 13, place [1]: nan is not a finite",
    ),
    (
        "infinity",
        "{npz: s.npz}",
        arrays(x=wrong_at(-np.inf).astype("f2")),
        "example 13, place [1]: -inf is not a finite",
    ),
    ("nan value", "{npz: s.npz}", arrays(y=wrong_at(np.nan)), "s.npz: the array y: example 13, place [1]: nan"),
    ("dated labels", "{npz: s.npz}", arrays(y=LABELS.astype("M8[D]")), "the array y holds dates; expected numbers"),
    (
        "whole numbers",
        "{npz: s.npz}",
        arrays(y=LABELS.astype("f4")),
        "that are all whole, 2 different ones: are they classes, or values? data.source.npz.kind=classes or data.",
    ),
    (
        "many integers",
        "{npz: s.npz}",
        arrays(x=np.zeros((40, 2)), y=np.arange(40)),
        "integers, 40 different ones: are they classes, or values? data.source.npz.kind=classes or data",
    ),
    (
        "zeros and ones",
        "{npz: s.npz}",
        arrays(y=np.ones((20, 3), "f4")),
        "are they answers of yes or no, or values? data.source.npz.kind=binary or data.source.npz.kind=values",
    ),
    (
        "two ones",
        "{npz: {path: s.npz, kind: classes}}",
        arrays(y=np.eye(20) + np.eye(20, k=1)),
        "the array y: example 0 is not one-hot: expected a single 1 among zeros",
    ),
    (
        "columns",
        "{npz: {path: s.npz, classes: [a, b]}}",
        arrays(y=np.eye(20)),
        "the array y is one-hot of 20 classes, and `classes` names 2",
    ),
    (
        "label",
        "{npz: {path: s.npz, classes: [a, b]}}",
        arrays(y=BAD_LABELS),
        "example 7: the label is 5; expected 0 to 1",
    ),
    ("one class", "{npz: s.npz}", arrays(y=LABELS * 0), "s.npz: expected at least 2 classes, found 0"),
    (
        "text label",
        "{npz: s.npz}",
        arrays(y=np.array([*"abc", *"a" * 17]), classes=["a", "b"]),
        "label is 'c'; expected one of a",
    ),
    (
        "blank class",
        "{npz: s.npz}",
        arrays(y=np.array([*"ab", *"a" * 17, " "])),
        "s.npz: ' ' cannot be the name of a class",
    ),
    ("two classes", "{npz: s.npz}", arrays(classes=["a", "a"]), "the array classes: there are two classes 'a'"),
    (
        "class numbers",
        "{npz: s.npz}",
        arrays(classes=np.arange(2)),
        "the array classes holds int64 of shape (2,); expected the classes",
    ),
    ("bytes", "{npz: s.npz}", arrays(y=np.array([b"a", b"b"] * 10)), "the array y holds |S1"),
    (
        "ambiguous",
        "{npz: s.npz}",
        arrays(y=np.stack([LABELS, 3 - LABELS], axis=-1)),
        "holds integers of shape (20, 2), and classes are of shape (M,): are they values? data.source.npz.kind=values",
    ),
    (
        "real classes",
        "{npz: {path: s.npz, kind: classes}}",
        arrays(y=X[:, 0] / 4),
        "example 1: 0.5 is no whole number, and the labels of classes are",
    ),
    ("no yes", "{npz: {path: s.npz, kind: binary}}", arrays(y=BAD_LABELS), "example 7: 5 is neither 0 nor 1"),
    (
        "cube",
        "{npz: s.npz}",
        arrays(y=np.zeros((20, 2, 2))),
        "y has shape (20, 2, 2); expected (M,) or (M, O)",
    ),
    (
        "names",
        "{npz: {path: s.npz, classes: [a, b]}}",
        arrays(y=np.full((20, 3), 0.5)),
        "has 3 outputs, and `classes` names 2",
    ),
    ("half a test", "{npz: s.npz}", arrays(x_test=X), "s.npz has no array y_test; it has x, x_test, y"),
    (
        "test shape",
        "{npz: s.npz}",
        arrays(x_test=X[:, :1], y_test=LABELS),
        "(20, 2) of float64 and x_test has (20, 1) of float64",
    ),
    (
        "test type",
        "{npz: s.npz}",
        arrays(x_test=X, y_test=X[:, 0]),
        "y has shape (20,) of int64 and y_test has (20,) of float64",
    ),
    (
        "twice",
        "{npz: s.npz}",
        damaged(lambda c: c.replace(b"y.npy", b"x.npy")),
        "s.npz has no array y; it has x",
    ),
    ("header", "{npz: s.npz}", entries(("x.npy", b"\x93NUMPY\1\0\5\0{'a':")), "s.npz: the array x is damaged"),
    ("minus", "{npz: s.npz}", entries(("x.npy", npy((-2, -3)))), "the array x is damaged: its shape is (-2, -3)"),
    (
        "bomb",
        "{npz: s.npz}",
        entries(("x.npy", npy((10**9, 10**9)))),
        "(1000000000, 1000000000) of float64, which are 8,000",
    ),
    ("claim", "{npz: s.npz}", damaged(claiming(2**32 - 2), np.savez_compressed), "cannot be of 4,294,967,294 bytes"),
    (
        "method",
        "{npz: s.npz}",
        entries(("x.npy", npy((1, 1))), compression=zipfile.ZIP_LZMA),
        "in a way that NumPy does not",
    ),
    (
        "password",
        "{npz: s.npz}",
        damaged(lambda c: c.replace(b"PK\1\2\x2d\3\x2d\0\0", b"PK\1\2\x2d\3\x2d\0\1")),
        "is encrypted",
    ),
]


def pictures(*paths: str, also: Callable[[Path], object] = lambda root: None) -> Callable[[Path], object]:
    """Write a sound folder of two classes, and more images, and then something that is wrong."""

    def write(folder: Path) -> None:
        for path in (*(f"set/{name}/1{n}.png" for name in ("cat", "dog") for n in range(4)), *paths):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), "red").save(folder / path)
        also(folder)

    return write


def only(*paths: str) -> Callable[[Path], object]:
    """Write images and nothing else."""

    def write(folder: Path) -> None:
        for path in paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8)).save(folder / path)

    return write


def cut_off(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:5000])


def enormous(path: Path) -> None:
    """A picture of 60,000 times 60,000 pixels, by its header."""
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">2I", 60000, 60000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)


SET = "{image_folder: {path: set, size: 8}}"
WITH_TEST = "{image_folder: {path: set, size: 8, test: own}}"

IMAGES: list[Row] = [
    ("no folder", SET, lambda folder: None, "there is no file set"),
    ("file", SET, lambda folder: (folder / "set").touch(), "cannot list set: Not a directory"),
    ("empty folder", SET, lambda folder: (folder / "set").mkdir(), "set has no folders; expected one for each class"),
    (
        "no classes",
        SET,
        only("set/1.png"),
        "set/1.png lies beside the folders; each image lies in the folder of its class",
    ),
    ("one class", SET, only("set/cat/1.png"), "a folder for each class: expected at least 2 classes, found cat"),
    ("beside", SET, pictures("set/3.jpg"), "set/3.jpg lies beside the folders"),
    (
        "empty class",
        SET,
        pictures(also=lambda f: (f / "set/elk").mkdir()),
        "set/elk holds no image; images are .bmp, .gif",
    ),
    ("deeper", SET, pictures("set/dog/big/1.png"), "set/dog/big is a folder; expected images directly in set/dog"),
    (
        "empty image",
        SET,
        pictures(also=lambda f: (f / "set/dog/2.png").touch()),
        "set/dog/2.png cannot be read as an image: it is empty",
    ),
    (
        "text",
        SET,
        pictures(also=lambda f: (f / "set/dog/2.JPG").write_text("hello")),
        "set/dog/2.JPG cannot be read as an image: it is of no",
    ),
    (
        "cut off",
        SET,
        pictures(also=lambda f: cut_off(f / "set/dog/2.png")),
        "set/dog/2.png cannot be read as an image: image file is",
    ),
    (
        "enormous",
        SET,
        pictures("set/dog/2.png", also=lambda f: enormous(f / "set/dog/2.png")),
        "set/dog/2.png: Image size (3600000000 pixels)",
    ),
    (
        "reals",
        SET,
        pictures(also=lambda f: Image.new("F", (2, 2)).save(f / "set/dog/2.tif")),
        "set/dog/2.tif cannot be read as an image: its pixels",
    ),
    (
        "broken link",
        SET,
        pictures(also=lambda f: (f / "set/dog/2.png").symlink_to("none")),
        "set/dog/2.png is a link to nothing",
    ),
    (
        "link",
        SET,
        pictures("a.png", also=lambda f: (f / "set/dog/2.png").symlink_to(f / "a.png")),
        "a.png, which is not below set",
    ),
    (
        "folder link",
        SET,
        pictures("a/1.png", also=lambda f: (f / "set/elk").symlink_to("../a")),
        "a, which is not below set",
    ),
    ("pipe", SET, pictures(also=lambda f: os.mkfifo(f / "set/dog/2.png")), "set/dog/2.png is no regular file"),
    (
        "bytes",
        SET,
        pictures(also=lambda f: (f / "set/dog").rename(f / "set" / os.fsdecode(b"d\xff"))),
        r"'d\udcff' cannot be the name of a class",
    ),
    ("no test", WITH_TEST, pictures(), "there is no file own"),
    ("test class", WITH_TEST, pictures("own/elk/1.png"), "own/elk is of a class that set has no folder of"),
    ("test image", WITH_TEST, pictures("own/1.png"), "own/1.png lies beside the folders"),
    (
        "parts",
        SET,
        only("set/train/a/1.png", "set/more/a/1.png", "set/test/a/1.png"),
        "set/more/a is a folder; expected images",
    ),
    (
        "two dev parts",
        SET,
        only("set/train/a/1.png", "set/val/a/1.png", "set/Dev/a/1.png"),
        "set/Dev and set/val are both the dev part; keep one of them",
    ),
    (
        "beside parts",
        SET,
        only("set/1.png", "set/train/a/1.png", "set/train/b/1.png", "set/test/a/1.png"),
        "set/1.png lies beside the folders",
    ),
    ("flat parts", SET, only("set/train/1.png", "set/test/1.png"), "set/train/1.png lies beside the folders"),
    ("null", r'{image_folder: {path: "a\0b", size: 8}}', lambda folder: None, r"there is no file 'a\x00b'"),
]


@pytest.mark.parametrize("row", [*NPZ, *IMAGES], ids=lambda row: f"{row[1].partition(':')[0][1:]}-{row[0]}")
def test_what_is_wrong_is_said_and_nothing_is_trained(row: Row, tmp_path: Path) -> None:
    _, source, write, message = row
    (tmp_path / "s.yaml").write_text(SPEC.replace("SOURCE", source))
    write(tmp_path)
    done = inside("train", "s.yaml", cwd=tmp_path)
    assert done.returncode == 6, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.glob("runs/*/metrics.csv"))
