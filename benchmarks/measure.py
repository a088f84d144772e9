"""Measuring side by side: turns A B C, A B C, …, and the ratio of each turn to its neighbour in the same round.

A machine's speed drifts and other work disturbs it, so a time alone says little. The two times of one round meet the
same machine; their ratio is the measurement, and its median over the rounds, with the middle half of them, the result.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from nnexp.nn.kernels import dispatch
from nnexp.typing import Array

PAUSE_SECONDS = 0.05
"""Seconds between two turns, in which the worker threads of the library that has just run fall asleep."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: `run` does `units` units of work, in the time that one turn takes."""

    run: Callable[[], object]
    units: int
    threads: int = 1
    kernels: str = "numpy"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of times over the rounds: its median and the middle half of its values."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


class TurnTimes:
    """Seconds per unit of each side in each round."""

    def __init__(self, names: Sequence[str], seconds: Array) -> None:
        self.names, self.seconds = tuple(names), seconds

    def seconds_of(self, name: str) -> Array:
        """Seconds per unit in each round."""
        return self.seconds[:, self.names.index(name)]

    def ratio_of(self, of: str, to: str) -> Ratio:
        """How many times as long one side takes as another."""
        low, median, high = np.quantile(self.seconds_of(of) / self.seconds_of(to), [0.25, 0.5, 0.75])
        return Ratio(float(median), float(low), float(high))


def take_turns(sides: Mapping[str, Side], rounds: int) -> TurnTimes:
    """Time every side once a round, after one round that is not counted."""
    seconds = np.empty((rounds + 1, len(sides)))
    for times in seconds:
        for i, side in enumerate(sides.values()):
            with threadpool_limits(side.threads, "blas"), use_kernels(side.kernels):
                time.sleep(PAUSE_SECONDS)
                start = time.perf_counter()
                side.run()
                times[i] = (time.perf_counter() - start) / side.units
    return TurnTimes(tuple(sides), seconds[1:])


@contextmanager
def use_kernels(kind: str) -> Iterator[None]:
    """`numpy` or `compiled` kernels in nnexp, from the first step."""
    before = dispatch.MIN_COMPILED_ENTRIES
    dispatch.MIN_COMPILED_ENTRIES = 0 if kind == "compiled" else sys.maxsize
    try:
        yield
    finally:
        dispatch.MIN_COMPILED_ENTRIES = before


def print_times(title: str, times: TurnTimes, base: str, unit: str = "step") -> None:
    """Print a table: the time of each side, and its ratio to the base's."""
    print(f"\n### {title}\n")
    print(f"| | median time per {unit} | least | time ÷ time of {base} |")
    print("|---|---:|---:|---:|")
    for name in times.names:
        seconds = times.seconds_of(name)
        ratio = "1" if name == base else str(times.ratio_of(name, base))
        print(
            f"| {name} | {format_duration(float(np.median(seconds)))} | "
            f"{format_duration(float(seconds.min()))} | {ratio} |"
        )


def format_duration(seconds: float) -> str:
    """A time in words: 52.1 µs, 3.4 ms, 0.51 s."""
    for factor, name in ((1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 1000:
            return f"{seconds * factor:.1f} {name}"
    return f"{seconds:.2f} s"


def describe_machine(*packages: str) -> str:
    """The processor, the number of cores, Python, the packages with their versions, and the BLAS."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("nnexp", "numpy", *packages))
    libraries = {f"{i['internal_api']} {i['version']} {i.get('architecture', '')}" for i in threadpool_info()}
    blas = ", ".join(sorted(library.strip() for library in libraries))
    return f"{find_processor_name()}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}; {blas}"


def find_processor_name() -> str:
    """The processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123  a device file, not a path of ours
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
