"""The reader of pickles builds what picklers write, and nothing else."""

from __future__ import annotations

import io
import pickle
import pickletools
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.data.formats.archive import ArchiveMember
from nnexp.data.formats.cifar import pickles
from nnexp.data.formats.cifar.pickles import build_array, read_pickle
from nnexp.errors import DataError
from tests.published import pickled

TEXTS = st.binary(min_size=1, max_size=300)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
VALUES = st.recursive(
    TEXTS | NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS | NUMBERS, inner), max_leaves=30
)
PYTHON3 = st.recursive(
    TEXTS | st.text() | st.integers(-(2**200), 2**200) | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | TEXTS, inner) | st.tuples(inner, inner, inner, inner),
    max_leaves=30,
)
DTYPES = ["u1", "i1", "<u2", ">u2", "<i2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8"]


OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]


def member(content: bytes) -> ArchiveMember:
    return ArchiveMember("m", "the member", len(content), io.BytesIO(content))


def read(content: bytes) -> Any:
    return read_pickle(member(content))


def array_in(value: Any) -> Any:
    return build_array(member(b""), value)


def read_or_refuse(content: bytes) -> None:
    with suppress(DataError):
        found = read(content)
        for value in found.values() if isinstance(found, dict) else [found]:
            array_in(value)


@given(VALUES)
def test_what_python_2_writes_is_read(value: Any) -> None:
    """And Python itself reads the same in it."""
    content = pickled(value)
    assert pickle.loads(content, encoding="bytes") == value
    assert read(content) == value


@given(PYTHON3, st.sampled_from([2, 3, 4, 5]))
def test_what_python_3_writes_is_read(value: Any, protocol: int) -> None:
    assert read(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_of_whole_numbers_is_read(protocol: int, dtype: str, order: Any) -> None:
    array = np.asarray(np.arange(35).reshape(5, 7), dtype, order)
    found = read(pickle.dumps({"data": array, "again": array}, protocol))
    stored = array_in(found["data"])
    assert stored.dtype == array.dtype
    assert np.array_equal(stored, array)
    assert found["again"] is found["data"]


def test_the_array_that_python_2_writes_is_read_without_a_copy() -> None:
    """And Python itself reads the same in it, so the form of `tests.published` is that of a real pickle."""
    array = np.arange(35, dtype=np.uint8).reshape(5, 7)
    content = pickled({b"data": array})
    assert np.array_equal(pickle.loads(content, encoding="bytes")[b"data"], array)
    stored = array_in(read(content)[b"data"])
    assert np.array_equal(stored, array)
    assert isinstance(stored.base.base, bytes)  # not copied


@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "builtins.getattr", "numpy.load", "numpy.core.multiarray.scalar"]
)
@pytest.mark.parametrize("form", ["GLOBAL", "STACK_GLOBAL"])
def test_a_name_that_is_not_of_an_array_is_refused_with_its_name(name: str, form: str) -> None:
    module, _, function = name.rpartition(".")
    texts = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, function))
    asked = f"c{module}\n{function}\n".encode() if form == "GLOBAL" else texts + b"\x93"
    with pytest.raises(DataError, match=rf"the member is refused, and nothing of it was run: it asks for '{name}'"):
        read(b"\x80\x04" + asked + b".")


def test_a_long_name_is_not_shown_whole() -> None:
    with pytest.raises(DataError, match="it asks for 'aaa") as caught:
        read(b"\x80\x02c" + b"a" * 10**6 + b"\nb\n.")
    assert len(str(caught.value)) < 300


def test_memory_is_not_reserved_by_what_a_pickle_says() -> None:
    """An index of the memo and the length of a text; Python's own reader makes room for both."""
    assert read(b"\x80\x02K\x05r\xff\xff\xff\x7f.") == 5
    with pytest.raises(DataError, match=r"the member is cut short: 1,152,921,504,606,846,976 bytes are to follow"):
        read(b"\x80\x04\x8e" + (2**60).to_bytes(8, "little") + b"abc.")


def test_a_text_encoded_again_and_again_is_refused() -> None:
    """Each time costs the file few bytes, and would cost as much memory as the text is long."""
    text = b"\x80\x02X" + (1000).to_bytes(4, "little") + b"a" * 1000 + b"q\x01X\x06\x00\x00\x00latin1q\x02"
    again = b"c_codecs\nencode\nh\x01h\x02\x86R"
    assert read(text + again + b".") == b"a" * 1000
    with pytest.raises(DataError, match="it encodes texts as no pickler does"):
        read(text + again * 50 + b".")
    with pytest.raises(DataError, match="it encodes texts as no pickler does"):
        read(text + again.replace(b"h\x02", b"U\x04zlib") + b".")


def test_a_pickle_of_too_many_operations_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "MAX_OPERATIONS", 1000)
    assert read(b"\x80\x02" + b"]" * 998 + b".") == []
    with pytest.raises(DataError, match="it takes more than 1,000 operations"):
        read(b"\x80\x02" + b"]" * 999 + b".")


def test_deep_nesting_is_built_and_taken_down_without_recursion() -> None:
    assert isinstance(read(b"\x80\x02)" + b"\x85" * 10**5 + b"."), tuple)
    assert isinstance(read(b"\x80\x02" + b"]" * 10**5 + b"a" * (10**5 - 1) + b"."), list)


@given(st.lists(st.sampled_from([*OPCODES, b"cnumpy\ndtype\n", b"U\x02u1"]) | st.binary(max_size=5)))
@settings(max_examples=500)
def test_any_operations_are_read_or_refused(parts: list[bytes]) -> None:
    read_or_refuse(b"\x80\x02" + b"".join(parts))


@given(st.data())
def test_a_damaged_batch_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(pickled({b"labels": [1, 2, 3], b"data": np.zeros((3, 5), np.uint8), b"filenames": [b"a"]}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(2, len(content) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(content))
