"""What the parameters of components hold: plain values, components by name, sections, or lists of layers."""

from __future__ import annotations

from dataclasses import is_dataclass
from types import NoneType
from typing import Any, Literal, Union, get_args, get_origin

from nnexp import registry
from nnexp.baselines.base import Baseline
from nnexp.data.augmentations.base import Augmentation
from nnexp.data.dataset import Source
from nnexp.data.normalizations.base import Normalization
from nnexp.data.targets.base import Target
from nnexp.metrics.components.base import Metric
from nnexp.nn.activations.base import Activation
from nnexp.nn.architectures.base import Architecture
from nnexp.nn.initializers.base import Initializer
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.losses.base import Loss
from nnexp.nn.named import Named
from nnexp.nn.penalties.base import Penalty
from nnexp.optim.optimizers.base import Optimizer
from nnexp.optim.schedules.base import Schedule
from nnexp.registry import Parameter, Registry, component_parameters
from nnexp.spec.validation import describe_plain_type, is_union

REGISTRIES_BY_TYPE: dict[type, tuple[Registry, ...]] = {
    Activation: (registry.activations,),
    Architecture: (registry.architectures,),
    Augmentation: (registry.augmentations,),
    Baseline: (registry.baselines,),
    Initializer: (registry.initializers,),
    Layer: (registry.layers, registry.activations),
    Loss: (registry.losses,),
    Metric: (registry.metrics,),
    Normalization: (registry.normalizations,),
    Optimizer: (registry.optimizers,),
    Penalty: (registry.penalties,),
    Schedule: (registry.schedules,),
    Source: (registry.sources,),
    Target: (registry.targets,),
}
"""Where the names for a parameter of each type are looked up."""


def find_component_classes(base: type[Any]) -> dict[str, type[Any]]:
    """The classes that a parameter of this type may name, by their names."""
    classes: dict[str, type[Any]] = {}
    for names in REGISTRIES_BY_TYPE[base]:
        classes.update((name, names[name]) for name in names)
    return classes


def name_kind(base: type[Any]) -> str:
    """The word for the components of this type, such as "layer"."""
    return REGISTRIES_BY_TYPE[base][0].kind


def describe_type(hint: Any) -> str:
    """What a parameter of this type takes, in words."""
    base = find_component_type(hint)
    if base is None:
        return describe_plain_type(hint)
    if words := list_words(hint):
        return f"{', '.join(words)} or {describe_type(strip_words(hint))}"
    if get_origin(hint) is Named:
        return f"a mapping of names, each to {describe_single(base)}"
    if base is Chain:
        return "a list of branches, each a list of layers" if get_origin(hint) is tuple else "a list of layers"
    if get_origin(hint) is tuple and base in REGISTRIES_BY_TYPE:
        return f"a list of {name_kind(base)}s"
    return describe_single(base)


def describe_single(base: type[Any]) -> str:
    """A component, a section or a list of layers, in words."""
    if base is Chain:
        return "a list of layers"
    if base in REGISTRIES_BY_TYPE:
        return add_article(name_kind(base))
    only = find_only_parameter(base)
    if only is None:
        return "a mapping"
    return describe_type(only.hint)


def find_component_type(hint: Any) -> Any:
    """The section or component class that a parameter holds, one or several or none; otherwise None."""
    if isinstance(hint, type) and (hint in REGISTRIES_BY_TYPE or is_dataclass(hint)):
        return hint
    if is_union(hint) or get_origin(hint) in (tuple, Named):
        for member in get_args(hint):
            found = find_component_type(member)
            if found:
                return found
    return None


def list_words(hint: Any) -> tuple[str, ...]:
    """The words that may stand where otherwise a section or component does, such as none and balanced."""
    words: list[str] = []
    if is_union(hint):
        for member in get_args(hint):
            if get_origin(member) is Literal:
                words += get_args(member)
    return tuple(words)


def strip_words(hint: Any) -> Any:
    """The type without the words that may stand in its place."""
    if not list_words(hint):
        return hint
    members = [member for member in get_args(hint) if get_origin(member) is not Literal]
    return Union[tuple(members)]  # noqa: UP007


def has_component(parameter: Parameter) -> bool:
    """Whether a parameter holds sections or components rather than plain values."""
    return find_component_type(parameter.hint) is not None


def is_mapping(cls: type[Any]) -> bool:
    """Whether all that a component takes is a mapping of names, which then stands behind its own name."""
    known = component_parameters(cls)
    return len(known) == 1 and get_origin(known[0].hint) is Named


def find_only_parameter(cls: type[Any]) -> Parameter | None:
    """The parameter of a section that may stand for the whole of it: the only one, if it is a plain value, or the one
    that the section names as its short form.
    """
    known = component_parameters(cls)
    short: str | None = getattr(cls, "short_parameter", None)
    if short is not None:
        return next(parameter for parameter in known if parameter.name == short)
    if len(known) != 1 or has_component(known[0]):
        return None
    return known[0]


def is_optional(hint: Any) -> bool:
    """Whether null may stand for a parameter."""
    return is_union(hint) and NoneType in get_args(hint)


def add_article(noun: str) -> str:
    """The noun with its indefinite article."""
    article = "an" if noun[0] in "aeiou" else "a"
    return f"{article} {noun}"
