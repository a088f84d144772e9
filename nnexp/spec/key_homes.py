"""Where a key belongs that was written elsewhere: lr is optimizer.adam.lr, epochs is training.epochs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, get_origin

from nnexp.nn.architectures.base import Architecture
from nnexp.nn.layers.base import Layer
from nnexp.nn.layers.chain import Chain
from nnexp.nn.named import Named
from nnexp.nn.penalties.base import Penalty
from nnexp.registry import Parameter, component_parameters
from nnexp.spec.aliases import KEY_ALIASES, find_ours
from nnexp.spec.baseline import BaselineSpec, is_baseline
from nnexp.spec.parameter_types import REGISTRIES_BY_TYPE, find_component_classes, find_component_type, strip_words
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node, join_path
from nnexp.wording import find_closest

MAX_HOMES = 3
"""Places that a suggestion names; where more fit equally, the key says too little to guess from."""

SLIP_CUTOFF = 0.8
"""How like a key elsewhere in the spec must be: any of some fifty may be like a word by chance."""

WrittenKey: TypeAlias = tuple[str, str]
"""A key in full, and as an override has to write it in this spec."""


def find_homes(root: Node, path: str) -> list[str]:
    """The keys of this spec that a path which leads nowhere most likely means: the likeliest, or a few of equal rank.

    Its last word decides, as it is written or as another library would write it; the others count where several fit.
    """
    if not isinstance(root.value, dict):
        return []
    known = dict(list_keys(root))
    *above, last = path.split(".")
    # As written first: `size` is a parameter, whatever else the word may mean elsewhere.
    for ends in ([last], find_ours(last, KEY_ALIASES), _list_closest_end(last, above, known)):
        found = [key for key in known if any(_ends_in(key, end) for end in ends)]
        if found:
            return [known[key] for key in _choose_likeliest(found, above)]
    return []


def _list_closest_end(word: str, above: list[str], known: Iterable[str]) -> list[str]:
    """The last word of a known key that is spelt most like `word`, if any is, near what stands `above` it."""
    near = [key for key in known if not above or not set(above).isdisjoint(key.split("."))]
    closest = find_closest(word, [key.rpartition(".")[2] for key in near], SLIP_CUTOFF)
    return [closest] if closest else []


def _ends_in(key: str, end: str) -> bool:
    return key == end or key.endswith(f".{end}")


def _choose_likeliest(found: list[str], above: list[str]) -> list[str]:
    """Those of the keys that share most words with what was written; of these the ones highest in the spec."""
    meant = [{word, *find_ours(word, KEY_ALIASES)} for word in above]

    def rank(key: str) -> tuple[int, int]:
        words = set(key.split("."))
        return -sum(1 for names in meant if names & words), len(key.split("."))

    best = min(map(rank, found))
    chosen = [key for key in found if rank(key) == best]
    return chosen if len(chosen) <= MAX_HOMES else []


def list_keys(root: Node) -> Iterator[WrittenKey]:
    """Every key that this spec could set: of its sections, and of the components that it names or has by default."""
    assert isinstance(root.value, dict)
    yield from _list_parameters(BaselineSpec if is_baseline(root) else Spec, root, "")


def _list_parameters(cls: type[Any], node: Node | None, path: str) -> Iterator[WrittenKey]:
    """The keys below a section or a component of a class."""
    for parameter in component_parameters(cls):
        here = join_path(path, parameter.name)
        yield here, here
        if find_component_type(parameter.hint) is not None:
            yield from _list_below(parameter, _get_child(node, parameter.name), here)


def _list_below(parameter: Parameter, node: Node | None, path: str) -> Iterator[WrittenKey]:
    """The keys below a parameter that holds a section, a component, or several."""
    hint = strip_words(parameter.hint)
    base = find_component_type(hint)
    if base is Penalty:
        # They act together, so that each may be added to those that are there.
        for name in find_component_classes(Penalty):
            yield join_path(path, name), join_path(path, name)
    elif get_origin(hint) is Named or base is Chain:
        return
    elif get_origin(hint) is tuple:
        yield from _list_entries(base, node, path)
    elif base in REGISTRIES_BY_TYPE:
        yield from _list_component(base, node, parameter.default, path)
    else:
        yield from _list_parameters(base, node, path)


def _list_entries(base: type[Any], node: Node | None, path: str) -> Iterator[WrittenKey]:
    """The keys below a list of components, or below the preset that stands for a list of layers."""
    if node is not None and isinstance(node.value, list):
        for index, entry in enumerate(node.value):
            yield from _list_component(base, entry, None, join_path(path, str(index)))
    elif base is Layer:
        yield from _list_component(Architecture, node, None, path)


def _list_component(base: type[Any], node: Node | None, default: Any, path: str) -> Iterator[WrittenKey]:
    """The keys of the component that stands at a path: the one that is named there, or else the default."""
    classes = find_component_classes(base)
    names = [node.value] if node is not None and isinstance(node.value, str) else []
    if node is not None and isinstance(node.value, dict):
        names = list(node.value)
    # Of two names the later is what an override added.
    name = next((name for name in names if name in classes), None)
    if name is None:
        name = next((known for known, cls in classes.items() if type(default) is cls), None)
    if name is None:
        return
    here, child = join_path(path, name), _get_child(node, name)
    yield here, here
    if child is None or child.value is None or isinstance(child.value, dict):
        yield from _list_parameters(classes[name], child, here)
    else:
        # `dense: 8` holds its first parameter alone, under no key of its own.
        yield join_path(here, component_parameters(classes[name])[0].name), here


def _get_child(node: Node | None, name: str) -> Node | None:
    """The node of a key, where there is one."""
    if node is None or not isinstance(node.value, dict):
        return None
    return node.value.get(name)
