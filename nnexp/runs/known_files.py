"""The files that nnexp writes in the folder of a run or of a sweep, and the only way in which it deletes any of them.

Deleted is only what nnexp knows by name, only directly below the folder of runs, and never through a link. Whatever
else lies there is somebody's own, and stays.
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
"""In the order in which they go: run.json first, as a folder without it has not begun; resolved.yaml last, as it shows
of a run that was cut off whose files these are."""

CHECKPOINT = re.compile(r"(last|previous|best|snapshot-[0-9]+)\.npz|(last|previous)\.damaged")
"""The names below `CHECKPOINT_FOLDER`."""

SWEEP_FILES = ("plan.jsonl", "sweep.yaml", "sweep.json", "ledger.jsonl", "sweep.csv")
"""plan.jsonl is written first: it shows whose files the others are. None of these is ever deleted."""

FEW = 5
"""Names that a message lists."""

HAS_DESCRIPTORS = {os.open, os.unlink, os.stat, os.rmdir} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether the system names files from an open folder, which nobody can exchange for a link meanwhile."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that is held open, where the system can do that."""

    path: Path
    descriptor: int | None

    def names(self) -> list[str]:
        return sorted(os.listdir(self.path if self.descriptor is None else self.descriptor))  # noqa: PTH208 - of a descriptor

    def place(self, name: str) -> str | Path:
        """What the system is told of an entry, together with the descriptor."""
        return self.path / name if self.descriptor is None else name

    def mode(self, name: str) -> int:
        """What kind of entry it is; a link is one itself, and nothing is 0."""
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
    """Delete what nnexp wrote in the folder of a run, and the folder where nothing else is in it; gives what else is.

    Raises RunError where the folder is a link, or something cannot be deleted.
    """
    with atomic.raise_as_run_error(f"delete {folder}"), _opened(folder.parent) as root, _opened(folder, root) as run:
        names = run.names()
        parts = [atomic.part_name(name) for name in (*RUN_FILES, OWNER_FILE)]
        ordered = [*RUN_FILES[:-1], *parts, RUN_FILES[-1], OWNER_FILE, LOCK_FILE]
        _remove_files(run, [name for name in ordered[:1] if name in names])
        if stat.S_ISDIR(run.mode(CHECKPOINT_FOLDER)):
            with _opened(folder / CHECKPOINT_FOLDER, run) as inner:
                _remove_files(inner, [name for name in inner.names() if _is_checkpoint(name)])
            run.remove_if_empty(CHECKPOINT_FOLDER)
        _remove_files(run, [name for name in ordered[1:] if name in names and name not in keep])
        left = [name for name in run.names() if name not in keep]
        others = list(_described(run, left))
        if not left and not keep:
            root.remove_if_empty(folder.name)
    return others


def is_own(folder: Path, spec: str, resolved: str) -> bool:
    """Whether nnexp wrote the files of this folder, for the run of the spec with this hash and this resolved text.

    The run may have been cut off before its run.json was written, or that may be damaged.
    """
    return _has_own_record(folder, spec) or _has_own_resolved(folder, resolved)


def check_place(folder: Path, spec: str, resolved: str) -> None:
    """Before anything is written to a folder: raises RunError where the files of somebody else would be overwritten."""
    with suppress(RunError):
        manifest.read_manifest(folder)
        return  # a run; whether it is the right one is a question for those who go on with it
    check_beginning(folder, spec, resolved)


def check_beginning(folder: Path, spec: str, resolved: str) -> None:
    """Raises RunError where a run cannot begin in a folder without harm to what nnexp did not write there."""
    if folder.is_symlink():
        raise RunError(
            f"{folder} is a link to {folder.readlink()}, and no run begins through a link: "
            "remove the link, or give the spec another name"
        )
    own = is_own(folder, spec, resolved)  # before the look at the files: another process may begin the same run
    if obstacles := list(_obstacles(folder, own)) if folder.is_dir() else []:
        raise RunError(
            f"{folder} has {_listed(obstacles)}, which nnexp did not write and a run would overwrite: "
            "move this away, or give the spec another name"
        )


def check_sweep(folder: Path, *, own: bool) -> None:
    """Raises RunError where a sweep would overwrite what nnexp did not write in its folder."""
    if folder.is_symlink() and not own:
        raise RunError(f"{folder} is a link to {folder.readlink()}, and no sweep begins through a link: remove it")
    if own or not folder.is_dir():
        return
    with _reading(folder) as sweep:
        obstacles = [name for name in sweep.names() if name in SWEEP_FILES or _is_foreign_lock(sweep, name)]
        if obstacles:
            raise RunError(
                f"{folder} has {_listed(obstacles)}, which nnexp did not write and the sweep would overwrite: "
                "move this away, or give the sweep another name"
            )


def kept_in_words(folder: Path, others: Collection[str]) -> str:
    """What lies beside the files of a run."""
    return f"{folder} keeps what nnexp did not write: {_listed(others)}"


def _remove_files(folder: _Folder, names: Collection[str]) -> None:
    for name in names:
        if stat.S_ISREG(folder.mode(name)):
            folder.remove_file(name)


def _obstacles(folder: Path, own: bool) -> Iterator[str]:
    """The entries that bear the names of nnexp's files and are not its own, or that it would write through."""
    with _reading(folder) as run:
        for name in run.names():
            if name in (LOCK_FILE, OWNER_FILE):
                if _is_foreign_lock(run, name):
                    yield from _described(run, [name])
            elif _is_obstacle(run, name, _is_run_file, own):
                yield from _described(run, [name])
        if not run.mode(CHECKPOINT_FOLDER):
            return
        if not stat.S_ISDIR(run.mode(CHECKPOINT_FOLDER)):
            yield from _described(run, [CHECKPOINT_FOLDER])
            return
    with _reading(folder / CHECKPOINT_FOLDER) as inner:
        for name in inner.names():
            if _is_obstacle(inner, name, _is_checkpoint, own):
                yield f"{CHECKPOINT_FOLDER}/{name}"


def _is_obstacle(folder: _Folder, name: str, is_known: Callable[[str], bool], own: bool) -> bool:
    if not is_known(name):
        return False
    # What is not whole yet bears a name that only nnexp gives.
    return not stat.S_ISREG(folder.mode(name)) or not (own or _is_part(name))


def _is_foreign_lock(folder: _Folder, name: str) -> bool:
    """Whether it is the name of a lock and not such a file."""
    return name in (LOCK_FILE, OWNER_FILE) and not is_own_lock_file(folder.path / name)


def _is_run_file(name: str) -> bool:
    return _whole_name(name) in RUN_FILES


def _is_checkpoint(name: str) -> bool:
    return CHECKPOINT.fullmatch(_whole_name(name)) is not None


def _is_part(name: str) -> bool:
    return _whole_name(name) != name


def _whole_name(name: str) -> str:
    """The name of a file, also of one that is not whole yet."""
    whole = name.removeprefix(".").removesuffix(".part")
    return whole if atomic.part_name(whole) == name else name


def _described(folder: _Folder, names: Collection[str]) -> Iterator[str]:
    """The names, with a folder or a link marked as such; of the folder of checkpoints what lies in it."""
    for name in names:
        mode = folder.mode(name)
        if stat.S_ISLNK(mode):
            yield f"{name} (a link)"
        elif stat.S_ISDIR(mode) and name == CHECKPOINT_FOLDER:
            yield from (f"{name}/{inner}" for inner in _Folder(folder.path / name, None).names())
        else:
            yield f"{name}/" if stat.S_ISDIR(mode) else name


def _listed(names: Collection[str]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(list(names)[:FEW]) + more


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
def _reading(folder: Path) -> Iterator[_Folder]:
    with atomic.raise_as_run_error(f"read {folder}"):
        yield _Folder(folder, None)


@contextmanager
def _opened(path: Path, above: _Folder | None = None) -> Iterator[_Folder]:
    """Open a folder; one in another as the folder that it is there, and never through a link. Raises RunError."""
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
