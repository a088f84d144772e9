"""Points of a sweep: the product of variants, zip, grid and what is drawn, but for what is excluded."""

from __future__ import annotations

from pathlib import Path

from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.planning import samplers
from tests.unit.sweeps.support import from_text, from_words, runs_of, varied


def points(definition: SweepDefinition) -> list[tuple[str, dict[str, object]]]:
    drawn = samplers.draw_first_round(definition.sampled)
    return [
        (name, {a.path: a.value.make_plain() for a in point})
        for d in drawn
        for name, point in definition.expand_points(d)
    ]


def test_all_combinations_the_last_key_fastest(tmp_path: Path) -> None:
    found = points(from_words(tmp_path, "a=1,2", "b=x,y,z"))
    assert found == [("", {"a": a, "b": b}) for a in (1, 2) for b in "xyz"]


def test_what_is_zipped_moves_together(tmp_path: Path) -> None:
    found = points(from_text(tmp_path, "zip: {a: [1, 2, 3], b: [x, {grid: [u, v]}]}"))
    assert found == [("", {"a": 1, "b": "x"}), ("", {"a": 2, "b": "u"}), ("", {"a": 3, "b": "v"})]


def test_variants_times_zip_times_grid_times_trials(tmp_path: Path) -> None:
    text = """
variants: {one: {}, two: {a: 1, b: 2}}
zip: {c: [1, 2], d: [3, 4]}
grid: {e: [5, 6, 7]}
random: {trials: 4, space: {f: {integer: [0, 1000000]}}}
"""
    definition = from_text(tmp_path, text)
    found = points(definition)
    assert len(found) == definition.run_count == 2 * 2 * 3 * 4
    assert len({tuple(point.items()) for _, point in found}) == 48
    for name, point in found:
        assert point["d"] == point["c"] + 2  # type: ignore[operator]
        assert ("a" in point) == (name == "two")
        assert point["e"] in (5, 6, 7)


def test_nothing_that_varies_is_one_point(tmp_path: Path) -> None:
    assert points(from_words(tmp_path)) == [("", {})]
    assert from_words(tmp_path).run_count == 1


def test_what_is_excluded_has_all_values_of_a_pattern(tmp_path: Path) -> None:
    text = "grid: {a: [1, 2], b: [x, y]}\nexclude: [{a: 1, b: x}, {b: y}]"
    assert points(from_text(tmp_path, text)) == [("", {"a": 2, "b": "x"})]


def test_a_whole_component_can_be_excluded(tmp_path: Path) -> None:
    text = "grid: {optimizer: [sgd, {adam: {lr: 0.1}}]}\nexclude: [{optimizer: {adam: {lr: 0.1}}}]"
    assert points(from_text(tmp_path, text)) == [("", {"optimizer": "sgd"})]


def test_a_pattern_with_a_key_that_a_variant_lacks_does_not_match_it(tmp_path: Path) -> None:
    text = "variants: {one: {}, two: {a: 1}}\nexclude: [{a: 1}]"
    assert points(from_text(tmp_path, text)) == [("one", {})]


def test_a_parameter_that_exists_with_one_choice_of_a_grid_alone(tmp_path: Path) -> None:
    text = "grid: {optimizer: [nadam, {adam: {lr: {grid: [1e-3, 1e-2]}}}], activation: [relu, tanh]}"
    runs = runs_of(from_text(tmp_path, text))
    assert varied(runs) == [
        {"optimizer": "nadam", "activation": "relu"},
        {"optimizer": "nadam", "activation": "tanh"},
        {"optimizer": "adam", "optimizer.adam.lr": 1e-3, "activation": "relu"},
        {"optimizer": "adam", "optimizer.adam.lr": 1e-3, "activation": "tanh"},
        {"optimizer": "adam", "optimizer.adam.lr": 1e-2, "activation": "relu"},
        {"optimizer": "adam", "optimizer.adam.lr": 1e-2, "activation": "tanh"},
    ]
    assert [run.plain_spec["optimizer"]["adam"]["lr"] for run in runs[2:]] == [1e-3, 1e-3, 1e-2, 1e-2]


def test_a_parameter_that_exists_with_one_choice_of_a_space_alone(tmp_path: Path) -> None:
    text = """
random:
  trials: 40
  space: {optimizer: {choice: [sgd, {adam: {lr: {log_uniform: [1e-4, 1e-1]}}}]}}
"""
    definition = from_text(tmp_path, text)
    found = [point["optimizer"] for _, point in points(definition)]
    rates = [value["adam"]["lr"] for value in found if isinstance(value, dict)]
    assert found.count("sgd") + len(rates) == 40
    assert 10 < len(rates) < 30
    assert len(set(rates)) == len(rates)
    assert all(1e-4 <= rate <= 1e-1 for rate in rates)


def test_identity_is_what_varies_and_not_the_values_or_seeds(tmp_path: Path) -> None:
    one = from_text(tmp_path, "grid: {activation: [relu, tanh]}\nseeds: 2")
    assert (
        from_text(tmp_path, "grid: {activation: [relu, tanh, elu]}\nseeds: 5").build_identity() == one.build_identity()
    )
    others = [
        "grid: {init: [he, xavier]}\nseeds: 2",
        "grid: {activation: [relu, tanh]}\nseeds: 2\nfolds: 3",
        "grid: {activation: [relu, tanh]}\nseeds: 2\nensemble: {members: 3}",
        "variants: {a: {activation: relu}}\nseeds: 2",
        "random: {trials: 2, space: {activation: {choice: [relu, tanh]}}}",
    ]
    assert all(from_text(tmp_path, other).build_identity() != one.build_identity() for other in others)


def test_more_trials_are_the_same_sweep_and_another_space_is_not(tmp_path: Path) -> None:
    text = "random: {trials: %d, space: {optimizer.adam.lr: {uniform: [%s, 1]}}}"
    one = from_text(tmp_path, text % (2, 0.1)).build_identity()
    assert from_text(tmp_path, text % (9, 0.1)).build_identity() == one
    assert from_text(tmp_path, text % (2, 0.2)).build_identity() != one


def test_what_varies_is_named_once_for_each_way(tmp_path: Path) -> None:
    definition = from_words(tmp_path, "a=1,2", "b=3,4")
    assert definition.list_varying_keys() == ["a", "b"]
