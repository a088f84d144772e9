"""Runs whose fault is known, and healthy ones: their specs, and the training of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nnexp
from nnexp.diagnosis.diagnosis import diagnose_run
from nnexp.diagnosis.findings import Cause, Diagnosis
from nnexp.spec.spec import Spec

FOLDER = "FOLDER"
"""What stands in a spec for the folder with the files that `write_files` writes."""


@dataclass(frozen=True, slots=True)
class Case:
    """A spec, the causes of its fault (any of them is a right answer; none where it is healthy), the optimal error."""

    name: str
    text: str
    causes: tuple[Cause, ...] = ()
    optimal: float = 0.0

    def written(self, folder: Path) -> Path:
        """The spec as a file."""
        path = folder / f"{self.name}.yaml"
        path.write_text(self.text.replace(FOLDER, str(folder)))
        return path


@dataclass(frozen=True, slots=True)
class Answer:
    """What the diagnosis of a case says."""

    case: Case
    file: Path
    said: Diagnosis

    @property
    def alarm(self) -> bool:
        """Whether anything is said to be wrong."""
        return not self.said.is_healthy

    @property
    def right(self) -> bool:
        """Whether the fault is named by the first finding or the second."""
        return any(finding.cause in self.case.causes for finding in self.said.findings[:2])

    def __str__(self) -> str:
        causes = ", ".join(finding.cause for finding in self.said.findings) or "nothing"
        return f"{self.case.name}: {causes}, for {' or '.join(self.case.causes) or 'nothing'}"


def answer(case: Case, folder: Path, seed: int = 0) -> Answer:
    """Train a case and diagnose it."""
    file = case.written(folder)
    run = nnexp.train(nnexp.load(file, [f"seed={seed}"]), runs=folder / "runs", checkpoint_seconds=1e9)
    assert isinstance(run.spec, Spec)
    return Answer(case, file, diagnose_run(run.path, case.optimal))


def recall(answers: Iterable[Answer]) -> float:
    """The share of the faulty runs whose fault is named."""
    faulty = [answer.right for answer in answers if answer.case.causes]
    return sum(faulty) / len(faulty)


def precision(answers: Iterable[Answer]) -> float:
    """The share of the alarms that are right: raised by a faulty run, and with its fault named."""
    alarms = [answer.right for answer in answers if answer.alarm]
    return sum(alarms) / len(alarms)


def write_files(folder: Path) -> None:
    """The data that no source of the package gives."""
    random = np.random.default_rng(0)
    x = random.normal(size=(600, 8))
    y = (x[:, :4] @ random.normal(size=(4, 3))).argmax(axis=-1)
    np.savez(folder / "shuffled.npz", x=x, y=random.permutation(y))
    np.savez(folder / "scaled.npz", x=x * np.geomspace(0.01, 1000, 8), y=y)
    np.savez(folder / "far.npz", x=40 * x + 500, y=y)
    values = np.sin(x[:, 0]) + 0.5 * x[:, 1]
    np.savez(folder / "foreign_values.npz", x=x, y=random.permutation(values))
    np.savez(folder / "far_values.npz", x=100 * x - 300, y=values)
    rare = (random.random(900) < 0.03).astype(int)
    np.savez(folder / "rare.npz", x=random.normal(size=(900, 4)) + 0.5 * rare[:, None], y=rare)
    kinds = np.searchsorted([0.55, 0.97], random.random(900))
    centers = np.array([[-3.0, 0.0], [3.0, 0.0], [2.8, 0.2]])
    np.savez(folder / "three.npz", x=centers[kinds] + random.normal(size=(900, 2)), y=kinds)
