"""Overrides that wipe out what earlier ones say: an error that names both, and the way that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.errors import SpecError
from nnexp.inspection.variants import load_variants
from nnexp.spec import resolved
from nnexp.spec.problems import Problem
from nnexp.spec.read import load_spec
from tests.unit.sweeps.support import BASE


def problems_of(folder: Path, *overrides: str) -> tuple[Problem, ...]:
    spec = folder / "base.yaml"
    spec.write_text(BASE)
    with pytest.raises(SpecError) as caught:
        load_spec(spec, overrides)
    return caught.value.problems


def test_a_component_that_replaces_an_earlier_parameter_is_refused_with_the_order_that_works(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, "optimizer.adam.lr=0.5", "optimizer=adam")
    assert str(problem.place) == "override 2, column 1"
    assert problem.path == "optimizer"
    assert "optimizer.adam.lr in override 1 would be lost" in problem.message
    assert problem.suggestion == "write optimizer=adam first, then optimizer.adam.lr=0.5"
    spec = load_spec(tmp_path / "base.yaml", ["optimizer=adam", "optimizer.adam.lr=0.5"])
    assert resolved.make_plain_spec(spec)["optimizer"]["adam"]["lr"] == 0.5


def test_where_no_order_works_the_whole_value_is_shown(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, "optimizer.adam.lr=0.5", "optimizer=nadam")
    assert problem.suggestion.endswith("give one whole value: optimizer={adam: {lr: 0.5}}")
    load_spec(tmp_path / "base.yaml", ["optimizer={adam: {lr: 0.5}}"])


def test_a_parameter_that_an_earlier_value_holds_is_refused(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, "optimizer={adam: {lr: 0.5}}", "optimizer.adam.lr=0.1")
    assert problem.place.text.name == "override 2"
    assert "optimizer in override 1 gives it a value already" in problem.message


@pytest.mark.parametrize(
    "overrides",
    [
        ("data.split.train=11", "data.split={train: 23, dev: 13, test: 11}"),
        ("architecture.0.dense.units=3", "architecture=[output]"),
        ("architecture=[{dense: 5}, output]", "architecture.0=output"),
        ("training.epochs=3", "training="),
        ("regularization.l2=0.1", "activation=tanh", "regularization.l2={strength: 0.2}"),
    ],
)
def test_every_kind_of_value_that_would_be_lost_is_refused(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    last = f"override {len(overrides)}"
    assert any(p.place.text.name == last and "override 1" in p.message for p in problems_of(tmp_path, *overrides))


def test_a_key_given_twice_is_refused_even_with_the_same_value(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, "seed=1", "training.epochs=2", "seed=1")
    assert (problem.place.text.name, problem.message) == ("override 3", "given twice, first in override 1")


@pytest.mark.parametrize(
    "overrides",
    [
        ("optimizer=adam", "optimizer.adam.lr=0.5", "optimizer.adam.beta1=0.8"),
        ("optimizer={adam: {lr: 0.5}}", "optimizer.adam.beta1=0.8"),
        ("regularization={}", "regularization.l2=0.1"),
        ("architecture.0.dense.units=3", "architecture.1=tanh"),
    ],
)
def test_overrides_that_leave_each_other_whole_are_taken(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    load_spec(tmp_path / "base.yaml", overrides)


def test_an_initialiser_beside_the_option_that_replaces_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    with pytest.raises(SpecError) as caught:
        load_variants(tmp_path / "base.yaml", ["init=he"], "xavier")
    [problem] = caught.value.problems
    assert problem.place.text.name == "override 1"
    assert "--init" in problem.message
