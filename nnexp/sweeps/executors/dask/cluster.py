"""A Dask cluster: workers that have the same packages and see the same folder as this process."""

from __future__ import annotations

import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from nnexp.errors import RunError, UsageError
from nnexp.optional import import_optional
from nnexp.sweeps.executors.dask import remote

ANSWER_SECONDS = 10.0
"""Seconds that a scheduler has to answer for the first time, and then to have a worker."""

COMPARED_PACKAGES = ("nnexp", "numpy", "scipy", "distributed")
"""Packages whose versions have to be the same everywhere, beside Python: results depend on them."""

DASK_LOGGERS = ("distributed", "distributed.client", "distributed.nanny", "distributed.scheduler", "distributed.core")


class DaskCluster:
    """A connection to the scheduler at an address; without one, to a cluster on this machine, of so many processes.

    The workers are examined with functions of the standard library, so that even one without nnexp answers.
    Raises UsageError if the scheduler does not answer, or has no worker.
    """

    def __init__(self, address: str | None, workers: int) -> None:
        distributed = import_optional("distributed", "cluster", "--executor dask")
        self._logger_levels = {name: logging.getLogger(name).level for name in DASK_LOGGERS}
        for name in DASK_LOGGERS:  # what goes wrong is reported by our own messages
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._local_cluster: Any = None
        self._scratch_folder = tempfile.TemporaryDirectory(prefix="nnexp-") if address is None else None
        try:
            if self._scratch_folder:
                self._local_cluster = _start_local_cluster(distributed, workers, self._scratch_folder.name)
            self.address: str = address or self._local_cluster.scheduler_address
            self.client: Any = _connect_client(distributed, self.address)
            self._wait_for_workers()
        except BaseException:
            self.close()
            raise

    def check_connection(self) -> None:
        """Raises RunError if the connection to the scheduler is broken."""
        if self.client.status != "running":
            raise self._make_lost_error()

    def list_workers(self) -> set[str]:
        """The addresses of the workers that the scheduler knows."""
        self.check_connection()
        try:
            return set(self.client.nthreads())
        except (OSError, TimeoutError):
            raise self._make_lost_error() from None

    def run_on_workers(self, workers: Collection[str], function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """What a function returns in each worker, or the exception that it, or reaching the worker, raised."""
        self.check_connection()
        try:
            return dict(self.client.run(function, *arguments, workers=list(workers), on_error="return"))
        except (OSError, TimeoutError):
            raise self._make_lost_error() from None

    def _make_lost_error(self) -> RunError:
        return RunError(f"the scheduler at {self.address} does not answer any more; the same command goes on")

    def find_version_differences(self, workers: Collection[str]) -> dict[str, str]:
        """What is not of the same version as here, by worker."""
        lines: dict[str, list[str]] = {}
        for package, ours in list_versions().items():
            for worker, theirs in self._ask_versions(workers, package).items():
                if theirs != ours:
                    has = f"has {package} {theirs}" if isinstance(theirs, str) else f"tells no version of {package}"
                    lines.setdefault(worker, []).append(f"the worker at {worker} {has}; here it is {package} {ours}")
        return {worker: "\n".join(its_lines) for worker, its_lines in lines.items()}

    def _ask_versions(self, workers: Collection[str], package: str) -> dict[str, Any]:
        if package == "python":
            return self.run_on_workers(workers, platform.python_version)
        return self.run_on_workers(workers, version, package)

    def find_blind_workers(self, workers: Collection[str], root: Path) -> dict[str, str]:
        """The workers that do not see the folder as this process does, or cannot write to it."""
        addresses = sorted(workers)
        token = root / f".shared-{uuid4().hex}"
        try:
            root.mkdir(parents=True, exist_ok=True)
            token.touch()
            seen = self.run_on_workers(addresses, os.path.isfile, str(token))
        except OSError as error:
            raise RunError(f"cannot write {root}: {error.strerror or error}") from None
        finally:
            with suppress(OSError):
                token.unlink()
        writable = self.run_on_workers(addresses, os.access, str(root), os.W_OK)
        problems = {}
        for worker in addresses:
            # The answer may be an exception, which is true as well.
            if seen.get(worker) is not True:
                problems[worker] = f"the worker at {worker} does not see the folder {root}: share it with the worker"
            elif writable.get(worker) is not True:
                problems[worker] = f"the worker at {worker} cannot write to {root}"
        return problems

    def close(self) -> None:
        """Close the connection; a cluster of our own ends."""
        for part in (getattr(self, "client", None), self._local_cluster):
            if part is not None:
                with suppress(OSError, TimeoutError):
                    part.close(timeout=ANSWER_SECONDS)
        if self._scratch_folder:
            self._scratch_folder.cleanup()
        for name, level in self._logger_levels.items():
            logging.getLogger(name).setLevel(level)

    def _wait_for_workers(self) -> None:
        until = time.monotonic() + ANSWER_SECONDS
        while not self.list_workers():
            if time.monotonic() > until:
                start = f"dask worker {self.address} --nthreads 1"
                raise UsageError(f"the scheduler at {self.address} has no workers; `{start}` starts one")
            time.sleep(0.2)


def list_versions() -> Mapping[str, str]:
    """The versions that the workers need to have."""
    return {"python": platform.python_version(), **{package: version(package) for package in COMPARED_PACKAGES}}


def _start_local_cluster(distributed: Any, workers: int, scratch: str) -> Any:
    """Processes on this machine that nobody else can reach, on ports that are free, without a dashboard."""
    with import_optional("dask.config", "cluster", "--executor dask").set({"temporary-directory": scratch}):
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
            memory_limit=0,
            local_directory=scratch,
            preload=[remote.__name__],
        )


def _connect_client(distributed: Any, address: str) -> Any:
    """A client, after a first connection: a client that never connects would hold up the end of the process."""
    try:
        _check_answer(address)
        return distributed.Client(address, timeout=ANSWER_SECONDS, set_as_default=False, name="nnexp")
    except (OSError, ValueError, TimeoutError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UsageError(f"the scheduler at {address} does not answer: {reason}") from None


def _check_answer(address: str) -> None:
    """Raises OSError, TimeoutError or ValueError if nothing at this address speaks Dask's protocol."""
    utils, comm, security = (import_module(f"distributed.{name}") for name in ("utils", "comm", "security"))

    async def open_connection() -> None:
        arguments = security.Security().get_connection_args("client")
        (await comm.connect(address, timeout=ANSWER_SECONDS, **arguments)).abort()

    runner = utils.LoopRunner()
    runner.start()
    try:
        utils.sync(runner.loop, open_connection, callback_timeout=ANSWER_SECONDS + 1)
    finally:
        runner.stop()
