"""What is read from the published files is what was written there, in every form in which they are distributed."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nnexp.data.dataset import Source
from nnexp.data.fingerprint import compute_fingerprint
from nnexp.data.formats import archive
from nnexp.data.formats.cifar import read
from nnexp.data.parts import prepare_parts
from nnexp.data.sources import cifar10, cifar100, fashion_mnist, mnist
from nnexp.data.sources.cifar10 import Cifar10
from nnexp.data.sources.cifar100 import Cifar100
from nnexp.data.sources.fashion_mnist import FashionMnist
from nnexp.data.sources.mnist import Mnist
from nnexp.data.splits import Split
from nnexp.errors import DataError
from nnexp.registry import normalizations
from nnexp.typing import AnyArray, IntArray
from tests import published as write

CONFIGS = Path(__file__).parents[3] / "configs"
PICTURES = write.small_pictures(23, 7)
HUNDRED = write.hundred_classes(*PICTURES)
DIGITS = write.small_digits(23, 7)

FORMS: list[Any] = [
    pytest.param("c.tar.gz", "python", None, id="archive"),
    pytest.param("folder", "python", None, id="folder"),
    pytest.param("c.tar.gz", "binary", None, id="binary-archive"),
    pytest.param("folder", "binary", None, id="binary-folder"),
    *(pytest.param("folder", "python", protocol, id=f"protocol-{protocol}") for protocol in (2, 3, 4, 5)),
]
every_form = pytest.mark.parametrize(("name", "version", "protocol"), FORMS)


def whole(
    images: AnyArray, labels: IntArray, test_images: AnyArray, test_labels: IntArray
) -> tuple[AnyArray, IntArray]:
    return np.concatenate([images, test_images]), np.concatenate([labels, test_labels])


def agrees(source: Source, x: AnyArray, y: IntArray, own_test: int = 7) -> bool:
    """Whether a source has exactly these examples, and describes them so."""
    data, description = source.load(), source.describe()
    assert data.description == description
    assert (description.examples, description.shape, description.own_test) == (len(x), x.shape[1:], own_test)
    assert (description.targets, description.itemsize) == ("classes", 1)
    assert (data.x.dtype.name, data.y.dtype.name) == ("uint8", "int64")
    return np.array_equal(data.x, x) and np.array_equal(data.y, y)


@every_form
def test_cifar10_is_what_was_written_in_the_order_of_the_batches(
    name: str, version: Any, protocol: int | None, tmp_path: Path
) -> None:
    write.write_cifar10(tmp_path / name, *PICTURES, version, protocol)
    assert agrees(Cifar10(str(tmp_path / name)), *whole(*PICTURES))


@every_form
def test_cifar100_has_both_kinds_of_labels(name: str, version: Any, protocol: int | None, tmp_path: Path) -> None:
    write.write_cifar100(tmp_path / name, *HUNDRED, version, protocol)
    x, fine = whole(*HUNDRED)
    assert len(np.unique(fine)) > 20
    assert agrees(Cifar100(str(tmp_path / name)), x, fine)
    assert agrees(Cifar100(str(tmp_path / name), labels="coarse"), x, fine // 5)


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("dotted", [True, False], ids=["dotted", "dashed"])
@pytest.mark.parametrize("source", [Mnist, FashionMnist])
def test_idx_files_are_what_was_written(packed: bool, dotted: bool, source: Any, tmp_path: Path) -> None:
    write.write_idx(tmp_path, *DIGITS, packed=packed, dotted=dotted)
    x, y = whole(*DIGITS)
    assert agrees(source(str(tmp_path)), x[..., None], y)
    assert agrees(source(str(tmp_path), flat=True), x.reshape(-1, 784), y)


def test_a_pixel_stands_in_its_row_column_and_colour(tmp_path: Path) -> None:
    """The file has 1,024 red values, row by row, then the green and the blue ones: 2000 = 1024 + 30 · 32 + 16."""
    row = np.zeros(3073, np.uint8)
    row[[0, 1 + 2000]] = 3, 201
    files = {f"{name}.bin": row.tobytes() for name in cifar10.FILE_LAYOUT.batch_names}
    write.write_files(tmp_path / "c.tar.gz", "c", files)
    data = Cifar10(str(tmp_path / "c.tar.gz")).load()
    assert data.x[0, 30, 16].tolist() == [0, 201, 0]
    assert data.x.sum() == 6 * 201
    assert data.y.tolist() == [3] * 6


def test_every_form_has_the_same_fingerprint(tmp_path: Path) -> None:
    found = set()
    for number, form in enumerate(FORMS):
        name, version, protocol = form.values
        path = tmp_path / f"{number}{name}"
        write.write_cifar10(path, *PICTURES, version, protocol)
        found.add(compute_fingerprint(Cifar10(str(path)).load()))
    assert len(found) == 1


def test_the_sizes_of_the_written_names_are_those_of_the_published_files() -> None:
    """batches.meta has 158 bytes and meta of CIFAR-100 has 1,473: every name, and every byte of the form, counts."""
    assert len(write.pickled(write.cifar10_meta())) == 158
    assert len(write.pickled(write.cifar100_meta())) == 1473


def test_the_classes_are_the_published_ones() -> None:
    assert [len(classes) for classes in (cifar10.CLASS_NAMES, mnist.CLASS_NAMES, fashion_mnist.CLASS_NAMES)] == [
        10,
        10,
        10,
    ]
    fine, coarse = (cifar100.LABEL_LAYOUTS[labels].classes for labels in ("fine", "coarse"))
    assert (len(set(fine)), len(set(coarse))) == (100, 20)
    assert list(fine) == sorted(fine)
    assert (fine[0], fine[46], fine[99]) == ("apple", "man", "worm")
    assert (coarse[0], coarse[14], coarse[19]) == ("aquatic_mammals", "people", "vehicles_2")
    assert (cifar10.CLASS_NAMES[3], fashion_mnist.CLASS_NAMES[9], mnist.CLASS_NAMES[7]) == ("cat", "Ankle boot", "7")


@pytest.mark.parametrize("version", ["python", "binary"])
def test_the_names_of_the_classes_are_those_in_the_files(version: Any, tmp_path: Path) -> None:
    write.write_cifar10(tmp_path, *PICTURES, version)
    names = [f"class {label}" for label in range(10)]
    meta = {b"label_names": write.encoded(names)}
    file, content = ("batches.meta", write.pickled(meta)) if version == "python" else ("batches.meta.txt", None)
    (tmp_path / file).write_bytes(content or "\n".join(names).encode())
    assert Cifar10(str(tmp_path)).describe().classes == tuple(names)
    (tmp_path / file).unlink()
    assert Cifar10(str(tmp_path)).describe().classes == cifar10.CLASS_NAMES


@pytest.mark.parametrize("inside", ["cifar-10-batches-py", "cifar-10-batches-bin"])
def test_a_folder_may_be_the_one_around_the_unpacked_one(inside: str, tmp_path: Path) -> None:
    write.write_cifar10(tmp_path / inside, *PICTURES, "binary" if inside.endswith("bin") else "python")
    assert agrees(Cifar10(str(tmp_path)), *whole(*PICTURES))


@pytest.mark.parametrize(
    "name",
    ["cifar-10-python.tar.gz", "cifar-10-binary.tar.gz", "cifar-10-batches-py", "cifar-10-batches-bin"],
)
def test_without_a_path_the_set_is_in_the_cache_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNEXP_DATA", str(tmp_path))
    write.write_cifar10(tmp_path / name, *PICTURES, "binary" if "bin" in name else "python")
    assert agrees(Cifar10(), *whole(*PICTURES))


@pytest.mark.parametrize(
    ("name", "source", "looked_for"),
    [
        (
            "cifar10",
            Cifar10(),
            "cifar-10-python.tar.gz, cifar-10-binary.tar.gz, cifar-10-batches-py, cifar-10-batches-bin",
        ),
        (
            "cifar100",
            Cifar100(),
            "cifar-100-python.tar.gz, cifar-100-binary.tar.gz, cifar-100-python, cifar-100-binary",
        ),
        ("mnist", Mnist(), "mnist"),
        ("fashion_mnist", FashionMnist(), "fashion_mnist"),
    ],
)
def test_a_set_that_is_not_there_is_to_be_fetched(
    name: str, source: Any, looked_for: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNEXP_DATA", str(tmp_path / "cache"))
    with pytest.raises(DataError) as caught:
        source.describe()
    assert str(tmp_path / "cache") in str(caught.value)
    assert looked_for in str(caught.value)
    assert f"`nnexp data fetch {name}`" in str(caught.value)


def test_the_own_test_part_is_tested_on(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNEXP_DATA", str(published))
    parts = prepare_parts(Cifar10(), Split(dev=0.1, test="own"), normalizations["none"](), "float32")
    assert [len(part) for part in (parts.train, parts.dev, parts.test)] == [180, 20, 40]
    assert np.array_equal(parts.test.x, Cifar10().load().x[200:].astype(np.float32))


@pytest.mark.parametrize("source", [Cifar10, Mnist])
def test_a_folder_that_may_not_be_looked_into_is_a_data_error(
    source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(Path, "is_file", forbidden)
    with pytest.raises(DataError, match=r"cannot read .*closed.*: Permission denied"):
        source(str(tmp_path / "closed")).describe()


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    write.write_idx(tmp_path, *DIGITS)
    before = Mnist(str(tmp_path)).load().y
    write.write_idx(tmp_path, DIGITS[0], 9 - DIGITS[1], *DIGITS[2:])
    assert np.array_equal(Mnist(str(tmp_path)).load().y[:23], 9 - before[:23])


def test_what_unpacks_to_more_than_any_set_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write_cifar10(tmp_path / "c.tar.gz", *PICTURES)
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 2**16)
    with pytest.raises(DataError, match=r"c\.tar\.gz is damaged, or none of the published archives: it unpacks to"):
        Cifar10(str(tmp_path / "c.tar.gz")).load()


def test_a_batch_with_more_pictures_than_published_is_refused(tmp_path: Path) -> None:
    write.write_cifar10(tmp_path, *PICTURES)
    layout = replace(cifar10.FILE_LAYOUT, batches=tuple((name, 4) for name in cifar10.FILE_LAYOUT.batch_names))
    with pytest.raises(DataError, match="data_batch_1 holds 5 pictures: expected 1 to 4"):
        read.read_cifar(layout, cifar10.LABEL_LAYOUT, str(tmp_path))


def test_a_file_larger_than_any_published_one_is_not_read(tmp_path: Path) -> None:
    write.write_cifar10(tmp_path, *PICTURES)
    with pytest.raises(DataError, match=r"data_batch_1 says that it has 15,\d+ bytes, and no .* more than 15,000"):
        read.read_cifar(replace(cifar10.FILE_LAYOUT, largest=15_000), cifar10.LABEL_LAYOUT, str(tmp_path))


def test_nothing_is_copied_where_all_batches_are_full(tmp_path: Path) -> None:
    write.write_cifar10(tmp_path, PICTURES[0][:20], PICTURES[1][:20], PICTURES[2][:5], PICTURES[3][:5])
    layout = replace(cifar10.FILE_LAYOUT, batches=(*((f"data_batch_{n}", 4) for n in range(1, 6)), ("test_batch", 5)))
    data = read.read_cifar(layout, cifar10.LABEL_LAYOUT, str(tmp_path))
    assert data.x.base is None
    assert np.array_equal(data.x[:20], PICTURES[0][:20])


@pytest.mark.parametrize("kind", ["linear", "mlp", "lenet5"])
def test_the_configs_of_cifar10_differ_from_those_of_cifar_like_in_the_data_alone(kind: str) -> None:
    one, other = (
        yaml.safe_load((CONFIGS / f"{kind}_{source}.yaml").read_text(encoding="utf-8"))
        for source in ("cifar10", "cifar_like")
    )
    assert {key for key in {*one, *other} if one.get(key) != other.get(key)} == {"name", "data"}
