"""Training a run in its folder: begin it, or continue it, or find it finished."""

from __future__ import annotations

from collections.abc import Iterator
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
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.storage.atomic import make_folder
from nnexp.storage.lock import lock_folder
from nnexp.training.state import TrainingState
from nnexp.training.threads import limit_threads


def train_run(spec: AnySpec, root: Path, *, restart: bool, watch: Watch, checkpoint_seconds: float) -> Path:
    """Train the run that a spec stands for, as far as it is not trained yet; gives its folder.

    Raises ResumeError where the run cannot be continued, RunError where its folder cannot be used, Interrupted where a
    signal stopped it; its state is saved then. A run that diverged is not raised: its state says so. A baseline that
    was cut off is fitted again from the beginning.
    """
    folder = RunFolder(spec, root)
    if not restart and folder.is_read_only() and folder.has_ended():
        return folder.path
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
            return folder.path
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


def begin_run(folder: RunFolder, parts: Parts, environment: manifest.Manifest | None = None) -> None:
    """Begin a run in its folder, from which the files of the one before go."""
    folder.remove_files()
    folder.begin_record(parts, environment)


def begin_or_restore_run(
    folder: RunFolder,
    record: manifest.Manifest | None,
    parts: Parts,
    environment: manifest.Manifest | None = None,
) -> TrainingState | None:
    """The state to go on from; None at the beginning."""
    if record is None:
        begin_run(folder, parts, environment)
        return None
    state = folder.restore_state(record, parts)
    folder.update_record(state="running", ended=None)
    return state


@contextmanager
def record_interruptions(folder: RunFolder) -> Iterator[None]:
    """Note in the folder how training was cut off, if it was, and the run had not ended before."""
    try:
        yield
    except Interrupted:
        _record_end_state(folder, "interrupted")
        raise
    except NnexpError:
        raise
    except Exception as error:
        with suppress(RunError):  # it must not stand before the error itself
            if _record_end_state(folder, "failed"):
                folder.log_event("failed", error=repr(error))
        raise


def _record_end_state(folder: RunFolder, state: manifest.RunState) -> bool:
    """Record it, unless the run has ended; gives whether it was recorded."""
    if manifest.read_manifest(folder.path)["state"] != "running":
        return False
    folder.update_record(state=state, ended=manifest.utc_now())
    return True
