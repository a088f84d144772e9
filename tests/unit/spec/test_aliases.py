"""Names of other libraries: each leads to something that is there, and a spec never takes one."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from nnexp.registry import REGISTRY_BY_KIND, component_parameters
from nnexp.spec.aliases import (
    COMPONENT_ALIASES,
    KEY_ALIASES,
    find_component,
    find_metric_name,
    find_ours,
    fold_name,
)
from nnexp.spec.build import Builder
from nnexp.spec.parameter_types import REGISTRIES_BY_TYPE, find_component_type
from nnexp.spec.problems import SpecText
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import parse_yaml

REGISTRIES = {components.kind: components for components in REGISTRY_BY_KIND.values()}
BASES = {components[0].kind: base for base, components in REGISTRIES_BY_TYPE.items()}
ENTRIES = [(kind, ours, theirs) for kind, aliases in COMPONENT_ALIASES.items() for ours, theirs in aliases.items()]


def list_sections(cls: type[Any]) -> list[type[Any]]:
    """A section and all below it that are no components."""
    sections = [cls]
    for parameter in component_parameters(cls):
        base = find_component_type(parameter.hint)
        if base is not None and base not in REGISTRIES_BY_TYPE and base.__module__.startswith("nnexp") and base != cls:
            sections += list_sections(base) if base.__name__ != "Chain" else []
    return sections


@pytest.mark.parametrize(("kind", "ours", "theirs"), ENTRIES, ids=lambda word: str(word)[:30])
def test_our_name_of_a_component_is_registered_and_its_parameters_are_right(kind: str, ours: str, theirs: str) -> None:
    name = ours.partition(":")[0]
    assert name in REGISTRIES[kind]
    if ":" in ours:
        builder = Builder()
        node = parse_yaml(SpecText("alias", ours))
        assert builder.build_component(BASES[kind], node, "") is not None
        assert builder.problems == []
    assert theirs.split()


@pytest.mark.parametrize(("kind", "ours", "theirs"), ENTRIES, ids=lambda word: str(word)[:30])
def test_no_alias_of_a_component_is_a_name_that_a_spec_takes(kind: str, ours: str, theirs: str) -> None:
    of_type = next(each for each in REGISTRIES_BY_TYPE.values() if REGISTRIES[kind] in each)
    known = {fold_name(name) for components in of_type for name in components}
    assert known.isdisjoint(map(fold_name, theirs.split()))


@pytest.mark.parametrize("kind", COMPONENT_ALIASES)
def test_an_alias_of_a_component_stands_for_one_thing(kind: str) -> None:
    for first, second in combinations(COMPONENT_ALIASES[kind].values(), 2):
        assert set(map(fold_name, first.split())).isdisjoint(map(fold_name, second.split()))


def test_our_name_of_a_key_is_a_parameter() -> None:
    classes = list_sections(Spec)
    for components in REGISTRY_BY_KIND.values():
        classes += [components[name] for name in components]
    known = {parameter.name for cls in classes for parameter in component_parameters(cls)}
    for ours in KEY_ALIASES:
        *path, last = ours.split(".")
        if path[:1] == ["regularization"]:
            assert last in REGISTRY_BY_KIND["penalties"]
        else:
            assert last in known


@pytest.mark.parametrize(
    ("kind", "theirs", "ours"),
    [
        ("loss", "mse", "squared_error"),
        ("loss", "bce", "binary_cross_entropy"),
        ("loss", "NLLLoss", "cross_entropy"),
        ("loss", "CrossEntropyLoss", "cross_entropy"),
        ("loss", "smooth-l1", "huber"),
        ("initializer", "glorot", "xavier"),
        ("initializer", "Xavier", "xavier"),
        ("initializer", "kaiming", "he"),
        ("initializer", "glorot_uniform", "xavier: {distribution: uniform}"),
        ("normalization", "zscore", "standard"),
        ("normalization", "minmax", "min_max"),
        ("schedule", "reduce_lr_on_plateau", "plateau"),
        ("schedule", "ReduceLROnPlateau", "plateau"),
        ("layer", "Dense", "dense"),
        ("layer", "Linear", "dense"),
        ("layer", "BatchNorm2d", "batch_norm"),
        ("layer", "Conv2D", "conv2d"),
        ("data source", "make_moons", "moons"),
    ],
)
def test_the_usual_name_of_a_component_is_known(kind: str, theirs: str, ours: str) -> None:
    assert find_component(theirs, [kind]) == ours


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("kernel_size", "kernel"),
        ("filters", "filters"),
        ("out_channels", "filters"),
        ("num_layers", "hidden"),
        ("hidden_sizes", "hidden"),
        ("learning_rate", "lr"),
        ("weight_decay", "decay"),
        ("weight_decay", "regularization.l2"),
        ("momentum", "beta"),
        ("validation_split", "dev"),
        ("random_state", "seed"),
        ("max_epochs", "epochs"),
    ],
)
def test_the_usual_name_of_a_key_is_known(theirs: str, ours: str) -> None:
    assert ours in find_ours(theirs, KEY_ALIASES)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("val_loss", "dev_loss"),
        ("val_acc", "dev_accuracy"),
        ("valid_r2", "dev_r2"),
        ("acc", "accuracy"),
        ("val_auc", "dev_roc_auc"),
    ],
)
def test_the_usual_name_of_a_metric_is_known(theirs: str, ours: str) -> None:
    assert find_metric_name(theirs) == ours
