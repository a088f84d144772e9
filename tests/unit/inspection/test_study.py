"""The study of the lecture notes: what is measured, beside a few lines of NumPy, and what is said of it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nnexp.inspection.inspection import Inspection, inspect_networks
from nnexp.inspection.variants import load_variants
from nnexp.nn.parameters import weight_views
from nnexp.training.stack import Stack
from nnexp.typing import AnyArray

STUDY = Path(__file__).parents[3] / "configs/initialization_study.yaml"

DEPTH = 10


@cache
def look(init: str, *overrides: str) -> Inspection:
    """At all 300 training examples."""
    [found] = inspect_networks(load_variants(STUDY, overrides, init), most=300)
    return found


def norm(array: AnyArray) -> float:
    return float(np.sqrt(np.sum(array**2)))


@pytest.mark.parametrize(
    ("init", "activation"), [("normal: {std: 0.01}", "tanh"), ("xavier", "tanh"), ("xavier", "relu"), ("he", "relu")]
)
def test_the_numbers_are_those_of_a_few_lines_of_numpy(init: str, activation: str) -> None:
    overrides = (
        "training.dtype=float64",
        f"activation={activation}",
        f"init={{{init}}}" if ":" in init else f"init={init}",
    )
    [(_, spec)] = load_variants(STUDY, overrides)
    parts = spec.prepare()
    stack = Stack([spec], [parts])
    w = weight_views(stack.model.declaration, stack.state.theta)
    names = [*(f"dense_{l}" for l in range(1, DEPTH + 1)), "output"]
    weights = [(w.array_of(f"{name}.W")[0], w.array_of(f"{name}.b")[0]) for name in names]
    found = {layer.name: layer for layer in look(init, *overrides[:2]).layers}

    a = [parts.train.x]
    for l, (W, b) in enumerate(weights[:-1], start=1):
        z = a[-1] @ W + b
        a.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))
        layer = found[f"{activation}_{l}"]
        assert (layer.mean, layer.std) == pytest.approx((a[-1].mean(), a[-1].std()), rel=1e-9)
        assert layer.between == pytest.approx(np.sqrt(a[-1].var(axis=0).mean()), rel=1e-9)
        if activation == "tanh":
            assert layer.saturated == np.mean(np.abs(z) > 2.65)
        else:
            assert layer.dead == np.mean((a[-1] <= 0).all(axis=0))
    W, b = weights[-1]
    dz = (a[-1] @ W + b - parts.train.d) / 300
    for l in range(DEPTH, -1, -1):
        dW, db = a[l].T @ dz, dz.sum(axis=0)
        assert found[names[l]].weight_gradient == pytest.approx(np.hypot(norm(dW), norm(db)), rel=1e-9)
        if l:
            da = dz @ weights[l][0].T
            # the gradient of one example's loss is 300 times its row of the mean's; √(mean of squares) = norm / √300
            assert found[f"{activation}_{l}"].gradient == pytest.approx(300 * norm(da) / np.sqrt(300), rel=1e-9)
            dz = da * (1 - a[l] ** 2) if activation == "tanh" else da * (a[l] > 0)


def words(init: str, *overrides: str) -> dict[str, str]:
    return {finding.what: finding.text for finding in look(init, *overrides).findings}


def test_small_weights_let_everything_vanish() -> None:
    """N2: "All activations become zero at the layers > 2." 0.01 √500 = 0.2236 of the layer before."""
    said = words("normal: {std: 0.01}")
    assert list(said) == ["activations vanish", "gradients vanish", "weights starve"]
    assert said["activations vanish"].startswith("activations vanish: standard deviation 0.21 in tanh_1, 3")
    assert said["activations vanish"].endswith("times 0.22 a layer")
    assert said["gradients vanish"].endswith("in tanh_1, times 0.22 a layer")
    assert said["weights starve"].startswith("the weights of dense_1 to dense_")


def test_large_weights_saturate() -> None:
    """N2: "Almost all neurons completely saturated, either -1 or +1"; where N2 has no gradients, these explode."""
    said = words("normal: {std: 1.0}")
    assert list(said) == ["saturated", "gradients explode"]
    share = re.search(r"(\d+) (?:to \d+ )?% of the outputs of tanh_1 to tanh_10 are near the ends", said["saturated"])
    assert share
    assert int(share[1]) == pytest.approx(90, abs=2)
    assert re.search(r"times 3\.[45] a layer$", said["gradients explode"])
    shares = look("normal: {std: 1.0}").layers[1].histogram
    assert shares[0] + shares[-1] > 0.9


def test_xavier_keeps_tanh_and_not_relu() -> None:
    """N2: "Xavier initialization doesn't work for ReLu": √½ = 0.71 of the spread is left by every layer."""
    said = words("xavier")
    assert list(said) == ["activations keep", "gradients keep"]
    assert "0.63 in tanh_1, 0.23 in tanh_10" in said["activations keep"]
    assert all(finding.healthy for finding in look("xavier").findings)
    said = words("xavier", "activation=relu")
    assert list(said) == ["activations shrink", "gradients shrink"]
    assert said["activations shrink"].endswith("times 0.71 a layer")


def test_he_keeps_relu() -> None:
    assert list(words("he", "activation=relu")) == ["activations keep", "gradients keep"]


def test_deep_sigmoids_lose_the_examples_and_the_gradient() -> None:
    """N2: "Saturated activations kill the gradients." Here without saturation: σ' is at most 1/4 in every layer."""
    said = words("xavier", "activation=sigmoid")
    assert list(said) == ["examples alike", "gradients vanish", "weights starve"]
    assert re.search(r"times 0\.2[0-5]? a layer$", said["gradients vanish"])


def test_zeros_are_symmetric_and_get_no_gradient() -> None:
    said = words("zeros")
    assert list(said) == ["symmetric", "no gradient", "constant"]
    assert said["no gradient"] == "no gradient reaches the weights of dense_1 to dense_10"
    assert "symmetric units in dense_1 to dense_10" in said["symmetric"]
    [*hidden, output] = [layer for layer in look("zeros").layers if layer.weight_gradient is not None]
    assert {layer.weight_gradient for layer in hidden} == {0}
    assert output.weight_gradient


def test_equal_weights_other_than_zero_are_symmetric_too() -> None:
    assert "symmetric" in words("constant: {value: 0.01}")
