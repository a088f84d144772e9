"""Which metrics are measured of a task, and what a name such as parity_recall_yes means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnexp import registry
from nnexp.data.dataset import PredictionTask
from nnexp.metrics.components.accuracy import Accuracy
from nnexp.metrics.components.base import Metric
from nnexp.metrics.components.exact_match import ExactMatch
from nnexp.metrics.components.mae import MeanAbsoluteError
from nnexp.metrics.components.r2 import R2
from nnexp.metrics.components.rmse import RootMeanSquaredError
from nnexp.metrics.outputs import TaskOutputs
from nnexp.nn.losses.base import Targets
from nnexp.registry import component_parameters

DEFAULT_METRICS: dict[Targets, tuple[Metric, ...]] = {
    "classes": (Accuracy(),),
    "binary": (Accuracy(), ExactMatch()),
    "values": (RootMeanSquaredError(), MeanAbsoluteError(), R2()),
}
"""What every run measures, by the kind of its targets."""

CLASS_PARAMETER = "of"
"""The parameter of a metric that names a class."""


def choose_task_metrics(outputs: TaskOutputs, asked: Sequence[Metric]) -> list[Metric]:
    """The metrics of a task: the usual ones, and those of what is asked for that fit it."""
    chosen = list(DEFAULT_METRICS[outputs.task.targets])
    for metric in asked:
        if metric not in chosen and not find_misfit(metric, outputs):
            chosen.append(metric)
    return chosen


def find_misfit(metric: Metric, outputs: TaskOutputs) -> str:
    """Why a metric does not fit what the outputs of a task say; "" where it does."""
    task = outputs.task
    if task.targets not in metric.targets:
        fitting = [name for name in registry.metrics if task.targets in registry.metrics[name].targets]
        return f"the targets are {task.targets}, for which there are {', '.join(fitting)}"
    if metric.choose_scores(task).need_probabilities and not outputs.are_probabilities:
        return "it needs probabilities, and the outputs are none: a loss with a softmax or a sigmoid gives some"
    return metric.find_problem(task)


def list_all_metrics() -> list[Metric]:
    """Every metric with its usual parameters, by name."""
    return [registry.metrics[name]() for name in registry.metrics]


def list_known_names(all_outputs: Sequence[TaskOutputs]) -> list[str]:
    """The names of all metrics that fit with their usual parameters, task by task."""
    names = []
    for outputs in all_outputs:
        names += [prefix_task(metric.name, outputs.task) for metric in choose_task_metrics(outputs, list_all_metrics())]
    return names


def prefix_task(name: str, task: PredictionTask) -> str:
    """The name of a metric with that of its task, if that has one."""
    return f"{task.name}_{name}" if task.name else name


def find_metric(name: str, all_outputs: Sequence[TaskOutputs]) -> Metric | None:
    """The metric of a name, with that of its task before it; None where there is none, or it does not fit.

    `recall_yes` is the recall of the class yes.
    """
    for outputs in all_outputs:
        prefix = prefix_task("", outputs.task)
        if not name.startswith(prefix):
            continue
        for metric in _list_readings(name.removeprefix(prefix)):
            if not find_misfit(metric, outputs):
                return metric
    return None


def _list_readings(name: str) -> Iterator[Metric]:
    """The metrics that a name without task may mean."""
    for known in registry.metrics:
        cls = registry.metrics[known]
        if name == known:
            yield cls()
        elif name.startswith(f"{known}_") and _takes_class(cls):
            yield cls(**{CLASS_PARAMETER: name.removeprefix(f"{known}_")})


def _takes_class(cls: type[Metric]) -> bool:
    return any(parameter.name == CLASS_PARAMETER for parameter in component_parameters(cls))


def find_metric_kind(name: str) -> str | None:
    """The registered name of a metric that is named with its part and task; None for a loss and the like.

    >>> [find_metric_kind(f"dev_{name}") for name in ("parity_recall_yes", "balanced_accuracy", "loss")]
    ['recall', 'balanced_accuracy', None]
    """
    words = f"_{name}_"
    # Longer names first: balanced_accuracy ends in accuracy, and macro_f1 in f1.
    for known in sorted(registry.metrics, key=len, reverse=True):
        if words.endswith(f"_{known}_"):
            return known
    for known in sorted(registry.metrics, key=len, reverse=True):
        if f"_{known}_" in words and _takes_class(registry.metrics[known]):
            return known
    return None
