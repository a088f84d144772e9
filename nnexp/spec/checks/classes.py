"""Whether classes can be weighted or drawn as a spec says."""

from __future__ import annotations

from collections.abc import Iterator

from nnexp.data.class_weights import iterate_tasks
from nnexp.data.dataset import Description
from nnexp.nn.named import Named
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.yaml import Node
from nnexp.wording import find_closest

MAX_LISTED_NAMES = 10
"""Classes that a message lists."""


def check_class_weights(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """There are classes, a loss, and the names that have weights."""
    path, request = "data.class_weights", spec.data.class_weights
    if request == "none":
        return
    if isinstance(spec, BaselineSpec):
        yield make_problem(root, path, "a baseline has no loss whose classes could have weights", "leave it out")
        return
    names: list[str] = []
    for targets, classes, _ in iterate_tasks(description):
        if targets != "values":
            names += classes
    if not names:
        message = "it weighs classes or yes-or-no outputs, and here the targets are values"
        yield make_problem(root, path, message, "leave class_weights out")
        return
    if isinstance(request, Named):
        for name in request.names:
            if name not in names:
                yield make_problem(root, f"{path}.{name}", f"there is no class {name!r}", _suggest_class(name, names))


def _suggest_class(name: str, names: list[str]) -> str:
    closest = find_closest(name, names)
    if closest:
        return f"did you mean {closest!r}?"
    more = f" and {len(names) - MAX_LISTED_NAMES} more" if len(names) > MAX_LISTED_NAMES else ""
    return f"known: {', '.join(names[:MAX_LISTED_NAMES])}{more}"


def check_sampling(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """There is one kind of classes to draw from as often."""
    path = "data.sampling"
    if spec.data.sampling == "shuffled":
        return
    if isinstance(spec, BaselineSpec):
        message = "a baseline is fitted to all training examples, each once"
        yield make_problem(root, path, message, "leave sampling out")
    elif description.targets == "tasks" or (description.targets == "binary" and description.output_count > 1):
        message = "balanced draws from each of the classes as often, and here an example is of several classes at once"
        yield make_problem(root, path, message, "weigh them instead: `class_weights: balanced`, and leave sampling out")
    elif description.targets == "values":
        message = "balanced draws from each of the classes as often, and here the targets are values"
        yield make_problem(root, path, message, "leave sampling out")
