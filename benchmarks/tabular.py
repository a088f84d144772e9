"""From a file to a score: `nnexp new`, then `nnexp train`, on real tables, beside scikit-learn's MLP prepared by hand.

For each table of `tables/`: whether both commands work with nothing edited; whether the kind of each column is right,
or marked as unsure; and the score on the test part, the mean over seeds that vary the split and the training.
scikit-learn has the same rows in the same parts. It knows what `truth.yaml` says, nnexp the file and the target's name.

    python -m benchmarks.tabular --half seen --seeds 5 --only penguins.csv
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measure import describe_machine
from benchmarks.scikit_tables import SCORES, prepare_by_hand, score_mlp
from benchmarks.table_files import HALVES, TableTruth, convert_numbers, list_columns, load_truths
from benchmarks.wide_table import COLUMNS, ROWS, write_wide_table
from nnexp.prediction.run import Run
from nnexp.typing import AnyArray

TOLERANCE = 0.02
"""How far below scikit-learn's score nnexp's may be."""


MESSAGE_LENGTH = 200
"""Characters of an error message that the table shows."""


class CommandFailed(Exception):
    """A command of nnexp that ended with an error: its last words."""


@dataclass(slots=True)
class TableResult:
    """What came of one table."""

    truth: TableTruth
    problem: str = ""
    metric: str = ""
    scores: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    right: int = 0
    unsure: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def differences(self) -> AnyArray:
        """How much better nnexp is, seed by seed."""
        return np.array(self.scores) - np.array(self.others)

    @property
    def is_close(self) -> bool:
        """Whether nnexp is at most a little worse in the mean."""
        return not self.problem and float(self.differences.mean()) >= -TOLERANCE


def run_nnexp(folder: Path, *words: str) -> str:
    """What a command prints. Raises CommandFailed."""
    command = [sys.executable, "-m", "nnexp", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        message = " ".join((done.stderr or done.stdout).split())
        raise CommandFailed(f"nnexp {words[0]}: {message[:MESSAGE_LENGTH]}")
    return done.stdout


def measure_table(truth: TableTruth, seeds: int) -> TableResult:
    """Read, train and compare one table, in a folder of its own."""
    result = TableResult(truth)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            compare_kinds(folder, result)
            run_nnexp(folder, "new", "table", "--data", str(truth.path), *_name_target(truth))
            for seed in range(seeds):
                train_and_score(folder, result, seed)
        except CommandFailed as error:
            result.problem = str(error)
    return result


def _name_target(truth: TableTruth) -> list[str]:
    """The option that names the target."""
    # nnexp calls the columns of a file without names c1, c2, ...
    name = truth.target if isinstance(truth.target, str) else f"c{truth.target}"
    return ["--target", name]


def compare_kinds(folder: Path, result: TableResult) -> None:
    """Set the kind of each column against the truth. Raises CommandFailed where the columns are not the file's."""
    truth = result.truth
    reading = json.loads(run_nnexp(folder, "data", "show", str(truth.path), *_name_target(truth), "--json"))
    names = list_columns(truth)
    if len(reading["columns"]) != len(names):
        raise CommandFailed(f"{len(reading['columns'])} columns are read, and the file has {len(names)}")
    for name, column in zip(names, reading["columns"], strict=True):
        if name == truth.target:
            continue
        kinds = truth.columns[name]
        if column["kind"] in kinds:
            result.right += 1
        elif column["unsure"]:
            result.unsure.append(str(name))
        else:
            result.wrong.append(f"{name} is {' or '.join(kinds)}, and read as {column['kind']}")


def train_and_score(folder: Path, result: TableResult, seed: int) -> None:
    """Train both on the rows that the spec's split chooses, and score both on its test part."""
    overrides = [f"seed={seed}", f"data.split.seed={seed}"] if seed else []
    trained = json.loads(run_nnexp(folder, "train", "table.yaml", *overrides, "--json"))
    run = Run(folder / trained["run"])
    data = run.spec.data
    raw = data.load()
    rows = data.split.choose_rows(raw)
    result.metric = _choose_metric(result.truth, run)
    table = prepare_by_hand(result.truth)
    y = np.ravel(raw.y)
    _check_targets(y, table.targets, result)
    predicted = np.ravel(run.predictor.predictions(raw.x[rows["test"]])[0].predicted)
    result.scores.append(float(SCORES[result.metric](y[rows["test"]], predicted)))
    with threadpool_limits(1):
        result.others.append(score_mlp(table, y, rows, result.metric, seed))


def _choose_metric(truth: TableTruth, run: Run) -> str:
    """The metric of the table, or the first or second where classes and values are both right."""
    task = "values" if run.predictor.description.targets == "values" else "classes"
    if task not in truth.task:
        raise CommandFailed(f"the target is read as {task}")
    is_second = truth.task.split(" or ").index(task)
    return truth.metric.split(" or ")[is_second]


def _check_targets(y: AnyArray, texts: Any, result: TableResult) -> None:
    """Both have the same rows in the same order. Raises CommandFailed where they have not."""
    if len(y) != len(texts):
        raise CommandFailed(f"{len(y)} rows are read, and {len(texts)} have a target")
    if result.metric == "r2":
        is_same = np.allclose(y, convert_numbers(texts, result.truth.dialect))
    else:
        is_same = len(set(zip(y, texts, strict=True))) == len(set(texts))
    if not is_same:
        raise CommandFailed("the rows have other targets")


def print_results(results: Sequence[TableResult]) -> None:
    """One line a table, what is wrong below, and the shares that count."""
    print("| file | rows | kinds right, unsure, wrong | metric | nnexp | scikit-learn | difference ± standard error |")
    print("|---|--:|--:|---|--:|--:|--:|")
    for result in results:
        print(_format_row(result))
    print()
    for result in results:
        for sentence in filter(None, [result.problem, *result.wrong]):
            print(f"- `{result.truth.name}`: {sentence}")
    worked = [result for result in results if not result.problem]
    close = [result for result in results if result.is_close]
    columns = sum(len(result.truth.columns) for result in results)
    fine = sum(result.right + len(result.unsure) for result in results)
    unsure = sum(len(result.unsure) for result in results)
    print(f"\nworked with nothing edited: {len(worked)} of {len(results)}")
    print(f"columns right or unsure: {fine} of {columns}, of which unsure {unsure}")
    print(f"score at most {TOLERANCE} below scikit-learn's: {len(close)} of {len(results)}")


def _format_row(result: TableResult) -> str:
    truth = result.truth
    start = f"| {truth.name} | {truth.examples:,} | {result.right}, {len(result.unsure)}, {len(result.wrong)} |"
    if result.problem:
        return f"{start} - | - | - | - |"
    ours, other, differences = np.mean(result.scores), np.mean(result.others), result.differences
    words = result.metric.replace("_", " ")
    change = f"{differences.mean():+.3f}"
    if len(differences) > 1:
        change += f" ± {differences.std(ddof=1) / np.sqrt(len(differences)):.3f}"
    return f"{start} {words} | {ours:.3f} | {other:.3f} | {change} |"


def print_reading_time() -> None:
    """How long `nnexp new` takes for a large table, from process to process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wide_table(folder / "wide.csv")
        start, busy_before = time.perf_counter(), _count_busy_seconds()
        run_nnexp(folder, "new", "wide", "--data", "wide.csv", "--target", "grade")
        wall, busy = time.perf_counter() - start, _count_busy_seconds() - busy_before
        print(
            f"\n`nnexp new` for {ROWS:,} rows of {COLUMNS} columns: {wall:.1f} s, {busy:.1f} s of them on the processor"
        )


def _count_busy_seconds() -> float:
    """The time that the processes which have ended were on the processor: on a busy machine, less than they took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--half", choices=HALVES, default="seen")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    print(describe_machine("scikit-learn", "pandas"), "\n")
    chosen = [truth for truth in load_truths(options.half) if not options.only or truth.name in options.only]
    results = []
    for truth in chosen:
        print(truth.name, file=sys.stderr, flush=True)
        results.append(measure_table(truth, options.seeds))
    print_results(results)
    if not options.only:
        print_reading_time()


if __name__ == "__main__":
    main()
