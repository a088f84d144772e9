"""Pickles of arrays, read without giving them anything to run.

A pickle is a program for a small machine with a stack. This machine knows the operations that build dictionaries,
lists, tuples, texts and whole numbers. Of what a pickle may call by name it knows only how NumPy stores an array, and
does that itself. Python's own `pickle.Unpickler`, even one that finds few names, lets a file ask for memory without
bounds, set attributes, and nest so deep that hashing overflows the stack.

Source: Lib/pickletools.py of Python 3.13, where every operation is described; protocols 2 to 5.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any, NoReturn, TypeAlias

import numpy as np

from nnexp.data.formats.archive import ArchiveMember
from nnexp.errors import DataError
from nnexp.typing import AnyArray

PROTOCOL_BYTES = (b"\x02", b"\x03", b"\x04", b"\x05")

MAX_OPERATIONS = 2_000_000
"""Several times what the largest published file takes."""

INTEGER_DTYPES = frozenset(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8))

MACHINE_ERRORS = (IndexError, KeyError, TypeError, ValueError, OverflowError, MemoryError, struct.error)
"""What a program runs into that no pickler wrote."""


@dataclass(slots=True, eq=False)
class GlobalName:
    """Something that a pickle calls or mentions by its name."""

    name: str


@dataclass(slots=True, eq=False)
class StoredDtype:
    """The type of an array's numbers, NumPy's dtype; the order of their bytes follows."""

    code: str
    order: str = "|"


@dataclass(slots=True, eq=False)
class StoredArray:
    """An array, whose numbers follow."""

    array: AnyArray | None = None


def read_pickle(member: ArchiveMember) -> Any:
    """What a pickle holds: arrays as `StoredArray`, the texts of Python 2 as bytes.

    Raises DataError for all that is in no published file, such as the name of a function.
    """
    machine = PickleMachine(member, member.bytes_left)
    try:
        return machine.run_operations()
    except MACHINE_ERRORS as error:
        why = str(error) or type(error).__name__
        raise DataError(f"{member.where} is damaged: it is no pickle that can be built ({why})") from None


@dataclass(slots=True, eq=False)
class PickleMachine:
    """What the operations of a pickle work on."""

    member: ArchiveMember
    size: int
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    encoded_characters: int = 0

    def run_operations(self) -> Any:
        """What is on the stack at the end."""
        if self.member.take_bytes(1) != b"\x80" or self.member.take_bytes(1) not in PROTOCOL_BYTES:
            self.refuse_pickle("it is no pickle of protocol 2 to 5")
        for _ in range(MAX_OPERATIONS):
            code = self.member.take_bytes(1)
            if code == b".":
                break
            if code not in OPERATION_BY_CODE:
                self.refuse_pickle(
                    f"its operation {code!r} is none that builds dictionaries, lists, texts, numbers or arrays"
                )
            OPERATION_BY_CODE[code](self)
        else:
            self.refuse_pickle(f"it takes more than {MAX_OPERATIONS:,} operations")
        return self.stack.pop()

    def refuse_pickle(self, why: str) -> NoReturn:
        raise DataError(f"{self.member.where} is refused, and nothing of it was run: {why}")

    def read_number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.member.take_bytes(size), "little", signed=signed)

    def read_line(self) -> str:
        found = b""
        while not found.endswith(b"\n"):
            found += self.member.take_bytes(1)
            if len(found) > 200:
                self.refuse_pickle("a name in it is longer than 200 bytes")
        return found[:-1].decode()

    def pop_marked(self) -> list[Any]:
        """What was pushed since the last mark, taken off."""
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def push_mark(self) -> None:
        self.marks.append(len(self.stack))

    def push_constant(self, value: Any) -> None:
        self.stack.append(value)

    def push_empty(self, kind: type[list[Any] | dict[Any, Any]]) -> None:
        self.stack.append(kind())

    def push_integer(self, size: int, *, signed: bool = False) -> None:
        self.stack.append(self.read_number(size, signed=signed))

    def push_long(self) -> None:
        self.push_integer(self.read_number(1), signed=True)

    def push_bytes(self, size: int) -> None:
        """Bytes, whose number comes first, written in `size` bytes."""
        self.stack.append(self.member.take_bytes(self.read_number(size)))

    def push_text(self, size: int) -> None:
        self.stack.append(self.member.take_bytes(self.read_number(size)).decode())

    def push_tuple(self, count: int) -> None:
        items = [self.stack.pop() for _ in range(count)]
        self.stack.append(tuple(reversed(items)))

    def push_marked_tuple(self) -> None:
        self.stack.append(tuple(self.pop_marked()))

    def append_item(self) -> None:
        self.extend_list([self.stack.pop()])

    def append_items(self) -> None:
        self.extend_list(self.pop_marked())

    def extend_list(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            self.refuse_pickle("it appends to what is no list")
        target.extend(items)

    def set_dict_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.update_dict([key, value])

    def set_dict_items(self) -> None:
        self.update_dict(self.pop_marked())

    def update_dict(self, items: list[Any]) -> None:
        target, keys = self.stack[-1], items[::2]
        if type(target) is not dict or not all(type(key) in (bytes, str, int) for key in keys):
            self.refuse_pickle("it has a dictionary with keys that are neither texts nor whole numbers")
        target.update(zip(keys, items[1::2], strict=True))

    def store_memo(self, size: int) -> None:
        self.memo[self.read_number(size)] = self.stack[-1]

    def store_next_memo(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def push_memo(self, size: int) -> None:
        self.stack.append(self.memo[self.read_number(size)])

    def skip_frame(self) -> None:
        """Skip the size of a frame, which says only how much could be read ahead."""
        self.member.take_bytes(8)

    def push_global(self) -> None:
        self.push_named(self.read_line(), self.read_line())

    def push_stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.push_named(decode_text(module), decode_text(name))

    def push_named(self, module: str, name: str) -> None:
        if (module, name) not in ALLOWED_GLOBALS:
            self.refuse_pickle(f"it asks for {f'{module}.{name}'[:100]!r}, which no set of pictures needs")
        self.stack.append(GlobalName(name))

    def call_function(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if type(function) is not GlobalName or type(arguments) is not tuple:
            self.refuse_pickle("it calls what is no function")
        self.stack.append(GLOBAL_CALLS[function.name](self, *arguments))

    def make_dtype(self, code: Any, _align: Any = False, _copy: Any = True) -> StoredDtype:
        if decode_text(code) not in INTEGER_DTYPES:
            self.refuse_pickle(
                f"it has an array of {decode_text(code)[:100]!r}, and those of published sets are of whole numbers"
            )
        return StoredDtype(decode_text(code))

    def make_empty_array(self, _class: Any, _shape: Any, _code: Any) -> StoredArray:
        return StoredArray()

    def make_buffer_array(self, content: Any, kind: Any, shape: Any, order: Any) -> StoredArray:
        return StoredArray(self.make_array(content, kind, shape, decode_text(order)))

    def encode_text(self, given: Any, encoding: Any) -> bytes:
        """What Python 3 writes for bytes in protocol 2. No text is encoded twice, so that memory is bounded."""
        self.encoded_characters += len(decode_text(given))
        if decode_text(encoding) != "latin1" or self.encoded_characters > self.size:
            self.refuse_pickle("it encodes texts as no pickler does")
        return decode_text(given).encode("latin-1")

    def set_state(self) -> None:
        """Fill in what follows of an array or of its type."""
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) is StoredDtype and len(state) == 8 and all(state[place] is None for place in (2, 3, 4)):
            target.order = decode_text(state[1])
        elif type(target) is StoredArray and len(state) == 5:
            target.array = self.make_array(state[4], state[2], state[1], "F" if state[3] else "C")
        else:
            self.refuse_pickle("it sets what no array of whole numbers has")

    def make_array(self, content: Any, kind: Any, shape: Any, order: str) -> AnyArray:
        if type(kind) is not StoredDtype or type(content) not in (bytes, bytearray) or type(shape) is not tuple:
            self.refuse_pickle("it has an array that is none of whole numbers")
        if len(shape) > 4 or not all(type(size) is int and 0 <= size < 2**40 for size in shape):
            self.refuse_pickle("it has an array of no possible shape")
        dtype = np.dtype(kind.order + kind.code)
        if prod(shape) * dtype.itemsize != len(content):
            self.refuse_pickle(f"it has an array {shape} of {kind.code} with {len(content):,} bytes of numbers")
        return np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C")


def decode_text(value: Any) -> str:
    """A text of Python 2 or of Python 3."""
    if type(value) is bytes:
        return value.decode("latin-1")
    if type(value) is not str:
        raise TypeError(f"{type(value).__name__} where a text belongs")
    return value


NUMPY_MODULES = ("numpy.core", "numpy._core")
ALLOWED_GLOBALS = {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
ALLOWED_GLOBALS |= {(f"{core}.multiarray", "_reconstruct") for core in NUMPY_MODULES}
ALLOWED_GLOBALS |= {(f"{core}.numeric", "_frombuffer") for core in NUMPY_MODULES}

GLOBAL_CALLS: dict[str, Callable[..., Any]] = {
    "dtype": PickleMachine.make_dtype,
    "encode": PickleMachine.encode_text,
    "_frombuffer": PickleMachine.make_buffer_array,
    "_reconstruct": PickleMachine.make_empty_array,
}

PickleOperation: TypeAlias = Callable[[PickleMachine], None]

OPERATION_BY_CODE: dict[bytes, PickleOperation] = {
    b"(": PickleMachine.push_mark,
    b"a": PickleMachine.append_item,
    b"e": PickleMachine.append_items,
    b"s": PickleMachine.set_dict_item,
    b"u": PickleMachine.set_dict_items,
    b"t": PickleMachine.push_marked_tuple,
    b"c": PickleMachine.push_global,
    b"\x93": PickleMachine.push_stack_global,
    b"R": PickleMachine.call_function,
    b"b": PickleMachine.set_state,
    b"\x94": PickleMachine.store_next_memo,
    b"\x95": PickleMachine.skip_frame,
    b"\x8a": PickleMachine.push_long,
    b"J": partial(PickleMachine.push_integer, size=4, signed=True),
    b"]": partial(PickleMachine.push_empty, kind=list),
    b"}": partial(PickleMachine.push_empty, kind=dict),
    **{
        code: partial(PickleMachine.push_constant, value=value)
        for code, value in [(b"N", None), (b")", ()), (b"\x88", True)]
    },
    b"\x89": partial(PickleMachine.push_constant, value=False),
    **{code: partial(PickleMachine.push_integer, size=size) for code, size in [(b"K", 1), (b"M", 2)]},
    **{
        code: partial(PickleMachine.push_bytes, size=size)
        for code, size in [(b"U", 1), (b"T", 4), (b"C", 1), (b"B", 4)]
    },
    **{code: partial(PickleMachine.push_bytes, size=8) for code in (b"\x8e", b"\x96")},
    **{code: partial(PickleMachine.push_text, size=size) for code, size in [(b"\x8c", 1), (b"X", 4), (b"\x8d", 8)]},
    **{
        code: partial(PickleMachine.push_tuple, count=count)
        for code, count in [(b"\x85", 1), (b"\x86", 2), (b"\x87", 3)]
    },
    **{code: partial(PickleMachine.store_memo, size=size) for code, size in [(b"q", 1), (b"r", 4)]},
    **{code: partial(PickleMachine.push_memo, size=size) for code, size in [(b"h", 1), (b"j", 4)]},
}
