"""Workers of a Dask cluster, which share the folder that the runs are written to."""

from __future__ import annotations

from nnexp.sweep.executors.base import Executor, Report, Task


class Dask(Executor):
    """Tasks on a Dask scheduler; without an address, on a cluster of its own on this machine."""

    def __init__(self, address: str | None, workers: int) -> None:
        raise NotImplementedError

    @property
    def workers(self) -> int:
        raise NotImplementedError

    def submit(self, task: Task) -> None:
        raise NotImplementedError

    def poll(self, seconds: float) -> list[Report]:
        raise NotImplementedError

    def cancel(self, number: int) -> None:
        raise NotImplementedError

    def close(self, *, at_once: bool = False) -> None:
        raise NotImplementedError
