"""Paths as a person writes them: with ~ and variables, and now and then misspelt."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path

from nnexp.wording import find_closest

MAX_COMPARED_FILES = 10_000
"""Of a larger folder, so many names are compared with one that is not there."""


def expand_path(path: str | Path) -> Path:
    """A path as the system takes it: without ~, and without variables such as $DATA if there is no file named so."""
    found = Path(path)
    if "$" in str(path) and not os.path.lexists(found):
        found = Path(os.path.expandvars(path))
    return found.expanduser()


def suggest_path(path: str | Path) -> str | None:
    """The file or folder in the same folder whose name is most like that of one that is not there, if any is."""
    wanted = Path(path)
    try:
        names = [entry.name for entry in islice(expand_path(wanted.parent).iterdir(), MAX_COMPARED_FILES)]
    except OSError:
        return None
    # Another ending is the commonest slip beside a misspelt name: table.csv for table.csv.gz.
    stem = find_closest(wanted.name.partition(".")[0], [name.partition(".")[0] for name in names])
    like = [name for name in names if name.partition(".")[0] == stem]
    closest = find_closest(wanted.name, like, 0.0)
    return str(wanted.parent / closest) if closest else None


def explain_absence(path: str | Path) -> str:
    """The end of the message that there is no file: what was meant perhaps, or what is missing above it."""
    found = expand_path(path)
    unset = re.search(r"\$\{?(\w+)", str(found))
    if unset and unset[1] not in os.environ:
        return f": the variable {unset[1]} is not set"
    near = suggest_path(path)
    if near:
        return f"; did you mean {near}?"
    above = [folder for folder in found.parents if not folder.is_dir()]
    return f": there is no folder {above[-1]}" if above else ""
