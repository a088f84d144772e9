"""Finding runs in the folder that holds them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from nnexp.errors import RunError, UsageError
from nnexp.runs.manifest import ENDED_FIELDS, Manifest, RunState, read_manifest
from nnexp.storage.lock import is_locked
from nnexp.wording import find_by_beginning, find_closest


def list_run_folders(root: Path) -> Iterator[Path]:
    """The run folders in `root`, by name. Raises RunError where it cannot be read."""
    try:
        yield from sorted(path for path in root.iterdir() if (path / "run.json").is_file())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise RunError(f"cannot read {root}: {error.strerror}") from None


def find_ended_run(text: bytes, overrides: Sequence[str], root: Path) -> Path | None:
    """The run in `root` that has ended and was made from this text of a spec with these overrides, if there is one.

    So a run is found by its command where its spec cannot be resolved any more, as its data are gone.
    """
    for folder in list_run_folders(root):
        with suppress(RunError, OSError):
            record = read_manifest(folder)
            is_same = record.get("overrides") == list(overrides) and (folder / "spec.yaml").read_bytes() == text
            if is_same and record["state"] in ENDED_FIELDS:
                return folder
    return None


def find_current_state(path: Path, record: Manifest) -> RunState:
    """The state of a run now: one that is recorded as running, but that no process holds, was killed."""
    state: RunState = record["state"]
    if state == "running" and not is_locked(path):
        return "interrupted"
    return state


def _is_run_folder(path: Path) -> bool:
    try:
        return (path / "run.json").is_file()
    except OSError:  # no name that the system takes
        return False


def find_run(name: str, root: Path) -> Path:
    """The run folder with this path, this name below `root`, or the only one of its spec or whose name begins so.

    Raises UsageError where there is none, or more than one.
    """
    for path in (Path(name), root / name):
        if name and _is_run_folder(path):
            return path
    return _find_by_beginning(name, root)


def find_to_delete(name: str, root: Path) -> Path:
    """The folder of a run directly below `root`, by its path, its name, or the beginning of its name.

    Raises UsageError for everything else, such as a folder elsewhere, a link, or what nnexp did not write.
    """
    path = Path(name)
    allowed = "`nnexp runs rm` deletes runs that lie directly in the folder of runs"
    if ".." in path.parts or (name and not path.name):
        raise UsageError(f"{name!r} is not the name of a run: {allowed}, here {root}; give a run's name, or its path")
    try:
        is_elsewhere = path.name != str(path) and path.parent.resolve() != root.resolve()
        found = root / path.name
        is_there = bool(name) and os.path.lexists(found)
    except (OSError, ValueError):  # no name that the system takes: too long, or with a null byte
        is_elsewhere = is_there = False
    if is_elsewhere:
        raise UsageError(f"{name} does not lie in {root}: {allowed}; `--runs {path.parent}` names another folder")
    if not is_there:
        found = _find_by_beginning(path.name, root)
    if found.is_symlink():
        raise UsageError(f"{found} is a link to {found.readlink()}: {allowed}; `rm {found}` removes the link alone")
    try:
        read_manifest(found)
    except RunError as error:
        raise UsageError(
            f"{error}. Nothing was deleted, as nothing shows that nnexp wrote this folder; `rm -r {found}` deletes all "
            "that is in it"
        ) from None
    return found


def _find_by_beginning(name: str, root: Path) -> Path:
    """The only run whose name begins so. Raises UsageError where there is none, or more than one."""
    names = [path.name for path in list_run_folders(root)]
    matching = find_by_beginning(name, names)
    if len(matching) == 1:
        return root / matching[0]
    if matching:
        raise UsageError(f"{name!r} could be {' or '.join(matching)}")
    hint = f"there are no runs in {root}"
    if names:
        closest = find_closest_name(name, names)
        hint = f"did you mean {closest!r}?" if closest else "`nnexp runs` lists them"
    raise UsageError(f"there is no run {name!r}; {hint}")


def find_closest_name(name: str, known: Iterable[str]) -> str | None:
    """The run or sweep whose name, with the digits that end it or without, is most like `name`; None where none is."""
    folders = {}
    for folder in known:
        folders[folder.rpartition("-")[0]] = folders[folder] = folder
    closest = find_closest(name, folders)
    return folders[closest] if closest else None
