"""Every registered component in a small network.   N examples, I inputs, O outputs

Required parameters are made up from the constructor's signature, so that a new component is checked without being
entered anywhere. One that cannot be put into a network this way raises NoExample, and needs GIVEN_PARAMETERS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, is_dataclass, replace
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

import numpy as np

from nnexp.errors import GradientUndecided
from nnexp.gradient_check.gradients import ERROR_THRESHOLD, SAMPLE_ENTRIES, check_model
from nnexp.gradient_check.result import GradientCheck, Verdict
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.tanh import Tanh
from nnexp.nn.initializers.xavier import Xavier
from nnexp.nn.layers.base import Layer, ShapeError
from nnexp.nn.layers.chain import Chain, make_chain
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.flatten import Flatten
from nnexp.nn.layers.output import Output
from nnexp.nn.losses.base import Loss, Targets
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.model import Model, stack_networks
from nnexp.nn.named import Named
from nnexp.nn.network import build_network
from nnexp.nn.penalties.base import Penalty
from nnexp.nn.random import make_generators
from nnexp.registry import REGISTRY_BY_KIND, Parameter, component_parameters
from nnexp.typing import Array, Shape

CHECKED_KINDS = ("activations", "layers", "losses", "penalties", "architectures")
"""The kinds that have a gradient."""

# All different, so that two axes cannot be confused without an error.
N, LAYER_WIDTH, O = 7, 6, 3
TASK_OUTPUTS = {"first": 1, "second": 2}
"""The outputs of each of several tasks."""

FLAT_SHAPE: Shape = (5,)
IMAGE_SHAPE: Shape = (8, 8, 2)

GIVEN_PARAMETERS: dict[tuple[str, str], dict[str, Any]] = {
    ("architectures", "alexnet"): {"width": 0.02},
    ("architectures", "zfnet"): {"width": 0.02},
    ("architectures", "vgg"): {"width": 0.02, "depth": 11},
    ("architectures", "lenet5"): {"padding": 6},
    ("architectures", "mlp"): {"hidden": (LAYER_WIDTH, LAYER_WIDTH), "batch_norm": True, "dropout": 0.2},
}
"""Parameters that the signature cannot tell, or whose defaults make a large network."""


class NoExample(LookupError):
    """A component that cannot be put into a network by its signature alone; the message says why."""


@dataclass(frozen=True, slots=True)
class ExampleNetwork:
    """A component in a network: the layers, the loss and the penalties around it, and the shape of its inputs."""

    kind: str
    name: str
    setting: str
    layers: tuple[Layer, ...]
    shape: Shape = FLAT_SHAPE
    loss: Loss = CrossEntropy()
    penalties: tuple[Penalty, ...] = ()
    targets: Targets = "classes"

    def __str__(self) -> str:
        return f"{self.name} ({self.setting})"

    def build_model(self) -> Model:
        """The network at the start of training, in double precision."""
        network = stack_networks([build_network(self.layers, Tanh(), O)], [self.loss], [self.penalties], self.shape)
        if network.declaration.output != (O,):
            raise ShapeError(f"it gives {network.declaration.output} and not {O} outputs")
        inits = [Xavier(bias=0.1)]
        theta, buffers = network.initialize_parameters(inits, [0], lambda rows: self.x[:, rows], "float64")
        return network.build_model(theta, buffers)

    @property
    def x(self) -> Array:
        """Inputs (1, N, ...)."""
        return np.random.default_rng(0).standard_normal((1, N, *self.shape))

    @property
    def d(self) -> Array:
        """Targets (1, N, O)."""
        draw = np.random.default_rng(1)
        if self.targets in ("values", "tasks"):
            return draw.standard_normal((1, N, O))
        if self.targets == "binary":
            return draw.integers(0, 2, (1, N, O)).astype(float)
        return np.eye(O)[draw.integers(0, O, (1, N))]


@dataclass(frozen=True, slots=True)
class ComponentCheck:
    """A component in one network; without a `check` it could not be put into any, and `problem` says why."""

    kind: str
    name: str
    setting: str
    check: GradientCheck | None
    problem: str = ""

    @property
    def verdict(self) -> Verdict:
        """That of the network."""
        if self.check is None:
            return "undecided"
        return self.check.verdict

    def as_dict(self) -> dict[str, Any]:
        """For a program."""
        found: dict[str, Any] = {"verdict": self.verdict, "problem": self.problem}
        if self.check is not None:
            found = self.check.as_dict()
        return {"kind": self.kind, "component": self.name, "setting": self.setting, **found}


def check_all_components(
    threshold: float = ERROR_THRESHOLD, watch: Callable[[str, int, int], None] = lambda name, number, total: None
) -> Iterator[ComponentCheck]:
    """Every registered component that has a gradient.

    `watch` is called with the name of each before its turn, with its number from 1 on and how many there are.
    """
    components: list[tuple[str, str]] = []
    for kind in CHECKED_KINDS:
        components += [(kind, name) for name in REGISTRY_BY_KIND[kind]]
    for number, (kind, name) in enumerate(components, start=1):
        watch(name, number, len(components))
        yield from _check_networks(kind, name, threshold)


def _check_networks(kind: str, name: str, threshold: float) -> Iterator[ComponentCheck]:
    """A component in every network that it fits into."""
    try:
        examples = build_examples(kind, name)
    except NoExample as error:
        yield ComponentCheck(kind, name, "-", None, str(error))
        return
    for example in examples:
        yield ComponentCheck(kind, name, example.setting, check_component(example, threshold))


def raise_if_failed(checks: Sequence[ComponentCheck]) -> None:
    """Raises GradientMismatch where a component is wrong, GradientUndecided where one could not be checked."""
    # A wrong gradient is told before one that could not be checked.
    for one in sorted(checks, key=lambda one: one.verdict != "wrong"):
        if one.check is None:
            raise GradientUndecided("--all", one.problem)
        one.check.raise_if_failed()


def check_component(example: ExampleNetwork, threshold: float = ERROR_THRESHOLD) -> GradientCheck:
    """Hold the gradient of an example's network against differences."""
    return check_model(
        example.build_model(),
        example.x,
        example.d,
        make_generators([0], "dropout"),
        name=str(example),
        threshold=threshold,
        entries=SAMPLE_ENTRIES if example.kind == "architectures" else None,
    )


def build_examples(kind: str, name: str) -> list[ExampleNetwork]:
    """Every network that a component fits into, with each of its options. Raises NoExample where there is none."""
    fitting, reasons = [], []
    for option, component in _build_with_options(kind, name):
        for make in _NETWORK_MAKERS[kind](kind, name, option, component):
            try:
                example = make()
                example.build_model()
            except ShapeError as error:
                reasons.append(str(error))
            else:
                fitting.append(example)
    if not fitting:
        raise NoExample(f"{REGISTRY_BY_KIND[kind].kind} {name!r} fits into no example network: {'; '.join(reasons)}")
    return fitting


def _build_with_options(kind: str, name: str) -> Iterator[tuple[str, Any]]:
    """The component with what it requires, and then with each of its options changed."""
    cls = REGISTRY_BY_KIND[kind][name]
    component = _build_small(cls, name, GIVEN_PARAMETERS.get((kind, name), {}))
    yield "", component
    # Options of an architecture choose among layers, each of which is checked by itself.
    if kind == "architectures":
        return
    for parameter in component_parameters(cls):
        for value in _list_choices(parameter.hint):
            if value != getattr(component, parameter.name):
                word = f"{parameter.name} {str(value).lower()}" if isinstance(value, bool) else str(value)
                yield f", {word}", replace(component, **{parameter.name: value})


def _build_small(cls: type[Any], name: str, given: dict[str, Any]) -> Any:
    """An instance of a class with the parameters that are `given`, and small values for others that it requires."""
    values = dict(given)
    for parameter in component_parameters(cls):
        if parameter.is_required and parameter.name not in given:
            values[parameter.name] = _make_up_value(name, parameter)
    return cls(**values)


def _list_choices(hint: Any) -> tuple[Any, ...]:
    """The values of an option."""
    if hint is bool:
        return (True, False)
    if get_origin(hint) is Literal:
        return get_args(hint)
    return ()


def _make_up_value(name: str, parameter: Parameter) -> Any:
    """A value for a required parameter: small counts, strengths that show, short chains of layers."""
    value = _make_value(parameter.hint)
    if value is None:
        raise NoExample(
            f"{name!r} has no example: its parameter `{parameter.name}` is not of a kind that can be made up"
        )
    return value


def _make_value(hint: Any) -> Any:
    if hint in SMALL_VALUES:
        return SMALL_VALUES[hint]
    if get_origin(hint) is Annotated:
        return _make_value(get_args(hint)[0])
    if get_origin(hint) is Named:
        return Named(tuple(TASK_OUTPUTS), (_make_value(get_args(hint)[0]),) * len(TASK_OUTPUTS))
    if isinstance(hint, type) and is_dataclass(hint):
        return _build_small(hint, hint.__name__, {})
    if get_origin(hint) is tuple:
        value = _make_value(get_args(hint)[0])
        return None if value is None else (value, value)
    return next((value for value in map(_make_value, get_args(hint)) if value is not None), None)


SMALL_VALUES: dict[Any, Any] = {
    int: 3,
    float: 0.3,
    Activation: Tanh(),
    Layer: Dense(LAYER_WIDTH),
    Loss: SquaredError(),
    Chain: make_chain([Dense(LAYER_WIDTH), Tanh()], ["dense", "tanh"]),
}

MakeExample: TypeAlias = Callable[[], ExampleNetwork]


def _wrap_layer(kind: str, name: str, option: str, layer: Any) -> Iterator[MakeExample]:
    """Between two layers with weights, on vectors and on images."""
    yield lambda: ExampleNetwork(kind, name, f"flat{option}", (Dense(LAYER_WIDTH), layer, Output()))
    yield lambda: ExampleNetwork(
        kind, name, f"images{option}", (Conv2D(LAYER_WIDTH, 5), layer, Flatten(), Output()), IMAGE_SHAPE
    )


def _wrap_loss(kind: str, name: str, option: str, loss: Any) -> Iterator[MakeExample]:
    """On every kind of targets that it takes."""
    for targets in loss.targets:
        fitted = loss.with_widths(TASK_OUTPUTS if targets == "tasks" else O)
        yield partial(ExampleNetwork, kind, name, f"{targets}{option}", HIDDEN_LAYERS, loss=fitted, targets=targets)


def _wrap_penalty(kind: str, name: str, option: str, penalty: Any) -> Iterator[MakeExample]:
    """On a network with a hidden layer."""
    yield partial(ExampleNetwork, kind, name, f"flat{option}", HIDDEN_LAYERS, penalties=(penalty,))


def _wrap_architecture(kind: str, name: str, option: str, architecture: Any) -> Iterator[MakeExample]:
    """With the inputs that it takes."""
    yield lambda: ExampleNetwork(kind, name, f"flat{option}", architecture.build_layers(FLAT_SHAPE))
    yield lambda: ExampleNetwork(kind, name, f"images{option}", architecture.build_layers(IMAGE_SHAPE), IMAGE_SHAPE)


HIDDEN_LAYERS = (Dense(LAYER_WIDTH), Tanh(), Output())

_NETWORK_MAKERS: dict[str, Callable[[str, str, str, Any], Iterator[MakeExample]]] = {
    "activations": _wrap_layer,
    "architectures": _wrap_architecture,
    "layers": _wrap_layer,
    "losses": _wrap_loss,
    "penalties": _wrap_penalty,
}
