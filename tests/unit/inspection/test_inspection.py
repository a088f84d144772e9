"""Looking at the networks of specs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnexp.errors import UsageError
from nnexp.inspection import inspection
from nnexp.inspection.examples import prepare_examples
from nnexp.inspection.inspection import Inspection, inspect_networks
from nnexp.inspection.variants import load_variants
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec

CONFIGS = Path(__file__).parents[3] / "configs"

DIGITS = "data: {source: {digits: {flat: false}}, split: {train: 100, dev: 10, test: 10}}\n"


def look(text: str, *, seeds: int = 1, most: int = 256) -> Inspection:
    [found] = inspect_networks(
        [("init", load_network_spec(SpecText("spec.yaml", DIGITS + text), name="spec"))], seeds=seeds, most=most
    )
    return found


MLP = "architecture: [flatten, dense: 7, relu, dense: 5, tanh, output]\n"


def test_several_seeds_are_the_mean_of_each_alone() -> None:
    together = look(MLP + "seed: 4\n", seeds=3)
    alone = [look(MLP + f"seed: {seed}\n") for seed in (4, 5, 6)]
    assert together.seeds == (4, 5, 6)
    assert together.loss == pytest.approx(np.mean([one.loss for one in alone]), rel=1e-6)
    for number, layer in enumerate(together.layers):
        own = [one.layers[number] for one in alone]
        for key in ("mean", "std", "gradient", "weight_gradient", "dead", "saturated"):
            values = [getattr(one, key) for one in own]
            wanted = None if values[0] is None else pytest.approx(np.mean(values), rel=1e-12)
            assert getattr(layer, key) == wanted, (layer.name, key)
        assert layer.histogram == pytest.approx(np.mean([one.histogram for one in own], axis=0))


def test_seeds_in_groups_are_seeds_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = look(MLP, seeds=5)
    monkeypatch.setattr(inspection, "MAX_BYTES_AT_ONCE", 1)
    grouped = look(MLP, seeds=5)
    assert grouped.layers[1:] == whole.layers[1:]  # before the first weights there is nothing of the seeds
    assert (grouped.loss, grouped.findings) == (whole.loss, whole.findings)


def test_images_go_through_convolutions() -> None:
    found = look("architecture: [conv2d: {filters: 3, kernel: 3}, relu, max_pool: 2, flatten, output]\n")
    by_name = {layer.name: layer for layer in found.layers}
    assert by_name["conv2d_1"].shape == (6, 6, 3)
    assert by_name["relu_1"].dead is not None
    assert (by_name["relu_1"].dead * 3).is_integer()  # of three channels
    assert by_name["max_pool_1"].weight_gradient is None
    assert found.carriers == ("relu_1",)


def test_nothing_comes_back_to_what_is_before_the_first_weights() -> None:
    found = look(MLP)
    assert found.layers[0].name == "flatten_1"
    assert found.layers[0].gradient is None
    assert all(layer.gradient is not None for layer in found.layers[1:])


def test_batch_norm_takes_the_statistics_of_the_examples_and_dropout_drops() -> None:
    found = look("architecture: [flatten, dense: 7, batch_norm, dropout: {rate: 0.5}, output]\n", seeds=2)
    by_name = {layer.name: layer for layer in found.layers}
    assert by_name["batch_norm_1"].mean == pytest.approx(0, abs=1e-6)
    assert by_name["batch_norm_1"].std == pytest.approx(1, rel=1e-3)
    assert by_name["dropout_1"].std == pytest.approx(np.sqrt(2), rel=0.1)  # half of it zero, the rest doubled


def test_layers_that_hold_layers_are_one_layer() -> None:
    found = look("architecture: [flatten, dense: 7, residual_block: [dense: 7, relu], dense: 3, output]\n")
    assert [layer.name for layer in found.layers][2] == "residual_block_1"
    assert found.carriers == ("residual_block_1",)
    assert look("init: zeros\narchitecture: [flatten, residual_block: [dense: 64, relu], output]\n").layers[1].symmetric


def test_a_deep_linear_network_is_followed_by_its_dense_layers() -> None:
    found = look(
        "init: {normal: {std: 0.01}}\narchitecture: [flatten, dense: 9, dense: 9, dense: 9, dense: 9, output]\n"
    )
    assert found.carriers == ("dense_1", "dense_2", "dense_3", "dense_4")
    assert [finding.what for finding in found.findings][:2] == ["activations vanish", "gradients vanish"]


def test_a_network_without_hidden_layers_says_nothing() -> None:
    found = look("init: zeros\narchitecture: [flatten, output]\n")
    assert found.findings == ()
    assert found.carriers == ()


@pytest.mark.parametrize("kind", ["real", "normal"])
@pytest.mark.parametrize("name", ["multi_task_digits", "several_binary", "autoencoder", "two_layer_rbf", "sine"])
def test_every_kind_of_target_can_be_looked_at(name: str, kind: str) -> None:
    [found] = inspect_networks(load_variants(CONFIGS / f"{name}.yaml"), seeds=2, most=11, data=kind)  # type: ignore[arg-type]
    assert found.examples == 11
    assert np.isfinite(found.loss)
    assert all(np.isfinite([layer.mean, layer.std, layer.gradient or 0]).all() for layer in found.layers)


def test_random_inputs_are_normal_and_of_the_datas_shape() -> None:
    [found] = inspect_networks(load_variants(CONFIGS / "lenet5_digits.yaml"), most=200, data="normal")
    assert found.inputs.shape == (8, 8, 1)
    assert (found.inputs.mean, found.inputs.std) == pytest.approx((0, 1), abs=0.02)


def test_random_targets_are_of_their_tasks() -> None:
    [(_, several)] = load_variants(CONFIGS / "multi_task_digits.yaml")
    drawn = prepare_examples(several, "normal", 50)
    widths = drawn.description.output_widths
    assert isinstance(widths, dict)
    first = next(iter(widths.values()))
    assert drawn.d.shape == (1, 50, sum(widths.values()))
    assert (drawn.d[..., :first].sum(axis=-1) == 1).all()


def test_all_initialisers_see_the_same_examples() -> None:
    he, xavier = inspect_networks(load_variants(CONFIGS / "adam_bn.yaml", (), "he, xavier"), most=40)
    assert he.inputs == xavier.inputs
    assert (he.init, xavier.init) == ("he", "xavier")
    assert he.layers != xavier.layers


def test_fewer_examples_than_asked_for_are_all_there_are() -> None:
    assert look(MLP, most=1000).examples == 100
    assert look(MLP, most=30).examples == 30


def test_what_does_not_fit_is_refused_before_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "memory_size", lambda: 1000)
    with pytest.raises(UsageError, match=r"a look at 100 examples needs about .* take fewer with --examples"):
        look(MLP)


def test_numbers_are_at_least_1() -> None:
    with pytest.raises(UsageError, match="seeds must be at least 1, and is 0"):
        look(MLP, seeds=0)
    with pytest.raises(UsageError, match="examples must be at least 1, and is -3"):
        look(MLP, most=-3)


def test_numbers_that_overflow_are_said_to() -> None:
    found = look("init: {constant: {value: 1e30}}\narchitecture: [flatten, dense: 9, dense: 9, dense: 9, output]\n")
    assert [finding.what for finding in found.findings] == ["not finite"]


def test_an_initialiser_is_named_by_what_is_not_at_its_default() -> None:
    def name(init: str) -> str:
        return load_variants(CONFIGS / "spirals.yaml", [f"init={init}"])[0][0]

    assert name("he") == "he"
    assert name("{he: {bias: 0.01}}") == "he: {bias: 0.01}"
    assert name("{xavier: {fan: in, distribution: uniform}}") == "xavier: {fan: in, distribution: uniform}"
