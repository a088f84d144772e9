"""Settings for all tests."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from tests.published import write_all

settings.register_profile("repeatable", derandomize=True, deadline=None)  # the same examples every time, none timed
settings.load_profile("repeatable")

OF_THIS_MACHINE = (
    *("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"),
    *("NNEXP_RUNS", "NNEXP_DATA", "PYTHONDONTWRITEBYTECODE"),
)
for name in OF_THIS_MACHINE:  # here and in every process that a test starts
    os.environ.pop(name, None)
sys.dont_write_bytecode = False  # hundreds of processes would compile the package, each for itself

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as shells leave it for programs in the background

COMPUTE_NOTHING = ("unit/spec", "test_structure.py", "test_shown.py", "test_wheel.py")
"""Files and folders of tests with which the CPU's kernels have nothing to do; all others are marked `trains`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test-kernels` runs under each kernel; a new file is among it until it is named above."""
    excepted = [Path(__file__).parent / name for name in COMPUTE_NOTHING]
    for item in items:
        if not any(item.path.is_relative_to(path) for path in excepted):
            item.add_marker("trains")
    # NumPy and SciPy are loaded by now. The other core is the other worker's: threads that wait for it would only spin.
    threadpool_limits(1, "blas")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for NNEXP_DATA with small versions of the published sets, so that specs which name them can be run."""
    folder = tmp_path_factory.mktemp("published")
    write_all(folder)
    return folder


@pytest.fixture
def fetched(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small versions stand where `nnexp data fetch` would put the published sets."""
    monkeypatch.setenv("NNEXP_DATA", str(published))
