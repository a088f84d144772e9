"""Whether a decision by a threshold fits what is predicted, and has a part to be chosen on."""

from __future__ import annotations

from collections.abc import Iterator

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.metrics.choose import find_misfit
from nnexp.metrics.components.base import ConfusionMetric
from nnexp.metrics.thresholds import has_threshold, list_single_decisions
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node


def check_decision(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Something is decided by a threshold, which is given, or chosen on the dev part by a metric that depends on it."""
    decision = spec.decision
    if decision is None:
        return
    if (decision.maximize is None) == (decision.threshold is None):
        message = "expected either `maximize` or `threshold`"
        yield make_problem(root, "decision", message, "for example {maximize: macro_f1}, or {threshold: 0.3}")
        return
    if not any(map(has_threshold, spec.list_outputs(description))):
        message = "a threshold parts two classes or yes from no, by probabilities, and nothing here is of that kind"
        yield make_problem(root, "decision", message, "leave `decision` out")
        return
    if decision.maximize is not None:
        yield from _check_maximize(spec, description, root)


def _check_maximize(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """The metric depends on the threshold and fits, and there is a dev part."""
    assert spec.decision is not None, "checked by its caller"
    metric = spec.decision.maximize
    path = "decision.maximize"
    if not isinstance(metric, ConfusionMetric):
        name = registry.metrics.name_of(metric)
        known = [known for known in registry.metrics if issubclass(registry.metrics[known], ConfusionMetric)]
        message = f"{name} does not depend on the threshold, or is not to be large"
        yield make_problem(root, path, message, f"metrics that do: {', '.join(known)}")
        return
    reasons = []
    for outputs in filter(has_threshold, spec.list_outputs(description)):
        reasons += [find_misfit(metric, single) for single, _ in list_single_decisions(outputs)]
    if all(reasons):
        yield make_problem(root, path, f"{registry.metrics.name_of(metric)} cannot be measured: {reasons[0]}")
    try:
        has_dev = spec.data.count_parts(description)["dev"] > 0
    except ValueError:
        return  # reported by check_split
    if not has_dev:
        message = "the threshold is chosen on the dev part, and data.split gives it no examples"
        yield make_problem(root, path, message, "give dev some examples, or write `decision: {threshold: ...}`")
