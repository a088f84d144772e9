"""What the tests of sweeps share: a small base spec, and sweeps over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nnexp.errors import SpecError
from nnexp.runs.receipts import Receipt
from nnexp.spec.problems import Text
from nnexp.spec.text import Node, parse
from nnexp.sweeps import reading, samplers
from nnexp.sweeps.definition import Definition
from nnexp.sweeps.plan import Planned, Planning
from nnexp.sweeps.words import from_command

BASE = """\
name: base
seed: 3
data: {source: {moons: {examples: 53, noise: 0.2}}, split: {train: 23, dev: 13, test: 11}}
architecture: [{dense: {units: 7}}, activation, output]
optimizer: {adam: {lr: 5e-2}}
training: {epochs: 9, batch_size: 13}
"""


def node(text: str) -> Node:
    """A value as it stands in a sweep file."""
    return parse(Text("value.yaml", text))


def from_text(folder: Path, text: str, *words: str, base: str = BASE) -> Definition:
    """The sweep that a file says which stands beside its base spec; the line `base:` is its first."""
    (folder / "base.yaml").write_text(base)
    file = folder / "study.yaml"
    file.write_text(f"base: base.yaml\n{text}")
    return reading.from_file(file, words)


def from_words(folder: Path, *words: str, base: str = BASE) -> Definition:
    """The sweep that the words of a command say."""
    (folder / "base.yaml").write_text(base)
    return from_command(folder / "base.yaml", words)


def runs_of(definition: Definition) -> list[Planned]:
    """The plan, of what can be planned before anything is trained."""
    trials = Planning(definition).trials(samplers.first(definition.sampled))
    return [run for trial in trials for run in trial]


def planned(name: str, variant: str = "", seed: int = 0) -> Planned:
    """A run of which nothing matters but its name and variant."""
    return Planned(name, variant or name, seed, {}, {"name": name}, ())


def paused(run: str, epoch: int, **metrics: float) -> Receipt:
    return Receipt(run, "paused", epoch, metrics=metrics)


def done(run: str, epochs: int, **metrics: float) -> Receipt:
    return Receipt(run, "done", epochs, metrics=metrics)


def complaints(folder: Path, text: str, *words: str, base: str = BASE) -> list[tuple[int, int, str]]:
    """The line, the column and the message of everything that is wrong with a sweep, its first line being `base:`."""
    with pytest.raises(SpecError) as caught:
        runs_of(from_text(folder, text, *words, base=base))
    return [(p.place.line, p.place.column, p.message) for p in caught.value.problems]


def varied(runs: Sequence[Planned]) -> list[dict[str, object]]:
    return [dict(run.values) for run in runs]
