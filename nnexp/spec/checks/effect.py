"""Whether what a spec asks for can have an effect: values that each parameter allows, but no network can fulfil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.data.file_source import FileSource
from nnexp.data.targets.base import Target
from nnexp.data.targets.membership import Membership
from nnexp.data.targets.tasks import Tasks
from nnexp.nn.initializers.from_run import FromRun
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.cross_entropy import CrossEntropy
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.spec.baseline import AnySpec
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node


def check_label_smoothing(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The class of an example keeps the largest target: 1 - ε > ε/(K - 1)."""
    for path, loss, classes in _list_losses(spec, description):
        if not isinstance(loss, CrossEntropy) or classes < 2:
            continue
        epsilon = float(loss.label_smoothing)
        limit = (classes - 1) / classes
        if epsilon >= limit:
            other = epsilon / (classes - 1)
            message = (
                f"with {classes} classes it must be less than {limit:.3g}: {epsilon:g} puts {1 - epsilon:.3g} on the "
                f"class of an example and {other:.3g} on each other class"
            )
            yield make_problem(root, f"{path}.cross_entropy.label_smoothing", message, "usual: label_smoothing: 0.1")


def check_own_test(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """A set's own test part is another than its training part."""
    source = spec.data.source
    if not description.own_test or not isinstance(source, FileSource):
        return
    twin = source.twin()
    if twin:
        path = f"data.source.{registry.sources.name_of(source)}.{twin.parameter}"
        suggestion = "name another one, or leave it out: data.split then takes a part of `path`"
        if twin.parameter == "path":
            suggestion = "leave the test part out of it: data.split then takes a part of the rest"
        yield replace(make_problem(root, path, twin.message, suggestion), of_data=twin.of_data)


def _list_losses(spec: Spec, description: Description) -> Iterator[tuple[str, Loss, int]]:
    """The loss of each thing to predict: its path, itself, and the number of outputs."""
    if not isinstance(spec.loss, TaskLosses):
        yield "loss", spec.loss, description.output_count
        return
    outputs = {task.name: len(task.classes) for task in description.tasks}
    for name, weighted in spec.loss.tasks.items():
        yield f"loss.tasks.{name}.loss", weighted.loss, outputs.get(name, 0)


def check_repeated_patterns(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """No layer is named twice where a list names layers."""
    yield from _check_repetition(spec.training.freeze, "training.freeze", root)
    if isinstance(spec.init, FromRun):
        yield from _check_repetition(spec.init.layers, "init.from_run.layers", root)


def check_repeated_classes(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """No class is twice in one group, and no two groups are the same question."""
    for path, target in _list_targets(spec.data.targets, "data.targets"):
        if isinstance(target, Membership):
            yield from _check_groups(target.groups, f"{path}.membership.groups", root)


def _list_targets(target: Target, path: str) -> Iterator[tuple[str, Target]]:
    """Each single target with its path."""
    if isinstance(target, Tasks):
        for name, one in target.tasks.items():
            yield f"{path}.tasks.{name}", one
    else:
        yield path, target


def _check_groups(groups: Sequence[Sequence[int]], path: str, root: Node) -> Iterator[Problem]:
    asked: dict[frozenset[int], Sequence[int]] = {}
    for index, group in enumerate(groups):
        yield from _check_repetition(group, f"{path}.{index}", root, "the class ")
        earlier = asked.setdefault(frozenset(group), group)
        if earlier is not group:
            message = f"{list(group)} is the same group as {list(earlier)}: two outputs would learn the same"
            yield make_problem(root, f"{path}.{index}", message, "leave one of them out")


def _check_repetition(entries: Sequence[object], path: str, root: Node, noun: str = "") -> Iterator[Problem]:
    """A problem of each entry that stands earlier in the list too."""
    seen: set[object] = set()
    for index, entry in enumerate(entries):
        if entry in seen:
            message = f"{noun}{entry!r} is in the list twice"
            yield make_problem(root, f"{path}.{index}", message, "leave one of them out")
        seen.add(entry)
