"""Pickles of arrays, read without giving them anything to run.

A pickle is a program for a small machine with a stack. `pickletools.genops` takes the program apart and runs nothing.
`PickleReader` carries out only the operations that build dictionaries, lists, tuples, texts and whole numbers; what a
pickle wants called stays a `StoredCall`, and `build_array` makes an array of one that describes an array.
`pickle.Unpickler`, even one that finds few names, would let a file reserve memory without bounds, set attributes, and
nest so deep that hashing overflows the stack.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from nnexp.data.formats.archive import ArchiveMember
from nnexp.errors import DataError
from nnexp.typing import AnyArray

MAX_OPERATIONS = 2_000_000
"""Several times what the largest published file takes. An operation of one byte may make a list of 56 bytes."""

CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}

VALUE_OPERATIONS = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1"),
        *("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
"""Operations whose argument is the value."""

ALLOWED_GLOBALS = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),  # NumPy 1
        ("numpy._core.multiarray", "_reconstruct"),  # NumPy 2
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy._core.numeric", "_frombuffer"),
        ("_codecs", "encode"),  # bytes in protocol 2 of Python 3
    }
)
"""The names that arrays and bytes are written with."""

INTEGER_DTYPES = frozenset({"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"})
BYTE_ORDERS = frozenset({"<", ">", "|"})

BUILD_ERRORS = (IndexError, KeyError, TypeError, ValueError, OverflowError, MemoryError, struct.error)
"""What a program runs into that no pickler wrote."""


@dataclass(slots=True, eq=False)
class StoredCall:
    """A call that a pickle asks for and that is never made: the function, its arguments, the state set afterwards."""

    function: str
    arguments: tuple[Any, ...] = ()
    state: Any = None


def read_pickle(member: ArchiveMember) -> Any:
    """What a pickle holds: arrays as `StoredCall`, the texts of Python 2 as bytes.

    Raises DataError for all that is in no published file, such as the name of a function.
    """
    reader = PickleReader(member, member.bytes_left)
    try:
        for count, (operation, argument, _) in enumerate(pickletools.genops(member)):  # type: ignore[arg-type]
            if count == MAX_OPERATIONS:
                reader.refuse(f"it takes more than {MAX_OPERATIONS:,} operations")
            reader.run_operation(operation.name, argument)
        return reader.stack.pop()
    except BUILD_ERRORS as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{member.where} is damaged: it is no pickle that can be built ({reason})") from None


@dataclass(slots=True, eq=False)
class PickleReader:
    """What the operations of a pickle work on. size: the bytes of the pickle."""

    member: ArchiveMember
    size: int
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    encoded_characters: int = 0

    def run_operation(self, operation: str, argument: Any) -> None:
        """Carry out one operation, by its name in `pickletools`."""
        if operation in BUILDERS:
            count, build = BUILDERS[operation]
            start = self.marks.pop() if count is None else len(self.stack) - count
            build(self, self.pop_items(start))
        elif operation in CONSTANTS:
            self.stack.append(CONSTANTS[operation])
        elif operation in VALUE_OPERATIONS:
            self.stack.append(argument)
        else:
            self.run_special_operation(operation, argument)

    def run_special_operation(self, operation: str, argument: Any) -> None:
        match operation:
            case "PROTO" | "FRAME" | "STOP":
                pass
            case "MARK":
                self.marks.append(len(self.stack))
            case "SHORT_BINSTRING" | "BINSTRING":
                self.stack.append(argument.encode("latin-1"))  # bytes in Python 2, which genops gives as a text
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.stack.append(self.memo[argument])
            case "GLOBAL":
                self.push_global(argument.split(" "))  # genops puts a space between module and name
            case _:
                self.refuse(f"its operation {operation} builds no dictionary, list, text, number or array")

    def refuse(self, why: str) -> NoReturn:
        raise DataError(f"{self.member.where} is refused, and nothing of it was run: {why}")

    def pop_items(self, start: int) -> list[Any]:
        """Take off what lies on the stack from a position on."""
        if start < 0:
            raise IndexError("the stack is empty")
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def push_list(self, items: list[Any]) -> None:
        self.stack.append(items)

    def push_tuple(self, items: list[Any]) -> None:
        self.stack.append(tuple(items))

    def push_dict(self, _items: list[Any]) -> None:
        self.stack.append({})

    def extend_list(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            self.refuse("it appends to what is no list")
        target.extend(items)

    def update_dict(self, items: list[Any]) -> None:
        target, keys = self.stack[-1], items[::2]
        # a tuple would be hashed with all that is nested in it
        if type(target) is not dict or not all(type(key) in (bytes, str, int) for key in keys):
            self.refuse("it has a dictionary with keys that are neither texts nor whole numbers")
        target.update(zip(keys, items[1::2], strict=True))

    def push_global(self, items: list[Any]) -> None:
        module, name = (decode_text(item) for item in items)
        if (module, name) not in ALLOWED_GLOBALS:
            self.refuse(f"it asks for {f'{module}.{name}'[:100]!r}, which no set of pictures needs")
        self.stack.append(StoredCall(name))

    def push_call(self, items: list[Any]) -> None:
        stored, arguments = items
        if type(stored) is not StoredCall or type(arguments) is not tuple:
            self.refuse("it calls what is no function")
        is_text = stored.function == "encode"
        self.stack.append(self.encode_text(*arguments) if is_text else StoredCall(stored.function, arguments))

    def set_state(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not StoredCall:
            self.refuse("it sets attributes of what is no array")
        target.state = items[0]

    def encode_text(self, text: Any, encoding: Any) -> bytes:
        """What Python 3 writes for bytes in protocol 2."""
        self.encoded_characters += len(decode_text(text))
        # a text that is encoded again and again costs the file a few bytes each time, and memory for all of it
        if decode_text(encoding) != "latin1" or self.encoded_characters > self.size:
            self.refuse("it encodes texts as no pickler does")
        return decode_text(text).encode("latin-1")


BUILDERS: dict[str, tuple[int | None, Callable[[PickleReader, list[Any]], None]]] = {
    "EMPTY_LIST": (0, PickleReader.push_list),
    "EMPTY_DICT": (0, PickleReader.push_dict),
    "EMPTY_TUPLE": (0, PickleReader.push_tuple),
    "TUPLE1": (1, PickleReader.push_tuple),
    "TUPLE2": (2, PickleReader.push_tuple),
    "TUPLE3": (3, PickleReader.push_tuple),
    "TUPLE": (None, PickleReader.push_tuple),
    "APPEND": (1, PickleReader.extend_list),
    "APPENDS": (None, PickleReader.extend_list),
    "SETITEM": (2, PickleReader.update_dict),
    "SETITEMS": (None, PickleReader.update_dict),
    "STACK_GLOBAL": (2, PickleReader.push_global),
    "REDUCE": (2, PickleReader.push_call),
    "BUILD": (1, PickleReader.set_state),
}
"""Operations that build something of items on the stack: of how many (None: of those since the last mark), and what."""


def build_array(member: ArchiveMember, value: Any) -> AnyArray | None:
    """The array of whole numbers that a stored value describes, without a copy; None for any other value.

    Raises DataError for an array of something else, and for one whose shape its numbers do not fill.
    """
    match value:
        case StoredCall("_reconstruct", state=(_, tuple(shape), StoredCall("dtype") as dtype, is_fortran, content)):
            order: Any = "F" if is_fortran else "C"
        case StoredCall("_frombuffer", arguments=(content, StoredCall("dtype") as dtype, tuple(shape), order)):
            pass
        case _:
            return None
    try:
        code, byte_order = decode_text(dtype.arguments[0]), decode_text(dtype.state[1])
        if code not in INTEGER_DTYPES or byte_order not in BYTE_ORDERS:
            raise ValueError(f"it has an array of {code[:100]!r}, and those of published sets are of whole numbers")
        return np.frombuffer(content, byte_order + code).reshape(shape, order=order)
    except BUILD_ERRORS as error:
        raise DataError(f"{member.where} is refused: {error}") from None


def decode_text(value: Any) -> str:
    """A text of Python 2 or of Python 3."""
    if type(value) is bytes:
        return value.decode("latin-1")
    if type(value) is not str:
        raise TypeError(f"{type(value).__name__} where a text belongs")
    return value
