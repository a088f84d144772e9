"""Libraries that only some of what nnexp does needs."""

from __future__ import annotations

import importlib
from typing import Any

from nnexp.errors import UsageError


def import_optional(module: str, extra: str, purpose: str) -> Any:
    """The module of an optional dependency. Raises UsageError that names the extra which brings it.

    >>> import_optional("math", "maths", "counting").floor(1.5)
    1
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise UsageError(f"{purpose} needs {missing}: pip install 'nnexp[{extra}]'") from None
