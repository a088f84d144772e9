"""Where in a spec a problem is."""

from __future__ import annotations

from nnexp.data.dataset import Description
from nnexp.spec.baseline import AnySpec
from nnexp.spec.problems import Place, Problem
from nnexp.spec.yaml import Node


def make_problem(root: Node, path: str, message: str, suggestion: str = "") -> Problem:
    """A problem of the node at a dotted path, such as "training.epochs"."""
    return Problem(find_place(root, path), path, message, suggestion)


def make_layer_problem(index: int, root: Node, message: str, suggestion: str = "") -> Problem:
    """A problem of a layer in the list, counted from 0."""
    return make_problem(root, f"architecture.{index}", message, suggestion)


def count_train_examples(spec: AnySpec, description: Description) -> int | None:
    """The number of training examples; None where the split asks for what is not there."""
    try:
        return spec.data.count_parts(description)["train"]
    except ValueError:
        return None


def find_place(root: Node, path: str) -> Place:
    """The place of the node at a dotted path, or of its nearest ancestor that was written."""
    node = root
    for key in path.split("."):
        if isinstance(node.value, dict) and key in node.value:
            node = node.value[key]
        elif isinstance(node.value, list) and key.isdecimal() and int(key) < len(node.value):
            node = node.value[int(key)]
        else:
            break
    return node.place
