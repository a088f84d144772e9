"""Sets in .npz files: what arrays mean, what stays as it is stored, and what is refused."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.data.dataset import Description
from nnexp.data.fingerprint import compute_fingerprint
from nnexp.data.formats.npz import inputs, members, numbers
from nnexp.data.formats.npz.archives import NpzArchive
from nnexp.data.normalizations.linear import Unchanged
from nnexp.data.parts import prepare_parts
from nnexp.data.sources.npz import Npz
from nnexp.data.splits import PART_NAMES, Split
from nnexp.errors import DataError
from nnexp.typing import AnyArray
from tests.contracts.arrays import normal

M, T = 7, 3
X = normal(M, 2, 5)
LABELS = np.array([0, 2, 1, 1, 0, 2, 2])


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """Write arrays into a .npz file and give its path."""

    def write(save: Any = np.savez, **arrays: Any) -> str:
        save(tmp_path / "set.npz", **arrays)
        return str(tmp_path / "set.npz")

    return write


Writer = Callable[..., str]


def test_integers_are_classes_named_by_their_numbers(file: Writer) -> None:
    data = Npz(file(x=X, y=LABELS)).load()
    assert data.description == Npz(file(x=X, y=LABELS)).describe()
    assert data.description.targets == "classes"
    assert data.description.classes == ("0", "1", "2")
    assert (data.description.examples, data.description.shape, data.description.own_test) == (M, (2, 5), 0)
    assert np.array_equal(data.x, X)
    assert data.y.dtype == np.int64
    assert np.array_equal(data.y, LABELS)


@pytest.mark.parametrize(
    "dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">i2", ">f4", ">f8"]
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_inputs_stay_of_the_type_that_they_are_stored_in(dtype: str, order: Any, save: Any, file: Writer) -> None:
    x = np.asarray(np.abs(10 * X) % 2, dtype=dtype, order=order)
    found = Npz(file(save, x=x, y=LABELS)).load().x
    assert found.dtype == (np.uint8 if dtype == "?" else np.dtype(dtype).newbyteorder("="))
    assert found.flags.c_contiguous
    assert found.tolist() == x.astype(found.dtype).tolist()


def test_texts_are_classes_by_name_in_sorted_order(file: Writer) -> None:
    y = np.array(["dog", "ant", "eel", "ant", "dog", "éclair", "eel"])
    data = Npz(file(x=X, y=y)).load()
    assert data.description.classes == ("ant", "dog", "eel", "éclair")
    assert data.y.tolist() == [1, 0, 2, 0, 1, 3, 2]
    assert all(type(name) is str for name in data.description.classes)


@pytest.mark.parametrize("given", [(), ("x", "y", "z", "w")])
def test_a_list_names_classes_in_its_order_and_the_one_of_the_spec_comes_first(
    given: tuple[str, ...], file: Writer
) -> None:
    path = file(x=X, y=LABELS, classes=["c", "b", "a"])
    assert Npz(path, classes=given).load().description.classes == (given or ("c", "b", "a"))


def test_a_list_orders_the_classes_of_texts(file: Writer) -> None:
    path = file(x=X, y=np.array(["b", "a", "b", "a", "c", "c", "c"]), classes=["c", "b", "none", "a"])
    assert Npz(path).load().y.tolist() == [1, 3, 1, 3, 0, 0, 0]


@pytest.mark.parametrize(("y", "names"), [(normal(M), ("y",)), (normal(M, 3), ("y1", "y2", "y3"))])
def test_floating_point_numbers_are_values(y: AnyArray, names: tuple[str, ...], file: Writer) -> None:
    data = Npz(file(x=X, y=y.astype(np.float32))).load()
    assert (data.description.targets, data.description.classes) == ("values", names)
    assert data.y.dtype == np.float64
    assert np.array_equal(data.y, y.astype(np.float32).reshape(M, -1))


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f4"])
@pytest.mark.parametrize("shape", [(M,), (M, 2)])
def test_yes_or_no_is_binary(dtype: str, shape: tuple[int, ...], file: Writer) -> None:
    y = (normal(*shape) > 0).astype(dtype)
    data = Npz(file(x=X, y=y), kind="auto" if dtype == "?" else "binary").load()
    assert data.description.targets == "binary"
    assert data.y.dtype == np.float64
    assert np.array_equal(data.y, y.reshape(M, -1).astype(np.float64))


def test_integers_are_values_where_that_is_said(file: Writer) -> None:
    data = Npz(file(x=X, y=np.stack([LABELS, -LABELS], axis=-1)), kind="values", classes=("up", "down")).load()
    assert (data.description.targets, data.description.classes) == ("values", ("up", "down"))
    assert data.y.tolist() == [[label, -label] for label in LABELS.tolist()]


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_test_part_comes_last_and_is_the_test_part(order: Any, file: Writer) -> None:
    own = np.asarray(normal(T, 2, 5, seed=2), order=order)
    path = file(x=np.asarray(X, order=order), y=LABELS, x_test=own, y_test=np.array([1, 3, 0], np.uint8))
    data = Npz(path).load()
    assert data.description == Npz(path).describe()
    assert (data.description.examples, data.description.own_test, data.description.output_count) == (M + T, T, 4)
    assert np.array_equal(data.x, np.concatenate([X, own]))
    assert data.y.tolist() == [*LABELS.tolist(), 1, 3, 0]
    assert Split(dev=2).choose_indices(M + T, data.y, T)["test"].tolist() == [M, M + 1, M + 2]


def test_arrays_are_found_by_the_names_that_are_given(file: Writer) -> None:
    path = file(pictures=X, kinds=LABELS, pictures_test=X[:2], kinds_test=LABELS[:2], x=X[:1], y=np.zeros(9))
    data = Npz(path, x="pictures", y="kinds").load()
    assert np.array_equal(data.x, np.concatenate([X, X[:2]]))


@pytest.mark.parametrize(
    ("x", "y", "dev"),
    [
        ("x", "y", ("x_dev", "y_dev")),
        ("x_train", "y_train", ("x_val", "y_val")),
        ("train_images", "train_labels", ("valid_images", "valid_labels")),
        ("X", "y", ("Xval", "validation_y")),
    ],
)
def test_a_dev_part_stands_before_the_test_part(x: str, y: str, dev: tuple[str, str], file: Writer) -> None:
    test = {name.replace("train", "test") if "train" in name else f"test_{name}" for name in (x, y)}
    test_x, test_y = sorted(test, key=lambda name: "y" in name or "label" in name)
    own = normal(T, 2, 5, seed=2)
    parts = {dev[0]: own, dev[1]: LABELS[:T], test_x: own + 1, test_y: LABELS[:T]}
    source = Npz(file(**{x: X, y: LABELS}, **parts), x, y)
    data = source.load()
    assert data.description == source.describe()
    assert (data.description.own_dev, data.description.own_test) == (T, T)
    assert np.array_equal(data.x, np.concatenate([X, own, own + 1]))


def test_two_arrays_of_the_same_part_are_refused(file: Writer) -> None:
    path = file(x=X, y=LABELS, x_val=X, x_dev=X, y_dev=LABELS)
    with pytest.raises(DataError, match=r"several arrays x of the dev part: x_dev, x_val; keep one"):
        Npz(path).describe()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": X, "labels": LABELS}, "no arrays x and y; it has X, labels; if .*npz.x=X data.source.npz.y=labels$"),
        ({"x": X, "target": LABELS}, "no array y; it has target, x; if .* mean: data.source.npz.y=target$"),
        ({"x_train": X, "y_train": LABELS, "x_test": X, "y_test": LABELS}, "npz.x=x_train data.source.npz.y=y_train$"),
        ({"train_images": X, "train_labels": LABELS}, "npz.x=train_images data.source.npz.y=train_labels$"),
        ({"weather": X, "y": LABELS}, "no array x; it has weather, y$"),
    ],
)
def test_usual_names_are_suggested(arrays: dict[str, AnyArray], words: str, file: Writer) -> None:
    with pytest.raises(DataError, match=words):
        Npz(file(**arrays)).describe()


@pytest.mark.parametrize("y", ["labels", "labels.npy"])
def test_arrays_are_npy_files_side_by_side(y: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", 0)
    np.save(tmp_path / "images.npy", X)
    np.save(tmp_path / "labels.npy", LABELS)
    source = Npz(str(tmp_path / "images.npy"), y=y)
    data = source.load()
    assert np.array_equal(data.x, X)
    assert isinstance(data.x, np.memmap)
    assert data.y.tolist() == LABELS.tolist()
    assert [path.name for path in source.find_files()] == ["images.npy", "labels.npy"]
    np.save(tmp_path / "images_test.npy", X)
    np.save(tmp_path / "labels_test.npy", LABELS)
    assert source.load().description.own_test == M
    assert source.twin() is not None


def test_what_is_wrong_with_npy_files_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(DataError, match=r"there is no y\.npy beside .*x\.npy; there are x$"):
        Npz(str(tmp_path / "x.npy")).describe()
    np.save(tmp_path / "y.npy", LABELS)
    (tmp_path / "y.npy").write_bytes((tmp_path / "y.npy").read_bytes()[:-3])
    with pytest.raises(DataError, match=r"y\.npy is damaged: its header says \(7,\) of int64, which are 56 bytes"):
        Npz(str(tmp_path / "x.npy")).describe()
    (tmp_path / "y.npy").write_text("no array")
    with pytest.raises(DataError, match=r"y\.npy is damaged, or no \.npy file"):
        Npz(str(tmp_path / "x.npy")).describe()


def test_small_blocks_give_the_same(file: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {
        "x": np.asfortranarray(X),
        "y": np.array(list("abcabca")),
        "x_test": X[:3],
        "y_test": np.array(list("cdd")),
    }
    whole = Npz(file(**paths)).read_dataset()
    monkeypatch.setattr(members, "BLOCK_BYTES", 24)
    parts = Npz(file(**paths)).read_dataset()
    assert parts.description == whole.description
    assert parts.x.tobytes() == whole.x.tobytes()
    assert parts.y.tolist() == whole.y.tolist() == [0, 1, 2, 0, 1, 2, 0, 2, 3, 3]


def test_large_inputs_that_are_not_compressed_stay_in_the_file(file: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.abs(10 * X).astype(np.uint8)
    path = file(other=normal(3), x=x, y=LABELS)
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", x.nbytes)
    assert not isinstance(Npz(path).read_dataset().x, np.memmap)
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", x.nbytes - 1)
    found = Npz(path).read_dataset().x
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable
    assert np.array_equal(found, x)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_large_numbers_stay_in_the_file_where_they_are_aligned(
    dtype: str, file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", 0)
    x, stayed = X.astype(dtype), []
    for shifted in range(8):
        found = Npz(file(a=np.zeros(shifted, np.uint8), x=x, y=LABELS)).read_dataset().x
        assert found.flags.aligned
        assert np.array_equal(found, x)
        stayed.append(isinstance(found, np.memmap))
    assert sum(stayed) == 8 // x.itemsize


@pytest.mark.parametrize(
    ("save", "x", "more"),
    [
        (np.savez_compressed, X, {}),
        (np.savez, np.asfortranarray(X), {}),
        (np.savez, X.astype(">f8"), {}),
        (np.savez, X > 0, {}),
        (np.savez, X, {"x_test": X[:2], "y_test": LABELS[:2]}),
    ],
    ids=["compressed", "fortran", "big-endian", "booleans", "test part"],
)
def test_other_inputs_are_read_into_memory_however_large(
    save: Any, x: AnyArray, more: dict[str, AnyArray], file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", 0)
    found = Npz(file(save, x=x, y=LABELS, **more)).read_dataset().x
    assert not isinstance(found, np.memmap)
    assert np.array_equal(found[:M], x)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_with_its_place(
    large: bool, order: Any, wrong: float, file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", 0 if large else 2**26)
    monkeypatch.setattr(members, "BLOCK_BYTES", 100)
    x = np.array(X, order=order)
    x[4, 1, 3] = wrong
    source = Npz(file(x=x, y=LABELS))
    assert source.describe().examples == M
    with pytest.raises(DataError, match=rf"the array x: example 4, place \[1, 3\]: {wrong} is not a finite number"):
        source.read_dataset()


@pytest.mark.parametrize(
    "times",
    [
        [5, 3, 1, 2, 6, 4, 0],
        [5.5, 3, 1, 2, 6, 4, -0.5],
        [f"2024-01-{day:02}" for day in (25, 13, 11, 12, 26, 14, 10)],
        np.array([f"2024-{month:02}-01" for month in (6, 4, 2, 3, 7, 5, 1)], "M8[D]"),
    ],
    ids=["integers", "numbers", "texts", "dates"],
)
def test_examples_are_split_by_a_time(times: Any, file: Writer) -> None:
    source = Npz(file(x=X, y=LABELS, when=np.array(times)))
    split = Split(dev=2, test=2, time="when")
    rows = split.choose_rows(source.load_for(split))
    assert [rows[part].tolist() for part in PART_NAMES] == [[2, 3, 6], [1, 5], [0, 4]]


def test_examples_of_a_group_stay_together_and_an_own_part_that_is_used_needs_none(file: Writer) -> None:
    who = np.array(list("aabbccc"))
    arrays = {"x": X, "y": LABELS, "who": who, "x_test": X[:T], "y_test": LABELS[:T]}
    source, split = Npz(file(**arrays)), Split(dev=2, group="who")
    rows = split.choose_rows(source.load_for(split))
    assert not set(who[rows["train"]]) & set(who[rows["dev"]])
    assert rows["test"].tolist() == [M, M + 1, M + 2]
    whole = Split(dev=2, test=2, group="who")
    with pytest.raises(DataError, match="has no array who_test; it has"):
        source.load_for(whole)
    key = Npz(file(**arrays, test_who=who[:T])).load_for(whole).split_key
    assert key is not None
    assert key.tolist() == list("aabbcccaab")


def test_what_an_array_to_split_by_lacks_is_said(file: Writer) -> None:
    wrong: dict[str, tuple[Any, str]] = {
        "short": (np.arange(3), r"the array when has shape \(3,\); expected \(7,\) to split by"),
        "texts": (np.array(list("abcdefg")), "holds texts that are no dates; write dates as 2024-12-31"),
        "nan": (np.array([1, 2, np.nan, 4, 5, 6, 7]), "example 2 has no time to split by"),
        "nat": (np.array(["2024-01-01"] * 6 + ["NaT"], "M8[D]"), "example 6 has no date to split by"),
    }
    for when, words in wrong.values():
        with pytest.raises(DataError, match=words):
            Npz(file(x=X, y=LABELS, when=when)).load_for(Split(time="when"))
    with pytest.raises(DataError, match="has no array week"):
        Npz(file(x=X, y=LABELS)).load_for(Split(time="week"))


@pytest.mark.parametrize("channels", [1, 3])
def test_images_that_look_like_channels_first_are_asked_for(channels: int, file: Writer) -> None:
    x = normal(M, channels, 4, 5)
    path = file(x=x, y=LABELS)
    words = rf"\[{channels}, 4, 5\] look like images of 4 x 5 .* channels first: if they are, .*channels_first; "
    with pytest.raises(DataError, match=words + r"if the last axis is .*data\.source\.npz\.layout=channels_last$"):
        Npz(path).describe()
    last = Npz(path, layout="channels_last").load()
    assert last.description.shape == last.x.shape[1:] == (channels, 4, 5)
    first = Npz(path, layout="channels_first").load()
    assert first.description.shape == first.x.shape[1:] == (4, 5, channels)
    assert np.array_equal(first.x, x.transpose(0, 2, 3, 1))


@pytest.mark.parametrize("shape", [(4, 5, 1), (4, 5, 3), (3, 5, 3), (3, 5), (2, 5, 4), (3,)])
def test_other_shapes_are_not_asked_for(shape: tuple[int, ...], file: Writer) -> None:
    assert Npz(file(x=normal(M, *shape), y=LABELS)).describe().shape == shape


def test_images_with_channels_first_stay_in_the_file(file: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.abs(10 * normal(M, 3, 4, 5)).astype(np.uint8)
    source = Npz(file(x=x, y=LABELS), layout="channels_first")
    in_memory = source.read_dataset()
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", 0)
    mapped = source.read_dataset()
    assert isinstance(mapped.x, np.memmap)
    assert mapped.x.base is not None
    assert np.array_equal(mapped.x, in_memory.x)
    assert compute_fingerprint(mapped) == compute_fingerprint(in_memory)


@pytest.mark.parametrize("order", ["C", "F"])
def test_examples_get_the_shape_that_is_asked_for(order: Any, file: Writer) -> None:
    x = np.asarray(normal(M, 60), order=order)
    path = file(x=x, y=LABELS, x_test=x[:T], y_test=LABELS[:T])
    data = Npz(path, reshape=(4, 5, 3)).load()
    assert data.description.shape == (4, 5, 3)
    assert np.array_equal(data.x, np.concatenate([x, x[:T]]).reshape(-1, 4, 5, 3))
    turned = Npz(path, reshape=(3, 4, 5), layout="channels_first").load()
    assert np.array_equal(turned.x[:M], x.reshape(M, 3, 4, 5).transpose(0, 2, 3, 1))
    with pytest.raises(DataError, match=r"an example has 60 numbers, of shape \[60\]; \[4, 5, 1\] would be 20$"):
        Npz(path, reshape=(4, 5, 1)).describe()
    with pytest.raises(DataError, match=r"channels first are of shape \[C, H, W\], and these of \[60\]$"):
        Npz(path, layout="channels_first").describe()


@pytest.mark.parametrize("dtype", ["i1", "i2", "u2", "i4", "f2", "f4", "f8"])
def test_numbers_that_stand_for_a_missing_value_are_filled_in(dtype: str, file: Writer) -> None:
    x = np.arange(14).reshape(M, 2).astype(dtype)
    x[3, 1], x[5, 0] = 99, 77
    path = file(x=x, y=LABELS)
    data = Npz(path, missing=(99, 77, -1, 0.5), fill="mean").load()
    assert data.fill == "mean"
    assert data.x.dtype.kind == "f"
    assert Npz(path, missing=(99,)).describe().itemsize == data.x.dtype.itemsize
    assert np.argwhere(np.isnan(data.x)).tolist() == [[3, 1], [5, 0]]
    known = ~np.isnan(data.x)
    assert np.array_equal(data.x[known], x[known].astype(data.x.dtype))
    with pytest.raises(DataError, match=r"example 3, place \[1\]: 99.* stands for a missing value; .*fill=median"):
        Npz(path, missing=(99,)).load()


def test_nan_may_be_filled_in_and_infinity_may_not(file: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", 0)
    x = X.copy()
    x[4, 1, 3] = np.nan
    with pytest.raises(DataError, match=r"nan is not a finite number; to fill in what is missing: .*fill=median$"):
        Npz(file(x=x, y=LABELS)).load()
    data = Npz(file(x=x, y=LABELS), fill="zero").load()
    parts = prepare_parts(Npz(file(x=x, y=LABELS), fill="zero"), Split(dev=1, test=1), Unchanged(), "float64")
    assert np.isnan(data.x).sum() == 1
    assert not any(np.isnan(parts[part].stored_inputs).any() for part in PART_NAMES)
    x[0, 0, 0] = np.inf
    with pytest.raises(DataError, match=r"example 0, place \[0, 0\]: inf is not a finite number$"):
        Npz(file(x=x, y=LABELS), fill="zero").load()


def test_integers_have_nothing_to_fill_in(file: Writer) -> None:
    data = Npz(file(x=np.arange(14, dtype=np.uint8).reshape(M, 2), y=LABELS), fill="mean").load()
    assert data.x.dtype == np.uint8
    assert data.fill is None


def test_describing_reads_no_inputs(file: Writer) -> None:
    path = Path(file(x=np.zeros((M, 1000)), y=LABELS))
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + b"\1" + whole[1001:])
    assert Npz(str(path)).describe().examples == M
    with pytest.raises(DataError, match=r"Bad CRC-32 for file 'x\.npy'"):
        Npz(str(path)).load()


def test_a_changed_checksum_is_seen_where_the_array_stays_in_the_file(
    file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MIN_MAPPED_BYTES", 0)
    path = Path(file(x=np.zeros((M, 1000)), y=LABELS))
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + b"\1" + whole[1001:])
    with pytest.raises(DataError, match=r"Bad CRC-32 for file 'x\.npy'"):
        Npz(str(path)).load()


def test_a_file_that_was_written_anew_is_read_anew(file: Writer) -> None:
    source = Npz(file(x=X, y=LABELS))
    assert source.load() is source.load()
    file(x=np.concatenate([X, X]), y=np.concatenate([LABELS, LABELS]))
    assert len(source.load().x) == 2 * M


@pytest.mark.parametrize("dtype", ["i1", "i8", "f4", "f8"])
@pytest.mark.parametrize(
    ("labels", "names", "words"),
    [
        ([1, 3, 2, 1, 2, 3, 3], ("1", "2", "3"), "1 to 3 are"),
        ([9, 0, 5, 5, 0, 9, 0], ("0", "5", "9"), "0, 5, 9 are"),
        ([1, -1, -1, 1, 1, 1, -1], ("-1", "1"), "-1, 1 are"),
    ],
    ids=["from 1", "gaps", "signs"],
)
def test_labels_are_classes_wherever_they_count_from_and_it_is_said(
    labels: list[int], names: tuple[str, ...], words: str, dtype: str, file: Writer
) -> None:
    is_float = dtype.startswith("f")
    source = Npz(file(x=X, y=np.array(labels, dtype)), kind="classes" if is_float else "auto")
    data = source.load()
    assert (data.description.targets, data.description.classes) == ("classes", names)
    assert [int(names[k]) for k in data.y] == labels
    [said] = source.list_decisions()
    assert said.startswith(f"{source.path}: the array y: ")
    assert words in said
    assert said.endswith(f"{len(names)} classes")


def test_nothing_is_said_of_integers_from_0_and_of_texts(file: Writer) -> None:
    assert Npz(file(x=X, y=LABELS)).list_decisions() == ()
    assert Npz(file(x=X, y=np.array([*"abcabca"]))).list_decisions() == ()
    assert Npz(file(x=X, y=normal(M))).list_decisions() == ()


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_hot_rows_are_classes_and_it_is_said(
    dtype: str, order: Any, file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "BLOCK_BYTES", 24)
    source = Npz(file(x=X, y=np.asarray(np.eye(3)[LABELS], dtype, order=order)))
    data = source.load()
    assert (data.description.targets, data.description.classes) == ("classes", ("0", "1", "2"))
    assert data.y.tolist() == LABELS.tolist()
    assert source.list_decisions() == (
        f"{source.path}: the array y: one-hot rows of shape (7, 3) are labels of 3 classes",
    )


def test_a_column_of_labels_is_as_good_as_a_row(file: Writer) -> None:
    data = Npz(file(x=X, y=LABELS[:, None])).load()
    assert data.y.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([1, 2, 3, 3, 2, 1, 1], ["a", "b", "c"]),  # as many names as labels: in their order
        ([0, 1, 2, 2, 1, 0, 0], ["a", "b", "c"]),  # labels from 0: the places in the list
        ([3, 5, 9, 9, 5, 3, 3], ["3", "5", "9", "8"]),  # the names are the labels
    ],
)
def test_names_are_given_by_place_or_by_order_or_are_the_labels(
    labels: list[int], names: list[str], file: Writer
) -> None:
    data = Npz(file(x=X, y=np.array(labels)), classes=tuple(names)).load()
    assert data.description.classes == tuple(names)
    assert data.y.tolist() == [0, 1, 2, 2, 1, 0, 0]


@pytest.mark.parametrize(
    ("labels", "classes", "others", "expected"),
    [
        ([1, 2, 3], ("a", "b", "c"), [1, 2, 2], [0, 1, 1]),
        ([0, 5, 9], ("a", "b", "c"), [9, 0, 9], [2, 0, 2]),
        ([0, 5, 9], (), [9, 0, 9], [2, 0, 2]),
        ([0, 1, 2], ("a", "b", "c"), [1, 2, 1], [1, 2, 1]),
        (["u", "v", "w"], (), ["w", "u", "w"], [2, 0, 2]),
    ],
)
def test_labels_mean_the_same_in_another_file(
    labels: list[Any], classes: tuple[str, ...], others: list[Any], expected: list[int], file: Writer, tmp_path: Path
) -> None:
    source = Npz(file(x=X[:3], y=np.array(labels)), classes=classes)
    description = Description.from_dict(source.describe().as_dict())
    np.savez(tmp_path / "other.npz", x=X[:3], y=np.array(others))
    assert source.read_labelled(tmp_path / "other.npz", description).y.tolist() == expected


def test_a_label_that_the_run_does_not_know_is_refused_though_there_are_as_many(file: Writer, tmp_path: Path) -> None:
    source = Npz(file(x=X[:3], y=np.array([0, 1, 2])))
    np.savez(tmp_path / "other.npz", x=X[:3], y=np.array([1, 2, 3]))
    with pytest.raises(DataError, match=r"example 2: the label is 3; expected 0 to 2$"):
        source.read_labelled(tmp_path / "other.npz", source.describe())


def test_classes_that_a_test_part_alone_has_are_classes_of_all(file: Writer) -> None:
    data = Npz(file(x=X, y=LABELS, x_test=X[:2], y_test=np.array([3, 5]))).load()
    assert data.description.classes == ("0", "1", "2", "3", "5")
    assert data.y.tolist() == [*LABELS.tolist(), 3, 4]


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.arange(40) % 20, "classes"),
        (np.arange(40) % 21, None),
        (np.arange(420) % 21, "classes"),
        (np.arange(2020) % 101, None),
        (np.arange(40) % 2 == 0, "binary"),
        (np.arange(40) / 2, "values"),
        (np.arange(40.0), None),
        (np.arange(40.0) % 2, None),
    ],
)
def test_what_could_be_classes_or_values_is_asked_for(y: AnyArray, kind: str | None, file: Writer) -> None:
    path = file(x=np.zeros((len(y), 2)), y=y)
    if kind is None:
        both = "are they classes, or values[?] data.source.npz.kind=classes or data.source.npz.kind=values$"
        with pytest.raises(DataError, match=both):
            Npz(path).describe()
        assert Npz(path, kind="values").describe().targets == "values"
        assert Npz(path, kind="classes").describe().targets == "classes"
    else:
        assert Npz(path).describe().targets == kind


def damaged(path: str, change: Callable[[bytes], bytes]) -> None:
    Path(path).write_bytes(change(Path(path).read_bytes()))


def test_a_size_that_the_archive_only_claims_is_refused_before_anything_is_allocated(file: Writer) -> None:
    path = file(np.savez_compressed, x=X, y=LABELS)
    size = struct.pack("<I", zipfile.ZipFile(path).getinfo("x.npy").file_size)
    damaged(path, lambda content: content.replace(size, struct.pack("<I", 2**32 - 2)))
    with pytest.raises(DataError, match=r"the array x cannot be of 4,294,967,294 bytes, as the archive says"):
        Npz(path).describe()


def test_a_header_that_claims_more_than_there_is_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, shape in (("x", (10**12, 10**6)), ("y", (10**12,))):
            with archive.open(f"{name}.npy", "w") as stream:
                header = {"descr": "<f8", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, header)
                stream.write(b"\0" * 80)
    with pytest.raises(DataError, match=r"\(1000000000000, 1000000\) of float64, which are 8,000,.* and there are 80$"):
        Npz(str(path)).describe()


def test_a_header_of_python_2_is_read(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    text = "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 1L)}".ljust(117) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", 118) + text.encode() + np.arange(2.0).tobytes())
    member = NpzArchive(str(path)).find_member("x")
    assert numbers.read_numbers(member, np.empty((2, 1))).tolist() == [[0], [1]]


SMALL: dict[str, Any] = {"x": np.arange(12.0).reshape(4, 3), "y": np.array([0, 1, 1, 0])}


@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), compressed=st.booleans())
def test_a_changed_byte_is_a_data_error_or_changes_nothing_that_is_read(
    position: float, value: int, compressed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.npz"
    (np.savez_compressed if compressed else np.savez)(path, **SMALL)
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] = value
    path.write_bytes(content)
    try:
        found = Npz(str(path)).read_dataset()
    except DataError as error:
        refused = error
    else:
        assert np.array_equal(found.x, SMALL["x"])
        assert np.array_equal(found.y, SMALL["y"])
        return
    assert str(path) in str(refused)


@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_is_a_data_error(kept: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "short.npz"
    np.savez(path, **SMALL)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(DataError, match=r"short\.npz is damaged, or no \.npz file"):
        Npz(str(path)).read_dataset()
