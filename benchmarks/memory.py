"""How much memory training takes on 60,000 pictures of 32x32x3 from an archive in the published form of CIFAR-10.

The archive holds random bytes. Each row is a process that trains for one epoch; its peak is the most that was
resident, as the system counts it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import describe_machine
from tests.published import write_cifar10

CONFIGS = Path(__file__).parents[1] / "configs"

PROGRAM = """
import resource, sys
import nnexp
nnexp.train(nnexp.load(sys.argv[1], ["training.epochs=1"]), runs=sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure_peak(config: str, folder: Path) -> float:
    """MiB that one process had resident at most."""
    command = [sys.executable, "-c", PROGRAM, str(CONFIGS / f"{config}.yaml"), str(folder / "runs")]
    environment = os.environ | {"NNEXP_DATA": str(folder)}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images, labels = random.integers(0, 256, (60_000, 32, 32, 3), np.uint8), np.arange(60_000) % 10
        write_cifar10(
            folder / "cifar-10-python.tar.gz", images[:50_000], labels[:50_000], images[50_000:], labels[50_000:]
        )
        print(describe_machine())
        print("\n| config | peak memory of one epoch |\n|---|---:|")
        for config in ("linear_cifar10", "mlp_cifar10", "lenet5_cifar10"):
            print(f"| {config} | {measure_peak(config, folder):.0f} MiB |")
