"""Leave-one-out and swap-one: a sweep of variants of a spec that lack one of its parts, or have another in its place.

Which parts there are is taken from the resolved spec, what stands in their place from the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from nnexp import registry
from nnexp.errors import SpecError, UsageError
from nnexp.nn.size import LayerSize, count_network
from nnexp.optim.schedules.constant import Constant
from nnexp.spec import resolved
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.conflicts import Assignment
from nnexp.spec.read import build_spec
from nnexp.spec.spec import Origin, Spec
from nnexp.spec.yaml import build_tree
from nnexp.sweeps.definition.command_line import insert_value
from nnexp.sweeps.definition.conflicts import check_definition
from nnexp.sweeps.definition.definition import NamedVariant, Point, SweepDefinition
from nnexp.typing import Shape

UNCHANGED_VARIANT = "as it is"

SWAP_CHOICES: dict[str, tuple[str, ...]] = {
    "activation": ("relu", "tanh", "sigmoid"),
    "init": ("he", "xavier"),
    "optimizer": ("sgd", "momentum", "adam"),
}
"""What takes the place of a part: the usual choices, each with its own defaults, but for the one that is there."""

NON_ADAPTIVE_OPTIMIZERS = ("sgd", "momentum", "nesterov", "ema_momentum")
"""Optimizers whose steps grow with the gradient. In the place of an adaptive one they get ten times its rate."""

REMOVABLE_TRAINING_KEYS = ("early_stopping", "clip_norm", "clip_value")


def build_ablation(definition: SweepDefinition, seeds: int) -> SweepDefinition:
    """The sweep over one spec's ablations, each with the same seeds. Raises UsageError for a baseline."""
    spec = build_spec(definition.base.copy(), Origin(definition.base_text), name=definition.base_name)
    if isinstance(spec, BaselineSpec):
        raise UsageError(f"{spec.name} is a baseline, of which nothing can be left out")
    place = definition.base.place
    points = {name: _make_point(values, definition) for name, values in list_changes(spec).items()}
    sound = {name: point for name, point in points.items() if _is_trainable(definition, point)}
    variants = (NamedVariant(UNCHANGED_VARIANT, ()), *(NamedVariant(name, point) for name, point in sound.items()))
    name = f"{definition.name}_ablation"
    places = dict(definition.places) | {"variants": place}
    asked = definition.seeds or tuple(range(seeds))
    found = replace(definition, name=name, variants=variants, seeds=asked, places=places)
    # The variants are made of the spec with its fixed values, so that none of these is lost in them.
    check_definition(replace(found, fixed=()))
    return found


def list_changes(spec: Spec) -> dict[str, dict[str, Any]]:
    """What is changed for each variant: keys of the spec, each with its value."""
    plain = resolved.make_plain_spec(spec)
    found: dict[str, dict[str, Any]] = {}
    for kind in list_removable_kinds(spec):
        layers = remove_layers(plain["architecture"], kind)
        found[f"no {kind}"] = {
            "architecture": remove_layers(layers, "activation")
            if kind == _component_name(plain["activation"])
            else layers
        }
    if _collect_layer_kinds(plain["architecture"]) & {"residual_block"}:
        found["no shortcut"] = {"architecture": inline_residual_blocks(plain["architecture"])}
    for penalty in plain["regularization"]:
        rest = {name: value for name, value in plain["regularization"].items() if name != penalty}
        found[f"no {penalty}"] = {"regularization": rest or None}
    for index, entry in enumerate(plain["data"]["augment"]):
        rest_of = [other for number, other in enumerate(plain["data"]["augment"]) if number != index]
        found[f"no {_component_name(entry)}"] = {"data.augment": rest_of}
    if registry.normalizations.name_of(spec.data.normalize) != "none":
        found["no normalization"] = {"data.normalize": "none"}
    found |= _list_training_changes(spec, plain)
    for key, choices in SWAP_CHOICES.items():
        own = _component_name(plain[key])
        for choice in choices:
            if choice != own:
                found[f"{choice} for {own}"] = {
                    key: _match_learning_rate(choice, plain["optimizer"]) if key == "optimizer" else choice
                }
    return found


def _list_training_changes(spec: Spec, plain: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Without what makes the training take another course."""
    found: dict[str, dict[str, Any]] = {}
    if not isinstance(spec.schedule, Constant):
        warmup = spec.schedule.warmup_epochs
        constant = {"constant": {"warmup_epochs": warmup}} if warmup else "constant"
        found[f"no {registry.schedules.name_of(spec.schedule)}"] = {"schedule": constant}
    if spec.schedule.warmup_epochs:
        name = registry.schedules.name_of(spec.schedule)
        found["no warmup"] = {f"schedule.{name}.warmup_epochs": 0}
    for key in REMOVABLE_TRAINING_KEYS:
        if plain["training"][key] is not None:
            found[f"no {key}"] = {f"training.{key}": None}
    return found


def list_removable_kinds(spec: Spec) -> list[str]:
    """The kinds of layers without which a network keeps its shapes and its weights: norms, dropout, activations."""
    found = describe_data(spec.data)
    whole = count_network(spec.build_network(found), found.shape)
    return list(dict.fromkeys(_find_shape_keeping_kinds(whole.parts, found.shape)))


def _find_shape_keeping_kinds(parts: Sequence[LayerSize], x: Shape) -> Iterator[str]:
    for part in parts:
        if part.parts:
            yield from _find_shape_keeping_kinds(part.parts, x)
        elif part.output == x and not part.weights:
            kind = re.sub(r"_\d+$", "", part.name)
            if kind in registry.layers or kind in registry.activations:
                yield kind
        x = part.output


def remove_layers(layers: list[Any], kind: str) -> list[Any]:
    """A list of layers, lists in their parameters included, without those of a kind.

    >>> remove_layers(["batch_norm", {"residual_block": {"layers": ["batch_norm", {"dense": 3}]}}], "batch_norm")
    [{'residual_block': {'layers': [{'dense': 3}]}}]
    """
    return [_remove_layers_within(layer, kind) for layer in layers if _component_name(layer) != kind]


def _remove_layers_within(value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        return {key: _remove_layers_within(entry, kind) for key, entry in value.items()}
    if isinstance(value, list):
        return (
            remove_layers(value, kind)
            if all(map(_is_layer, value))
            else [_remove_layers_within(entry, kind) for entry in value]
        )
    return value


def inline_residual_blocks(layers: list[Any]) -> list[Any]:
    """The layers of residual blocks in their places, without the shortcuts around them."""
    flat: list[Any] = []
    for layer in layers:
        block = layer.get("residual_block") if isinstance(layer, dict) else None
        flat += inline_residual_blocks(block["layers"]) if block else [layer]
    return flat


def _collect_layer_kinds(layers: list[Any]) -> set[str]:
    return {_component_name(layer) for layer in layers}


def _is_layer(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and len(value) == 1)


def _component_name(component: Any) -> str:
    return component if isinstance(component, str) else str(next(iter(component)))


def _match_learning_rate(choice: str, optimizer: dict[str, Any]) -> Any:
    """Another optimizer with a rate that goes with the one that is there; an adaptive one with its own default."""
    [(own, parameters)] = optimizer.items() if isinstance(optimizer, dict) else [(optimizer, {})]
    if choice not in NON_ADAPTIVE_OPTIMIZERS or "lr" not in parameters:
        return choice
    return {choice: {"lr": parameters["lr"] * (1 if own in NON_ADAPTIVE_OPTIMIZERS else 10)}}


def _make_point(values: dict[str, Any], definition: SweepDefinition) -> Point:
    place = definition.base.place
    return tuple(Assignment(path, build_tree(value, place), place) for path, value in values.items())


def _is_trainable(definition: SweepDefinition, point: Point) -> bool:
    """Whether a variant is a spec that can be trained: a network may not stand without each of its parts."""
    root = definition.base.copy()
    try:
        for assignment in point:
            insert_value(root, assignment.path, assignment.value, assignment.place)
        build_spec(root, Origin(definition.base_text), name=definition.base_name)
    except SpecError:
        return False
    return True
