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

from nnexp.data.published.members import Member
from nnexp.errors import DataError
from nnexp.typing import AnyArray

PROTOCOLS = (b"\x02", b"\x03", b"\x04", b"\x05")

MOST_OPERATIONS = 2_000_000
"""Several times what the largest published file takes."""

INTEGERS = frozenset(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8))

SENSELESS = (IndexError, KeyError, TypeError, ValueError, OverflowError, MemoryError, struct.error)
"""What a program runs into that no pickler wrote."""


@dataclass(slots=True, eq=False)
class Name:
    """Something that a pickle calls or mentions by its name."""

    name: str


@dataclass(slots=True, eq=False)
class Kind:
    """The type of an array's numbers, NumPy's dtype; the order of their bytes follows."""

    code: str
    order: str = "|"


@dataclass(slots=True, eq=False)
class Stored:
    """An array, whose numbers follow."""

    array: AnyArray | None = None


def unpickled(member: Member) -> Any:
    """What a pickle holds: arrays as `Stored`, the texts of Python 2 as bytes.

    Raises DataError for all that is in no published file, such as the name of a function.
    """
    machine = Machine(member, member.left)
    try:
        return machine.run()
    except SENSELESS as error:
        why = str(error) or type(error).__name__
        raise DataError(f"{member.where} is damaged: it is no pickle that can be built ({why})") from None


@dataclass(slots=True, eq=False)
class Machine:
    """What the operations of a pickle work on."""

    member: Member
    size: int
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    encoded: int = 0

    def run(self) -> Any:
        """What is on the stack at the end."""
        if self.member.take(1) != b"\x80" or self.member.take(1) not in PROTOCOLS:
            self.refuse("it is no pickle of protocol 2 to 5")
        for _ in range(MOST_OPERATIONS):
            code = self.member.take(1)
            if code == b".":
                break
            if code not in OPERATIONS:
                self.refuse(f"its operation {code!r} is none that builds dictionaries, lists, texts, numbers or arrays")
            OPERATIONS[code](self)
        else:
            self.refuse(f"it takes more than {MOST_OPERATIONS:,} operations")
        return self.stack.pop()

    def refuse(self, why: str) -> NoReturn:
        raise DataError(f"{self.member.where} is refused, and nothing of it was run: {why}")

    def number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.member.take(size), "little", signed=signed)

    def line(self) -> str:
        found = b""
        while not found.endswith(b"\n"):
            found += self.member.take(1)
            if len(found) > 200:
                self.refuse("a name in it is longer than 200 bytes")
        return found[:-1].decode()

    def marked(self) -> list[Any]:
        """What was pushed since the last mark, taken off."""
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def constant(self, value: Any) -> None:
        self.stack.append(value)

    def new(self, kind: type[list[Any] | dict[Any, Any]]) -> None:
        self.stack.append(kind())

    def integer(self, size: int, *, signed: bool = False) -> None:
        self.stack.append(self.number(size, signed=signed))

    def long(self) -> None:
        self.integer(self.number(1), signed=True)

    def content(self, size: int) -> None:
        """Bytes, whose number comes first, written in `size` bytes."""
        self.stack.append(self.member.take(self.number(size)))

    def text(self, size: int) -> None:
        self.stack.append(self.member.take(self.number(size)).decode())

    def tuple_of(self, count: int) -> None:
        items = [self.stack.pop() for _ in range(count)]
        self.stack.append(tuple(reversed(items)))

    def tuple_marked(self) -> None:
        self.stack.append(tuple(self.marked()))

    def append(self) -> None:
        self.extend([self.stack.pop()])

    def appends(self) -> None:
        self.extend(self.marked())

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            self.refuse("it appends to what is no list")
        target.extend(items)

    def set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.update([key, value])

    def set_items(self) -> None:
        self.update(self.marked())

    def update(self, items: list[Any]) -> None:
        target, keys = self.stack[-1], items[::2]
        if type(target) is not dict or not all(type(key) in (bytes, str, int) for key in keys):
            self.refuse("it has a dictionary with keys that are neither texts nor whole numbers")
        target.update(zip(keys, items[1::2], strict=True))

    def put(self, size: int) -> None:
        self.memo[self.number(size)] = self.stack[-1]

    def put_next(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, size: int) -> None:
        self.stack.append(self.memo[self.number(size)])

    def frame(self) -> None:
        """Skip the size of a frame, which says only how much could be read ahead."""
        self.member.take(8)

    def find(self) -> None:
        self.named(self.line(), self.line())

    def find_on_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.named(text(module), text(name))

    def named(self, module: str, name: str) -> None:
        if (module, name) not in NAMES:
            self.refuse(f"it asks for {f'{module}.{name}'[:100]!r}, which no set of pictures needs")
        self.stack.append(Name(name))

    def called(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if type(function) is not Name or type(arguments) is not tuple:
            self.refuse("it calls what is no function")
        self.stack.append(CALLS[function.name](self, *arguments))

    def dtype(self, code: Any, _align: Any = False, _copy: Any = True) -> Kind:
        if text(code) not in INTEGERS:
            self.refuse(f"it has an array of {text(code)[:100]!r}, and those of published sets are of whole numbers")
        return Kind(text(code))

    def reconstruct(self, _class: Any, _shape: Any, _code: Any) -> Stored:
        return Stored()

    def from_buffer(self, content: Any, kind: Any, shape: Any, order: Any) -> Stored:
        return Stored(self.array(content, kind, shape, text(order)))

    def encode(self, given: Any, encoding: Any) -> bytes:
        """What Python 3 writes for bytes in protocol 2. No text is encoded twice, so that memory is bounded."""
        self.encoded += len(text(given))
        if text(encoding) != "latin1" or self.encoded > self.size:
            self.refuse("it encodes texts as no pickler does")
        return text(given).encode("latin-1")

    def build(self) -> None:
        """Fill in what follows of an array or of its type."""
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) is Kind and len(state) == 8 and all(state[place] is None for place in (2, 3, 4)):
            target.order = text(state[1])
        elif type(target) is Stored and len(state) == 5:
            target.array = self.array(state[4], state[2], state[1], "F" if state[3] else "C")
        else:
            self.refuse("it sets what no array of whole numbers has")

    def array(self, content: Any, kind: Any, shape: Any, order: str) -> AnyArray:
        if type(kind) is not Kind or type(content) not in (bytes, bytearray) or type(shape) is not tuple:
            self.refuse("it has an array that is none of whole numbers")
        if len(shape) > 4 or not all(type(size) is int and 0 <= size < 2**40 for size in shape):
            self.refuse("it has an array of no possible shape")
        dtype = np.dtype(kind.order + kind.code)
        if prod(shape) * dtype.itemsize != len(content):
            self.refuse(f"it has an array {shape} of {kind.code} with {len(content):,} bytes of numbers")
        return np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C")


def text(value: Any) -> str:
    """A text of Python 2 or of Python 3."""
    if type(value) is bytes:
        return value.decode("latin-1")
    if type(value) is not str:
        raise TypeError(f"{type(value).__name__} where a text belongs")
    return value


NUMPY = ("numpy.core", "numpy._core")
NAMES = {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
NAMES |= {(f"{core}.multiarray", "_reconstruct") for core in NUMPY}
NAMES |= {(f"{core}.numeric", "_frombuffer") for core in NUMPY}

CALLS: dict[str, Callable[..., Any]] = {
    "dtype": Machine.dtype,
    "encode": Machine.encode,
    "_frombuffer": Machine.from_buffer,
    "_reconstruct": Machine.reconstruct,
}

Operation: TypeAlias = Callable[[Machine], None]

OPERATIONS: dict[bytes, Operation] = {
    b"(": Machine.mark,
    b"a": Machine.append,
    b"e": Machine.appends,
    b"s": Machine.set_item,
    b"u": Machine.set_items,
    b"t": Machine.tuple_marked,
    b"c": Machine.find,
    b"\x93": Machine.find_on_stack,
    b"R": Machine.called,
    b"b": Machine.build,
    b"\x94": Machine.put_next,
    b"\x95": Machine.frame,
    b"\x8a": Machine.long,
    b"J": partial(Machine.integer, size=4, signed=True),
    b"]": partial(Machine.new, kind=list),
    b"}": partial(Machine.new, kind=dict),
    **{code: partial(Machine.constant, value=value) for code, value in [(b"N", None), (b")", ()), (b"\x88", True)]},
    b"\x89": partial(Machine.constant, value=False),
    **{code: partial(Machine.integer, size=size) for code, size in [(b"K", 1), (b"M", 2)]},
    **{code: partial(Machine.content, size=size) for code, size in [(b"U", 1), (b"T", 4), (b"C", 1), (b"B", 4)]},
    **{code: partial(Machine.content, size=8) for code in (b"\x8e", b"\x96")},
    **{code: partial(Machine.text, size=size) for code, size in [(b"\x8c", 1), (b"X", 4), (b"\x8d", 8)]},
    **{code: partial(Machine.tuple_of, count=count) for code, count in [(b"\x85", 1), (b"\x86", 2), (b"\x87", 3)]},
    **{code: partial(Machine.put, size=size) for code, size in [(b"q", 1), (b"r", 4)]},
    **{code: partial(Machine.get, size=size) for code, size in [(b"h", 1), (b"j", 4)]},
}
