"""The contract of a metric.

    R replicas, N examples, O outputs, S scores, K classes, T tables of confusions

A metric is made in two steps: its scores are numbers of each example, which are taken batch by batch, and `summarize`
makes the metric of the scores of all examples.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, TypeAlias

from nnexp import registry
from nnexp.data.dataset import PredictionTask
from nnexp.metrics.confusion import count_confusions
from nnexp.metrics.outputs import POSITIVE
from nnexp.metrics.scores import Decisions, ExampleScores
from nnexp.nn.losses.base import Targets
from nnexp.typing import AnyArray, Array, IntArray
from nnexp.wording import suggest_nearest

ClassName: TypeAlias = str | int | None
"""The name of a class or of a yes-or-no output, which may be a number; None where there is but one to ask for."""


class Metric(ABC):
    """What is measured of the outputs for one task."""

    __slots__ = ()

    targets: ClassVar[tuple[Targets, ...]]
    """The kinds of targets that the metric fits."""

    higher_is_better: ClassVar[bool]

    is_share: ClassVar[bool] = False
    """Whether it is written in percent, and differences of it in percentage points."""

    @property
    def label(self) -> str:
        """The class of which it is measured; "" for a metric of all classes."""
        return ""

    @property
    def name(self) -> str:
        """The name in metrics.csv, without part and task: accuracy, recall_yes."""
        own = registry.metrics.name_of(self)
        return f"{own}_{self.label}" if self.label else own

    def find_problem(self, task: PredictionTask) -> str:
        """What is wrong with the parameters for a task of fitting targets; "" if nothing is."""
        return ""

    @abstractmethod
    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        """The numbers of each example that the metric is made of."""

    @abstractmethod
    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        """The metric (R,) from the scores (R, N, S) of all examples.

        d (R or 1, N, O) are the targets of the part: in an epoch of training they come in another order, so that they
        say how targets are distributed, and not whether an example is right.
        """


class ConfusionMetric(Metric):
    """A metric that follows from how many examples of each class were taken for each."""

    __slots__ = ()

    targets: ClassVar[tuple[Targets, ...]] = ("classes", "binary")
    higher_is_better: ClassVar[bool] = True
    is_share: ClassVar[bool] = True

    def choose_scores(self, task: PredictionTask) -> ExampleScores:
        return Decisions()

    def summarize(self, scores: AnyArray, d: Array, task: PredictionTask) -> Array:
        return self.measure(count_confusions(scores, task), task)

    @abstractmethod
    def measure(self, confusions: IntArray, task: PredictionTask) -> Array:
        """The metric from tables of confusions. core: (T, K, K) -> ()"""


def format_label(of: ClassName) -> str:
    """The name of a class in that of its metric; "" where none is named."""
    return "" if of is None else str(of)


def find_class_problem(of: ClassName, task: PredictionTask) -> str:
    """What is wrong with the name of a class; "" if nothing is."""
    if of is None or str(of) in task.classes:
        return ""
    noun = "class" if task.targets == "classes" else "output"
    return f"there is no {noun} {str(of)!r}; {suggest_nearest(str(of), task.classes)}"


def find_single_class_problem(name: str, of: ClassName, task: PredictionTask) -> str:
    """As `find_class_problem`, for a metric of one class alone: of more than two one has to be named."""
    if of is None and len(task.classes) > (2 if task.targets == "classes" else 1):
        noun = "classes" if task.targets == "classes" else "outputs"
        example = f"write `{name}: {task.classes[0]}`"
        return f"there are {len(task.classes)} {noun}, and it is measured of one of them; {example}"
    return find_class_problem(of, task)


def find_table_entry(of: ClassName, task: PredictionTask) -> tuple[int, int]:
    """The table of confusions of a class or of an output's yes, and its row there.

    Without a name it is the second of two classes, or the yes of the only output.
    """
    place = None if of is None else task.classes.index(str(of))
    if task.targets == "classes":
        return 0, POSITIVE if place is None else place
    return place or 0, POSITIVE
