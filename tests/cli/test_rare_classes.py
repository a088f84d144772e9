"""Rare classes in a spec: weights and draws, from the spec to the numbers of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.data.splits import PART_NAMES
from nnexp.errors import DataError, SpecError
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from nnexp.spec.resolved import make_plain_spec
from nnexp.training.events import EpochDone
from nnexp.training.loop import train_stack
from nnexp.training.stack import Stack
from tests.cli.inside import inside
from tests.laws.stacks import differences

SPEC = """
name: rare
data: {source: {npz: rare.npz}, split: {train: 0.6, dev: 0.2, test: 0.2}}
architecture: [dense: 7, relu, output]
optimizer: {adam: {lr: 0.03}}
training: {epochs: 5, batch_size: 16}
"""
COUNT, RARE = 400, 40


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    source = np.random.default_rng(1)
    y = np.arange(COUNT) < RARE
    x = source.normal(size=(COUNT, 2)) + 1.2 * y[:, None]
    np.savez("rare.npz", x=x, y=y.astype(np.int64), classes=np.array(["no", "yes"]))
    return tmp_path


def spec_of(*overrides: str) -> nnexp.Spec:
    spec = load_spec(SpecText("rare.yaml", SPEC), overrides, name="rare")
    assert isinstance(spec, nnexp.Spec)
    return spec


def recall(run: nnexp.Run) -> float:
    [found] = run.details("train")
    return float(found.recall[1])  # type: ignore[union-attr]


def test_weights_and_draws_find_more_of_the_rare_class() -> None:
    plain = nnexp.train(spec_of())
    for override in ("data.class_weights=balanced", "data.class_weights={yes: 9}", "data.sampling=balanced"):
        assert recall(nnexp.train(spec_of(override))) > recall(plain) + 0.15, override


def test_the_loss_of_every_part_is_weighted_by_the_training_part_and_metrics_are_not() -> None:
    run = nnexp.train(spec_of("data.class_weights=balanced"))
    train = run.parts.train.d.argmax(axis=-1)
    weights = len(train) / (2 * np.bincount(train))
    for part in PART_NAMES:
        d = run.parts[part].d.argmax(axis=-1)
        data = run.spec.data
        raw = data.source.load()
        p = run.predictor.probabilities(raw.x[data.split.choose_rows(raw)[part]])
        loss = -np.mean(weights[d] * np.log(p[np.arange(len(d)), d]))
        assert run.final[part]["loss"] == pytest.approx(loss, rel=1e-5)
        assert run.final[part]["accuracy"] == pytest.approx((p.argmax(axis=-1) == d).mean())
        assert run.final[part].items() <= run.evaluate(part).items()
    assert run.metrics["dev_loss"].iloc[-1] == run.final["dev"]["loss"]


@pytest.mark.parametrize("override", ["data.class_weights=balanced", "data.sampling=balanced"])
@pytest.mark.parametrize("stop", [1, 8, 16, 23])
def test_a_resumed_run_equals_one_that_was_never_interrupted(override: str, stop: int) -> None:
    spec = spec_of(override)
    parts = spec.prepare()
    whole, cut = Stack([spec], [parts]), Stack([spec], [parts])
    events = train_stack(cut)
    while cut.steps_done < stop:
        next(events)
    again = Stack([spec], [parts], cut.copy_state(0))
    for stack in (whole, again):
        for event in train_stack(stack, until=3):
            if isinstance(event, EpochDone):
                state = stack.copy_state(0)
        stack.state = state
    assert differences(whole.state, again.state) == []


def test_the_gradient_of_a_weighted_network_is_right() -> None:
    assert nnexp.gradcheck(spec_of("data.class_weights={yes: 7}", "architecture=[dense: 3, tanh, output]")).verdict == (
        "right"
    )


def test_the_weights_stand_in_the_resolved_spec_and_read_back() -> None:
    spec = spec_of("data.class_weights={yes: 5}", "data.sampling=balanced")
    plain = make_plain_spec(spec)["data"]
    assert plain["class_weights"] == {"yes": 5.0}
    assert plain["sampling"] == "balanced"
    assert make_plain_spec(spec_of())["data"]["class_weights"] == "none"


WRONG = [
    ("data.class_weights={ys: 5}", "there is no class 'ys'", "did you mean 'yes'?"),
    ("data.class_weights={maybe: 5}", "there is no class 'maybe'", "known: no, yes"),
    ("data.class_weights={yes: 0}", "expected a number > 0, found 0", ""),
    ("data.class_weights=balance", "expected none, balanced or a mapping of names", "did you mean 'balanced'?"),
    ("data.class_weights=5", "expected none, balanced or a mapping of names", ""),
    ("data.sampling=balance", "expected one of shuffled, balanced", "did you mean 'balanced'?"),
]


@pytest.mark.parametrize(("override", "message", "suggestion"), WRONG)
def test_what_is_wrong_is_named_with_what_would_do(override: str, message: str, suggestion: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(override)
    [problem] = caught.value.problems
    assert message in problem.message
    assert suggestion in problem.suggestion


VALUES = "data: {source: {sine: {examples: 60}}}\n"
NETWORK = "architecture: [output]\n"
UNFIT = [
    (VALUES + NETWORK, "data.class_weights=balanced", "the targets are values"),
    (VALUES + NETWORK, "data.sampling=balanced", "the targets are values"),
    ("data: {source: moons, targets: {membership: [[0], [1]]}}\n" + NETWORK, "data.sampling=balanced", "at once"),
    ("data: {source: moons}\nbaseline: knn\n", "data.class_weights=balanced", "a baseline has no loss"),
    ("data: {source: moons}\nbaseline: knn\n", "data.sampling=balanced", "each once"),
    (
        "data: {source: moons}\nloss: squared_error\noptimizer: normal_equations\n"
        "training: {batch_size: full, epochs: 1}\n" + NETWORK,
        "data.class_weights=balanced",
        "examples that count alike",
    ),
]


@pytest.mark.parametrize(("text", "override", "message"), UNFIT)
def test_what_fits_no_classes_is_refused(text: str, override: str, message: str) -> None:
    load_spec(SpecText("unfit.yaml", text), name="unfit")
    with pytest.raises(SpecError, match=message):
        load_spec(SpecText("unfit.yaml", text), [override], name="unfit")


def test_balanced_weights_without_an_example_of_a_class_are_an_error_before_training() -> None:
    np.savez("rare.npz", x=np.ones((40, 2)), y=np.zeros(40, np.int64), classes=np.array(["no", "yes"]))
    with pytest.raises(DataError, match="no example of yes"):
        nnexp.train(spec_of("data.class_weights=balanced"))


def test_weights_on_top_of_balanced_draws_are_a_notice() -> None:
    Path("rare.yaml").write_text(SPEC)
    done = inside("train", "rare.yaml", "data.class_weights=balanced", "data.sampling=balanced", cwd=Path.cwd())
    assert done.returncode == 0
    assert "sampling and class_weights both make up for rare classes" in done.stderr
