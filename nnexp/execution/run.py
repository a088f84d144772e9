"""Training a run in its folder: begin it, continue it, or find it finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from nnexp.data.parts import Parts
from nnexp.errors import Interrupted, NnexpError, RunError
from nnexp.execution import baseline
from nnexp.execution.driver import ActiveRun, Watch, drive
from nnexp.execution.interrupts import InterruptListener
from nnexp.prediction.baseline import BLAS_THREADS
from nnexp.runs import manifest
from nnexp.runs.folder import RunFolder
from nnexp.runs.index import find_ended_run
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.storage.atomic import make_folder
from nnexp.storage.lock import lock_folder
from nnexp.training.events import Notice
from nnexp.training.state import TrainingState
from nnexp.training.threads import limit_threads


def train_run(spec: AnySpec, root: Path, *, restart: bool, watch: Watch, checkpoint_seconds: float) -> Path:
    """Train the run of a spec, unless it is finished, and give its folder.

    Raises ResumeError where the run cannot be continued, RunError where its folder cannot be used, Interrupted where a
    signal stopped it; its state is saved then. A run that diverges raises nothing: its state says so. A baseline that
    was interrupted is fitted again from the beginning.
    """
    folder = RunFolder(spec, root)
    # A finished run in an archive that is read-only can be used, though no lock can be taken there.
    if not restart and folder.is_read_only() and (record := folder.find_ended_record()):
        return _answer_with_run(folder, record, watch)
    folder.check_place(restart=restart)
    make_folder(folder.path)
    is_baseline = isinstance(spec, BaselineSpec)
    with (
        InterruptListener() as interrupts,
        lock_folder(folder.path),
        limit_threads(BLAS_THREADS if isinstance(spec, BaselineSpec) else spec.training.threads, scipy=is_baseline),
    ):
        record = None if restart else folder.read_record()
        if record and record["state"] in manifest.ENDED_FIELDS:
            return _answer_with_run(folder, record, watch)
        parts = spec.prepare()
        if isinstance(spec, BaselineSpec):
            begin_run(folder, parts)
            with record_interruptions(folder):
                baseline.fit_baseline(folder, spec, parts, interrupts, watch)
        else:
            run = ActiveRun(folder, spec, parts, begin_or_restore_run(folder, record, parts))
            with record_interruptions(folder):
                drive([run], interrupts, watch, checkpoint_seconds)
    return folder.path


def find_run_without_data(text: bytes, overrides: Sequence[str], root: Path, watch: Watch) -> Path | None:
    """The folder of the run that has ended and was made from this text of a spec, if its data are not there any more.

    Raises ResumeError where they are there, and are others.
    """
    path = find_ended_run(text, overrides, root)
    if path is None:
        return None
    record = manifest.read_manifest(path)
    folder = RunFolder(manifest.load_run_spec(path, record), root, path.name)
    _answer_with_run(folder, record, watch)
    return path if folder.notices else None


def _answer_with_run(folder: RunFolder, record: manifest.Manifest, watch: Watch) -> Path:
    """The folder of a run that has ended. Raises ResumeError where the data are not those that it was trained on."""
    folder.check_data(record)
    for notice in folder.notices:
        watch(Notice(notice))
    return folder.path


def begin_run(folder: RunFolder, parts: Parts, environment: manifest.Manifest | None = None) -> None:
    """Begin a run in its folder, in place of an earlier one."""
    folder.remove_files()
    folder.begin_record(parts, environment)


def begin_or_restore_run(
    folder: RunFolder,
    record: manifest.Manifest | None,
    parts: Parts,
    environment: manifest.Manifest | None = None,
) -> TrainingState | None:
    """Begin the run, or continue it; gives the state to go on from, None at the beginning."""
    if record is None:
        begin_run(folder, parts, environment)
        return None
    state = folder.restore_state(record, parts)
    folder.update_record(state="running", ended=None)
    return state


@contextmanager
def record_interruptions(folder: RunFolder) -> Iterator[None]:
    """Record in the folder what stops the training inside of this, unless the run has ended."""
    try:
        yield
    except Interrupted:
        _record_end_state(folder, "interrupted")
        raise
    except NnexpError:
        # The user can mend the cause: the same command then goes on with the run.
        raise
    except Exception as error:
        # That the disk is full, say, must not hide the error itself.
        with suppress(RunError):
            if _record_end_state(folder, "failed"):
                folder.log_event("failed", error=repr(error))
        raise


def _record_end_state(folder: RunFolder, state: manifest.RunState) -> bool:
    """Record the state, unless the run has ended; gives whether it was recorded."""
    if manifest.read_manifest(folder.path)["state"] != "running":
        return False
    folder.update_record(state=state, ended=manifest.utc_now())
    return True
