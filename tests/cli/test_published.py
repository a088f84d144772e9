"""What is wrong with the files of a published set is said by the program: which file, what, and exit code 6."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import signal
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from nnexp.cli.app import main
from tests.published import (
    Files,
    binary_batch,
    cifar10_meta,
    hundred_classes,
    idx_file,
    pickled,
    planes,
    small_digits,
    small_pictures,
    write_archive,
    write_cifar10,
    write_cifar100,
    write_files,
    write_idx,
)
from tests.published import Python2 as Pickler

Make: TypeAlias = Callable[[Path], Path]
"""Writes what is wrong into an empty folder and says what the spec names as `path`."""

PICTURES = small_pictures(15, 2)
DIGITS = small_digits(15, 2)
PY, BIN = "cifar-10-batches-py", "cifar-10-batches-bin"

COMMAND = b"U\x04true\x85R"
"""Calls what is on the stack with a command."""


def cifar10(folder: Path, version: Any = "python") -> Files:
    """The files of a small CIFAR-10."""
    write_cifar10(folder / "good", *PICTURES, version=version)
    return {path.name: path.read_bytes() for path in sorted((folder / "good").iterdir())}


def batch(**changes: Any) -> dict[bytes, Any]:
    """The content of a good batch of three pictures, with some entries changed."""
    good = {
        b"batch_label": b"a batch",
        b"labels": [1, 2, 3],
        b"data": planes(PICTURES[0][:3]),
        b"filenames": [b"one.png"] * 3,
    }
    return good | {key.encode(): value for key, value in changes.items()}


def python(content: bytes, name: str = "data_batch_2") -> Make:
    """An archive of the python version in which one file is another."""

    def make(folder: Path) -> Path:
        write_files(folder / "c.tar.gz", PY, cifar10(folder) | {name: content})
        return folder / "c.tar.gz"

    return make


def binary(content: bytes, name: str = "data_batch_2.bin") -> Make:
    """A folder of the binary version in which one file is another."""

    def make(folder: Path) -> Path:
        write_files(folder / BIN, BIN, cifar10(folder, "binary") | {name: content})
        return folder / BIN

    return make


def without(name: str, version: Any = "python") -> Make:
    """An archive without one file."""

    def make(folder: Path) -> Path:
        files = cifar10(folder, version)
        del files[name]
        write_files(folder / "c.tar.gz", PY, files)
        return folder / "c.tar.gz"

    return make


def mixed(folder: Path) -> Path:
    write_files(folder / "c.tar.gz", PY, cifar10(folder) | {"data_batch_2.bin": binary_batch(*PICTURES[:2])})
    return folder / "c.tar.gz"


def member(name: str, kind: bytes = tarfile.REGTYPE, count: int = 1) -> Make:
    """An archive with something besides the published members."""

    def make(folder: Path) -> Path:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/hostname"
        write_archive(folder / "c.tar.gz", [(entry, b"")] * count)
        return folder / "c.tar.gz"

    return make


def claimed(size: int) -> Make:
    """An archive whose first member says that it has so many bytes, and has 512."""

    def make(folder: Path) -> Path:
        entry = tarfile.TarInfo(f"{PY}/data_batch_1")
        entry.size = size
        (folder / "c.tar.gz").write_bytes(gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(512)))
        return folder / "c.tar.gz"

    return make


def backwards(folder: Path) -> Path:
    """An archive with a member whose size leads back to where it begins."""
    entry = tarfile.TarInfo(f"{PY}/readme.html")
    entry.pax_headers = {"size": "-1536"}
    (folder / "c.tar.gz").write_bytes(gzip.compress(entry.tobuf(tarfile.PAX_FORMAT) + bytes(1024)))
    return folder / "c.tar.gz"


def nested(folder: Path) -> Path:
    """An archive of headers that each say something of the next one."""
    entry = tarfile.TarInfo("x")
    entry.pax_headers = {"comment": "x"}
    header = entry.tobuf(tarfile.PAX_FORMAT)[:1024]
    (folder / "c.tar.gz").write_bytes(gzip.compress(header * 5000))
    return folder / "c.tar.gz"


def archive(change: Callable[[bytes], bytes]) -> Make:
    """A good archive whose bytes are changed."""

    def make(folder: Path) -> Path:
        write_cifar10(folder / "c.tar.gz", *PICTURES)
        (folder / "c.tar.gz").write_bytes(change((folder / "c.tar.gz").read_bytes()))
        return folder / "c.tar.gz"

    return make


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 0xFF
    return bytes(changed)


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        target.writestr("cifar-10-batches-py/data_batch_1", content)
    return stream.getvalue()


def other_set(folder: Path) -> Path:
    write_cifar100(folder / "c.tar.gz", *hundred_classes(*PICTURES))
    return folder / "c.tar.gz"


def nothing(folder: Path) -> Path:
    return folder


def missing(folder: Path) -> Path:
    return folder / "c.tar.gz"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "c.tar.gz")
    return folder / "c.tar.gz"


class Objects:
    """Pickles of what no published file has."""

    def __init__(self, *reduced: Any) -> None:
        self.reduced = reduced

    def __reduce__(self) -> Any:
        return self.reduced


OBJECTS = np.array([[object] * 3], dtype=object)
NESTED = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\ncposix\nsystem\n" + COMMAND
SHAPED = Pickler().array(planes(PICTURES[0][:3])).replace(b"(K\x01K\x03M\x00\x0c", b"(K\x01K\x05M\x00\x0c")
LONG = b"\x80\x02}U\x04dataT\xff\xff\xff\x7f"
NINE = {**cifar10_meta(), b"label_names": cifar10_meta()[b"label_names"][:9]}
SAME = {**cifar10_meta(), b"label_names": [b"cat"] * 10}

ARCHIVES: dict[str, tuple[Make, str]] = {
    "nothing at the path": (missing, "there is no file"),
    "no file and no folder": (pipe, "is neither an archive nor a folder"),
    "empty": (archive(lambda content: b""), "is damaged: empty file"),
    "a zip archive": (archive(zipped), "is damaged: Not a gzipped file"),
    "a tar archive without gzip": (archive(gzip.decompress), "is damaged: Not a gzipped file"),
    "no tar archive inside": (archive(lambda content: gzip.compress(bytes(range(256)) * 9)), "is damaged"),
    "cut short": (archive(lambda content: content[:-97]), "is damaged: Compressed file ended"),
    "cut in the middle": (archive(lambda content: content[: len(content) // 2]), "is damaged"),
    "two bytes only": (archive(lambda content: content[:2]), "is damaged"),
    "changed in the middle": (archive(lambda content: flipped(content, len(content) // 2)), "is damaged"),
    "a wrong checksum": (archive(lambda content: flipped(content, -5)), "is damaged: CRC check failed"),
    "a link in place of a batch": (member(f"{PY}/data_batch_1", tarfile.SYMTYPE), "holds no batch of CIFAR-10"),
    "a pipe in place of a batch": (member(f"{PY}/data_batch_1", tarfile.FIFOTYPE), "holds no batch of CIFAR-10"),
    "many members": (member("x", count=1001), "has more than 1000 members"),
    "a size that no file has": (claimed(2**40), "data_batch_1' says that it has 1,099,511,627,776 bytes, and no file"),
    "a size below 0": (backwards, "readme.html' says that it has -1,536 bytes"),
    "headers nested deep": (nested, "is damaged: maximum recursion depth exceeded"),
    "a size beyond the end": (claimed(2**20), "data_batch_1 is damaged: unexpected end of data"),
    "a batch missing": (without("data_batch_3"), "lacks data_batch_3: expected data_batch_1, data_batch_2"),
    "the test part missing": (without("test_batch.bin", "binary"), "lacks test_batch: expected"),
    "another set": (other_set, "holds no batch of CIFAR-10"),
    "both versions": (mixed, "the python and the binary version are mixed here"),
    "an empty folder": (nothing, "holds no batch of CIFAR-10: expected data_batch_1"),
}

PICKLES: dict[str, tuple[Make, str]] = {
    "a command": (
        python(b"\x80\x02cos\nsystem\n" + COMMAND + b"."),
        "data_batch_2 is refused, and nothing of it was run: it asks for 'os.system'",
    ),
    "a command in Python 3": (python(pickle.dumps(Objects(exec, ("1",)), 4)), "it asks for 'builtins.exec'"),
    "an evaluation": (python(pickle.dumps(Objects(eval, ("1",)), 2)), "it asks for '__builtin__.eval'"),
    "a command inside an array": (python(NESTED + b"."), "it asks for 'posix.system'"),
    "a command among the names": (python(b"\x80\x02cos\nsystem\n.", "batches.meta"), "batches.meta is refused"),
    "a class of old": (python(b"\x80\x02(U\x04trueios\nsystem\n."), "its operation INST builds no dictionary"),
    "a persistent identity": (python(b"\x80\x02K\x01Q."), "its operation BINPERSID builds no dictionary"),
    "an extension": (python(b"\x80\x02\x82\x01."), "its operation EXT1 builds no dictionary"),
    "a call of an array's class": (python(b"\x80\x02cnumpy\nndarray\nK\x05\x85R."), "expected a dictionary"),
    "a call of what is no function": (python(b"\x80\x02K\x05K\x05\x85R."), "it calls what is no function"),
    "attributes of a list": (python(b"\x80\x02]}b."), "it sets attributes of what is no array"),
    "an array of objects": (python(pickle.dumps({"data": OBJECTS}, 2)), "it asks for '__builtin__.object'"),
    "an array of numbers with a point": (
        python(pickled(batch(data=planes(PICTURES[0][:3]).astype(float)), 4)),
        "it has an array of 'f8'",
    ),
    "an array of records": (python(pickled(batch(data=np.zeros(3, "u1,u1")), 2)), "it has an array of 'V2'"),
    "an array of larger numbers": (
        python(pickled(batch(data=planes(PICTURES[0][:3]).astype(int)))),
        "found int64 (3, 3072)",
    ),
    "an array of another size": (
        python(b"\x80\x02}U\x04data" + SHAPED + b"s."),
        "is refused: cannot reshape array of size 9216 into shape (5,3072)",
    ),
    "an array without numbers": (
        python(NESTED[: NESTED.index(b"cposix")] + b"K\x00\x85U\x01b\x87R."),
        "expected a dictionary",
    ),
    "pictures of another size": (python(pickled(batch(data=planes(PICTURES[0][:3])[:, 1:]))), "found uint8 (3, 3071)"),
    "no pictures": (python(pickled(batch(data=[1, 2]))), "expected an array 'data' of uint8 (N, 3072), found none"),
    "a label too large": (python(pickled(batch(labels=[1, 10, 3]))), "the label of picture 1 is 10, expected 0 to 9"),
    "a label below 0": (python(pickled(batch(labels=[1, 2, -1]))), "the label of picture 2 is -1, expected 0 to 9"),
    "a label that is a text": (
        python(pickled(batch(labels=[b"cat", 2, 3]))),
        "the label of picture 0 is a value of type bytes",
    ),
    "too few labels": (python(pickled(batch(labels=[1, 2]))), "data_batch_2 holds 3 pictures and 2 labels"),
    "labels in no list": (python(pickled(batch(labels=5))), "expected a list 'labels', found a value of type int"),
    "labels of another set": (
        python(pickled({b"data": batch()[b"data"], b"fine_labels": [1, 2, 3]})),
        "expected a list 'labels', found nothing",
    ),
    "a list": (python(pickled([1, 2])), "expected a dictionary, found a value of type list"),
    "a text of no end": (python(LONG), "is cut short: 2,147,483,647 bytes are to follow"),
    "an empty batch": (python(b""), "data_batch_2 is cut short"),
    "a batch cut short": (python(pickled(batch())[:-11]), "data_batch_2 is cut short"),
    "a batch that ends at once": (python(b"\x80\x02."), "is no pickle that can be built"),
    "an older protocol": (python(pickle.dumps({}, 0)), "its operation DICT builds no dictionary"),
    "text in place of a pickle": (python(b"<html>not found</html>"), "is no pickle that can be built"),
    "keys that are lists": (python(b"\x80\x02}]K\x01s."), "keys that are neither texts nor whole numbers"),
    "keys nested deep": (python(b"\x80\x02}" + b")" + b"\x85" * 10**5 + b"K\x01s."), "keys that are neither texts"),
    "what was never remembered": (python(b"\x80\x02h\x05."), "is no pickle that can be built"),
    "nine names": (python(pickled(NINE), "batches.meta"), "expected the names of 10 classes"),
    "ten times the same name": (python(pickled(SAME), "batches.meta"), "expected the names of 10 classes"),
    "names that are no list": (
        python(pickled({b"label_names": 10}), "batches.meta"),
        "expected the names of 10 classes",
    ),
    "an empty binary batch": (binary(b""), "data_batch_2.bin holds 0 pictures"),
    "a binary batch cut short": (binary(bytes(3073 * 3 - 1)), "has 9,218 bytes: expected a multiple of 3,073"),
    "a binary label too large": (
        binary(bytes(3073) + b"\x0b" + bytes(3072)),
        "the label of picture 1 is 11, expected 0 to 9",
    ),
    "binary names missing": (
        binary(b"cat\ndog\n", "batches.meta.txt"),
        "batches.meta.txt: expected the names of 10 classes",
    ),
    "names of no letters": (binary(b"\x1b[31m\n" * 10, "batches.meta.txt"), "expected the names of 10 classes"),
}


def idx(name: str, content: bytes | None, ending: str = "") -> Make:
    """A folder in which one file is another, or missing."""

    def make(folder: Path) -> Path:
        write_idx(folder, *DIGITS, packed=False)
        (folder / name).unlink()
        if content is not None:
            (folder / f"{name}{ending}").write_bytes(content)
        return folder

    return make


def idx_header(*numbers: int, code: int = 8) -> bytes:
    return struct.pack(f">BBBB{len(numbers)}I", 0, 0, code, len(numbers), *numbers)


IMAGES, LABELS, TEST = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"
IMAGE_FILE, LABEL_FILE = idx_file(DIGITS[0]), idx_file(DIGITS[1])
BOMB = gzip.compress(idx_header(15, 28, 28) + bytes(10**7))

IDX: dict[str, tuple[Make, str]] = {
    "no folder": (pipe, "is no folder: expected the folder with train-images-idx3-ubyte"),
    "an empty folder": (nothing, "train-images-idx3-ubyte, nor one with .gz or as train-images.idx3-ubyte"),
    "no such folder": (missing, "there is no file"),
    "a file missing": (idx(TEST, None), "t10k-images-idx3-ubyte, nor one with .gz"),
    "an empty file": (idx(IMAGES, b""), "is no IDX file of bytes with 3 dimensions: it is empty"),
    "another beginning": (idx(IMAGES, b"<html>"), "it begins with the bytes 3c 68 74 6d, not 00 00 08 03"),
    "labels in place of images": (idx(IMAGES, LABEL_FILE), "it begins with the bytes 00 00 08 01, not 00 00 08 03"),
    "numbers with a point": (idx(IMAGES, idx_header(15, 28, 28, code=13)), "00 00 0d 03, not 00 00 08 03"),
    "a header cut short": (idx(IMAGES, IMAGE_FILE[:11]), "is cut short in its header of 16 bytes"),
    "images of another size": (idx(IMAGES, idx_header(15, 27, 28)), "holds images of 27 x 28: expected 28 x 28"),
    "no images": (idx(IMAGES, idx_header(0, 28, 28)), "says that it holds 0 examples: expected 1 to 60,000"),
    "images beyond all memory": (idx(IMAGES, idx_header(2**32 - 1, 28, 28)), "4,294,967,295 examples: expected 1 to"),
    "more images than any test part": (idx(TEST, idx_header(10_001, 28, 28)), "expected 1 to 10,000"),
    "images cut short": (idx(IMAGES, IMAGE_FILE[:-1]), "11,760 bytes are to follow the header, and 11,759 do"),
    "a byte too many": (idx(IMAGES, IMAGE_FILE + b"\0"), "11,760 bytes are to follow the header, and more do"),
    "a gzip file of zeros": (idx(IMAGES, BOMB, ".gz"), "11,760 bytes are to follow the header, and more do"),
    "gzip cut short": (idx(IMAGES, gzip.compress(IMAGE_FILE)[:-9], ".gz"), "-ubyte.gz is damaged"),
    "gzip damaged": (idx(IMAGES, flipped(gzip.compress(IMAGE_FILE), -5), ".gz"), "is damaged: CRC check failed"),
    "a label too large": (idx(LABELS, LABEL_FILE[:-1] + b"\x0a"), "the label of image 14 is 10, expected 0 to 9"),
    "more labels than images": (idx(LABELS, idx_file(np.zeros(16))), "holds 16 labels for the 15 images of"),
    "fewer labels than images": (idx(LABELS, idx_file(np.zeros(14))), "holds 14 labels for the 15 images of"),
}


def program(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """The exit code of the program, run inside this process."""
    monkeypatch.setattr(sys, "argv", ["nnexp", *arguments])
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGINT, handler)
    return ended.value.code


ROWS = [
    pytest.param(source, make, message, id=f"{source}-{name}")
    for source, rows in (("cifar10", ARCHIVES | PICKLES), ("mnist", IDX), ("fashion_mnist", IDX))
    for name, (make, message) in rows.items()
]


@pytest.mark.parametrize(("source", "make", "message"), ROWS)
def test_a_wrong_file_is_named_and_the_program_ends_with_6(
    source: str,
    make: Make,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = make(tmp_path)
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"data: {{source: {{{source}: {{path: {path}}}}}}}\narchitecture: {{mlp: {{hidden: []}}}}\n")
    code = program(monkeypatch, "validate", str(spec))
    out, err = capsys.readouterr()
    assert (code, out) == (6, "")
    assert message in err
    assert str(path) in err
    assert f"{spec}:1:16: data.source" in err
