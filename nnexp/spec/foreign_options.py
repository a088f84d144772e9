"""Options that other programs have for what is an override here: `--epochs 3`, `--lr=0.1`, `--batch-size 8`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnexp.errors import NnexpError
from nnexp.spec.key_homes import find_homes
from nnexp.spec.problems import Place, SpecText
from nnexp.spec.read import read_spec_text
from nnexp.spec.yaml import Node, parse_yaml_with_problems


def suggest_override(option: str, words: Sequence[str]) -> list[str] | None:
    """The words of a command with an override in place of an unknown option; None where it means no key of the spec.

    >>> suggest_override("--epochs", ["first.yaml", "--epochs", "3", "seed=1"])
    ['first.yaml', 'training.epochs=3', 'seed=1']
    """
    homes = find_homes(_read_tree(words), option.lstrip("-").replace("-", "_"))
    if len(homes) != 1:
        return None
    changed: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name != option:
            changed.append(word)
        elif equals:
            changed.append(f"{homes[0]}={value}")
        else:
            changed.append(f"{homes[0]}={next(rest, '...')}")
    return changed


def _read_tree(words: Sequence[str]) -> Node:
    """The tree of the first spec among the words; an empty one, which has all defaults, where none can be read."""
    for word in words:
        if not word.startswith("-") and "=" not in word and Path(word).is_file():
            try:
                root, _ = parse_yaml_with_problems(read_spec_text(word))
            except NnexpError:
                break
            if isinstance(root.value, dict):
                return root
    return Node({}, Place(SpecText("", "")))
