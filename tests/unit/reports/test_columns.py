"""What tells variants from one another."""

from __future__ import annotations

from typing import Any

import pytest

from nnexp.reports.columns import build_cells, list_parameters
from nnexp.reports.labels import make_labels
from nnexp.reports.layer_lists import describe_layer
from nnexp.reports.rows import make_configuration
from tests.unit.reports.support import adam, plain


def cells(*specs: dict[str, Any]) -> dict[str, list[Any]]:
    return build_cells([list_parameters(make_configuration(spec)[0]) for spec in specs])


def dense(units: int) -> dict[str, Any]:
    return {"dense": {"units": units, "bias": True}}


OUTPUT = {"output": {"bias": True}}


def test_only_what_differs_is_a_column() -> None:
    assert cells(plain(), plain(activation="tanh", optimizer=adam(0.1))) == {
        "activation": ["relu", "tanh"],
        "lr": [0.001, 0.1],
    }


def test_what_only_one_optimizer_has_is_left_out_and_rates_share_a_column() -> None:
    sgd = plain(optimizer={"sgd": {"lr": 0.1}})
    assert cells(plain(), sgd) == {"optimizer": ["adam", "sgd"], "lr": [0.001, 0.1]}


def test_the_betas_of_two_adams_are_shown_where_they_differ() -> None:
    other = plain(optimizer=adam(0.001, beta2=0.99))
    assert cells(plain(), other, plain(optimizer={"sgd": {"lr": 0.1}}))["beta2"] == [0.999, 0.99, ""]


def test_variants_that_differ_in_a_section_being_there_are_told_apart() -> None:
    stopping = {"epochs": 40, "batch_size": 64, "early_stopping": {"patience": 3, "metric": "dev_loss"}}
    found = cells(plain(), plain(training=stopping))
    assert any(column[0] != column[1] for column in found.values())
    penalties = cells(plain(), plain(regularization={"l2": {"strength": 1e-4}}))
    assert penalties == {"regularization": ["", "l2 0.0001"]}


def test_layers_of_the_same_kinds_differ_in_their_numbers() -> None:
    narrow, wide = ([dense(units), "activation", dense(8), OUTPUT] for units in (16, 64))
    assert cells(plain(architecture=narrow), plain(architecture=wide)) == {"units": [16, 64]}


def test_layers_of_other_kinds_are_said_in_short_without_what_is_common() -> None:
    short = [dense(64), "activation", OUTPUT]
    long = [dense(64), "activation", {"dropout": {"rate": 0.2}}, dense(32), "activation", OUTPUT]
    assert cells(plain(architecture=short), plain(architecture=long)) == {
        "architecture": ["…, nothing, …", "…, dropout 0.2, dense 32, activation, …"]
    }


def test_a_baseline_has_no_layers() -> None:
    knn = {"name": "knn", "seed": 0, "data": plain()["data"], "baseline": {"knn": {"k": 5}}}
    found = cells(plain(), plain(activation="tanh"), knn)
    assert found["kind"] == ["network", "network", "knn"]
    assert found["activation"] == ["relu", "tanh", ""]
    assert "units" not in found


def test_ensembles_are_of_another_kind() -> None:
    variants = [
        list_parameters(make_configuration(plain())[0]),
        list_parameters(make_configuration(plain(), "ensemble of 5")[0]),
    ]
    assert build_cells(variants) == {"kind": ["network", "ensemble of 5"]}


def test_of_one_variant_the_name_is_said() -> None:
    assert cells(plain()) == {"name": ["fake"]}


def test_seed_fold_and_resample_are_not_part_of_a_variant() -> None:
    def key(seed: int, fold: int, bootstrap: int) -> str:
        data = plain()["data"]
        split = {**data["split"], "k_fold": {"folds": 5, "fold": fold}, "bootstrap": bootstrap}
        return make_configuration(plain(seed=seed, data={**data, "split": split}))[0].key

    assert key(0, 1, 7) == key(3, 4, 8)
    assert key(0, 1, 7) != make_configuration(plain())[0].key


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("activation", "activation"),
        (dense(64), "dense 64"),
        (OUTPUT, "output"),
        ({"dropout": {"rate": 0.2}}, "dropout 0.2"),
        ({"residual_block": {"layers": [dense(8), "activation", dense(8)]}}, "residual_block of dense, activation"),
    ],
)
def test_a_layer_in_a_word_or_two(layer: Any, words: str) -> None:
    assert describe_layer(layer) == words


def test_labels_are_as_short_as_they_can_be() -> None:
    assert make_labels([{"name": "a", "lr": 0.1}, {"name": "b", "lr": 0.2}]) == ["a", "b"]
    assert make_labels([{"kind": "network", "lr": 0.1}, {"kind": "network", "lr": 0.2}, {"kind": "knn", "lr": ""}]) == [
        "lr=0.1",
        "lr=0.2",
        "knn",
    ]
    assert make_labels([{"kind": "network", "lr": 0.1}, {"kind": "ensemble of 3", "lr": 0.1}])[1] == "ensemble of 3"


def test_a_name_that_a_terminal_would_obey_is_shown_harmless() -> None:
    assert "\x1b" not in make_labels([{"name": "\x1b[2J"}])[0]
