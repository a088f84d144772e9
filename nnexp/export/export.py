"""Exporting runs to files of other tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from nnexp.errors import RunError, UsageError
from nnexp.export import npz, tensorboard
from nnexp.export.learned import RunResult, load_result
from nnexp.export.onnx import file, graph
from nnexp.reports.collect import is_sweep_folder, locate_folders
from nnexp.reports.sweeps import read_sweep_record
from nnexp.storage import atomic

ExportFormat: TypeAlias = Literal["onnx", "npz", "tensorboard"]

ENCODER_BY_FORMAT: Mapping[str, Callable[[RunResult], bytes]] = {"onnx": file.encode_onnx, "npz": npz.encode_npz}
"""What makes a file of a run's result."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The files or folders that were written, and what of the runs that were named could not be exported."""

    paths: tuple[Path, ...]
    problems: tuple[str, ...] = ()


def export_runs(
    names: Sequence[str],
    to: ExportFormat,
    output: Path | None = None,
    *,
    runs: Path = Path("runs"),
    force: bool = False,
) -> ExportResult:
    """Write the network of a run as ONNX or npz, or how runs and sweeps went for TensorBoard.

    `output` is a file or a folder, for TensorBoard the folder with a folder for each run; where none is given, the
    names are those of the runs, in the working directory. A file that is there is replaced only with `force`.

    Raises UsageError where a name means nothing, where the format cannot express a run, where something is there
    already or a library is missing; RunError where a run is not done or damaged, or nothing can be written.
    """
    if to == "tensorboard":
        return _export_events(names, output or Path("tensorboard"), runs, force=force)
    folder = _find_one_run(names, to, runs)
    path = output or Path()
    if _is_there(path) and path.is_dir():
        path /= f"{folder.name}.{to}"
    # A library that is missing is missed before the run is loaded, which may take long.
    if to == "onnx":
        graph.import_onnx("checker")
    _check_free([path], force=force)
    atomic.write_file(path, ENCODER_BY_FORMAT[to](load_result(folder)))
    return ExportResult((path,))


def _find_one_run(names: Sequence[str], to: ExportFormat, runs: Path) -> Path:
    """The run that a name means. Raises UsageError where it means several."""
    if len(names) > 1:
        raise UsageError(f"--to {to} takes one run, and {len(names)} are named")
    [folder, *others] = locate_folders(names[0], runs)
    if others or is_sweep_folder(folder):
        what = f"holds {1 + len(others)} of them" if others else "is a sweep"
        raise UsageError(f"--to {to} takes one run, and {names[0]} {what}: name one")
    return _resolve_folder(folder)


def _resolve_folder(folder: Path) -> Path:
    """The folder by its own name, where it was given as the working directory or the one above."""
    if folder.name in ("", ".."):
        return folder.resolve()
    return folder


def _export_events(names: Sequence[str], target: Path, runs: Path, *, force: bool) -> ExportResult:
    """A folder of events for each run. Raises RunError where there is none of any."""
    tensorboard.import_tensorboardx("record_writer")
    problems: list[str] = []
    folders: dict[Path, Path] = {}
    for name in names:
        for folder in _find_run_folders(name, runs, problems):
            folders[folder.resolve()] = folder  # a run that is named twice is written once
    paths = {folder: target / folder.name / tensorboard.EVENTS_FILE for folder in folders.values()}
    if len(set(paths.values())) < len(paths):
        raise UsageError("two of the runs have the same name: export them one after the other, each with its own -o")
    # Of all before the first is written, so that nothing is left half done.
    _check_free(list(paths.values()), force=force)
    written = []
    for folder, path in paths.items():
        try:
            content = tensorboard.encode_events(folder)
        except RunError as error:
            problems.append(str(error))
            continue
        atomic.make_folder(path.parent)
        atomic.write_file(path, content)
        written.append(path.parent)
    if not written:
        raise RunError("\n".join(problems))
    return ExportResult(tuple(written), tuple(problems))


def _find_run_folders(name: str, runs: Path, problems: list[str]) -> list[Path]:
    """The run folders that a name means; those of a sweep that have begun."""
    found: list[Path] = []
    for place in locate_folders(name, runs):
        rows = [place]
        if is_sweep_folder(place):
            rows = [row.path for row in read_sweep_record(place, []).rows]
        # A run that was planned and has not begun has nothing to export.
        begun = [path for path in rows if (path / "run.json").is_file()]
        if len(begun) < len(rows):
            problems.append(f"{len(rows) - len(begun)} of the {len(rows)} runs of {place} have not begun")
        found += map(_resolve_folder, begun)
    return found


def _check_free(paths: Sequence[Path], *, force: bool) -> None:
    """Raises UsageError where there is something already that may not be replaced."""
    existing = list(filter(_is_there, paths))
    if existing and not force:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise UsageError(f"{existing[0]} exists already{more}; --force replaces it")
    for path in existing:
        if path.is_dir():
            raise UsageError(f"{path} is a folder, and cannot be replaced by a file")


def _is_there(path: Path) -> bool:
    """Whether there is something. Raises RunError where that cannot be said."""
    try:
        return path.exists()
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from None
