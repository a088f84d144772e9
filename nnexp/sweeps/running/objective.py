"""What the runs of a sweep are ranked by: a metric of the dev or the training part, never of the test part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nnexp.data.splits import PART_NAMES, PartName
from nnexp.errors import SpecError
from nnexp.metrics.choose import DEFAULT_METRICS, find_metric, list_known_names
from nnexp.metrics.names import larger_is_better
from nnexp.runs.outcome import RunOutcome
from nnexp.spec.aliases import suggest_metric
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.problems import Place, Problem, SpecText
from nnexp.sweeps.definition.definition import SweepDefinition
from nnexp.sweeps.definition.settings import SweepObjective

RANKING_PARTS: tuple[PartName, ...] = ("dev", "train")
"""The parts that may choose: a test part that chooses is not unseen any more."""

SHOWN_PARTS: tuple[PartName, ...] = ("dev", "test", "train")
"""The part whose metric is shown is the first of these that has examples."""

NO_DEV_PART = "data.split gives the dev part no examples, and the test part chooses nothing"
"""Why nothing is ranked."""

DEV_ADVICE = "give dev some examples, as with data.split.dev=0.1, or cross-validate, with `folds: 5` in a sweep file"
"""How runs can be ranked."""


def choose_objective(definition: SweepDefinition, spec: AnySpec | None) -> SweepObjective | None:
    """The objective of a sweep whose runs are like `spec`; None where nothing is ranked, for want of a dev part.

    Raises SpecError if its runs have no such metric, or if it is one of the test part.
    """
    asked = definition.settings.objective
    if spec is None or asked is None:
        return asked or _make_usual_objective(spec, ("dev",))
    problem = _find_problem(asked, definition, spec)
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


def choose_shown_metric(spec: AnySpec | None) -> SweepObjective:
    """What tables show of runs like `spec` where nothing is ranked."""
    return _make_usual_objective(spec, SHOWN_PARTS) or SweepObjective()


def choose_recorded_metric(definition: SweepDefinition, outcomes: Iterable[RunOutcome]) -> SweepObjective:
    """The objective of a sweep, or the usual metric by what was measured of its runs, whose data are not asked."""
    if definition.settings.objective:
        return definition.settings.objective
    names: dict[str, None] = {}
    for outcome in outcomes:
        names |= dict.fromkeys(outcome.metrics)
    for part in SHOWN_PARTS:
        metrics = [name.removeprefix(f"{part}_") for name in names if name.startswith(f"{part}_")]
        if metrics:
            return _pick_objective(part, metrics)
    return SweepObjective()


def check_choosing(definition: SweepDefinition, objective: SweepObjective | None) -> None:
    """Raises SpecError where runs are to be chosen, and there is nothing to choose them by."""
    if objective:
        return
    choosing = {"pruning": definition.settings.pruning is not None}
    choosing["tpe"] = definition.sampled is not None and definition.sampled.sampler == "tpe"
    for key, is_asked in choosing.items():
        if is_asked:
            message = f"{key} has to rank runs, and cannot: {NO_DEV_PART}"
            raise SpecError([Problem(_find_place(definition, key), key, message, DEV_ADVICE)])


def _make_usual_objective(spec: AnySpec | None, parts: tuple[PartName, ...]) -> SweepObjective | None:
    """The accuracy if there are classes, otherwise the loss; of a baseline, which has no loss, its first metric.

    None where none of the parts has examples.
    """
    if spec is None:
        return None
    part = next((part for part in parts if part in _list_parts(spec)), None)
    if part is None:
        return None
    return _pick_objective(part, _list_metrics(spec))


def _pick_objective(part: PartName, metrics: list[str]) -> SweepObjective:
    """The accuracy of a part, if it has one, otherwise its first metric, which is the loss of networks."""
    for metric in metrics:
        if "accuracy" in metric:
            return SweepObjective(maximize=f"{part}_{metric}")
    return SweepObjective(minimize=f"{part}_{metrics[0]}")


def _list_parts(spec: AnySpec) -> list[PartName]:
    """The parts that have examples."""
    sizes = spec.data.count_parts(describe_data(spec.data))
    return [part for part in SHOWN_PARTS if sizes[part]]


def _list_metrics(spec: AnySpec, asked: str = "") -> list[str]:
    """The metrics of each part; `asked` is among them if it is one that no list has, such as recall_yes."""
    outputs = spec.list_outputs(describe_data(spec.data))
    metrics = list_known_names(outputs)
    if asked and find_metric(asked, outputs):
        metrics.append(asked)
    return metrics if isinstance(spec, BaselineSpec) else ["loss", *metrics]


def _find_place(definition: SweepDefinition, key: str) -> Place:
    return definition.places.get(key, Place(SpecText(key, "")))


def _find_problem(asked: SweepObjective, definition: SweepDefinition, spec: AnySpec) -> Problem | None:
    """What is wrong with the objective of a sweep file: the wrong part, an unknown metric, or one upside down."""
    place, parts = _find_place(definition, "objective"), _list_parts(spec)
    part, _, metric = asked.metric.partition("_")
    metrics = _list_metrics(spec, metric)
    known = []
    for ranking_part in RANKING_PARTS:
        known += [f"{ranking_part}_{name}" for name in metrics if ranking_part in parts]
    if part in ("dev", "test") and metric in metrics and asked.metric not in known:
        advice = DEV_ADVICE
        message = NO_DEV_PART
        if "dev" in parts:
            message = f"{asked.metric} would choose runs by the test part, which is there to judge what was chosen"
            advice = f"write {_format_objective(f'dev_{metric}')}; reports show the test part beside it"
        return Problem(place, "objective", message, advice)
    if asked.metric not in known:
        message = f"no run has the metric {asked.metric!r}"
        return Problem(place, "objective", message, suggest_metric(asked.metric, known))
    if larger_is_better(asked.metric) != (asked.sign > 0):
        verb = "maximize" if asked.sign > 0 else "minimize"
        message = f"to {verb} {asked.metric} would choose the worst run as the best"
        return Problem(place, "objective", message, f"write {_format_objective(asked.metric)}")
    return None


def _format_objective(metric: str) -> str:
    """A metric as the objective of a sweep file, the right way round."""
    return f"{{{'maximize' if larger_is_better(metric) else 'minimize'}: {metric}}}"
