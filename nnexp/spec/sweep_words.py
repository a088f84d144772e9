"""Words that say several values, as a sweep takes them: key=a,b,c and seed=0..4. A single run has one value of each."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nnexp.spec.key_homes import find_homes
from nnexp.spec.problems import Problem
from nnexp.spec.yaml import Node

RANGE_PATTERN = re.compile(r"(0|[1-9][0-9]*)\.\.(0|[1-9][0-9]*)")


def split_at_commas(raw: str) -> list[tuple[int, str]]:
    """The stretches between the commas that stand outside of brackets and quotes, each with its start.

    >>> split_at_commas("sgd,{adam: {lr: 0.1}}")
    [(0, 'sgd'), (4, '{adam: {lr: 0.1}}')]
    """
    pieces, start, depth, quote = [], 0, 0, ""
    for index, character in enumerate(raw):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        elif character == "," and depth == 0:
            pieces.append((start, raw[start:index]))
            start = index + 1
    return [*pieces, (start, raw[start:])]


def has_several_values(word: str) -> bool:
    """Whether an override would be several values of a sweep.

    >>> has_several_values("seed=0..4"), has_several_values("lr=0.1,0.2"), has_several_values("hidden=[8, 8]")
    (True, True, False)
    """
    raw = word.partition("=")[2]
    return RANGE_PATTERN.fullmatch(raw.strip()) is not None or len(split_at_commas(raw)) > 1


def suggest_sweep(problems: Iterable[Problem], root: Node, file: str, overrides: Sequence[str]) -> list[Problem]:
    """The problems; those of an override with several values name the sweep over the spec in `file` that tries them."""
    words = [_correct_key(root, word) for word in overrides]
    command = shlex.join(["nnexp", "sweep", file, *words])
    suggestion = f"several values are for a sweep: {command}"
    suggested = []
    for problem in problems:
        text = problem.place.text
        # A file's name with a comma in it is one value, whether there is such a file or not.
        if text.override_number and not problem.of_data and has_several_values(text.content):
            suggested.append(replace(problem, suggestion=suggestion))
        else:
            suggested.append(problem)
    return suggested


def _correct_key(root: Node, word: str) -> str:
    """An override with the key that its own means, where it leads nowhere."""
    path, equals, raw = word.partition("=")
    homes = find_homes(root, path)
    return f"{homes[0]}{equals}{raw}" if len(homes) == 1 else word
