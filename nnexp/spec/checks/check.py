"""What no single parameter can be wrong about: whether the parts of a spec fit each other and the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.perceptron import Perceptron
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.nn.parameters import Declaration
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks import baseline, class_examples, classes, decision, effect, layers, scaling, solvers, training
from nnexp.spec.checks.advice import find_fitting
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node
from nnexp.wording import suggest_nearest


def check_spec(
    spec: AnySpec, description: Description, root: Node, doubtful: AbstractSet[str], *, layout_only: bool
) -> list[Problem]:
    """Every way in which the parts of a spec do not fit together, or do not fit the data.

    `doubtful` names the top-level keys that `spec` has not from the text, because what is written there is wrong: what
    depends on them is not checked. `layout_only` is for a network that is not to be trained: only its layers must fit.
    """
    checks: Mapping[Any, AbstractSet[str]] = NETWORK_CHECKS
    if isinstance(spec, BaselineSpec):
        checks = BASELINE_CHECKS
    elif layout_only:
        checks = LAYOUT_CHECKS
    problems: list[Problem] = []
    for check, needed in checks.items():
        if not needed & doubtful:
            problems += check(spec, description, root)
    if isinstance(spec, Spec) and not layout_only:
        problems += _check_weights(spec, description, root, doubtful)
    return problems


def _check_weights(spec: Spec, description: Description, root: Node, doubtful: AbstractSet[str]) -> Iterator[Problem]:
    """The checks that need the weights declared, which is done once; none where the layers do not fit the data."""
    if doubtful & {"architecture", "activation"}:
        return
    declaration = layers.find_declaration(spec, description)
    if declaration is None:
        return
    for check, needed in WEIGHT_CHECKS.items():
        if not needed & doubtful:
            yield from check(spec, description, declaration, root)


def declare_network(spec: Spec) -> Declaration:
    """The weights of a valid spec's network."""
    description = spec.data.targets.describe(spec.data.source.describe_for(spec.data.split))
    return spec.build_network(description).declare(description.shape)


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
        message = f"{registry.losses.name_of(loss)} does not fit {what}, whose targets are {description.targets}"
        fitting = f"losses that fit: {', '.join(find_fitting(registry.losses, description.targets))}"
        yield make_problem(root, path, message, _suggest_other_kind(loss, what, description) + fitting)
    elif isinstance(loss, Perceptron) and description.targets == "binary" and description.output_count > 1:
        message = f"perceptron takes classes or one yes-or-no output, and there are {description.output_count}"
        yield make_problem(root, path, message, "binary_cross_entropy takes several")


def _suggest_other_kind(loss: Loss, source: str, description: Description) -> str:
    """How numbers of a file become classes, or values, where the loss is for such."""
    if source not in KINDS_OF_FILES:
        return ""
    key = f"data.source.{source}.kind"
    if description.targets == "values" and "classes" in loss.targets:
        return f"if the numbers are classes: {key}=classes; "
    if description.targets == "classes" and "values" in loss.targets:
        return f"if the classes are numbers, and meant as values: {key}=values; "
    return ""


KINDS_OF_FILES = ("csv", "npz")
"""Sources that can read one target as classes or as values."""

Check = Callable[[Spec, Description, Node], Iterator[Problem]]

NETWORK_CHECKS: dict[Check, AbstractSet[str]] = {
    layers.check_architecture: {"architecture", "activation"},
    layers.check_heads: {"architecture"},
    layers.check_centers: {"architecture"},
    layers.check_last_activation: {"architecture", "loss", "activation"},
    _check_loss: {"loss"},
    effect.check_label_smoothing: {"loss"},
    effect.check_repeated_patterns: {"training", "init"},
    effect.check_repeated_classes: set(),
    effect.check_own_test: set(),
    class_examples.check_class_examples: set(),
    scaling.check_scaled_targets: set(),
    classes.check_class_weights: set(),
    classes.check_sampling: set(),
    scaling.check_range_of_outputs: {"architecture", "activation"},
    training.check_watched_metrics: {"training", "schedule", "loss"},
    training.check_metrics: {"metrics", "loss"},
    decision.check_decision: {"decision", "loss"},
    training.check_split: set(),
    training.check_augmentation: set(),
    training.check_dev_part: {"training", "schedule"},
    training.check_batch_size: {"training"},
    training.check_warmup: {"training", "schedule"},
    training.check_piecewise: {"schedule"},
}
"""The checks, each with the top-level keys that it needs besides data and architecture."""

WeightCheck = Callable[[Spec, Description, Declaration, Node], Iterator[Problem]]

WEIGHT_CHECKS: dict[WeightCheck, AbstractSet[str]] = {
    layers.check_memory: {"training", "optimizer"},
    layers.check_frozen: {"training"},
    layers.check_transferred_weights: {"init"},
    scaling.check_transferred_scaling: {"init"},
    solvers.check_solver: {"training", "optimizer", "loss", "regularization"},
}
"""The checks of the declared weights, each with the top-level keys that it needs besides."""

LAYOUT_CHECKS: dict[Check, AbstractSet[str]] = {layers.check_architecture: {"architecture", "activation"}}
"""What is checked of a network that is only looked at."""

BASELINE_CHECKS: dict[Callable[[BaselineSpec, Description, Node], Iterator[Problem]], AbstractSet[str]] = {
    baseline.check_split: set(),
    effect.check_repeated_classes: set(),
    effect.check_own_test: set(),
    class_examples.check_class_examples: set(),
    scaling.check_scaled_targets: set(),
    classes.check_class_weights: set(),
    classes.check_sampling: set(),
    baseline.check_targets: {"baseline"},
    baseline.check_train_size: {"baseline"},
    baseline.check_memory: {"baseline"},
    training.check_metrics: {"baseline", "metrics"},
}
"""What is checked of a baseline."""
