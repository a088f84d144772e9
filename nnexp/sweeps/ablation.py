"""Leave-one-out and swap-one: a sweep of variants of a spec that lack one of its parts, or have another in its place.

Which parts there are is taken from the resolved spec, what stands in their place from the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from nnexp import registry
from nnexp.counting import Count, count
from nnexp.errors import SpecError, UsageError
from nnexp.network import assemble
from nnexp.schedules.constant import Constant
from nnexp.spec import resolved
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.conflicts import Assignment
from nnexp.spec.load import from_tree
from nnexp.spec.memory import described
from nnexp.spec.sections import Origin, Spec
from nnexp.spec.text import tree
from nnexp.sweeps.conflicts import check_definition
from nnexp.sweeps.definition import Definition, Named, Point
from nnexp.sweeps.words import put_into
from nnexp.typing import Shape

WHOLE = "as it is"

SWAPS: dict[str, tuple[str, ...]] = {
    "activation": ("relu", "tanh", "sigmoid"),
    "init": ("he", "xavier"),
    "optimizer": ("sgd", "momentum", "adam"),
}
"""What takes the place of a part: the usual choices, each with its own defaults, but for the one that is there."""

NOT_ADAPTIVE = ("sgd", "momentum", "nesterov", "ema_momentum")
"""Optimizers whose steps grow with the gradient. In the place of an adaptive one they get ten times its rate."""

OF_TRAINING = ("early_stopping", "clip_norm", "clip_value")


def ablation(definition: Definition, seeds: int) -> Definition:
    """The sweep over one spec's ablations, each with the same seeds. Raises UsageError for a baseline."""
    spec = from_tree(definition.base.copy(), Origin(definition.base_text), name=definition.base_name)
    if isinstance(spec, BaselineSpec):
        raise UsageError(f"{spec.name} is a baseline, of which nothing can be left out")
    place = definition.base.place
    points = {name: _point(values, definition) for name, values in changes(spec).items()}
    sound = {name: point for name, point in points.items() if _is_sound(definition, point)}
    variants = (Named(WHOLE, ()), *(Named(name, point) for name, point in sound.items()))
    name = f"{definition.name}_ablation"
    places = dict(definition.places) | {"variants": place}
    asked = definition.seeds or tuple(range(seeds))
    found = replace(definition, name=name, variants=variants, seeds=asked, places=places)
    # The variants are made of the spec with its fixed values, so that none of these is lost in them.
    check_definition(replace(found, fixed=()))
    return found


def changes(spec: Spec) -> dict[str, dict[str, Any]]:
    """What is changed for each variant: keys of the spec, each with its value."""
    plain = resolved.plain(spec)
    found: dict[str, dict[str, Any]] = {}
    for kind in removable(spec):
        layers = without(plain["architecture"], kind)
        found[f"no {kind}"] = {
            "architecture": without(layers, "activation") if kind == _name(plain["activation"]) else layers
        }
    if _kinds(plain["architecture"]) & {"residual_block"}:
        found["no shortcut"] = {"architecture": inlined(plain["architecture"])}
    for penalty in plain["regularization"]:
        rest = {name: value for name, value in plain["regularization"].items() if name != penalty}
        found[f"no {penalty}"] = {"regularization": rest or None}
    for index, entry in enumerate(plain["data"]["augment"]):
        rest_of = [other for number, other in enumerate(plain["data"]["augment"]) if number != index]
        found[f"no {_name(entry)}"] = {"data.augment": rest_of}
    if registry.normalizations.name_of(spec.data.normalize) != "none":
        found["no normalization"] = {"data.normalize": "none"}
    found |= _of_course(spec, plain)
    for key, choices in SWAPS.items():
        own = _name(plain[key])
        for choice in choices:
            if choice != own:
                found[f"{choice} for {own}"] = {
                    key: _rated(choice, plain["optimizer"]) if key == "optimizer" else choice
                }
    return found


def _of_course(spec: Spec, plain: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Without what makes the training take another course."""
    found: dict[str, dict[str, Any]] = {}
    if not isinstance(spec.schedule, Constant):
        warmup = spec.schedule.warmup_epochs
        constant = {"constant": {"warmup_epochs": warmup}} if warmup else "constant"
        found[f"no {registry.schedules.name_of(spec.schedule)}"] = {"schedule": constant}
    if spec.schedule.warmup_epochs:
        name = registry.schedules.name_of(spec.schedule)
        found["no warmup"] = {f"schedule.{name}.warmup_epochs": 0}
    for key in OF_TRAINING:
        if plain["training"][key] is not None:
            found[f"no {key}"] = {f"training.{key}": None}
    return found


def removable(spec: Spec) -> list[str]:
    """The kinds of layers without which a network keeps its shapes and its weights: norms, dropout, activations."""
    found = described(spec.data)
    whole = count(assemble(spec.architecture, spec.activation, found.widths), found.shape)
    return list(dict.fromkeys(_shapeless(whole.parts, found.shape)))


def _shapeless(parts: Sequence[Count], x: Shape) -> Iterator[str]:
    for part in parts:
        if part.parts:
            yield from _shapeless(part.parts, x)
        elif part.output == x and not part.weights:
            kind = re.sub(r"_\d+$", "", part.name)
            if kind in registry.layers or kind in registry.activations:
                yield kind
        x = part.output


def without(layers: list[Any], kind: str) -> list[Any]:
    """A list of layers, lists in their parameters included, without those of a kind.

    >>> without(["batch_norm", {"residual_block": {"layers": ["batch_norm", {"dense": 3}]}}], "batch_norm")
    [{'residual_block': {'layers': [{'dense': 3}]}}]
    """
    return [_within(layer, kind) for layer in layers if _name(layer) != kind]


def _within(value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        return {key: _within(entry, kind) for key, entry in value.items()}
    if isinstance(value, list):
        return without(value, kind) if all(map(_is_layer, value)) else [_within(entry, kind) for entry in value]
    return value


def inlined(layers: list[Any]) -> list[Any]:
    """The layers of residual blocks in their places, without the shortcuts around them."""
    flat: list[Any] = []
    for layer in layers:
        block = layer.get("residual_block") if isinstance(layer, dict) else None
        flat += inlined(block["layers"]) if block else [layer]
    return flat


def _kinds(layers: list[Any]) -> set[str]:
    return {_name(layer) for layer in layers}


def _is_layer(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and len(value) == 1)


def _name(component: Any) -> str:
    return component if isinstance(component, str) else str(next(iter(component)))


def _rated(choice: str, optimizer: dict[str, Any]) -> Any:
    """Another optimizer with a rate that goes with the one that is there; an adaptive one with its own default."""
    [(own, parameters)] = optimizer.items() if isinstance(optimizer, dict) else [(optimizer, {})]
    if choice not in NOT_ADAPTIVE or "lr" not in parameters:
        return choice
    return {choice: {"lr": parameters["lr"] * (1 if own in NOT_ADAPTIVE else 10)}}


def _point(values: dict[str, Any], definition: Definition) -> Point:
    place = definition.base.place
    return tuple(Assignment(path, tree(value, place), place) for path, value in values.items())


def _is_sound(definition: Definition, point: Point) -> bool:
    """Whether a variant is a spec that can be trained: a network may not stand without each of its parts."""
    root = definition.base.copy()
    try:
        for assignment in point:
            put_into(root, assignment.path, assignment.value, assignment.place)
        from_tree(root, Origin(definition.base_text), name=definition.base_name)
    except SpecError:
        return False
    return True
