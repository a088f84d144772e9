"""A share of the sweep as one stack of nnexp, run folders and all, in one process and one thread.

python -m benchmarks.programs.nnexp_stack SPEC SHARE SHARES RUNS

It prints the seconds from the resolved specs to finished run folders, without those of imports.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.programs.digits import RATES, SEEDS
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.executors.base import StackTask
from nnexp.sweeps.executors.task import train_task
from nnexp.sweeps.executors.worker import StopSignal
from nnexp.sweeps.running.sweep import plan_sweep


def main() -> None:
    spec, share, shares, root = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    words = [f"optimizer.adam.lr={','.join(map(str, RATES))}", f"seed=0..{SEEDS[-1]}"]
    found = plan_sweep(parse_command(Path(spec), words), root)
    runs = found.progress.runs[share::shares]
    text = found.folder.definition.base_text
    task = StackTask(1, str(root), text, {r.run: r.plain_spec for r in runs}, {r.run: r.overrides for r in runs})
    began = time.perf_counter()
    receipts = train_task(task, StopSignal(), lambda epochs: None)
    print(time.perf_counter() - began, max(receipt.metrics["dev_accuracy"] for receipt in receipts))


if __name__ == "__main__":
    main()
