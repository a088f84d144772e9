"""What the runs of a sweep are ranked by: the metric of the sweep file, or a default for the task."""

from __future__ import annotations

from dataclasses import replace

from nnexp.data.splits import PART_NAMES, PartName
from nnexp.errors import SpecError
from nnexp.metrics.choose import DEFAULT_METRICS, find_metric, list_known_names
from nnexp.metrics.names import larger_is_better
from nnexp.spec.aliases import suggest_metric
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.problems import Place, Problem, SpecText
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.definition.settings import SweepObjective

PART_ORDER: tuple[PartName, ...] = ("dev", "test", "train")
"""The part that is ranked by is the first of these that has examples."""


def choose_objective(definition: SweepDefinition, spec: AnySpec | None) -> SweepObjective:
    """The objective of a sweep whose runs are like `spec`. Raises SpecError if its runs have no such metric."""
    asked = definition.settings.objective
    if spec is None:
        return asked or SweepObjective()
    description = describe_data(spec.data)
    sizes = spec.data.count_parts(description)
    parts = [part for part in PART_ORDER if sizes[part]]
    outputs = spec.list_outputs(description)
    metrics = list_known_names(outputs)
    if asked and find_metric(_remove_part(asked.metric), outputs):
        metrics.append(_remove_part(asked.metric))  # as recall_yes, which no list has
    if not isinstance(spec, BaselineSpec):
        metrics.insert(0, "loss")
    if asked is None:
        return _default_objective(parts[0], metrics)
    problem = _find_problem(asked, definition, parts, metrics)
    if problem:
        raise SpecError([problem])
    return asked


def measure_objective(definition: SweepDefinition, spec: AnySpec) -> AnySpec:
    """The spec of a run of the sweep, with the metric of the objective among those that are asked for.

    It is the same spec where its runs measure that metric anyway, or cannot.
    """
    asked = definition.settings.objective
    if asked is None:
        return spec
    outputs = spec.list_outputs(describe_data(spec.data))
    found = find_metric(_remove_part(asked.metric), outputs)
    if found is None or found in spec.metrics:
        return spec
    if any(found in DEFAULT_METRICS[entry.task.targets] for entry in outputs):
        return spec
    return replace(spec, metrics=(*spec.metrics, found))


def _remove_part(metric: str) -> str:
    """The name of a metric without that of its part."""
    part, _, name = metric.partition("_")
    return name if part in PART_NAMES else metric


def _default_objective(part: str, metrics: list[str]) -> SweepObjective:
    """The accuracy if there are classes, otherwise the loss; of a baseline, which has no loss, its first metric."""
    for metric in metrics:
        if "accuracy" in metric:
            return SweepObjective(maximize=f"{part}_{metric}")
    return SweepObjective(minimize=f"{part}_{metrics[0]}")


def _find_problem(
    asked: SweepObjective, definition: SweepDefinition, parts: list[PartName], metrics: list[str]
) -> Problem | None:
    """What is wrong with the objective of a sweep file: an unknown metric, or one that is ranked upside down."""
    place = definition.places.get("objective", Place(SpecText("objective", "")))
    known = []
    for part in parts:
        known += [f"{part}_{metric}" for metric in metrics]
    if asked.metric not in known:
        message = f"no run has the metric {asked.metric!r}"
        return Problem(place, "objective", message, suggest_metric(asked.metric, known))
    if larger_is_better(asked.metric) != (asked.sign > 0):
        verb, other = ("maximize", "minimize") if asked.sign > 0 else ("minimize", "maximize")
        message = f"to {verb} {asked.metric} would choose the worst run as the best"
        return Problem(place, "objective", message, f"write {{{other}: {asked.metric}}}")
    return None
