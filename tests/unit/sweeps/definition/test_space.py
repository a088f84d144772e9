"""Values that are tried: lists, distributions, and both inside of other values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.sweeps.definition import space
from nnexp.sweeps.definition.space import SearchDimension
from tests.unit.sweeps.support import node

BELOW_1 = math.nextafter(1.0, 0.0)


def values(text: str) -> list[object]:
    return [found.make_plain() for found in space.expand_grid(node(text))]


def test_a_value_without_lists_stands_for_itself() -> None:
    assert values("{adam: {lr: 0.1}}") == [{"adam": {"lr": 0.1}}]
    assert space.count_values(node("{adam: {lr: 0.1}}")) == 1


def test_a_grid_inside_a_value_stands_for_each_of_its_values() -> None:
    assert values("{adam: {lr: {grid: [0.1, 0.2]}}}") == [{"adam": {"lr": 0.1}}, {"adam": {"lr": 0.2}}]


def test_grids_inside_a_value_are_combined_the_last_fastest() -> None:
    found = values("{momentum: {lr: {grid: [1, 2]}, beta: {grid: [0.5, 0.9]}}}")
    pairs = [(each["momentum"]["lr"], each["momentum"]["beta"]) for each in found]  # type: ignore[index]
    assert pairs == [(1, 0.5), (1, 0.9), (2, 0.5), (2, 0.9)]


def test_a_grid_may_stand_in_a_list_and_in_a_grid() -> None:
    assert values("[7, {grid: [1, 2]}]") == [[7, 1], [7, 2]]
    assert values("{grid: [sgd, {adam: {lr: {grid: [1, 2]}}}]}") == ["sgd", {"adam": {"lr": 1}}, {"adam": {"lr": 2}}]


@given(
    st.recursive(
        st.integers(0, 3),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.fixed_dictionaries({"a": inner, "b": inner}),
            st.lists(inner, min_size=1, max_size=3).map(lambda entries: {"grid": entries}),
        ),
        max_leaves=8,
    )
)
def test_count_is_the_number_of_values(value: object) -> None:
    found = node(repr(value).replace("'", ""))
    assert space.count_values(found) == len(list(space.expand_grid(found)))


NESTED = "{choice: [sgd, {adam: {lr: {log_uniform: [1e-3, 1e-1]}, beta1: {uniform: [0.5, 0.9]}}}]}"


def test_leaves_are_all_numbers_whatever_the_choices() -> None:
    found = list(space.find_dimensions(node(NESTED), "optimizer"))
    assert found == [
        SearchDimension("optimizer", "choice", 0, 2),
        SearchDimension("optimizer.1.adam.lr", "log_uniform", 1e-3, 1e-1),
        SearchDimension("optimizer.1.adam.beta1", "uniform", 0.5, 0.9),
    ]


def test_a_parameter_exists_with_its_choice_alone() -> None:
    asked: list[str] = []

    def draw(leaf: SearchDimension) -> float:
        asked.append(leaf.path)
        return {"optimizer": index}.get(leaf.path, 0.25)

    index = 0
    assert space.draw_values(node(NESTED), "optimizer", draw).make_plain() == "sgd"
    assert asked == ["optimizer"]
    index = 1
    assert space.draw_values(node(NESTED), "optimizer", draw).make_plain() == {"adam": {"lr": 0.25, "beta1": 0.25}}
    assert asked[1:] == ["optimizer", "optimizer.1.adam.lr", "optimizer.1.adam.beta1"]


def test_what_is_drawn_asks_for_leaves_alone() -> None:
    text = "[{dense: {units: {integer: [2, 9]}}}, {choice: [relu, {choice: [{elu: {alpha: {uniform: [1, 2]}}}]}]}]"
    known = {leaf.path for leaf in space.find_dimensions(node(text), "a")}
    asked = set()

    def draw(leaf: SearchDimension) -> float:
        asked.add(leaf)
        return leaf.compute_value(BELOW_1)

    space.draw_values(node(text), "a", draw)
    assert {leaf.path for leaf in asked} == known


@pytest.mark.parametrize(
    ("kind", "low", "high", "u", "value"),
    [
        ("uniform", 0.0, 1.0, 0.123456, 0.1235),  # four digits
        ("uniform", -2.0, 2.0, 0.0, -2.0),
        ("uniform", -2.0, 2.0, 0.5, 0.0),
        ("log_uniform", 1e-4, 1e-2, 0.0, 1e-4),
        ("log_uniform", 1e-4, 1e-2, 0.5, 1e-3),  # the geometric mean
        ("log_uniform", 1e-4, 1e-2, BELOW_1, 1e-2),
        ("log_uniform", 1.0, 1e3, 0.123456, 2.346),  # 10^(3 · 0.123456) = 2.34629...
        ("integer", 3, 5, 0.0, 3),  # three equally likely ones
        ("integer", 3, 5, 0.333, 3),
        ("integer", 3, 5, 0.334, 4),
        ("integer", 3, 5, 0.667, 5),
        ("integer", 3, 5, BELOW_1, 5),
        ("integer", -5, -3, 0.0, -5),
        ("integer", -5, -3, 0.334, -4),
        ("integer", -5, -3, BELOW_1, -3),
        ("log_integer", 1, 7, 0.0, 1),
        ("log_integer", 1, 7, 0.334, 2),  # 8^0.334 = 2.003
        ("log_integer", 1, 7, BELOW_1, 7),
        ("choice", 0, 3, 0.0, 0),
        ("choice", 0, 3, 0.34, 1),
        ("choice", 0, 3, BELOW_1, 2),
    ],
)
def test_a_point_of_the_unit_interval_as_a_value(kind: str, low: float, high: float, u: float, value: float) -> None:
    found = SearchDimension("key", kind, low, high).compute_value(u)
    assert found == value
    assert isinstance(found, int) == (kind in ("integer", "log_integer", "choice"))


@given(
    st.sampled_from(["uniform", "log_uniform", "integer", "log_integer"]),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.floats(0, 1, exclude_max=True),
)
def test_what_is_drawn_lies_within_the_bounds(kind: str, low: int, width: int, u: float) -> None:
    assert low <= SearchDimension("key", kind, low, low + width).compute_value(u) <= low + width


def test_rounding_never_leaves_the_bounds() -> None:
    assert (
        SearchDimension("key", "uniform", 0.12343, 1.0).round_value(0.123431) == 0.12343
    )  # four digits would be 0.1234
    assert SearchDimension("key", "uniform", 0.0, 0.98765).round_value(0.987649) == 0.9876
    assert SearchDimension("key", "uniform", 0.0, 0.99996).round_value(0.99996) == 0.99996  # four digits would be 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{uniform: [2, 1]}", "the lower bound 2 is not below the upper bound 1"),
        ("{uniform: [1, 1]}", "the lower bound 1 is not below the upper bound 1"),
        ("{log_uniform: [0, 1]}", "0 has no logarithm"),
        ("{log_uniform: [-1, 1]}", "-1 has no logarithm"),
        ("{log_integer: [0, 8]}", "0 has no logarithm"),
        ("{uniform: [1]}", "expected two numbers, [low, high], found a list"),
        ("{uniform: 3}", "expected two numbers, [low, high], found 3"),
        ("{uniform: [1, 2, 3]}", "expected two numbers, [low, high], found a list"),
        ("{uniform: [a, 2]}", "expected two numbers, [low, high], found a list"),
        ("{uniform: [true, 2]}", "expected two numbers, [low, high], found a list"),
        ("{uniform: [0, .inf]}", "expected two numbers, [low, high], found a list"),
        ("{integer: [1, 2.5]}", "expected two whole numbers, [low, high], found a list"),
        ("{choice: []}", "expected a list of values, found an empty list"),
        ("{choice: relu}", "expected a list of values, found 'relu'"),
        ("{choice: [sgd, {adam: {lr: {uniform: [2, 1]}}}]}", "the lower bound 2 is not below the upper bound 1"),
    ],
)
def test_what_is_wrong_with_a_distribution(text: str, message: str) -> None:
    [problem] = space.find_problems(node(text), "key", drawing=True)
    assert problem.message == message


def test_a_grid_draws_nothing_at_random() -> None:
    [problem] = space.find_problems(node("{adam: {lr: {uniform: [1, 2]}}}"), "optimizer", drawing=False)
    assert problem.message == "uniform draws numbers at random, and a grid has none"
    assert problem.path == "optimizer.adam.lr"


@pytest.mark.parametrize("drawing", [True, False])
def test_a_component_with_the_name_of_a_distribution_is_none(drawing: bool) -> None:
    component = node("{uniform: {limit: 0.1}}")
    assert not list(space.find_problems(component, "init", drawing=drawing))
    assert not list(space.find_dimensions(component, "init"))
    assert space.draw_values(component, "init", lambda leaf: 0).make_plain() == {"uniform": {"limit": 0.1}}
