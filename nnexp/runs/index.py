"""Finding runs in the folder that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nnexp.errors import UsageError
from nnexp.spec.problems import nearest


def run_folders(root: Path) -> Iterator[Path]:
    """The run folders in `root`, by name."""
    if root.is_dir():
        yield from sorted(path for path in root.iterdir() if (path / "run.json").is_file())


def find(name: str, root: Path) -> Path:
    """The run folder that `name` means: a path, a name below `root`, or the beginning of just one.

    Raises UsageError where there is none, or more than one.
    """
    for path in (Path(name), root / name):
        if (path / "run.json").is_file():
            return path
    names = [path.name for path in run_folders(root)]
    matching = [candidate for candidate in names if candidate.startswith(name)]
    if len(matching) == 1:
        return root / matching[0]
    if matching:
        raise UsageError(f"{name!r} could be {' or '.join(matching)}")
    hint = f"; {nearest(name, names)}" if names else f"; there are no runs in {root}"
    raise UsageError(f"there is no run {name!r}{hint}")
