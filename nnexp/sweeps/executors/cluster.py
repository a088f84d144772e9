"""A Dask cluster as a sweep sees it: workers that have the same packages and see the same folder."""

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
from nnexp.extras import needed
from nnexp.sweeps.executors import remote

ANSWER = 10.0
"""Seconds that a scheduler has to answer for the first time, and then to have a worker."""

PACKAGES = ("nnexp", "numpy", "scipy", "distributed")
"""What has to be of the same version everywhere, beside Python."""

LOGGERS = ("distributed", "distributed.client", "distributed.nanny", "distributed.scheduler", "distributed.core")


class Cluster:
    """A connection to the scheduler at an address; without one, to a cluster on this machine, of so many processes.

    What is asked of the workers, beside the tasks, are functions of the standard library, so that one answers that has
    no nnexp. Raises UsageError where the scheduler does not answer, or has no worker.
    """

    def __init__(self, address: str | None, workers: int) -> None:
        distributed = needed("distributed", "cluster", "--executor dask")
        self._levels = {name: logging.getLogger(name).level for name in LOGGERS}
        for name in LOGGERS:  # what goes wrong is said in our words
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._local: Any = None
        self._scratch = tempfile.TemporaryDirectory(prefix="nnexp-") if address is None else None
        try:
            if self._scratch:
                self._local = _local(distributed, workers, self._scratch.name)
            self.address: str = address or self._local.scheduler_address
            self.client: Any = _client(distributed, self.address)
            self._wait_for_workers()
        except BaseException:
            self.close()
            raise

    def check(self) -> None:
        """Raises RunError where the connection to the scheduler is broken."""
        if self.client.status != "running":
            raise self._lost()

    def addresses(self) -> set[str]:
        """The workers that the scheduler knows."""
        self.check()
        try:
            return set(self.client.nthreads())
        except (OSError, TimeoutError):
            raise self._lost() from None

    def ask(self, workers: Collection[str], function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """What a function gives in each worker, or the exception that it, or reaching the worker, raises."""
        self.check()
        try:
            return dict(self.client.run(function, *arguments, workers=list(workers), on_error="return"))
        except (OSError, TimeoutError):
            raise self._lost() from None

    def _lost(self) -> RunError:
        return RunError(f"the scheduler at {self.address} does not answer any more; the same command goes on")

    def differences(self, workers: Collection[str]) -> dict[str, str]:
        """What is not of the same version as here, by worker."""
        found: dict[str, list[str]] = {}
        for package, ours in versions().items():
            function, arguments = (platform.python_version, ()) if package == "python" else (version, (package,))
            for worker, theirs in self.ask(workers, function, *arguments).items():
                if theirs != ours:
                    has = f"has {package} {theirs}" if isinstance(theirs, str) else f"tells no version of {package}"
                    found.setdefault(worker, []).append(f"the worker at {worker} {has}; here it is {package} {ours}")
        return {worker: "\n".join(lines) for worker, lines in found.items()}

    def blind(self, workers: Collection[str], root: Path) -> dict[str, str]:
        """The workers that do not see the folder as this process does, or cannot write to it."""
        asked = sorted(workers)
        token = root / f".shared-{uuid4().hex}"
        try:
            root.mkdir(parents=True, exist_ok=True)
            token.touch()
            seen = self.ask(asked, os.path.isfile, str(token))
        except OSError as error:
            raise RunError(f"cannot write {root}: {error.strerror or error}") from None
        finally:
            with suppress(OSError):
                token.unlink()
        writable = self.ask(asked, os.access, str(root), os.W_OK)
        found = {
            worker: f"the worker at {worker} does not see the folder {root}, which has to be shared with it"
            for worker in asked
            if seen.get(worker) is not True
        }
        return {
            worker: f"the worker at {worker} cannot write to {root}"
            for worker in asked
            if writable.get(worker) is not True
        } | found

    def close(self) -> None:
        """Leave; a cluster of our own ends."""
        for part in (getattr(self, "client", None), self._local):
            if part is not None:
                with suppress(OSError, TimeoutError):
                    part.close(timeout=ANSWER)
        if self._scratch:
            self._scratch.cleanup()
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def _wait_for_workers(self) -> None:
        until = time.monotonic() + ANSWER
        while not self.addresses():
            if time.monotonic() > until:
                start = f"dask worker {self.address} --nthreads 1"
                raise UsageError(f"the scheduler at {self.address} has no workers; `{start}` starts one")
            time.sleep(0.2)


def versions() -> Mapping[str, str]:
    """What the workers are compared with."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def _local(distributed: Any, workers: int, scratch: str) -> Any:
    """Processes on this machine that nobody else can reach, on ports that are free, without a dashboard."""
    with needed("dask.config", "cluster", "--executor dask").set({"temporary-directory": scratch}):
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


def _client(distributed: Any, address: str) -> Any:
    """A client, after a first connection, as one that does not come to be would hold up the end of the process."""
    try:
        _answers(address)
        return distributed.Client(address, timeout=ANSWER, set_as_default=False, name="nnexp")
    except (OSError, ValueError, TimeoutError) as error:
        told = str(error).partition("\n")[0] or type(error).__name__
        raise UsageError(f"the scheduler at {address} does not answer: {told}") from None


def _answers(address: str) -> None:
    """Raises OSError, TimeoutError or ValueError where nothing at this address speaks Dask's protocol."""
    utils, comm, security = (import_module(f"distributed.{name}") for name in ("utils", "comm", "security"))

    async def ask() -> None:
        arguments = security.Security().get_connection_args("client")
        (await comm.connect(address, timeout=ANSWER, **arguments)).abort()

    runner = utils.LoopRunner()
    runner.start()
    try:
        utils.sync(runner.loop, ask, callback_timeout=ANSWER + 1)
    finally:
        runner.stop()
