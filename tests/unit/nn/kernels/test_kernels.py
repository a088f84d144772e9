"""The kernels: compiled equals reference to the last bit, and both equal slow, independent formulas."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.nn.kernels import compiled, dispatch, reference, softmax_cross_entropy
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES, identical, random
from tests.contracts.examples import N, O, R


def adam_arguments(seed: int, size: int, dtype: str) -> list[AnyArray]:
    """Theta, grad, m, v (R, P), then beta1, beta2, eps, step and correction (R, 1)."""
    draw = random(seed)
    theta, grad, m = (draw.standard_normal((R, size)) * 10.0 ** draw.integers(-8, 3, (R, size)) for _ in range(3))
    numbers = draw.uniform(0.5, 0.999, (5, R, 1))
    numbers[2] = 1e-8
    return [array.astype(dtype) for array in (theta, grad, m, np.abs(m) ** 2, *numbers)]


@given(seed=st.integers(0, 2**32), size=st.sampled_from([1, 7, 101]), dtype=st.sampled_from(DTYPES))
def test_compiled_adam_equals_the_reference_to_the_last_bit(seed: int, size: int, dtype: str) -> None:
    ours, theirs = (adam_arguments(seed, size, dtype) for _ in range(2))
    for _ in range(3):
        compiled.adam(*ours)
        reference.adam(*theirs)
    assert all(identical(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_compiled_adam_handles_nan_infinity_and_zero_as_the_reference_does(dtype: str) -> None:
    special = np.array([[0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 1e38]])
    ours, theirs = (adam_arguments(0, 7, dtype) for _ in range(2))
    with np.errstate(all="ignore"):
        for arguments, adam in ((ours, compiled.adam), (theirs, reference.adam)):
            arguments[1][...] = special
            adam(*arguments)
    for a, b in zip(ours[:4], theirs[:4], strict=True):
        assert np.array_equal(a, b, equal_nan=True)


def test_dispatch_changes_over_in_the_middle_of_a_run_without_changing_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for module in (reference, compiled):
        monkeypatch.setattr(module, "adam", recorded(module.adam, module.__name__, calls))
    monkeypatch.setattr(dispatch, "_entries_updated", Counter())
    monkeypatch.setattr(dispatch, "MIN_COMPILED_ENTRIES", 3 * R * 7)
    ours, theirs = (adam_arguments(1, 7, "float32") for _ in range(2))
    for _ in range(4):
        dispatch.adam(*ours)
    assert calls == ["nnexp.nn.kernels.reference"] * 2 + ["nnexp.nn.kernels.compiled"] * 2
    for _ in range(4):
        reference.adam(*theirs)
    assert all(identical(a, b) for a, b in zip(ours, theirs, strict=True))


def recorded(function: Any, name: str, calls: list[str]) -> Any:
    """The function, which notes its name whenever it is called."""

    def call(*arguments: AnyArray) -> None:
        calls.append(name)
        function(*arguments)

    return call


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_that_all_replicas_share_serves_each_of_them(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = (adam_arguments(0, 7, dtype) for _ in range(2))
    for arguments in (ours, theirs):
        arguments[4:] = [number[:1] for number in arguments[4:]]
    reference.adam(*theirs)
    tiled = [array.copy() for array in ours]
    monkeypatch.setattr(dispatch, "MIN_COMPILED_ENTRIES", 0)
    dispatch.adam(*ours)
    monkeypatch.setattr(dispatch, "MIN_COMPILED_ENTRIES", 10**18)
    monkeypatch.setattr(dispatch, "CACHED_ENTRIES", 7)  # so that each replica is a tile
    dispatch.adam(*tiled)
    for made in (ours, tiled):
        assert all(identical(a, b) for a, b in zip(made, theirs, strict=True))


def test_the_environment_can_ask_for_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    choose = dispatch.load_compiled.__wrapped__
    assert choose() is compiled
    monkeypatch.setenv("NNEXP_KERNELS", "numpy")
    assert choose() is None


def slow_softmax_cross_entropy(z: AnyArray, d: AnyArray) -> tuple[float, list[list[float]]]:
    """One replica's loss and gradient, by exact sums and without the shift."""
    losses, gradient = [], []
    for row, goal in zip(z.tolist(), d.tolist(), strict=True):
        total = math.fsum(math.exp(value) for value in row)
        losses += [-goal_k * (value - math.log(total)) for value, goal_k in zip(row, goal, strict=True)]
        gradient.append([(math.exp(v) / total - g) / len(z) for v, g in zip(row, goal, strict=True)])
    return math.fsum(losses) / len(z), gradient


@given(seed=st.integers(0, 2**32), size=st.floats(0.1, 30))
def test_softmax_cross_entropy_equals_the_slow_formula(seed: int, size: float) -> None:
    draw = random(seed)
    z, d = size * draw.standard_normal((R, N, O)), draw.dirichlet(np.ones(O), (R, N))
    loss, dz = softmax_cross_entropy(z, d)
    for r in range(R):
        wanted, gradient = slow_softmax_cross_entropy(z[r], d[r])
        assert loss[r] == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_allclose(dz[r], gradient, rtol=1e-9, atol=1e-15)


def test_softmax_cross_entropy_does_not_mind_a_constant_added_to_all_logits() -> None:
    z, d = np.round(random().standard_normal((R, N, O)) * 64) / 64, np.eye(O)[random().integers(0, O, (R, N))]
    assert all(
        identical(a, b) for a, b in zip(softmax_cross_entropy(z, d), softmax_cross_entropy(z + 1024, d), strict=True)
    )
