"""Files that a spec names by relative paths: they start at the working directory, or else at the folder of the spec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from nnexp.data.paths import expand_path, suggest_path
from nnexp.registry import component_parameters, sources
from nnexp.spec.locate import find_node
from nnexp.spec.problems import Problem
from nnexp.spec.yaml import Node, join_path
from nnexp.typing import FileName


def resolve_file_paths(root: Node) -> None:
    """Write a path that leads to a file from the folder of the spec alone so that it does from the working directory.

    So the resolved spec, the run and its workers need not know where the spec was.
    """
    for _, node in _list_file_nodes(root):
        beside = _place_beside(node)
        if beside is not None and _exists(beside) and not _exists(str(node.value)):
            node.value, node.raw = beside, ""


def find_doubtful_files(root: Node) -> Iterator[Problem]:
    """Paths that lead to different files from the working directory and from the folder of the spec."""
    for path, node in _list_file_nodes(root):
        beside = _place_beside(node)
        if beside is None or not (_exists(beside) and _exists(str(node.value))):
            continue
        if not expand_path(beside).samefile(expand_path(str(node.value))):
            message = f"there are two files {node.value}: the one in the working directory is used"
            yield Problem(node.place, path, message, f"write {beside} for the one beside the spec")


def explain_missing_files(root: Node) -> str:
    """Where the first missing file was looked for, and what is there of a like name; "" if none is missing."""
    for _, node in _list_file_nodes(root):
        written = str(node.value)
        if _exists(written):
            continue
        looked = f"looked in the working directory, {Path.cwd()}"
        beside = _place_beside(node)
        if expand_path(written).is_absolute():
            return ""
        if beside is None:
            return looked
        near = suggest_path(beside)
        found = f"; there is {near}" if near else ""
        return f"{looked}, and beside the spec, {Path(node.place.text.name).parent.absolute()}{found}"
    return ""


def _list_file_nodes(root: Node) -> Iterator[tuple[str, Node]]:
    """The texts that name files of the data source, by their dotted paths."""
    source = find_node(root, "data.source")
    if source is None or not isinstance(source.value, dict) or len(source.value) != 1:
        return
    [(name, parameters)] = source.value.items()
    if name not in sources:
        return
    above = f"data.source.{name}"
    for index, parameter in enumerate(component_parameters(sources[name])):
        node: Node | None = None
        if isinstance(parameters.value, dict):
            node = parameters.value.get(parameter.name)
        elif index == 0:
            # `csv: table.csv` gives the first parameter alone.
            node = parameters
        if node is not None and isinstance(node.value, str) and node.value.strip() and _is_file_name(parameter.hint):
            yield join_path(above, parameter.name), node


def _is_file_name(hint: Any) -> bool:
    return hint == FileName or FileName in get_args(hint)


def _place_beside(node: Node) -> str | None:
    """The path of a node as it is from the folder of the file that it is written in; None where that is no other."""
    text = node.place.text
    if text.override_number or expand_path(str(node.value)).is_absolute():
        return None
    folder = Path(text.name).parent
    # However the spec is named, its run is the same; a folder elsewhere stays as it was typed.
    with suppress(OSError, ValueError):
        folder = folder.resolve().relative_to(Path.cwd().resolve())
    return None if folder == Path() else str(folder / str(node.value))


def _exists(path: str) -> bool:
    try:
        return expand_path(path).exists()
    except (OSError, ValueError):  # no name that the system takes
        return False
