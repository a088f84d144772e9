"""Hypothesis strategies: valid specs as plain values, drawn from the registered components' own signatures."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from hypothesis import strategies as st

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.data.file_source import FileSource
from nnexp.metrics.choose import DEFAULT_METRICS, prefix_task
from nnexp.metrics.outputs import list_tasks
from nnexp.nn.activations.base import Activation
from nnexp.optim.schedules.piecewise import Piecewise
from nnexp.registry import Parameter, Registry, component_parameters
from nnexp.spec.build import Builder
from nnexp.spec.parameter_types import find_component_type
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Data, is_line
from nnexp.spec.validation import is_union, strip_per_replica
from nnexp.spec.yaml import format_yaml, parse_yaml

Plain = dict[str, Any]

SIZES: dict[str, st.SearchStrategy[Any]] = {
    "examples": st.integers(40, 90),
    "classes": st.integers(2, 4),
    "units": st.integers(1, 8),
    "seed": st.integers(0, 2**128),
    "warmup_epochs": st.sampled_from([0, 0.5, 1, 2.25]),
    "metric": st.just("dev_loss"),
    "of": st.sampled_from(["0", 1]),
    "spread": st.floats(0.25, 4),
    "hidden": st.lists(st.integers(1, 8), max_size=3),
}
"""Parameters that are drawn small, or so that they fit the rest."""

FOREIGN = frozenset(
    {"from_run", "grouped", "heads", "lbfgs", "membership", "newton", "normal_equations", "tasks"}
    | {name for name in registry.sources if issubclass(registry.sources[name], FileSource)}
)
"""Components that need files, tasks, or a batch, network or classes that suit them; `specs` has some of them."""

DECIDED_METRICS = ("balanced_accuracy", "macro_f1", "roc_auc", "average_precision")
"""Metrics of classes that need no probabilities, so that they fit every loss."""

LARGE = frozenset({"cifar_like", "random_normal"})
"""Sources with so many features that a gradient check takes long."""

SHAPED = frozenset({"average_pool", "conv2d", "global_average_pool", "group_norm", "layer_norm", "max_pool"})
"""Layers that take images only, or not every width."""

EPOCHS = st.integers(3, 9)
FRACTIONS = [(0.8, 0.1, 0.1), (0.5, 0.5, 0.0), (0.6, 0.2, 0.2), (1.0, 0, 0), (20, 10, 0.2), (0.75, 0.25, 0)]
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1).filter(is_line)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values that an annotation allows."""
    hint = strip_per_replica(hint)
    if get_origin(hint) is Annotated:
        base, *bounds = get_args(hint)
        return numbers(base, bounds)
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if is_union(hint):
        return st.one_of(*map(values, get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3)
    plain = {bool: st.booleans(), type(None): st.none(), float: numbers(float, []), int: numbers(int, [])}
    return plain[hint]


def numbers(base: Any, bounds: Any) -> st.SearchStrategy[Any]:
    """Numbers within bounds, not large."""
    lows: list[Any] = [b.ge if isinstance(b, Ge) else b.gt for b in bounds if isinstance(b, Ge | Gt)]
    highs: list[Any] = [b.le if isinstance(b, Le) else b.lt for b in bounds if isinstance(b, Le | Lt)]
    low = max(lows, default=-10)
    high = min(highs, default=low + 20)
    if base is int:
        return st.integers(low, high)
    open_ = any(isinstance(b, Gt) for b in bounds), any(isinstance(b, Lt) for b in bounds)
    whole = [n for n in range(int(low), int(high) + 1) if (n > low or not open_[0]) and (n < high or not open_[1])]
    real = st.floats(low, high, exclude_min=open_[0], exclude_max=open_[1], allow_subnormal=False)
    return real | st.sampled_from(whole) if whole else real


@st.composite
def parameters_of(draw: st.DrawFn, cls: type[Any]) -> Plain:
    """All required parameters of a component and some of the others."""
    for name, strategy in composed().items():
        known = registry.layers if name in registry.layers else registry.architectures
        if known[name] is cls:
            return draw(strategy)
    chosen = [p for p in component_parameters(cls) if p.is_required or draw(st.booleans())]
    drawn = {p.name: draw(value_of(p)) for p in chosen}
    return drawn | draw(pieces()) if cls is Piecewise else drawn


@st.composite
def pieces(draw: st.DrawFn) -> Plain:
    """Increasing boundaries, and one value more than there are of them."""
    factors = st.sampled_from([1, 0.5, 1e-3])
    boundaries = sorted(draw(st.sets(st.sampled_from([1, 2, 2.5, 4, 7]), max_size=3)))
    return {"boundaries": boundaries, "values": [draw(factors) for _ in range(len(boundaries) + 1)]}


def value_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """A value of a parameter that holds no layers; for those that do there is `composed`."""
    if find_component_type(parameter.hint) is Activation:
        return st.none() | component(registry.activations)
    assert find_component_type(parameter.hint) is None, f"{parameter} needs a strategy of its own"
    return SIZES[parameter.name] if parameter.name in SIZES else values(parameter.hint)


@st.composite
def chains(draw: st.DrawFn, units: int | None = None) -> list[Any]:
    """A list of layers for any flat input; of a given width, or else perhaps empty."""
    inner = ["activation", "dense", "dropout", "gated", "skip_connection"]
    layer = component(registry.layers, inner) | component(registry.activations)
    return [*draw(st.lists(layer, max_size=2)), *([{"dense": {"units": units}}] if units else [])]


@st.composite
def same_width(draw: st.DrawFn) -> list[Any]:
    """Branches that all give the same number of features."""
    units = draw(SIZES["units"])
    return draw(st.lists(chains(units), min_size=2, max_size=3))


def composed() -> dict[str, st.SearchStrategy[Plain]]:
    """The parameters of what holds layers, so that the shapes fit whatever flat input comes; and of a few others."""
    branches = st.lists(chains(), min_size=2, max_size=3)
    activations = st.lists(component(registry.activations), max_size=2)
    return {
        "parallel": st.fixed_dictionaries({"branches": branches}),
        "two_layer": st.fixed_dictionaries({"embedding": component(registry.layers, ["gated", "maxout", "residual"])}),
        "autoencoder": st.fixed_dictionaries({"hidden": st.lists(st.integers(1, 8), min_size=1, max_size=3)}),
        "softmax_gated": st.fixed_dictionaries({"units": st.integers(2, 8)}),
        "product": st.fixed_dictionaries({"branches": same_width()}),
        "residual_block": st.fixed_dictionaries({"layers": chains(), "projected": st.just(value=True)})
        | st.fixed_dictionaries({"layers": activations}),
    }


@st.composite
def component(draw: st.DrawFn, known: Registry, names: list[str] | None = None) -> Any:
    """A component as a spec may write it: its name, its name and parameters, or its name and first parameter."""
    name = draw(st.sampled_from(names or [name for name in known if name not in FOREIGN]))
    found = draw(parameters_of(known[name]))
    if not found:
        return draw(st.sampled_from([name, {name: {}}, {name: None}]))
    first = component_parameters(known[name])[0].name
    bare = list(found) == [first] and not isinstance(found[first], dict) and found[first] is not None
    return {name: found[first] if bare and draw(st.booleans()) else found}


@st.composite
def architectures(draw: st.DrawFn) -> Any:
    """A list of layers that ends with the output, or a preset."""
    if draw(st.integers(0, 3)) == 0:
        return draw(component(registry.architectures, ["autoencoder", "mlp", "softmax_classifier", "two_layer"]))
    hidden = [name for name in registry.layers if name not in {"output", *SHAPED, *FOREIGN}]
    layer = component(registry.layers, hidden) | component(registry.activations)
    return [*draw(st.lists(layer, max_size=5)), draw(component(registry.layers, ["output"]))]


@st.composite
def convolutional(draw: st.DrawFn) -> Any:
    """A list of layers for the 8 x 8 digits, or a preset, LeNet-5 with enough zeros around them."""
    if draw(st.integers(0, 3)) == 0:
        padding, depth = draw(st.sampled_from([6, 12])), draw(st.sampled_from([11, 16]))
        narrow: Plain = {"width": 0.02}
        presets: list[Plain] = [{"lenet5": {"padding": padding}}, {"alexnet": narrow}, {"zfnet": narrow}]
        return draw(st.sampled_from([*presets, {"vgg": {"depth": depth, **narrow}}, {"mlp": {"hidden": [3]}}]))
    norms = st.sampled_from(["batch_norm", "layer_norm", {"group_norm": {"groups": 2}}, {"group_norm": 1}])
    kernel, zeros = draw(st.sampled_from([(1, "valid"), (3, "same"), (5, 2), (2, "same")]))
    convolution = {"filters": draw(st.sampled_from([2, 4])), "kernel": kernel, "padding": zeros}
    pool = st.sampled_from([{"max_pool": {"size": 2}}, "average_pool", {"max_pool": {"size": 2, "stride": None}}])
    between = st.lists(norms | component(registry.activations) | pool, max_size=3)  # three pools leave 1 x 1
    end = draw(st.sampled_from(["flatten", "global_average_pool"]))
    return [{"conv2d": convolution}, *draw(between), end, "output"]


def described(source: Any, targets: Any = "given") -> Description:
    """What data hold that are written as plain values."""
    builder = Builder()
    built = builder.build_section(
        Data, parse_yaml(SpecText("source", format_yaml({"source": source, "targets": targets}))), ""
    )
    assert not builder.problems
    description: Description = built.targets.describe(built.source.describe())
    return description


@st.composite
def trainings(draw: st.DrawFn, description: Description, split: tuple[float, ...]) -> Plain:
    """A training whose batches fit the training part and never hold a single example."""
    train = train_size(split, description.examples)
    fitting = [size for size in range(2, train + 1) if train % size != 1]
    training: Plain = {"epochs": draw(EPOCHS), "batch_size": draw(st.sampled_from([*fitting, "full"]))}
    if split[1] and draw(st.booleans()):
        metric = draw(st.sampled_from(["dev_loss", *watchable_metrics(description)]))
        training["early_stopping"] = {"patience": draw(st.integers(1, 9)), "metric": metric}
    optional: dict[str, list[Any]] = {
        "dtype": ["float32", "float64"],
        "threads": [1, 2],
        "clip_norm": [None, 1, 0.5],
        "clip_value": [None, 2],
    }
    return training | {key: draw(st.sampled_from(choice)) for key, choice in optional.items() if draw(st.booleans())}


def watchable_metrics(description: Description) -> list[str]:
    """The usual metrics of the dev part, and those that fit classes whatever the loss."""
    names = []
    for task in list_tasks(description):
        own = [metric.name for metric in DEFAULT_METRICS[task.targets]]
        if task.targets == "classes":
            own += [*DECIDED_METRICS, f"recall_{task.classes[0]}"]
        names += [f"dev_{prefix_task(name, task)}" for name in own]
    return names


def train_size(split: tuple[float, ...], examples: int) -> int:
    """The number of examples that train."""
    if isinstance(split[0], int):
        return split[0]
    return examples - sum(round(part * examples) for part in split[1:])


@st.composite
def specs(draw: st.DrawFn) -> Plain:
    """A valid spec: bounds kept, and the parts fitting each other and the data."""
    source = draw(component(registry.sources, [s for s in registry.sources if s not in {*FOREIGN, *LARGE}]))
    targets = draw(st.sampled_from(["given", "given", "inputs", {"tasks": {"first": "given", "second": "inputs"}}]))
    description = described(source, targets)
    split = draw(st.sampled_from(FRACTIONS))
    data: Plain = {
        "source": source,
        "targets": targets,
        "split": dict(zip(("train", "dev", "test"), split, strict=True)),
    }
    if draw(st.booleans()):
        data["normalize"] = draw(component(registry.normalizations))
    watching = [name for name in registry.schedules if split[1] or name != "plateau"]
    loss = task_losses(description) if description.tasks else component(registry.losses, fitting(description.targets))
    optional = {
        "name": NAMES,
        "seed": SIZES["seed"],
        "activation": component(registry.activations),
        "init": component(registry.initializers),
        "loss": loss,
        "regularization": penalties(),
        "optimizer": component(registry.optimizers),
        "schedule": component(registry.schedules, watching),
    }
    if any(task.targets == "classes" for task in list_tasks(description)):
        optional["metrics"] = st.lists(st.sampled_from(DECIDED_METRICS), unique=True)
    rest = {key: draw(choice) for key, choice in optional.items() if draw(st.booleans())}
    training = draw(trainings(description, split))
    layers = draw(architectures() if len(description.shape) == 1 else convolutional())
    if description.tasks and isinstance(layers, list) and draw(st.booleans()):
        heads = {"heads": {task.name: [*draw(chains()), "output"] for task in description.tasks}}
        layers = [*layers[:-1], heads]
    if draw(st.integers(0, 9)) == 0:
        rest["optimizer"] = draw(component(registry.optimizers, ["lbfgs"]))
        training = {**training, "batch_size": "full", "clip_norm": None, "clip_value": None}
    return {**rest, "data": data, "architecture": layers, "training": training}


def fitting(targets: str) -> list[str]:
    """The losses for targets of a kind."""
    return [name for name in registry.losses if targets in registry.losses[name].targets]


@st.composite
def task_losses(draw: st.DrawFn, description: Description) -> Plain:
    """A loss for every task, some with a weight."""
    weights = st.fixed_dictionaries({}, optional={"weight": st.floats(0, 10)})
    tasks = description.tasks
    return {
        "tasks": {
            t.name: {"loss": draw(component(registry.losses, fitting(t.targets))), **draw(weights)} for t in tasks
        }
    }


@st.composite
def penalties(draw: st.DrawFn) -> Plain:
    """Some of the penalties, by name."""
    chosen = draw(st.lists(st.sampled_from(list(registry.penalties)), unique=True))
    return {key: value for name in chosen for key, value in draw(component(registry.penalties, [name])).items()}


def loaded(spec: Plain, *overrides: str) -> Any:
    """The spec that plain values stand for."""
    return load_network_spec(SpecText("spec.yaml", format_yaml(spec)), overrides, name="spec")
