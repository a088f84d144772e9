"""The tests that compute, once with each of the kernels that this machine has: `make test-kernels`.

OpenBLAS and NumPy choose their kernels by the CPU, and every kernel rounds in its own order. What a machine chooses can
be overruled downwards, so one machine can speak for older ones. Both variables must be set before NumPy is imported, so
each round is a process of its own, and the processes that its tests start inherit them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module

import numpy as np

CORE_TYPES = (("Prescott", "SSE3"), ("Haswell", "AVX2"), ("SkylakeX", "AVX512_SKX"), ("ARMV8", "ASIMD"))
"""Kernels of OpenBLAS, and the feature of the CPU without which they end with an illegal instruction."""

ASK = """
import numpy as np, threadpoolctl
print(*sorted({pool.get("architecture", pool["internal_api"]) for pool in threadpoolctl.threadpool_info()}))
"""
"""Prints the kernels that run; SciPy and NumPy bring an OpenBLAS each. Prescott's name for itself is Katmai."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One choice of kernels, as variables of the environment."""

    variables: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if key not in ("OPENBLAS_CORETYPE", DISABLE)}
        return own | dict(self.variables)

    def __str__(self) -> str:
        return " ".join(f"{name}={value!r}" for name, value in self.variables) or "as the machine chooses"


DISABLE = "NPY_DISABLE_CPU_FEATURES"


def kernels() -> list[Kernel]:
    """What this machine can run: its own choice, each kernel of OpenBLAS, and NumPy without its faster loops."""
    found = [Kernel()]
    features = cpu_features()
    for core, feature in CORE_TYPES:
        if features.get(feature):
            found.append(Kernel((("OPENBLAS_CORETYPE", core),)))
    slower = found[1].variables if len(found) > 1 else ()
    without = (DISABLE, " ".join(dispatched()))
    return [*found, Kernel((without,)), Kernel((*slower, without))] if dispatched() else found


def cpu_features() -> dict[str, bool]:
    """What NumPy knows of this CPU."""
    return import_module("numpy._core._multiarray_umath").__cpu_features__


def dispatched() -> list[str]:
    """The features for which NumPy has faster loops and that this CPU has: others it refuses to disable, or warns."""
    return np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])


def running(kernel: Kernel) -> str:
    """The kernels of OpenBLAS that run, as it names them itself."""
    command = [sys.executable, "-c", ASK]
    return subprocess.run(command, env=kernel.environment, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def main(arguments: list[str]) -> int:
    """Run the marked tests under every kernel, in the same words as `make test`; arguments go to pytest."""
    failed = []
    seen = set()
    for kernel in kernels():
        runs = running(kernel)
        print(f"\n=== {kernel}: OpenBLAS runs {runs}", flush=True)
        if (runs, kernel.environment.get(DISABLE)) in seen:
            print("the same as before")
            continue
        seen.add((runs, kernel.environment.get(DISABLE)))
        command = [sys.executable, "-m", "pytest", "-q", "-m", "trains and not slow", *arguments]
        if subprocess.run(command, env=kernel.environment, check=False).returncode:
            failed.append(kernel)
    for kernel in failed:
        print(f"failed: {kernel}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
