"""The validated spec of a baseline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from annotated_types import Ge

from nnexp.baselines.base import Baseline, list_baseline_outputs
from nnexp.data.dataset import Description
from nnexp.data.parts import Parts
from nnexp.metrics.components.base import Metric
from nnexp.metrics.outputs import TaskOutputs
from nnexp.registry import component_parameters
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Data, Line, Origin, Spec
from nnexp.spec.yaml import Node
from nnexp.wording import find_closest

BASELINE_KEY = "baseline"
"""The key that makes a spec that of a baseline."""


@dataclass(frozen=True, slots=True)
class BaselineSpec:
    """One baseline to fit: everything that decides its numbers, and its name.

    `seed` changes nothing, as nothing is drawn at random; it is there so that a baseline can stand beside networks of
    several seeds. Everything is computed in double precision and with one BLAS thread. `metrics` are measured besides
    the usual ones.
    """

    name: Line
    data: Data
    baseline: Baseline
    seed: Annotated[int, Ge(0)] = 0
    metrics: tuple[Metric, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False, metadata={"hidden": True})

    def prepare(self) -> Parts:
        """The data made ready for the fit. Raises DataError where they cannot be read."""
        return self.data.prepare("float64")

    def list_outputs(self, description: Description) -> list[TaskOutputs]:
        """What the outputs of the baseline say."""
        return list_baseline_outputs(self.baseline, description)


AnySpec: TypeAlias = Spec | BaselineSpec


def is_baseline(root: Node) -> bool:
    """Whether a tree is the spec of a baseline, its key misspelt perhaps."""
    assert isinstance(root.value, dict)
    if BASELINE_KEY in root.value:
        return True
    if "architecture" in root.value:
        return False
    # A key that networks have is spelt right, whatever else it resembles.
    network_keys = {parameter.name for parameter in component_parameters(Spec)}
    return any(find_closest(key, [BASELINE_KEY]) for key in root.value.keys() - network_keys)


def remove_foreign_keys(root: Node) -> list[Problem]:
    """Take the keys that only a network has out of the tree of a baseline, and complain of each in its place."""
    assert isinstance(root.value, dict)
    own = {parameter.name for parameter in component_parameters(BaselineSpec)}
    problems = []
    for parameter in component_parameters(Spec):
        key = parameter.name
        if key in root.value and key not in own:
            # Taken out, so that the builder does not call it an unknown key as well.
            del root.value[key]
            message = f"a baseline has no {key}: that belongs to a network, and this spec has `baseline`"
            problems.append(Problem(root.keys[key], key, message, f"remove `{key}` or `baseline`"))
    return problems
