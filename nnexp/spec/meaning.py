"""What no single parameter can be wrong about: whether the parts of a spec fit each other and the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from nnexp import registry
from nnexp.data.base import Description
from nnexp.data.reading import FileSource
from nnexp.data.targets.base import TargetError
from nnexp.errors import DataError
from nnexp.losses.base import Loss
from nnexp.losses.perceptron import Perceptron
from nnexp.losses.tasks import TaskLosses
from nnexp.network import assemble
from nnexp.parameters import Declaration
from nnexp.spec import baseline_fit, course, effect, shapes, solving
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.memory import described
from nnexp.spec.places import at
from nnexp.spec.problems import Problem, nearest
from nnexp.spec.sections import Spec
from nnexp.spec.sizes import Sizes
from nnexp.spec.text import Node


def check(
    spec: AnySpec, root: Node, doubtful: AbstractSet[str] = frozenset(), sizes: Sizes | None = None
) -> list[Problem]:
    """Every way in which the parts of a spec do not fit together.

    `doubtful` names the top-level keys that `spec` has not from the text, because what is written there is wrong: what
    depends on them is not checked. With `sizes` the network is not to be trained, and only its layers must fit.
    """
    try:
        description = sizes.described(spec.data) if sizes else described(spec.data)
    except DataError as error:
        return [replace(at(root, "data.source", str(error)), of_data=isinstance(spec.data.source, FileSource))]
    except TargetError as error:
        return [at(root, "data.targets", str(error))]
    checks = [run for run, needed in _checks(spec, sizes) if not needed & doubtful]
    return [problem for run in checks for problem in run(spec, description, root)]


def _checks(spec: AnySpec, sizes: Sizes | None) -> Iterable[tuple[Callable[..., Iterator[Problem]], AbstractSet[str]]]:
    """What is checked of a spec, each with the top-level keys that it needs."""
    if isinstance(spec, BaselineSpec):
        return BASELINE.items()
    return (LAYOUT if sizes else CHECKS).items()


def declaration_of(spec: Spec) -> Declaration:
    """The weights of a valid spec's network."""
    description = spec.data.targets.describe(spec.data.source.describe())
    return assemble(spec.architecture, spec.activation, description.widths).declare(description.shape)


def _loss(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The loss fits what there is to predict."""
    source = registry.sources.name_of(spec.data.source)
    if not (description.tasks and isinstance(spec.loss, TaskLosses)):
        yield from _fits(spec.loss, source, description, "loss", root)
        return
    tasks = {task.name: task for task in description.tasks}
    for name, weighted in spec.loss.tasks.items():
        if name in tasks:
            task = replace(description, targets=tasks[name].targets, classes=tasks[name].classes, tasks=())
            yield from _fits(weighted.loss, f"the task {name}", task, f"loss.tasks.{name}.loss", root)
        else:
            yield at(root, f"loss.tasks.{name}", f"there is no task {name!r}", nearest(name, tasks))
    for name in tasks:
        if name not in spec.loss.tasks.names:
            yield at(root, "loss.tasks", f"the task {name} has no loss", f"write `{name}: {{loss: ...}}`")


def _fits(loss: Loss, what: str, description: Description, path: str, root: Node) -> Iterator[Problem]:
    """One loss fits one thing to predict."""
    if description.targets not in loss.targets:
        fitting = [name for name in registry.losses if description.targets in registry.losses[name].targets]
        message = f"{registry.losses.name_of(loss)} does not fit {what}, whose targets are {description.targets}"
        yield at(root, path, message, f"fitting: {', '.join(fitting)}")
    elif isinstance(loss, Perceptron) and description.targets == "binary" and description.outputs > 1:
        message = f"perceptron takes classes or one yes-or-no output, and there are {description.outputs}"
        yield at(root, path, message, "binary_cross_entropy takes several")


Check = Callable[[Spec, Description, Node], Iterator[Problem]]

CHECKS: dict[Check, AbstractSet[str]] = {
    shapes.architecture: {"architecture", "activation"},
    shapes.heads: {"architecture"},
    shapes.centers: {"architecture"},
    shapes.memory: {"architecture", "activation", "training", "optimizer"},
    shapes.frozen: {"architecture", "activation", "training"},
    shapes.taken: {"architecture", "activation", "init"},
    shapes.probabilities: {"architecture", "loss", "activation"},
    _loss: {"loss"},
    effect.label_smoothing: {"loss"},
    effect.repeated_patterns: {"training", "init"},
    effect.repeated_classes: set(),
    effect.own_test: set(),
    course.watched: {"training", "schedule"},
    course.split: set(),
    course.augmentation: set(),
    course.dev_part: {"training", "schedule"},
    course.batch_size: {"training"},
    course.warmup: {"training", "schedule"},
    course.piecewise: {"schedule"},
    solving.solver: {"architecture", "activation", "training", "optimizer", "loss", "regularization"},
}
"""The checks, each with the top-level keys that it needs besides data and architecture."""

LAYOUT: dict[Check, AbstractSet[str]] = {shapes.architecture: {"architecture", "activation"}}
"""What is checked of a network that is only looked at."""

BASELINE: dict[Callable[[BaselineSpec, Description, Node], Iterator[Problem]], AbstractSet[str]] = {
    baseline_fit.split: set(),
    effect.repeated_classes: set(),
    effect.own_test: set(),
    baseline_fit.targets: {"baseline"},
    baseline_fit.enough: {"baseline"},
    baseline_fit.memory: {"baseline"},
}
"""What is checked of a baseline."""
