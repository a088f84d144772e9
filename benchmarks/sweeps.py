"""A sweep of 64 runs, end to end and training alone, beside other ways to the same 64 networks.

4 learning rates x 16 seeds of a 64-64-10 network on digits, batch 32, 20 epochs, Adam, float32, NumPy kernels.

nnexp sweep       the command, two workers: plan, processes, run folders, table.
nnexp train       eight of the 64 commands, one after the other; the time is for each run.
PyTorch loop      two processes of one thread each, 32 networks one after the other, nothing written.
JAX               jit of vmap of scan over all 64, with as many threads as it likes, nothing written.

bookkeeping       the same sweep where an executor says at once that all is done: planning, ledger, table.

Training alone is without the start of processes and imports; for nnexp from resolved specs to finished run folders, for
JAX without compilation.

At last eight runs of 3072-512-512-10, batch 128, which the planner does not stack: one worker against two.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import TurnTimes, describe_machine, print_times
from benchmarks.programs.digits import EPOCHS, RATES, RUNS, SEEDS
from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.executors.base import Executor, StackTask, TaskFinished, TaskReport
from nnexp.sweeps.running.options import SweepOptions
from nnexp.sweeps.running.sweep import run_sweep

ROUNDS, TRAINED_RUNS = 3, 8

SPEC = f"""
name: measured
data: {{source: digits}}
architecture: {{mlp: {{hidden: [64]}}}}
training: {{epochs: {EPOCHS}, batch_size: 32}}
"""

LARGE_SPEC = """
name: large
data: {source: {blobs: {examples: 3000, features: 3072, classes: 10}}}
architecture: {mlp: {hidden: [512, 512]}}
training: {epochs: 10, batch_size: 128}
"""

PROGRAMS_MODULE = "benchmarks.programs"


def run_programs(*commands: list[str]) -> list[list[float]]:
    """The numbers that programs print which run at the same time."""
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for command in commands]
    said = [process.communicate()[0] for process in started]
    assert not any(process.returncode for process in started), commands
    return [[float(word) for word in text.split()] for text in said]


def make_python_command(*words: object) -> list[str]:
    return [sys.executable, "-m", *map(str, words)]


class SweepBenchmark:
    """The sides of the comparison, in a folder of their own; each gives seconds for all that it does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.fresh = folder, itertools.count()
        self.spec = folder / "measured.yaml"
        self.spec.write_text(SPEC)

    def make_runs_folder(self) -> Path:
        """A folder of runs that is not there yet."""
        return self.folder / f"runs{next(self.fresh)}"

    def time_sweep(self) -> float:
        words = [f"optimizer.adam.lr={','.join(map(str, RATES))}", f"seed=0..{SEEDS[-1]}"]
        return measure_seconds(
            partial(self.run_nnexp, "sweep", self.spec, *words, "--runs", self.make_runs_folder(), "--jobs", 2, "-q")
        )

    def time_training(self) -> float:
        runs = self.make_runs_folder()

        def one_by_one() -> None:
            for seed in range(TRAINED_RUNS):
                self.run_nnexp("train", self.spec, f"seed={seed}", "--runs", runs, "-q")

        return measure_seconds(one_by_one)

    def run_nnexp(self, *words: object) -> None:
        subprocess.run(make_python_command("nnexp", *words), check=True, stdout=subprocess.DEVNULL)

    def time_torch(self) -> tuple[float, float]:
        """End to end, and training alone."""
        said: list[list[float]] = []
        seconds = measure_seconds(
            lambda: said.extend(
                run_programs(*(make_python_command(f"{PROGRAMS_MODULE}.torch_loop", share, 2) for share in (0, 1)))
            )
        )
        return seconds, max(line[0] for line in said)

    def time_jax(self) -> tuple[float, float]:
        """End to end, and training alone."""
        said: list[list[float]] = []
        seconds = measure_seconds(lambda: said.extend(run_programs(make_python_command(f"{PROGRAMS_MODULE}.jax_vmap"))))
        return seconds, said[0][1]

    def time_stacks(self) -> float:
        """Training alone: two processes at the same time."""
        runs = self.make_runs_folder()
        commands = [
            make_python_command(f"{PROGRAMS_MODULE}.nnexp_stack", self.spec, share, 2, runs) for share in (0, 1)
        ]
        return max(line[0] for line in run_programs(*commands))

    def time_bookkeeping(self) -> float:
        """All but the training, in this process."""
        words = [f"optimizer.adam.lr={','.join(map(str, RATES))}", f"seed=0..{SEEDS[-1]}"]
        return measure_seconds(
            lambda: run_sweep(parse_command(self.spec, words), self.make_runs_folder(), SweepOptions(InstantExecutor))
        )

    def time_workers(self, jobs: int) -> float:
        """Eight large runs."""
        spec = self.folder / "large.yaml"
        spec.write_text(LARGE_SPEC)
        return measure_seconds(
            partial(self.run_nnexp, "sweep", spec, "seed=0..7", "--runs", self.make_runs_folder(), "--jobs", jobs, "-q")
        )


class InstantExecutor(Executor):
    """Answers at once that every run is done."""

    def __init__(self) -> None:
        self._done: list[TaskReport] = []

    @property
    def workers(self) -> int:
        return 2

    def submit(self, task: StackTask) -> None:
        receipts = tuple(RunOutcome(run, "done", EPOCHS, EPOCHS, 1.0, {"dev_accuracy": 0.5}) for run in task.specs)
        self._done.append(TaskFinished(task.number, receipts))

    def poll(self, seconds: float) -> list[TaskReport]:
        done, self._done = self._done, []
        return done

    def cancel(self, number: int) -> None:
        return

    def close(self, *, at_once: bool = False) -> None:
        return


def measure_seconds(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        bench = SweepBenchmark(Path(name))
        end, alone, large = [], [], []
        for _ in range(ROUNDS):
            torch, jax = bench.time_torch(), bench.time_jax()
            ours = [
                bench.time_sweep() / len(RUNS),
                bench.time_bookkeeping() / len(RUNS),
                bench.time_training() / TRAINED_RUNS,
            ]
            end.append([*ours, torch[0] / len(RUNS), jax[0] / len(RUNS)])
            large.append([bench.time_workers(2), bench.time_workers(1)])
            alone.append([bench.time_stacks() / len(RUNS), torch[1] / len(RUNS), jax[1] / len(RUNS)])
        print(describe_machine("torch", "jax"))
        names = ["nnexp sweep", "bookkeeping", "nnexp train", "PyTorch loop", "JAX"]
        print_times("A sweep of 64 runs, end to end", TurnTimes(names, np.array(end)), "nnexp sweep", "run")
        names = ["nnexp stacks", "PyTorch loop", "JAX"]
        print_times("Its training alone", TurnTimes(names, np.array(alone)), "nnexp stacks", "run")
        print_times(
            "Eight large runs", TurnTimes(["two workers", "one worker"], np.array(large) / 8), "two workers", "run"
        )
