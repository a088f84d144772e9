"""The replica law: replica r of a stack is, to the last bit, the same thing alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.nn.initialization import draw_parameters
from nnexp.nn.kernels import dispatch
from nnexp.nn.layers.dense import Dense
from nnexp.nn.parameters import Weight
from nnexp.nn.random import make_generators
from nnexp.nn.replicas import row_norms, stack_replicas, take_replicas
from nnexp.optim.clipping import clip_norm, clip_value
from nnexp.registry import component_parameters
from nnexp.typing import AnyArray
from tests.contracts.arrays import DTYPES, away_from_kinks, bind, identical, normal, row, targets
from tests.contracts.examples import Example, I, N, O, R, examples, layer_examples, update_rules, variations
from tests.laws.stacks import STUDIES, Study, differences, trained

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
K, P = 5, 10007

KINDS = ("activations", "initializers", "layers", "losses", "optimizers", "penalties", "schedules")


@pytest.mark.parametrize("example", examples(*KINDS), ids=str)
def test_the_replicas_of_a_stack_are_its_components(example: Example) -> None:
    """The law below would be empty if the parameters did not differ: here they do, and come apart again."""
    components = variations(example.component)
    stacked = stack_replicas(components)
    for parameter in component_parameters(type(example.component)):
        if parameter.is_per_replica and getattr(example.component, parameter.name):
            assert len(np.unique(getattr(stacked, parameter.name))) == R
    for r, component in enumerate(components):
        alone, taken = stack_replicas([component]), take_replicas(stacked, [r])
        for parameter in component_parameters(type(component)):
            one, other = getattr(alone, parameter.name), getattr(taken, parameter.name)
            assert identical(one, other) if parameter.is_per_replica else repr(one) == repr(other)


@pytest.mark.parametrize("example", layer_examples(), ids=str)
@every_dtype
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("inputs", [1, R], ids=["shared", "own"])
def test_layers(example: Example, dtype: str, training: bool, inputs: int) -> None:
    components = variations(example.component)
    together = bind(stack_replicas(components), example.shape, dtype)
    x = away_from_kinks(inputs, N, *example.shape, dtype=dtype)
    dy = normal(R, N, *together.declaration.output, dtype=dtype)
    each = [together.alone(stack_replicas([component]), r) for r, component in enumerate(components)]
    found = together.gradients(x, dy, training=training)
    for r, alone in enumerate(each):
        wanted = alone.gradients(row(x, r), dy[r : r + 1], training=training)
        assert all(identical(row(a, r), b) for a, b in zip(found, wanted, strict=True))
        assert identical(together.buffers[r : r + 1], alone.buffers)


@pytest.mark.parametrize("example", examples("losses"), ids=str)
@every_dtype
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "own"])
def test_losses(example: Example, dtype: str, shared: bool) -> None:
    components = variations(example.component)
    for kind in example.component.targets:
        for d in targets(kind, dtype=dtype):
            goals = d[:1] if shared else d
            z = normal(R, N, O, dtype=dtype)
            found = stack_replicas(components)(z, goals)
            for r, component in enumerate(components):
                wanted = stack_replicas([component])(z[r : r + 1], row(goals, r))
                assert all(identical(row(a, r), b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("example", examples("penalties"), ids=str)
@every_dtype
def test_penalties(example: Example, dtype: str) -> None:
    components, weights = variations(example.component), normal(R, P, dtype=dtype)
    found = stack_replicas(components)(weights)
    for r, component in enumerate(components):
        wanted = stack_replicas([component])(weights[r : r + 1])
        assert all(identical(row(a, r), b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("example", examples("initializers"), ids=str)
def test_initializers(example: Example) -> None:
    components, weight = variations(example.component), Weight((I, O), fan_in=I, fan_out=O)
    found = stack_replicas(components).draw_weight(make_generators(range(R), "init"), weight)
    for r, component in enumerate(components):
        assert identical(
            found[r : r + 1], stack_replicas([component]).draw_weight(make_generators([r], "init"), weight)
        )


@pytest.mark.parametrize("example", examples("initializers"), ids=str)
@every_dtype
def test_initial_parameters(example: Example, dtype: str) -> None:
    components, declaration = variations(example.component), Dense(O).declare((I,))
    found = draw_parameters(declaration, stack_replicas(components), range(R), dtype)
    for r, component in enumerate(components):
        assert identical(found[r : r + 1], draw_parameters(declaration, stack_replicas([component]), [r], dtype))


@pytest.mark.parametrize("example", update_rules(), ids=str)
@every_dtype
@pytest.mark.parametrize("repaid", [0, 10**9], ids=["compiled", "numpy"])
def test_optimizers_after_k_steps(monkeypatch: pytest.MonkeyPatch, example: Example, dtype: str, repaid: int) -> None:
    monkeypatch.setattr(dispatch, "MIN_COMPILED_ENTRIES", repaid)
    components = variations(example.component)
    found = after_k_steps(stack_replicas(components), normal(R, P, dtype=dtype), range(R))
    for r, component in enumerate(components):
        wanted = after_k_steps(stack_replicas([component]), normal(R, P, dtype=dtype)[r : r + 1], [r])
        assert all(identical(found[name][r : r + 1], wanted[name]) for name in found)


def after_k_steps(optimizer: Any, theta: AnyArray, seeds: Any) -> dict[str, AnyArray]:
    """Theta and the slots after K steps on gradients that pull towards random points."""
    grad, slots = np.zeros_like(theta), {name: np.zeros_like(theta) for name in optimizer.slots}
    update = optimizer.bind(theta, grad, slots, np.arange(theta.shape[1]) % 2 == 0)
    rates = np.asarray(optimizer.lr, theta.dtype)[:, None]
    for t in range(1, K + 1):
        optimizer.look_ahead(theta, slots)
        grad[...] = theta - np.concatenate([normal(1, theta.shape[1], seed=K * seed + t) for seed in seeds])
        update(t, rates)
    return {"theta": theta, **slots}


@pytest.mark.parametrize("example", examples("schedules"), ids=str)
@pytest.mark.parametrize("steps", [1, 13])
def test_schedules(example: Example, steps: int) -> None:
    components = variations(example.component)
    for epoch in range(K):
        found = np.broadcast_to(stack_replicas(components).compute_factors(epoch, steps, K), (R, steps))
        for r, component in enumerate(components):
            assert np.array_equal(found[r : r + 1], stack_replicas([component]).compute_factors(epoch, steps, K))


@every_dtype
def test_clipping(dtype: str) -> None:
    grad, limits = normal(R, P, dtype=dtype), np.array([1.0, 1e6, 3.0])
    for clip in (lambda g, c: clip_norm(g, row_norms(g), c), clip_value):
        together = grad.copy()
        clip(together, limits)
        for r in range(R):
            alone = grad[r : r + 1].copy()
            clip(alone, limits[r : r + 1])
            assert identical(together[r : r + 1], alone)


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_whole_trainings(study: Study) -> None:
    """Theta, buffers, slots, generators, best weights and the rows of every run equal those of the run alone."""
    specs = study.specs()
    together = trained(specs)
    assert sorted(together) == list(range(len(specs)))
    for run, spec in enumerate(specs):
        ending, state = together[run]
        [(wanted, alone)] = trained([spec]).values()
        assert ending == wanted == study.endings.get(run, ending)
        assert differences(state, alone) == []
    thetas = {state.theta.tobytes() for _, state in together.values()}
    assert len(thetas) == len(specs)  # the runs are different ones


def test_the_studies_end_in_every_way() -> None:
    assert {ending for study in STUDIES.values() for ending in study.endings.values()} == {"stopped_early", "diverged"}
