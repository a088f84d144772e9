"""What a data source gives.

M examples in the whole set, K classes, O outputs
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from nnexp.errors import DataError
from nnexp.nn.losses.base import Targets
from nnexp.typing import AnyArray, Shape

if TYPE_CHECKING:
    from nnexp.data.splits import Split


@dataclass(frozen=True, slots=True)
class PredictionTask:
    """One of several things to predict: its name, of which kind it is, and its classes, outputs or values."""

    name: str
    targets: Targets
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a data set before it is read, so that a spec is checked before any data is touched.

    shape: core shape of one example. outputs: the number of classes, of yes-or-no outputs, or of values.
    classes: the names of the classes, or of the outputs.
    own_test: how many of the examples, the last ones, are the set's own test part.
    own_dev: how many of those before them are its own dev part.
    itemsize: the bytes that one number takes as the source stores it; 1 for images.
    inputs: the names of the numbers of an example, where they have names.
    levels: the levels of those columns of a table whose levels the training part decides.
    labels: what the files have for the classes, as texts, where that is not their names.
    tasks: the things to predict, where there are several; `classes` then has the classes of all of them.
    """

    examples: int
    shape: Shape
    targets: Targets
    classes: tuple[str, ...]
    tasks: tuple[PredictionTask, ...] = ()
    own_test: int = 0
    itemsize: int = 8
    inputs: tuple[str, ...] = ()
    own_dev: int = 0
    levels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def output_count(self) -> int:
        """The number of outputs of a network that predicts all there is to predict."""
        return len(self.classes)

    @property
    def output_widths(self) -> int | dict[str, int]:
        """The number of outputs; where there are tasks, of each."""
        return {task.name: len(task.classes) for task in self.tasks} or self.output_count

    def as_dict(self) -> dict[str, Any]:
        """All but the number of examples, as JSON values."""
        fields = asdict(self)
        for name in ("examples", "own_test", "own_dev", "itemsize"):
            del fields[name]
        return fields

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Description:
        """The inverse of `as_dict`."""
        tasks = tuple(PredictionTask(task["name"], task["targets"], tuple(task["classes"])) for task in given["tasks"])
        # the record of a run of an earlier version has none of these
        inputs = tuple(given.get("inputs", ()))
        levels = tuple((name, tuple(entries)) for name, entries in given.get("levels", ()))
        shape, classes = tuple(given["shape"]), tuple(given["classes"])
        labels = tuple(given.get("labels", ()))
        return cls(0, shape, given["targets"], classes, tasks, inputs=inputs, levels=levels, labels=labels)


@dataclass(frozen=True, slots=True)
class Dataset:
    """All examples: x (M, *shape) as the source stores them, and y, which is labels (M,) or values (M, O).

    fill: what replaces NaN in x, a missing value; None where nothing is missing. split_key (M,): the times or groups by
    which the set is split, where it is.
    """

    x: AnyArray
    y: AnyArray
    description: Description
    fill: Literal["mean", "median", "zero"] | None = None
    split_key: AnyArray | None = None

    @property
    def labels(self) -> AnyArray | None:
        """The class of each example (M,), or None where there are no classes."""
        if self.description.targets != "classes":
            return None
        return self.y


@dataclass(frozen=True, slots=True)
class DatasetTargets:
    """A data set without its inputs, which decide neither what is predicted nor how the set is split."""

    y: AnyArray
    description: Description
    split_key: AnyArray | None = None

    @property
    def labels(self) -> AnyArray | None:
        """The class of each example (M,), or None where there are no classes."""
        return self.y if self.description.targets == "classes" else None


@dataclass(frozen=True, slots=True)
class LabelledExamples:
    """Other examples of the kind that a source gives: x (N, *shape), y (N,) or (N, O), and what was unexpected."""

    x: AnyArray
    y: AnyArray
    notes: tuple[str, ...] = ()


class Source(ABC):
    """A set of examples, always the same for the same parameters."""

    __slots__ = ()

    @abstractmethod
    def describe(self) -> Description:
        """What the set holds, without reading it. Raises DataError where that cannot be said."""

    @abstractmethod
    def load(self) -> Dataset:
        """All examples. Raises DataError where they are missing or damaged."""

    def load_for(self, split: Split) -> Dataset:
        """All examples, as this split needs them: with its times or groups, and what its training part decides.

        Raises DataError where the set has no times or groups.
        """
        if split.key_column:
            raise DataError(f"there is no column {split.key_column!r} to split by; a csv or npz file may have one")
        return self.load()

    def describe_for(self, split: Split) -> Description:
        """What `load_for` gives, without reading it where that can be."""
        return self.describe()
