"""Leave-one-out and swap-one: a sweep of variants of a spec that lack one of its parts, or have another in its place.

The parts are those of the resolved spec, the replacements are components of the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from nnexp import registry
from nnexp.errors import SpecError, UsageError
from nnexp.nn.size import LayerSize, count_network
from nnexp.optim.schedules.constant import Constant
from nnexp.spec import resolved
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.conflicts import Assignment
from nnexp.spec.problems import Problem
from nnexp.spec.read import build_spec
from nnexp.spec.spec import Origin, Spec
from nnexp.spec.yaml import build_tree
from nnexp.sweeps.definition.command_line import insert_value
from nnexp.sweeps.definition.conflicts import check_definition
from nnexp.sweeps.definition.definition import NamedVariant, Point, SweepDefinition
from nnexp.typing import Shape

UNCHANGED_VARIANT = "unchanged"
"""The name of the variant that is the spec itself."""

DEFAULT_SEED_COUNT = 5
"""Seeds of each variant: fewer leave wide intervals."""

SWAP_CHOICES: dict[str, tuple[str, ...]] = {
    "activation": ("relu", "tanh", "sigmoid"),
    "init": ("he", "xavier"),
    "optimizer": ("sgd", "momentum", "adam"),
}
"""The usual choices for a part, each with its own defaults; a spec's own choice is skipped."""

NON_ADAPTIVE_OPTIMIZERS = ("sgd", "momentum", "nesterov", "ema_momentum")
"""Optimizers whose steps are proportional to the gradient."""

NON_ADAPTIVE_RATE_FACTOR = 10
"""Learning rate of a non-adaptive optimizer in place of an adaptive one, as a multiple of the adaptive one's.

The usual defaults differ by it, in Keras 0.01 for SGD and 0.001 for Adam: with the same rate SGD would seem worse.
"""

REMOVABLE_TRAINING_KEYS = ("early_stopping", "clip_norm", "clip_value")
"""Keys of `training` that can be null."""

Changes: TypeAlias = "dict[str, dict[str, Any]]"
"""For each variant, by its name, the keys of the spec that change, each with its value."""


def build_ablation(definition: SweepDefinition, seeds: int | None = None) -> SweepDefinition:
    """The sweep over one spec's ablations, each with the same seeds: so many, or those of the command.

    Raises UsageError for a baseline, and SpecError if the seeds are given twice.
    """
    spec = build_spec(definition.base.copy(), Origin(definition.base_text), name=definition.base_name)
    if isinstance(spec, BaselineSpec):
        raise UsageError(f"{spec.name} is a baseline, which has no parts to leave out")
    variants = [NamedVariant(UNCHANGED_VARIANT, ())]
    for name, values in list_changes(spec).items():
        point = _make_point(values, definition)
        if _is_trainable(definition, point):
            variants.append(NamedVariant(name, point))
    ablation = replace(
        definition,
        name=f"{definition.name}_ablation",
        variants=tuple(variants),
        seeds=_choose_seeds(definition, seeds),
        places={**definition.places, "variants": definition.base.place},
    )
    # Without the fixed values: the variants are made of the spec that has these, so that none of them is lost.
    check_definition(replace(ablation, fixed=()))
    return ablation


def _choose_seeds(definition: SweepDefinition, count: int | None) -> tuple[int, ...]:
    if not definition.seeds:
        return tuple(range(count or DEFAULT_SEED_COUNT))
    if count is not None:
        message = f"the seeds are given twice, here and as --seeds {count}"
        raise SpecError([Problem(definition.places["seeds"], "seed", message, "keep one of them")])
    return definition.seeds


def list_changes(spec: Spec) -> Changes:
    """What changes in each variant."""
    plain = resolved.make_plain_spec(spec)
    return {
        **_list_layer_changes(spec, plain),
        **_list_regularization_changes(spec, plain),
        **_list_training_changes(spec, plain),
        **_list_swaps(plain),
    }


def _list_layer_changes(spec: Spec, plain: dict[str, Any]) -> Changes:
    """Without one kind of layers, or without shortcuts."""
    changes: Changes = {}
    for kind in list_removable_kinds(spec):
        layers = remove_layers(plain["architecture"], kind)
        if kind == _component_name(plain["activation"]):
            layers = remove_layers(layers, "activation")  # stands for the activation of the spec
        changes[f"no {kind}"] = {"architecture": layers}
    if "residual_block" in map(_component_name, plain["architecture"]):
        changes["no shortcut"] = {"architecture": inline_residual_blocks(plain["architecture"])}
    return changes


def _list_regularization_changes(spec: Spec, plain: dict[str, Any]) -> Changes:
    """Without one penalty, one augmentation, or the normalization of the data."""
    changes: Changes = {}
    for penalty in plain["regularization"]:
        others = {name: value for name, value in plain["regularization"].items() if name != penalty}
        changes[f"no {penalty}"] = {"regularization": others or None}
    augmentations = plain["data"]["augment"]
    for index, augmentation in enumerate(augmentations):
        changes[f"no {_component_name(augmentation)}"] = {
            "data.augment": augmentations[:index] + augmentations[index + 1 :]
        }
    if registry.normalizations.name_of(spec.data.normalize) != "none":
        changes["no normalization"] = {"data.normalize": "none"}
    if registry.normalizations.name_of(spec.data.scale_targets) != "none":
        changes["no scaling of targets"] = {"data.scale_targets": "none"}
    return changes


def _list_training_changes(spec: Spec, plain: dict[str, Any]) -> Changes:
    """Without a schedule, its warm-up, early stopping or clipping."""
    changes: Changes = {}
    name, warmup = registry.schedules.name_of(spec.schedule), spec.schedule.warmup_epochs
    if not isinstance(spec.schedule, Constant):
        # The warm-up is a part of its own, so that it stays.
        constant = {"constant": {"warmup_epochs": warmup}} if warmup else "constant"
        changes[f"no {name}"] = {"schedule": constant}
    if warmup:
        changes["no warmup"] = {f"schedule.{name}.warmup_epochs": 0}
    for key in REMOVABLE_TRAINING_KEYS:
        if plain["training"][key] is not None:
            changes[f"no {key}"] = {f"training.{key}": None}
    return changes


def _list_swaps(plain: dict[str, Any]) -> Changes:
    """With another of the usual choices."""
    changes: Changes = {}
    for key, choices in SWAP_CHOICES.items():
        own = _component_name(plain[key])
        for choice in choices:
            if choice != own:
                value = _match_learning_rate(choice, plain["optimizer"]) if key == "optimizer" else choice
                changes[f"{choice} for {own}"] = {key: value}
    return changes


def list_removable_kinds(spec: Spec) -> list[str]:
    """The kinds of layers without which a network keeps its shapes and its weights: norms, dropout, activations."""
    description = describe_data(spec.data)
    size = count_network(spec.build_network(description), description.shape)
    return list(dict.fromkeys(_find_shape_keeping_kinds(size.parts, description.shape)))


def _find_shape_keeping_kinds(parts: Sequence[LayerSize], input_shape: Shape) -> Iterator[str]:
    for part in parts:
        if part.parts:
            yield from _find_shape_keeping_kinds(part.parts, input_shape)
        elif part.output == input_shape and not part.weights:
            kind = re.sub(r"_\d+$", "", part.name)  # the second of a kind is batch_norm_2
            if kind in registry.layers or kind in registry.activations:
                yield kind
        input_shape = part.output


def remove_layers(layers: list[Any], kind: str) -> list[Any]:
    """A list of layers, lists in their parameters included, without those of a kind.

    >>> remove_layers(["batch_norm", {"residual_block": {"layers": ["batch_norm", {"dense": 3}]}}], "batch_norm")
    [{'residual_block': {'layers': [{'dense': 3}]}}]
    """
    return [_remove_layers_within(layer, kind) for layer in layers if _component_name(layer) != kind]


def _remove_layers_within(value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        return {key: _remove_layers_within(entry, kind) for key, entry in value.items()}
    if not isinstance(value, list):
        return value
    if all(map(_is_layer, value)):
        return remove_layers(value, kind)
    return [_remove_layers_within(entry, kind) for entry in value]  # such as branches, each a list of layers


def inline_residual_blocks(layers: list[Any]) -> list[Any]:
    """The layers of residual blocks in their places, without the shortcuts around them."""
    flat: list[Any] = []
    for layer in layers:
        block = layer.get("residual_block") if isinstance(layer, dict) else None
        flat += inline_residual_blocks(block["layers"]) if block else [layer]
    return flat


def _is_layer(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and len(value) == 1)


def _component_name(component: Any) -> str:
    return component if isinstance(component, str) else str(next(iter(component)))


def _match_learning_rate(choice: str, optimizer: dict[str, Any]) -> Any:
    """Another optimizer with a learning rate to match; an adaptive one with its own default."""
    [(own, parameters)] = optimizer.items() if isinstance(optimizer, dict) else [(optimizer, {})]
    if choice not in NON_ADAPTIVE_OPTIMIZERS or "lr" not in parameters:
        return choice
    factor = 1 if own in NON_ADAPTIVE_OPTIMIZERS else NON_ADAPTIVE_RATE_FACTOR
    return {choice: {"lr": parameters["lr"] * factor}}


def _make_point(values: dict[str, Any], definition: SweepDefinition) -> Point:
    place = definition.base.place
    return tuple(Assignment(path, build_tree(value, place), place) for path, value in values.items())


def _is_trainable(definition: SweepDefinition, point: Point) -> bool:
    """Whether a variant can be trained: some networks need a part, such as the flattening of their images."""
    root = definition.base.copy()
    try:
        for assignment in point:
            insert_value(root, assignment.path, assignment.value, assignment.place)
        build_spec(root, Origin(definition.base_text), name=definition.base_name)
    except SpecError:
        return False
    return True
