"""Commands of the program where libraries are not installed: python -m tests.cli.without_library A,B < commands.

The commands are a JSON list of lists of words, run one after the other in the working directory; what came of each is
printed as JSON. A process of its own, since a library that was imported before is not missing.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


class HidingFinder(importlib.abc.MetaPathFinder):
    """A finder of modules that does not find some libraries."""

    def __init__(self, libraries: Sequence[str], finder: Any) -> None:
        self.libraries, self.finder = libraries, finder

    def __getattr__(self, name: str) -> Any:
        # Such as find_distributions, by which installed packages tell their versions.
        return getattr(self.finder, name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] in self.libraries:
            return None
        found: importlib.machinery.ModuleSpec | None = self.finder.find_spec(fullname, path, target)
        return found


def run_commands(commands: list[list[str]]) -> list[dict[str, object]]:
    """The exit code, the output and the messages of each command; a traceback ends it with the code None."""
    from tests.cli.inside import inside

    results: list[dict[str, object]] = []
    for words in commands:
        try:
            done = inside(*words, cwd=Path.cwd())
            results.append({"code": done.returncode, "out": done.stdout, "err": done.stderr})
        except BaseException:  # noqa: BLE001 - the traceback is what is looked for
            results.append({"code": None, "out": "", "err": traceback.format_exc()})
    return results


if __name__ == "__main__":
    sys.meta_path[:] = [HidingFinder(sys.argv[1].split(","), finder) for finder in sys.meta_path]
    from nnexp.nn.kernels import dispatch

    # Otherwise no run here is long enough to want the compiled kernels.
    dispatch.MIN_COMPILED_ENTRIES = 0
    print(json.dumps(run_commands(json.load(sys.stdin))))
