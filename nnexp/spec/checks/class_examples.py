"""Whether every class has examples in every part: of a user's own files, where nobody saw to it.   K classes"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nnexp.data.class_counts import count_classes
from nnexp.data.dataset import DatasetTargets, Description
from nnexp.data.file_source import OwnFileSource
from nnexp.data.splits import PART_NAMES, PartName, Split
from nnexp.data.targets.base import Target
from nnexp.data.targets.tasks import Tasks
from nnexp.errors import DataError
from nnexp.spec.baseline import AnySpec
from nnexp.spec.checks.training import check_part_sizes
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Data
from nnexp.spec.yaml import Node
from nnexp.typing import IntArray

MAX_LISTED_CLASSES = 4
"""How many classes a message lists."""

MAX_TRIED_SEEDS = 20
"""How many seeds of the split are tried, to suggest one that gives every class to the training part."""


@dataclass(frozen=True, slots=True)
class ClassExamples:
    """The examples of each class (K) in every part, and in the whole set, of one thing to predict."""

    names: tuple[str, ...]
    parts: Mapping[PartName, IntArray]

    def find_missing(self, part: PartName) -> list[int]:
        """The classes without an example in a part, though another part has some; none where the part is empty."""
        counts = self.parts[part]
        total = sum(self.parts.values())
        return np.flatnonzero((counts == 0) & (total > 0)).tolist() if counts.any() else []

    def find_absent(self) -> list[int]:
        """The classes without any example."""
        return np.flatnonzero(sum(self.parts.values()) == 0).tolist()

    def describe_class(self, label: int, parts: Sequence[PartName]) -> str:
        """A class, with its examples in some parts."""
        counts = ", ".join(f"{part} {self.parts[part][label]:,}" for part in parts)
        return f"{self.names[label]!r} ({counts})"


def check_class_examples(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """A class that dev or test asks for has examples in the training part: else nothing of it could be learned."""
    if any(check_part_sizes(spec.data, description, root)):
        return  # reported by check_split
    known = _read_labels(spec.data)
    if known is None:
        return
    for found in _count_examples(spec.data.targets, known, spec.data.split):
        missing = found.find_missing("train")
        if missing:
            message = f"no training example of {_list_classes(found, missing, ('dev', 'test'))}"
            suggestion = _suggest_split(spec.data, known, missing)
            yield replace(make_problem(root, "data.split", message, suggestion), of_data=True)


def find_class_gaps(data: Data) -> Iterator[str]:
    """What a user should know of classes that dev, test or the whole set has no example of."""
    known = _read_labels(data)
    if known is None:
        return
    others: dict[PartName, PartName] = {"dev": "test", "test": "dev"}
    for found in _count_examples(data.targets, known, data.split):
        absent = found.find_absent()
        if absent:
            names = _list_names([repr(found.names[label]) for label in absent])
            yield f"no part has an example of {names}: nothing of it can be learned"
        for part, other in others.items():
            missing = found.find_missing(part)
            if missing:
                yield f"no {part} example of {_list_classes(found, missing, ('train', other))}"


def _read_labels(data: Data) -> DatasetTargets | None:
    """The labels of a user's own files; None where there are no classes, or the set is another."""
    if not isinstance(data.source, OwnFileSource):
        return None
    known = data.source.read_targets_for(data.split)
    return None if known.labels is None else known


def _count_examples(targets: Target, known: DatasetTargets, split: Split) -> list[ClassExamples]:
    """The examples of each class in every part, for each thing to predict that has classes.

    A training part that is drawn with replacement counts as what it is drawn from.
    """
    assert known.labels is not None
    rows = replace(split, bootstrap=None).choose_rows(known)
    classes = len(known.description.classes)
    counts = {part: np.bincount(known.labels[rows[part]], minlength=classes) for part in PART_NAMES}
    found = []
    for target in _list_targets(targets):
        predicted = count_classes(target, known.description, counts)
        if predicted is not None:
            found.append(ClassExamples(target.describe(known.description).classes, predicted))
    return found


def _list_targets(target: Target) -> list[Target]:
    """Each single thing to predict."""
    return list(target.tasks.values) if isinstance(target, Tasks) else [target]


def _list_classes(found: ClassExamples, labels: Sequence[int], parts: Sequence[PartName]) -> str:
    return _list_names([found.describe_class(label, parts) for label in labels])


def _list_names(names: Sequence[str]) -> str:
    listed = ", ".join(names[:MAX_LISTED_CLASSES])
    left_out = len(names) - MAX_LISTED_CLASSES
    noun = "class" if len(names) == 1 else "classes"
    return f"the {noun} {listed} and {left_out} more" if left_out > 0 else f"the {noun} {listed}"


def _suggest_split(data: Data, known: DatasetTargets, missing: Sequence[int]) -> str:
    """What gives the training part its examples."""
    split = data.split
    if split.time or split.order == "file":
        return "they come late in the order of the split: split at random, or leave these examples out"
    seed = _find_seed(data, known)
    if seed is not None:
        return f"another split has some: data.split.seed={seed}"
    return f"add training examples of {'it' if len(missing) == 1 else 'them'}, or leave out those of dev and test"


def _find_seed(data: Data, known: DatasetTargets) -> int | None:
    """A seed of the split with which every class has a training example; None where none was found."""
    for seed in range(MAX_TRIED_SEEDS):
        try:
            found = _count_examples(data.targets, known, replace(data.split, seed=seed))
        except DataError:  # with one seed the groups may be too few for the parts, and not with another
            continue
        if not any(each.find_missing("train") for each in found):
            return seed
    return None
