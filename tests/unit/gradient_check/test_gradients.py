"""What a check of a whole model promises besides seeing faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnexp
from nnexp.errors import Diverged, GradientMismatch, GradientUndecided, UsageError
from nnexp.gradient_check.gradients import (
    DIRECTION_COUNT,
    MAX_EXHAUSTIVE_WEIGHTS,
    SAMPLE_ENTRIES,
    check_model,
    make_objective,
)
from nnexp.gradient_check.result import GradientCheck
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.layers.base import Backward, Context, Layer
from nnexp.nn.layers.batch_norm import BatchNorm
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.dropout import Dropout
from nnexp.nn.layers.gaussian_noise import GaussianNoise
from nnexp.nn.model import Model
from nnexp.nn.parameters import Declaration, Views
from nnexp.nn.penalties.l1 import L1
from nnexp.nn.penalties.l2 import L2
from nnexp.nn.random import make_generators
from nnexp.registry import layers
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.typing import AnyArray, Array, Shape
from tests.config_files import make_files
from tests.contracts.arrays import identical
from tests.unit.gradient_check.planted import H, I, N, O, Pass, Planted, checked, model_of, x_and_d

CONFIGS = Path(__file__).parents[3] / "configs"

NOISY = [Dense(H), BatchNorm(), ReLU(), Dropout(0.3), GaussianNoise(0.2), Dense(O)]


def test_every_entry_of_a_small_model_is_compared() -> None:
    found = checked(model_of(NOISY, penalties=(L2(0.1), L1(0.01))))
    assert found.passed
    assert found.exhaustive
    assert {row.name: (row.shape, row.checked + row.left_out) for row in found.rows} == {
        "layer_1.W": ((I, H), I * H),
        "layer_1.b": ((1, H), H),
        "layer_2.gain": ((1, H), H),
        "layer_2.shift": ((1, H), H),
        "layer_6.W": ((H, O), H * O),
        "layer_6.b": ((1, O), O),
    }
    assert (found.examples, found.after, found.everywhere) == (N, 0, None)


def test_a_large_model_is_compared_by_a_sample_and_along_directions() -> None:
    units = MAX_EXHAUSTIVE_WEIGHTS // (I + O)
    found = checked(model_of([Dense(units), Tanh(), Dense(O)]))
    rows = {row.name: row for row in found.parameters}
    assert found.passed
    assert not found.exhaustive
    assert (rows["layer_1.W"].checked, rows["layer_1.W"].directions, rows["layer_1.W"].left_out) == (
        SAMPLE_ENTRIES,
        8,
        0,
    )
    assert (rows["layer_3.b"].checked, rows["layer_3.b"].directions) == (O, 0)
    assert found.everywhere is not None
    assert found.everywhere.directions == DIRECTION_COUNT


def test_the_sample_is_the_seeds() -> None:
    model = model_of([Dense(H), Tanh(), Dense(O)])
    first, again, other = (checked(model, entries=3, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.parameters != other.parameters


def test_the_objective_is_the_one_that_training_measures() -> None:
    model = model_of(NOISY, penalties=(L2(0.1), L1(0.01)))
    x, d = x_and_d()
    context = Context(training=True, generators=make_generators([0], "dropout"), propagate=False)
    objective = make_objective(model, x, d, make_generators([0], "dropout"))
    loss, penalty, _ = model.copy_replicas([0]).compute_gradient(x, d, context)
    assert objective.compute_values(0, objective.theta) == pytest.approx(loss + penalty, rel=1e-15)


def test_perturbed_copies_are_evaluated_together_as_each_alone() -> None:
    objective = make_objective(model_of(NOISY, penalties=(L2(0.1),)), *x_and_d(), make_generators([0], "dropout"))
    points = objective.theta + 0.1 * np.random.default_rng(0).standard_normal((7, objective.theta.size))
    together = objective.compute_values(0, points)
    assert identical(together, np.concatenate([objective.compute_values(0, point[None]) for point in points]))
    assert len(set(together)) == 7


def test_a_check_leaves_model_and_generators_as_they_were() -> None:
    model, sources = model_of(NOISY), make_generators([0], "dropout")
    arrays = [array.copy() for array in (model.theta, model.buffers, model.grad)]
    states = [source.bit_generator.state for source in sources]
    check_model(model, *x_and_d(), sources)
    assert all(identical(*pair) for pair in zip(arrays, (model.theta, model.buffers, model.grad), strict=True))
    assert states == [source.bit_generator.state for source in sources]


def test_single_precision_is_checked_in_double() -> None:
    model = model_of(NOISY)
    single = Model(
        model.network, model.declaration, model.loss, (), model.theta.astype("f4"), model.buffers.astype("f4")
    )
    assert checked(single).passed
    assert checked(single).error < 1e-9


def test_weights_on_a_kink_are_counted() -> None:
    model = model_of([Dense(H), Tanh(), Dense(O)], penalties=(L1(0.01),))
    model.theta[0, :3] = 0  # three entries of layer_1.W, in its first row
    found = checked(model)
    assert found.passed
    assert [row.left_out for row in found.parameters] == [3, 0, 0, 0]
    assert [row.checked for row in found.parameters] == [I * H - 3, H, H * O, O]


def test_where_too_much_sits_on_a_kink_the_weights_are_moved_and_that_is_said() -> None:
    model = model_of([Dense(H), Tanh(), Dense(O)], penalties=(L1(0.01),))
    model.theta[0, : I * H] = 0
    found = checked(model)
    assert found.passed
    assert found.aside == ("layer_1.W",)
    assert found.as_dict()["aside"] == ["layer_1.W"]
    assert not model.theta[0, : I * H].any()


@dataclass(frozen=True)
class Jagged(Layer):
    """Kinks everywhere."""

    def declare(self, x: Shape) -> Declaration:
        return Declaration(x)

    def forward(self, w: Views, x: Array, ctx: Context) -> tuple[Array, Backward]:
        return x + 0.1 * np.abs(np.sin(1e9 * x)), lambda dy, dw: dy


def test_a_model_that_cannot_be_checked_does_not_pass() -> None:
    found = checked(model_of([Dense(H), Jagged(), Dense(O)]))
    assert (found.verdict, found.passed) == ("undecided", False)
    assert [row.name for row in found.parameters if row.verdict == "undecided"] == ["layer_1.W", "layer_1.b"]
    with pytest.raises(GradientUndecided, match=r"could not be checked: layer_1.W, layer_1.b") as caught:
        found.raise_if_failed()
    assert caught.value.exit_code == 4


def test_an_objective_that_is_not_finite_does_not_pass() -> None:
    model = model_of([Dense(H), Tanh(), Dense(O)])
    model.theta[0, -1] = np.inf
    found = checked(model)
    assert found.verdict == "undecided"
    assert all(row.checked == 0 for row in found.parameters)


def test_a_gradient_that_rounding_hides_is_no_false_alarm() -> None:
    model = model_of([Dense(H), Tanh(), Dense(O)])
    model.theta[0, I * H + H : -O] = 1e-14  # so that almost nothing comes back through the second layer
    found = checked(model)
    assert found.passed
    assert [row.name for row in found.parameters if row.is_lost] == ["layer_1.W", "layer_1.b"]


def test_frozen_weights_are_left_out_and_said_to_be() -> None:
    spec = nnexp.load(CONFIGS / "spirals.yaml", ["training.freeze=[dense_1, dense_2.b]"])
    found = nnexp.gradcheck(spec)
    assert found.passed
    assert [row.name for row in found.parameters if row.verdict == "frozen"] == ["dense_1.W", "dense_1.b", "dense_2.b"]
    assert [row.checked > 0 for row in found.parameters] == [row.verdict == "right" for row in found.parameters]


SMALL = """
data: {source: {blobs: {examples: 60}}}
architecture: [{dense: 7}, tanh, output]
training: {epochs: 2, batch_size: 10}
"""


def small(*overrides: str, text: str = SMALL) -> Any:
    return load_network_spec(SpecText("spec.yaml", text), overrides, name="small")


def checked_after(steps: int, *overrides: str) -> GradientCheck:
    return nnexp.gradcheck(small(*overrides), after=steps)


def test_the_weights_after_some_steps_are_those_of_training(tmp_path: Path) -> None:
    spec = small("training.epochs=1")  # 48 examples, so five steps
    run = nnexp.train(spec, runs=tmp_path)
    model_loss = run.metrics["train_objective"].iloc[-1]
    objectives = [nnexp.gradcheck(spec, after=steps).objective for steps in range(5)]
    sizes = [10, 10, 10, 10, 8]
    assert np.average(objectives, weights=sizes) == pytest.approx(model_loss, rel=1e-6)


def test_a_gradient_that_becomes_wrong_in_training_is_seen_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def right_while_zero(p: Pass, dx: AnyArray | None) -> AnyArray | None:
        p.dw["b"][...] = np.where(p.w["b"] == 0, p.dw["b"], p.dw["b"] * 1.1)
        return dx

    monkeypatch.setitem(layers._classes, "planted", Planted)
    spec = small("training.dtype=float64")
    spec = replace(spec, architecture=(Planted(Dense(H), right_while_zero), Tanh(), *spec.architecture[2:]))
    assert nnexp.gradcheck(spec).passed
    found = nnexp.gradcheck(spec, after=7)
    with pytest.raises(GradientMismatch, match=r"small: the gradient of planted_1\.b is wrong"):
        found.raise_if_failed()
    assert [fault.part for fault in found.faults] == ["planted_1"]


def test_training_that_diverges_before_the_check_is_said() -> None:
    with pytest.raises(Diverged):
        checked_after(9, "optimizer={sgd: {lr: 1e200}}", "training.dtype=float64", "loss=squared_error")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"after": -1}, "training has 10 steps: a check cannot come after -1"),
        ({"after": 10}, "training has 10 steps: a check cannot come after 10"),
        ({"examples": 0}, "examples must be at least 1, and is 0"),
        ({"entries": 0}, "entries must be at least 1, and is 0"),
        ({"entries": 3, "exhaustive": True}, "choose one"),
        ({"threshold": 0.0}, "threshold must be larger than 0"),
        ({"threshold": float("nan")}, "threshold must be larger than 0"),
    ],
)
def test_wrong_numbers_are_wrong_usage(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        nnexp.gradcheck(small(), **options)


@pytest.mark.parametrize(("asked", "used"), [(None, 10), (1, 1), (4, 4), (99, 10)])
def test_the_examples_are_as_many_as_asked_for_of_the_first_batch(asked: int | None, used: int) -> None:
    assert nnexp.gradcheck(small(), examples=asked).examples == used


OTHERS = ("\nbaseline:", "from_run:")
"""What a spec says that has no gradient, or that begins with a run which is not there."""

LARGE = {"alexnet_digits", "initialization_study", "vgg_digits", "zfnet_digits"} | {
    f"{kind}_cifar_like" for kind in ("augmented", "linear", "mlp", "lenet5", "cnn")
}
LARGE |= {"linear_cifar10", "mlp_cifar10"} | {
    f"lenet5_{source}" for source in ("cifar10", "cifar100", "mnist", "fashion_mnist")
}

NETWORKS = [
    path
    for path in sorted(CONFIGS.glob("*.yaml"))
    if not any(word in path.read_text(encoding="utf-8") for word in OTHERS)
]


@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("path", [path for path in NETWORKS if path.stem not in LARGE], ids=lambda path: path.stem)
@pytest.mark.parametrize("after", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_every_config_passes(path: Path, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_files(path)
    spec = load_network_spec(path)
    most = spec.training.epochs * (1 if spec.training.batch_size == "full" else 3) - 1
    found = nnexp.gradcheck(spec, after=min(after, most), entries=5, examples=12)
    found.raise_if_failed()
    assert found.passed


@pytest.mark.slow
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("path", [path for path in NETWORKS if path.stem in LARGE], ids=lambda path: path.stem)
def test_every_config_of_a_large_network_passes(path: Path) -> None:
    nnexp.gradcheck(load_network_spec(path), entries=2, examples=4).raise_if_failed()


def test_a_baseline_has_no_gradient_to_check() -> None:
    with pytest.raises(UsageError, match="knn_digits is a baseline, which has no gradient"):
        nnexp.gradcheck(nnexp.load(CONFIGS / "knn_digits.yaml"))
