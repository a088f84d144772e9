"""What no single parameter can be wrong about: whether the parts of a spec fit each other and the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.data.file_source import FileSource
from nnexp.data.targets.base import TargetError
from nnexp.errors import DataError
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.perceptron import Perceptron
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.nn.network import build_network
from nnexp.nn.parameters import Declaration
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks import baseline, effect, layers, solvers, training
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.sizes import AssumedSizes
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node
from nnexp.wording import suggest_nearest


def check_spec(
    spec: AnySpec, root: Node, doubtful: AbstractSet[str] = frozenset(), sizes: AssumedSizes | None = None
) -> list[Problem]:
    """Every way in which the parts of a spec do not fit together.

    `doubtful` names the top-level keys that `spec` has not from the text, because what is written there is wrong: what
    depends on them is not checked. With `sizes` the network is not to be trained, and only its layers must fit.
    """
    try:
        description = sizes.describe_data(spec.data) if sizes else describe_data(spec.data)
    except DataError as error:
        return [
            replace(make_problem(root, "data.source", str(error)), of_data=isinstance(spec.data.source, FileSource))
        ]
    except TargetError as error:
        return [make_problem(root, "data.targets", str(error))]
    checks = [run for run, needed in _select_checks(spec, sizes) if not needed & doubtful]
    return [problem for run in checks for problem in run(spec, description, root)]


def _select_checks(
    spec: AnySpec, sizes: AssumedSizes | None
) -> Iterable[tuple[Callable[..., Iterator[Problem]], AbstractSet[str]]]:
    """What is checked of a spec, each with the top-level keys that it needs."""
    if isinstance(spec, BaselineSpec):
        return BASELINE_CHECKS.items()
    return (LAYOUT_CHECKS if sizes else NETWORK_CHECKS).items()


def declare_network(spec: Spec) -> Declaration:
    """The weights of a valid spec's network."""
    description = spec.data.targets.describe(spec.data.source.describe())
    return build_network(spec.architecture, spec.activation, description.output_widths).declare(description.shape)


def _check_loss(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The loss fits what there is to predict."""
    source = registry.sources.name_of(spec.data.source)
    if not (description.tasks and isinstance(spec.loss, TaskLosses)):
        yield from _check_loss_targets(spec.loss, source, description, "loss", root)
        return
    tasks = {task.name: task for task in description.tasks}
    for name, weighted in spec.loss.tasks.items():
        if name in tasks:
            task = replace(description, targets=tasks[name].targets, classes=tasks[name].classes, tasks=())
            yield from _check_loss_targets(weighted.loss, f"the task {name}", task, f"loss.tasks.{name}.loss", root)
        else:
            yield make_problem(root, f"loss.tasks.{name}", f"there is no task {name!r}", suggest_nearest(name, tasks))
    for name in tasks:
        if name not in spec.loss.tasks.names:
            yield make_problem(root, "loss.tasks", f"the task {name} has no loss", f"write `{name}: {{loss: ...}}`")


def _check_loss_targets(loss: Loss, what: str, description: Description, path: str, root: Node) -> Iterator[Problem]:
    """One loss fits one thing to predict."""
    if description.targets not in loss.targets:
        fitting = [name for name in registry.losses if description.targets in registry.losses[name].targets]
        message = f"{registry.losses.name_of(loss)} does not fit {what}, whose targets are {description.targets}"
        yield make_problem(root, path, message, f"fitting: {', '.join(fitting)}")
    elif isinstance(loss, Perceptron) and description.targets == "binary" and description.output_count > 1:
        message = f"perceptron takes classes or one yes-or-no output, and there are {description.output_count}"
        yield make_problem(root, path, message, "binary_cross_entropy takes several")


Check = Callable[[Spec, Description, Node], Iterator[Problem]]

NETWORK_CHECKS: dict[Check, AbstractSet[str]] = {
    layers.check_architecture: {"architecture", "activation"},
    layers.check_heads: {"architecture"},
    layers.check_centers: {"architecture"},
    layers.check_memory: {"architecture", "activation", "training", "optimizer"},
    layers.check_frozen: {"architecture", "activation", "training"},
    layers.check_transferred_weights: {"architecture", "activation", "init"},
    layers.check_last_activation: {"architecture", "loss", "activation"},
    _check_loss: {"loss"},
    effect.label_smoothing: {"loss"},
    effect.repeated_patterns: {"training", "init"},
    effect.repeated_classes: set(),
    effect.own_test: set(),
    training.check_watched_metrics: {"training", "schedule"},
    training.check_split: set(),
    training.check_augmentation: set(),
    training.check_dev_part: {"training", "schedule"},
    training.check_batch_size: {"training"},
    training.check_warmup: {"training", "schedule"},
    training.check_piecewise: {"schedule"},
    solvers.check_solver: {"architecture", "activation", "training", "optimizer", "loss", "regularization"},
}
"""The checks, each with the top-level keys that it needs besides data and architecture."""

LAYOUT_CHECKS: dict[Check, AbstractSet[str]] = {layers.check_architecture: {"architecture", "activation"}}
"""What is checked of a network that is only looked at."""

BASELINE_CHECKS: dict[Callable[[BaselineSpec, Description, Node], Iterator[Problem]], AbstractSet[str]] = {
    baseline.check_split: set(),
    effect.repeated_classes: set(),
    effect.own_test: set(),
    baseline.check_targets: {"baseline"},
    baseline.check_train_size: {"baseline"},
    baseline.check_memory: {"baseline"},
}
"""What is checked of a baseline."""
