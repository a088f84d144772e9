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
        child = _get_child(node, key)
        if child is None:
            break
        node = child
    return node.place


def find_node(root: Node, path: str) -> Node | None:
    """The node at a dotted path, None where nothing is written there."""
    node: Node | None = root
    for key in path.split("."):
        node = _get_child(node, key) if node else None
    return node


def _get_child(node: Node, key: str) -> Node | None:
    """The node of a key of a mapping or of an index of a list, where there is one."""
    if isinstance(node.value, dict):
        return node.value.get(key)
    if isinstance(node.value, list) and key.isdecimal() and int(key) < len(node.value):
        return node.value[int(key)]
    return None
