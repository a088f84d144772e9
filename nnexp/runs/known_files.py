"""The files that nnexp writes in the folder of a run or of a sweep, and the only code that deletes any of them.

nnexp deletes only files whose names it knows, only directly below the folder of runs, and never through a link.
Whatever else lies there belongs to somebody else, and stays.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nnexp.errors import RunError
from nnexp.runs import manifest, metrics_csv
from nnexp.runs.checkpoints import CHECKPOINT_FOLDER
from nnexp.storage import atomic
from nnexp.storage.lock import LOCK_FILE, OWNER_FILE, is_own_lock_file

RUN_FILES = ("run.json", "spec.yaml", "inputs.npz", metrics_csv.FILE_NAME, "events.jsonl", "resolved.yaml")
"""In the order in which they are deleted: run.json first, as a folder without it is no run; resolved.yaml last, as it
shows whose files these are if the deletion is cut off."""

CHECKPOINT = re.compile(r"(last|previous|best|snapshot-[0-9]+)\.npz|(last|previous)\.damaged")
"""The names below `CHECKPOINT_FOLDER`."""

SWEEP_FILES = ("plan.jsonl", "sweep.yaml", "sweep.json", "ledger.jsonl", "sweep.csv")
"""plan.jsonl is written first: it shows whose files the others are. None of these is ever deleted."""

MAX_NAMES_IN_MESSAGE = 5
"""Names that a message lists; of more it counts the rest."""

HAS_DESCRIPTORS = {os.open, os.unlink, os.stat, os.rmdir} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether the system can name files relative to an open folder, which nobody can replace by a link meanwhile."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that stays open, where the system can name files relative to it."""

    path: Path
    descriptor: int | None

    def names(self) -> list[str]:
        return sorted(os.listdir(self.path if self.descriptor is None else self.descriptor))  # noqa: PTH208 - of a descriptor

    def place(self, name: str) -> str | Path:
        """The entry as the system takes it together with the descriptor."""
        return self.path / name if self.descriptor is None else name

    def mode(self, name: str) -> int:
        """The kind and permissions of an entry, of a link those of the link itself; 0 where there is none."""
        try:
            return os.stat(self.place(name), dir_fd=self.descriptor, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return 0

    def remove_file(self, name: str) -> None:
        atomic.before_operation("remove", self.path / name)
        with suppress(FileNotFoundError):
            os.unlink(self.place(name), dir_fd=self.descriptor)

    def remove_if_empty(self, name: str) -> None:
        atomic.before_operation("remove", self.path / name)
        with suppress(OSError):  # it is not empty, or no folder
            os.rmdir(self.place(name), dir_fd=self.descriptor)


def remove_run(folder: Path, keep: Collection[str] = ()) -> list[str]:
    """Delete what nnexp wrote in the folder of a run, and the folder if it is empty then; gives the names that stay.

    Raises RunError where the folder is a link, or something cannot be deleted.
    """
    with (
        atomic.raise_as_run_error(f"delete {folder}"),
        _open_folder(folder.parent) as root,
        _open_folder(folder, root) as run,
    ):
        names = run.names()
        parts = [atomic.part_name(name) for name in (*RUN_FILES, OWNER_FILE)]
        ordered = [*RUN_FILES[:-1], *parts, RUN_FILES[-1], OWNER_FILE, LOCK_FILE]
        # run.json before the checkpoints: cut off in between, this is no run that lacks its checkpoints.
        _remove_files(run, [name for name in ordered[:1] if name in names])
        if stat.S_ISDIR(run.mode(CHECKPOINT_FOLDER)):
            with _open_folder(folder / CHECKPOINT_FOLDER, run) as inner:
                _remove_files(inner, [name for name in inner.names() if _is_checkpoint(name)])
            run.remove_if_empty(CHECKPOINT_FOLDER)
        _remove_files(run, [name for name in ordered[1:] if name in names and name not in keep])
        left = [name for name in run.names() if name not in keep]
        others = list(_describe_entries(run, left))
        if not left and not keep:
            root.remove_if_empty(folder.name)
    return others


def is_own(folder: Path, spec: str, resolved: str) -> bool:
    """Whether nnexp wrote the files of this folder, for the run of the spec with this hash and this resolved text.

    The run may have been cut off before its run.json was written, or that may be damaged.
    """
    return _has_own_record(folder, spec) or _has_own_resolved(folder, resolved)


def check_place(folder: Path, spec: str, resolved: str) -> None:
    """Raises RunError where a run would overwrite the files of somebody else in a folder. Writes nothing."""
    with suppress(RunError):
        manifest.read_manifest(folder)
        return  # It is the folder of a run; the caller finds out of which spec.
    check_beginning(folder, spec, resolved)


def check_beginning(folder: Path, spec: str, resolved: str) -> None:
    """Raises RunError where a run that begins in a folder would overwrite what nnexp did not write there."""
    if folder.is_symlink():
        raise RunError(
            f"{folder} is a link to {folder.readlink()}, and no run begins through a link: "
            "remove the link, or give the spec another name"
        )
    # Before the files are listed: another process may begin the same run in between.
    own = is_own(folder, spec, resolved)
    obstacles = list(_list_obstacles(folder, own)) if folder.is_dir() else []
    if obstacles:
        raise RunError(
            f"{folder} has {_shorten_list(obstacles)}, which nnexp did not write and a run would overwrite: "
            "move this away, or give the spec another name"
        )


def check_sweep(folder: Path, *, own: bool) -> None:
    """Raises RunError where a sweep would overwrite what nnexp did not write in its folder."""
    if folder.is_symlink() and not own:
        raise RunError(f"{folder} is a link to {folder.readlink()}, and no sweep begins through a link: remove it")
    if own or not folder.is_dir():
        return
    with _read_folder(folder) as sweep:
        obstacles = [name for name in sweep.names() if name in SWEEP_FILES or _is_foreign_lock(sweep, name)]
        if obstacles:
            raise RunError(
                f"{folder} has {_shorten_list(obstacles)}, which nnexp did not write and the sweep would overwrite: "
                "move this away, or give the sweep another name"
            )


def describe_kept_files(folder: Path, others: Collection[str]) -> str:
    """The message that files of somebody else stay in the folder of a run."""
    return f"{folder} keeps what nnexp did not write: {_shorten_list(others)}"


def _remove_files(folder: _Folder, names: Collection[str]) -> None:
    for name in names:
        if stat.S_ISREG(folder.mode(name)):
            folder.remove_file(name)


def _list_obstacles(folder: Path, is_own_run: bool) -> Iterator[str]:
    """Entries with names of nnexp's files that are somebody else's, or links or folders that it would write through."""
    with _read_folder(folder) as run:
        for name in run.names():
            if name in (LOCK_FILE, OWNER_FILE):
                if _is_foreign_lock(run, name):
                    yield from _describe_entries(run, [name])
            elif _is_obstacle(run, name, _is_run_file, is_own_run):
                yield from _describe_entries(run, [name])
        if not run.mode(CHECKPOINT_FOLDER):
            return
        if not stat.S_ISDIR(run.mode(CHECKPOINT_FOLDER)):
            yield from _describe_entries(run, [CHECKPOINT_FOLDER])
            return
    with _read_folder(folder / CHECKPOINT_FOLDER) as inner:
        for name in inner.names():
            if _is_obstacle(inner, name, _is_checkpoint, is_own_run):
                yield f"{CHECKPOINT_FOLDER}/{name}"


def _is_obstacle(folder: _Folder, name: str, is_known: Callable[[str], bool], is_own_run: bool) -> bool:
    if not is_known(name):
        return False
    if not stat.S_ISREG(folder.mode(name)):
        return True
    # A file that is half written has a name that only nnexp gives, so it is its own.
    return not is_own_run and not _is_partial_file(name)


def _is_foreign_lock(folder: _Folder, name: str) -> bool:
    """Whether it has the name of a lock file and is none."""
    return name in (LOCK_FILE, OWNER_FILE) and not is_own_lock_file(folder.path / name)


def _is_run_file(name: str) -> bool:
    return _strip_part_name(name) in RUN_FILES


def _is_checkpoint(name: str) -> bool:
    return CHECKPOINT.fullmatch(_strip_part_name(name)) is not None


def _is_partial_file(name: str) -> bool:
    return _strip_part_name(name) != name


def _strip_part_name(name: str) -> str:
    """The name that a file has, or will have once it is written whole."""
    whole = name.removeprefix(".").removesuffix(".part")
    return whole if atomic.part_name(whole) == name else name


def _describe_entries(folder: _Folder, names: Collection[str]) -> Iterator[str]:
    """The names, with a folder or a link marked as such; of the folder of checkpoints what lies in it."""
    for name in names:
        mode = folder.mode(name)
        if stat.S_ISLNK(mode):
            yield f"{name} (a link)"
        elif stat.S_ISDIR(mode) and name == CHECKPOINT_FOLDER:
            yield from (f"{name}/{inner}" for inner in _Folder(folder.path / name, None).names())
        else:
            yield f"{name}/" if stat.S_ISDIR(mode) else name


def _shorten_list(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:MAX_NAMES_IN_MESSAGE])
    rest = len(names) - MAX_NAMES_IN_MESSAGE
    return f"{shown} and {rest} more" if rest > 0 else shown


def _has_own_record(folder: Path, spec: str) -> bool:
    try:
        return bool(manifest.read_manifest(folder)["spec"] == spec)
    except RunError:
        return False


def _has_own_resolved(folder: Path, resolved: str) -> bool:
    try:
        return (folder / RUN_FILES[-1]).read_bytes() == resolved.encode()
    except OSError:
        return False


@contextmanager
def _read_folder(folder: Path) -> Iterator[_Folder]:
    with atomic.raise_as_run_error(f"read {folder}"):
        yield _Folder(folder, None)


@contextmanager
def _open_folder(path: Path, above: _Folder | None = None) -> Iterator[_Folder]:
    """Open a folder, and one inside another relative to it, never through a link. Raises RunError."""
    if above is not None and stat.S_ISLNK(above.mode(path.name)):
        raise RunError(f"{path} is a link, and nothing is deleted through a link")
    if not HAS_DESCRIPTORS:
        yield _Folder(path, None)
        return
    if above is None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    else:
        descriptor = os.open(path.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above.descriptor)
    try:
        yield _Folder(path, descriptor)
    finally:
        os.close(descriptor)
