"""Conditions on variants, such as `optimizer == "adam" and lr > 1e-3`. They are read, never run.

Comparisons (== != < <= > >= in, not in) of names with numbers, texts, true, false, null and lists of these; and, or,
not, parentheses. A name is a parameter's last word or more of it, or a metric. What a variant does not have differs
from everything.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

from nnexp.errors import UsageError
from nnexp.wording import suggest_nearest

MAX_CHARACTERS = 1000
"""Characters of a condition: Python's parser takes much memory for a long one that is deeply nested."""

COMPARISON_OPERATORS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}

WORD_VALUES: Mapping[str, Any] = {"true": True, "false": False, "null": None}


ABSENT_VALUE = object()
"""What a variant does not have; not None, which a parameter may be."""


class VariantFilter:
    """A condition that has been read. Raises UsageError, with a caret, where it cannot be."""

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) > MAX_CHARACTERS:
            raise UsageError(f"--filter: longer than {MAX_CHARACTERS} characters")
        if "\n" in text or "\0" in text:
            raise UsageError("--filter: a condition is one line")
        try:
            # Python warns of `lr is 1` and the like; the check below raises an error.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError as error:
            raise self._make_error(error.offset or len(text.strip().encode()) + 1, error.msg) from None
        except (ValueError, RecursionError, MemoryError):
            raise UsageError("--filter: too deeply nested") from None
        self._check_condition(self._tree)

    def is_match(self, values: Mapping[str, Any]) -> bool:
        """Whether a variant with these values, by their dotted names, is meant. Raises UsageError for unclear names."""
        return self._evaluate_condition(self._tree, values)

    def list_names(self) -> list[str]:
        """The names in the condition, as they are written."""
        return list(map(ast.unparse, self._iterate_names()))

    def _iterate_names(self) -> Iterator[ast.Name | ast.Attribute]:
        """The names, each whole: of a dotted one not its beginnings."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name | ast.Attribute) and not self._is_name_part(node):
                yield node

    def check_names(self, known: Mapping[str, Any] | set[str]) -> None:
        """Raises UsageError for a name that means nothing in any variant."""
        for node in self._iterate_names():
            name = ast.unparse(node)
            if name in WORD_VALUES or any(is_end_of_name(name, full) for full in known):
                continue
            hint = suggest_nearest(name, {full.rpartition(".")[2] for full in known})
            # After the sign of a comparison: optimizer == adam.
            if self._is_comparator(node):
                hint = f'a text stands in quotes: "{name}"'
            raise self._make_error(node.col_offset + 1, f"there is no {name!r}; {hint}")

    def _is_name_part(self, node: ast.expr) -> bool:
        """Whether it is the beginning of a longer dotted name."""
        return any(isinstance(outer, ast.Attribute) and outer.value is node for outer in ast.walk(self._tree))

    def _is_comparator(self, node: ast.expr) -> bool:
        """Whether something is compared with it."""
        return any(isinstance(outer, ast.Compare) and node in outer.comparators for outer in ast.walk(self._tree))

    def _check_condition(self, node: ast.expr) -> None:
        """Raises UsageError where it is no condition."""
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self._check_condition(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._check_condition(operand)
            case ast.Compare(left=left, ops=operators, comparators=right):
                for value in (left, *right):
                    self._check_value(value)
                for sign, value in zip(operators, right, strict=True):
                    # Python's grammar has one comparison more than the conditions here.
                    if isinstance(sign, ast.Is | ast.IsNot):
                        raise self._make_error(node.col_offset + 1, "`is` is written ==")
                    if isinstance(sign, ast.In | ast.NotIn) and not isinstance(value, ast.List | ast.Tuple):
                        raise self._make_error(value.col_offset + 1, "`in` needs a list, such as [1, 2]")
            case _:
                raise self._make_error(node.col_offset + 1, "expected a comparison, such as lr > 1e-3")

    def _check_value(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None) | ast.Name():
                return
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float())):
                return
            case ast.Attribute(value=value) if isinstance(value, ast.Name | ast.Attribute):
                self._check_value(value)
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                for entry in entries:
                    self._check_value(entry)
            case _:
                raise self._make_error(node.col_offset + 1, "expected a name, a number, a text in quotes or a list")

    def _evaluate_condition(self, node: ast.expr, values: Mapping[str, Any]) -> bool:
        evaluate = partial(self._evaluate_condition, values=values)
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(map(evaluate, parts))
            case ast.BoolOp(values=parts):
                return any(map(evaluate, parts))
            case ast.UnaryOp(operand=operand):
                return not evaluate(operand)
        assert isinstance(node, ast.Compare), "checked when it was read"
        operands = map(partial(self._evaluate_value, values=values), (node.left, *node.comparators))
        # As in Python, 1 < lr < 2 compares each with the next.
        for sign, (left, right) in zip(node.ops, pairwise(operands), strict=True):
            if not self._compare_values(node, type(sign), left, right):
                return False
        return True

    def _compare_values(self, node: ast.expr, sign: type[ast.cmpop], left: Any, right: Any) -> bool:
        if left is ABSENT_VALUE or right is ABSENT_VALUE:
            return sign in (ast.NotEq, ast.NotIn)
        # In Python True equals 1; here a switch that is on is no number.
        if sign in (ast.Eq, ast.NotEq) and isinstance(left, bool) != isinstance(right, bool):
            return sign is ast.NotEq
        try:
            return COMPARISON_OPERATORS[sign](left, right)
        except TypeError:
            # A limit that is switched off is neither above nor below a number.
            if left is None or right is None:
                return False
            message = f"{left!r} and {right!r} have no order"
            raise self._make_error(node.col_offset + 1, message) from None

    def _evaluate_value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=sign, operand=ast.Constant(value=value)):
                assert isinstance(value, int | float), "checked when it was read"
                return -value if isinstance(sign, ast.USub) else value
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                return list(map(partial(self._evaluate_value, values=values), entries))
        return self._find_value(node, values)

    def _find_value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        """What a variant has under a name."""
        name = ast.unparse(node)
        if name in values:
            return values[name]
        if name in WORD_VALUES:
            return WORD_VALUES[name]
        found = [full for full in values if is_end_of_name(name, full)]
        if len(found) > 1:
            message = f"{name!r} could be {' or '.join(sorted(found))}"
            raise self._make_error(node.col_offset + 1, message)
        if not found:
            return ABSENT_VALUE
        return values[found[0]]

    def _make_error(self, column: int, message: str) -> UsageError:
        """The error, with the condition and a caret below what is wrong with it."""
        text = self._text.strip()
        # Python's parser counts bytes, a terminal shows characters.
        before = len(text.encode()[: column - 1].decode(errors="ignore"))
        return UsageError(f"--filter: {message}\n  {text}\n  {' ' * before}^")


def is_end_of_name(name: str, full: str) -> bool:
    """Whether a name stands for a dotted one: it is its end."""
    return full == name or full.endswith(f".{name}")
