"""The randomness law: every number belongs to one run and one purpose, and never changes silently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnexp.data import batches as batching
from nnexp.data.batches import iterate_batches
from nnexp.data.parts import Part
from nnexp.nn.initialization import draw_parameters
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.network import build_network
from nnexp.nn.parameters import weight_views
from nnexp.nn.random import draw_normal, draw_uniform, make_generator, make_generators
from nnexp.registry import initializers
from nnexp.typing import AnyArray
from tests.contracts.arrays import identical, normal
from tests.contracts.examples import I, R
from tests.laws.stacks import FULL, SINE, SMALL, STUDIES, differences, parts_of, spec_of, stack_of, state, trained

PURPOSES = ("init", "shuffle", "dropout", "augment", "split", "data", "init dense_1.W", "init dense_2.W")

STORED = {
    (0, "shuffle"): (3584724613, 3058020260),
    (0, "dropout"): (2160116408, 1407092863),
    (1, "shuffle"): (3334952261, 1781231368),
    (0, "init dense_1.W"): (4164520660, 2222808979),
    (0, "split"): (859709580, 4135481030),
}
"""The first two 32-bit words of some generators: a run of today must be the run of tomorrow."""


def words(seed: int, purpose: str, count: int = 2) -> tuple[int, ...]:
    return tuple(int(word) for word in make_generator(seed, purpose).integers(0, 2**32, count, dtype=np.uint64))


@pytest.mark.parametrize(("seed", "purpose"), STORED)
def test_generators_give_the_numbers_that_they_always_gave(seed: int, purpose: str) -> None:
    assert words(seed, purpose) == STORED[seed, purpose]


def test_generators_are_reproducible_and_differ_between_seeds_and_purposes() -> None:
    first = {(seed, purpose): words(seed, purpose, 4) for seed in range(R) for purpose in PURPOSES}
    again = {(seed, purpose): words(seed, purpose, 4) for seed in range(R) for purpose in PURPOSES}
    assert first == again
    assert len(set(first.values())) == len(first)


def test_generators_of_two_purposes_are_uncorrelated() -> None:
    """10,000 pairs of independent numbers correlate by less than 0.05, five standard errors."""
    a, b = (make_generator(0, purpose).standard_normal(10_000) for purpose in ("shuffle", "dropout"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.05


def test_drawing_for_one_purpose_moves_no_other() -> None:
    shuffle, dropout = make_generator(0, "shuffle"), make_generator(0, "dropout")
    before = state(dropout)
    shuffle.permutation(101)
    assert state(dropout) == before


@pytest.mark.parametrize("draw", [draw_normal, draw_uniform])
def test_a_replica_draws_the_same_in_whatever_company(draw: Any) -> None:
    together = draw(make_generators([3, 1, 2], "dropout"), (5, 7))
    assert identical(together[1:2], draw(make_generators([1], "dropout"), (5, 7)))


DENSE = [f"dense: {I}", "activation"]

ADDITIONS = {
    "batch_norm": [DENSE[0], "batch_norm", *DENSE[1:], *DENSE],
    "dropout": [*DENSE, "dropout: 0.3", *DENSE],
    "another activation": [DENSE[0], "tanh", *DENSE[1:], *DENSE],
    "another dense layer": [*DENSE, *DENSE, *DENSE],
}


def initial_weights(layers: list[str], init: Initializer | None = None) -> dict[str, AnyArray]:
    """Every initial weight by its full name."""
    spec = spec_of(SMALL, f"architecture=[{', '.join([*layers, 'output'])}]")
    declaration = build_network(spec.architecture, spec.activation, 2).declare((2,))
    theta = draw_parameters(declaration, init or spec.init, [spec.seed], "float32")
    views = weight_views(declaration, theta)
    return {f"{layer}.{name}": w for layer, part in views.parts.items() for name, w in part.items()}


@pytest.mark.parametrize("addition", ADDITIONS.values(), ids=ADDITIONS)
def test_another_layer_changes_no_other_layers_initial_weights(addition: list[str]) -> None:
    before, after = initial_weights([*DENSE, *DENSE]), initial_weights(addition)
    assert set(before) <= set(after)
    assert all(identical(before[name], after[name]) for name in before)


def test_every_weight_has_numbers_of_its_own() -> None:
    weights = initial_weights([*DENSE, *DENSE, *DENSE], initializers["normal"]())
    assert not np.array_equal(weights["dense_2.W"], weights["dense_3.W"])


def test_another_seed_varies_weights_and_order_and_not_the_split() -> None:
    a, b = (stack_of([spec_of(SMALL, f"seed={seed}")]) for seed in (0, 1))
    for one in (a, b):
        one.begin_epoch()
    assert a.parts[0] is b.parts[0]
    assert (a.state.theta != b.state.theta)[:, a.model.regularized].all()
    assert not np.array_equal(a.state.order, b.state.order)
    assert state(a.state.dropout[0]) != state(b.state.dropout[0])


def test_another_split_seed_varies_the_split_and_not_weights_or_order() -> None:
    a, b = (stack_of([spec_of(SMALL, f"data.split.seed={seed}")]) for seed in (0, 1))
    for one in (a, b):
        one.begin_epoch()
    assert not np.array_equal(a.parts[0].train.x, b.parts[0].train.x)
    assert a.parts[0].fingerprint == b.parts[0].fingerprint
    assert identical(a.state.theta, b.state.theta)
    assert identical(a.state.order, b.state.order)


def test_every_epoch_has_an_order_of_its_own_and_sees_every_example_once() -> None:
    one, orders = stack_of([spec_of(SMALL)]), []
    for _ in range(2):
        one.begin_epoch()
        orders.append(one.state.order.copy())
        for batch in one.remaining_batches():
            one.train_step(batch)
        one.end_epoch()
    assert not np.array_equal(orders[0], orders[1])
    for order in orders:
        assert np.array_equal(np.sort(order), np.arange(one.data.examples)[None])


def test_dropout_draws_at_training_and_nothing_at_evaluation() -> None:
    one = stack_of([spec_of(FULL)])
    before = state(one.state.dropout[0])
    one.evaluate_part("dev")
    one.model.compute_outputs(one.parts[0].dev.x[None])
    assert state(one.state.dropout[0]) == before
    one.begin_epoch()
    one.train_step(next(one.remaining_batches()))
    assert state(one.state.dropout[0]) != before


def test_a_training_is_reproducible() -> None:
    for text in (FULL, SINE):
        (_, first), (_, second) = (trained([spec_of(text)])[0] for _ in range(2))
        assert differences(first, second) == []


GATHERS = (1, 999, 2**30)


@pytest.mark.parametrize("size", [1, 4, 13, 101])
@pytest.mark.parametrize("first", [0, 2])
def test_batches_do_not_depend_on_how_many_are_gathered_at_once(
    monkeypatch: pytest.MonkeyPatch, size: int, first: int
) -> None:
    parts = [Part(normal(101, I, seed=seed), normal(101, 2, seed=seed)) for seed in range(R)]
    order = np.stack([make_generator(seed, "shuffle").permutation(101) for seed in range(R)])
    found = []
    for gather in GATHERS:
        monkeypatch.setattr(batching, "GATHER_BYTES", gather)
        found.append(
            [(b.start, b.stop, b.x.tobytes(), b.d.tobytes()) for b in iterate_batches(parts, order, size, first)]
        )
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", ["own orders", "nesterov on a sine, own orders", "batches of one"])
def test_training_does_not_depend_on_how_many_batches_are_gathered_at_once(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    results = []
    for gather in GATHERS:
        monkeypatch.setattr(batching, "GATHER_BYTES", gather)
        results.append(trained(STUDIES[name].specs()))
    for run, (_, wanted) in results[0].items():
        assert all(differences(result[run][1], wanted) == [] for result in results[1:])


def test_the_data_are_read_once_and_shared_by_runs_with_another_seed() -> None:
    """What the test above this relies on: another `seed` is no other data."""
    assert parts_of(spec_of(SMALL, "seed=0")) is parts_of(spec_of(SMALL, "seed=1"))
    assert parts_of(spec_of(SMALL)) is not parts_of(spec_of(SMALL, "data.split.seed=1"))
