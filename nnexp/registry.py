"""Registries: from the name in a spec to the component, and back.

A component is a frozen dataclass. Its constructor's signature is its schema, its docstring its documentation, so
registering is one line:

    @layers.register("dense")
    @dataclass(frozen=True, slots=True)
    class Dense(Layer): ...

A registry imports the modules of its package at the first look-up, so a new file in the right folder is all it takes.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from nnexp.typing import PerReplica

C = TypeVar("C", bound=type[Any])


class Registry:
    """Components of one kind, by name. A name is given once: a duplicate raises ValueError."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._classes: dict[str, type[Any]] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[C], C]:
        """Class decorator: make the component known as `name`."""

        def add_class(cls: C) -> C:
            if name in self._classes:
                raise ValueError(f"{self.kind} {name!r} is registered already, by {self._classes[name].__qualname__}")
            self._classes[name] = cls
            return cls

        return add_class

    def __getitem__(self, name: str) -> type[Any]:
        return self._load_classes()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._load_classes()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._load_classes()))

    def name_of(self, component: Any) -> str:
        """The name that `component`'s class is registered under."""
        for name, cls in self._load_classes().items():
            # The class itself: a subclass is another component, with a name of its own or none.
            if type(component) is cls:
                return name
        raise KeyError(f"{type(component).__qualname__} is no registered {self.kind}")

    def _load_classes(self) -> dict[str, type[Any]]:
        if not self._loaded:
            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"{self._package}.{module.name}")
            # Only now: where an import failed, the next look-up fails again, rather than miss a component silently.
            self._loaded = True
        return self._classes


activations = Registry("activation", "nnexp.nn.activations")
architectures = Registry("architecture", "nnexp.nn.architectures")
augmentations = Registry("augmentation", "nnexp.data.augmentations")
baselines = Registry("baseline", "nnexp.baselines")
initializers = Registry("initializer", "nnexp.nn.initializers")
layers = Registry("layer", "nnexp.nn.layers")
losses = Registry("loss", "nnexp.nn.losses")
metrics = Registry("metric", "nnexp.metrics.components")
normalizations = Registry("normalization", "nnexp.data.normalizations")
optimizers = Registry("optimizer", "nnexp.optim.optimizers")
penalties = Registry("penalty", "nnexp.nn.penalties")
schedules = Registry("schedule", "nnexp.optim.schedules")
sources = Registry("data source", "nnexp.data.sources")
targets = Registry("target", "nnexp.data.targets")

REGISTRY_BY_KIND: dict[str, Registry] = {
    "activations": activations,
    "architectures": architectures,
    "augmentations": augmentations,
    "baselines": baselines,
    "initializers": initializers,
    "layers": layers,
    "losses": losses,
    "metrics": metrics,
    "normalizations": normalizations,
    "optimizers": optimizers,
    "penalties": penalties,
    "schedules": schedules,
    "sources": sources,
    "targets": targets,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a component: its annotation, bounds included, and its default."""

    name: str
    hint: Any
    default: Any

    @property
    def is_required(self) -> bool:
        return self.default is MISSING

    @property
    def is_per_replica(self) -> bool:
        return _has_marker(self.hint, PerReplica)


def component_parameters(cls: type[Any]) -> tuple[Parameter, ...]:
    """The parameters of a component's constructor: required ones, then the others, keyword-only ones last.

    So the first parameter, which a spec may write without its name, is the component's own.
    """
    if cls not in _PARAMETERS_BY_CLASS:
        # With extras, since bounds and the mark of a per-replica number stand in Annotated.
        hints = get_type_hints(cls, include_extras=True)
        shown = [field for field in fields(cls) if field.init and not field.metadata.get("hidden")]
        in_order = sorted(shown, key=lambda field: (_find_default(field) is not MISSING, field.kw_only))
        _PARAMETERS_BY_CLASS[cls] = tuple(
            Parameter(field.name, hints[field.name], _find_default(field)) for field in in_order
        )
    return _PARAMETERS_BY_CLASS[cls]


_PARAMETERS_BY_CLASS: dict[type[Any], tuple[Parameter, ...]] = {}
"""What `component_parameters` has found, since reading annotations is slow."""


def _find_default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _has_marker(hint: Any, word: type[Any]) -> bool:
    if get_origin(hint) is Annotated and any(isinstance(entry, word) for entry in hint.__metadata__):
        return True
    return any(_has_marker(part, word) for part in get_args(hint))


@dataclass(frozen=True, slots=True)
class Documentation:
    """The parts of a component's docstring: what it is, its formula, and the rest (shapes, source, variant)."""

    summary: str
    formula: str
    rest: str


def parse_docstring(cls: type[Any]) -> Documentation:
    """A docstring's first line is the summary; its first indented paragraph is the formula."""
    text = inspect.getdoc(cls) or ""
    summary, _, body = text.partition("\n")
    paragraphs = [part for part in body.strip("\n").split("\n\n") if part.strip()]
    formula = next((part for part in paragraphs if part.startswith("    ")), "")
    rest = "\n\n".join(part for part in paragraphs if part is not formula)
    return Documentation(summary, inspect.cleandoc(formula) if formula else "", rest)
