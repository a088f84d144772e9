"""Stacks: each run in exactly one, uniform in structure, within the size."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.planning import stacking
from nnexp.sweeps.planning.stacking import StackPlanner
from nnexp.sweeps.planning.structure import compute_structure, split_evenly
from nnexp.sweeps.planning.timing import StackTiming
from tests.unit.sweeps.support import BASE, from_words, runs_of

RICH = """\
name: rich
seed: 1
data: {source: {moons: {examples: 53, noise: 0.2}}, split: {train: 23, dev: 13, test: 11}, augment: [noise: 0.1]}
architecture: [{dense: {units: 7}}, batch_norm, activation, {dropout: {rate: 0.2}}, output]
activation: {elu: {alpha: 1.5}}
init: {normal: {std: 0.3}}
loss: {cross_entropy: {label_smoothing: 0.1}}
regularization: {l2: 1e-3}
optimizer: {adam: {lr: 5e-2}}
schedule: {cosine: {warmup_epochs: 1}}
training: {epochs: 9, batch_size: 13, early_stopping: {patience: 2}, clip_norm: 1.0}
"""


def of(*overrides: str) -> Hashable:
    return compute_structure(load_spec(SpecText("rich.yaml", RICH), overrides, name="rich"))


@pytest.mark.parametrize(
    "override",
    [
        "name=other",
        "seed=2",
        "optimizer.adam.lr=0.3",
        "optimizer.adam.beta1=0.5",
        "regularization.l2=0.5",
        "architecture.3.dropout.rate=0.5",
        "activation.elu.alpha=0.5",
        "init.normal.std=1",
        "loss.cross_entropy.label_smoothing=0.2",
        "schedule.cosine.warmup_epochs=2",
        "training.clip_norm=3",
        "data.split.seed=4",
        "data.source.moons.noise=0.3",
        "data.source.moons.seed=5",
        "data.augment.0.noise=0.3",
        "data.source={circles: {examples: 53}}",
    ],
)
def test_runs_that_differ_in_numbers_seed_name_or_data_of_the_same_sizes_share_a_stack(override: str) -> None:
    assert of(override) == of()


@pytest.mark.parametrize(
    "override",
    [
        "optimizer={nadam: {lr: 5e-2}}",
        "architecture.0.dense.units=5",
        "activation=tanh",
        "init=he",
        "training.epochs=8",
        "training.batch_size=12",
        "training.dtype=float64",
        "training.threads=2",
        "training.clip_norm=null",
        "training.early_stopping=null",
        "data.split.train=22",
        "data.split.dev=12",
        "data.augment=[]",
        "schedule=constant",
        "architecture=[{dense: {units: 7}}, activation, batch_norm, {dropout: {rate: 0.2}}, output]",
    ],
)
def test_runs_that_differ_in_kind_or_size_do_not(override: str) -> None:
    assert of(override) != of()


def test_a_baseline_has_no_structure_and_is_fitted_by_itself(tmp_path: Path) -> None:
    text = "data: {source: moons}\nbaseline: {knn: {k: 3}}\n"
    (tmp_path / "knn.yaml").write_text(text)
    assert compute_structure(load_spec(tmp_path / "knn.yaml")) is None
    runs = runs_of(from_words(tmp_path, "baseline.knn.k=1,3", base=text))
    planner = StackPlanner({run.run: run for run in runs}, text, workers=2)
    assert len({planner.find_structure(run.run) for run in runs}) == 2
    assert planner.choose_size([run.run for run in runs]) == 1


@given(st.lists(st.integers(), unique=True, max_size=300), st.integers(1, 300), st.integers(1, 9))
def test_chunks_are_a_partition_within_the_size(entries: list[int], size: int, workers: int) -> None:
    pieces = split_evenly(entries, size, workers) if entries else []
    assert [entry for piece in pieces for entry in piece] == entries
    assert all(1 <= len(piece) <= size for piece in pieces)
    if pieces:
        sizes = [len(piece) for piece in pieces]
        assert max(sizes) - min(sizes) <= 1
        assert len(pieces) >= min(workers, len(entries))
        assert len(pieces) == max(-(-len(entries) // size), min(workers, len(entries)))  # and no more than that


VARIANTS: dict[str, list[object]] = {
    "architecture.0.dense.units": [5, 7],
    "optimizer": ["adam", "nadam", "{adam: {lr: 0.3}}"],
    "activation": ["relu", "tanh"],
    "regularization.l2": [0, 0.1],
    "seed": ["0..2"],
}


@settings(max_examples=12)
@given(st.fixed_dictionaries({key: st.sets(st.sampled_from(values), min_size=1) for key, values in VARIANTS.items()}))
def test_each_run_is_in_exactly_one_stack_uniform_in_structure(choice: dict[str, set[object]]) -> None:
    words = [f"{key}={','.join(map(str, sorted(values, key=str)))}" for key, values in choice.items()]
    definition = _definition(tuple(words))
    runs = runs_of(definition)
    planner = StackPlanner({run.run: run for run in runs}, definition.base_text, workers=2)
    groups: dict[Hashable, list[str]] = {}
    for run in runs:
        groups.setdefault(planner.find_structure(run.run), []).append(run.run)
    assert sorted(name for names in groups.values() for name in names) == sorted(run.run for run in runs)
    kinds = {
        (
            run.plain_spec["architecture"][0]["dense"]["units"],
            next(iter(run.plain_spec["optimizer"])),
            str(run.plain_spec["activation"]),
        )
        for run in runs
    }
    assert len(groups) == len(kinds)


def _definition(words: tuple[str, ...]) -> SweepDefinition:
    with tempfile.TemporaryDirectory() as folder:
        return from_words(Path(folder), *words)


def test_a_stack_stays_within_the_memory_and_the_size_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = runs_of(from_words(tmp_path, "seed=0..49"))
    names = [run.run for run in runs]
    plan = {run.run: run for run in runs}
    # on a busy machine a measured stack may be small
    monkeypatch.setattr(stacking, "measure_fastest_stack", lambda *_: StackTiming(32, 1e-5, 1e-4, 100, 1000))
    assert StackPlanner(plan, BASE, workers=1, max_size=7).choose_size(names) == 7
    assert StackPlanner(plan, BASE, workers=1, max_size=1).choose_size(names) == 1
    assert StackPlanner(plan, BASE, workers=1).choose_size(names) == 32
    monkeypatch.setattr(stacking, "memory_size", lambda: 1)
    assert StackPlanner(plan, BASE, workers=1).choose_size(names) == 1
