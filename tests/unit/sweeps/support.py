"""What the tests of sweeps share: a small base spec, and sweeps over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nnexp.errors import SpecError
from nnexp.runs.outcome import RunOutcome
from nnexp.spec.problems import SpecText
from nnexp.spec.yaml import Node, parse_yaml
from nnexp.sweeps.definition import sweep_file
from nnexp.sweeps.definition.command_line import parse_command
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.planning import samplers
from nnexp.sweeps.planning.plan import PlannedRun, RunPlanner

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
    return parse_yaml(SpecText("value.yaml", text))


def from_text(folder: Path, text: str, *words: str, base: str = BASE) -> SweepDefinition:
    """The sweep that a file says which stands beside its base spec; the line `base:` is its first."""
    (folder / "base.yaml").write_text(base)
    file = folder / "study.yaml"
    file.write_text(f"base: base.yaml\n{text}")
    return sweep_file.read_definition(file, words)


def from_words(folder: Path, *words: str, base: str = BASE) -> SweepDefinition:
    """The sweep that the words of a command say."""
    spec = folder / "base.yaml"
    if not spec.exists() or spec.read_text() != base:  # processes share the folder: none may empty what another reads
        spec.write_text(base)
    return parse_command(spec, words)


def runs_of(definition: SweepDefinition) -> list[PlannedRun]:
    """The plan, of what can be planned before anything is trained."""
    trials = RunPlanner(definition).plan_trials(samplers.draw_first_round(definition.sampled))
    return [run for trial in trials for run in trial]


def planned(name: str, variant: str = "", seed: int = 0) -> PlannedRun:
    """A run of which nothing matters but its name and variant."""
    return PlannedRun(name, variant or name, seed, {}, {"name": name}, ())


def paused(run: str, epoch: int, **metrics: float) -> RunOutcome:
    return RunOutcome(run, "paused", epoch, metrics=metrics)


def done(run: str, epochs: int, **metrics: float) -> RunOutcome:
    return RunOutcome(run, "done", epochs, metrics=metrics)


def complaints(folder: Path, text: str, *words: str, base: str = BASE) -> list[tuple[int, int, str]]:
    """The line, the column and the message of everything that is wrong with a sweep, its first line being `base:`."""
    with pytest.raises(SpecError) as caught:
        runs_of(from_text(folder, text, *words, base=base))
    return [(p.place.line, p.place.column, p.message) for p in caught.value.problems]


def varied(runs: Sequence[PlannedRun]) -> list[dict[str, object]]:
    return [dict(run.values) for run in runs]
