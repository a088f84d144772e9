"""Whether targets can be scaled as a spec says, and the network can give them then."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.data.normalizations.linear import MinMax, Unchanged
from nnexp.errors import RunError
from nnexp.nn.activations.base import Activation
from nnexp.nn.initializers.from_run import FromRun
from nnexp.nn.network import kind_of
from nnexp.nn.parameters import Declaration
from nnexp.spec.baseline import AnySpec
from nnexp.spec.locate import make_layer_problem, make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node

PATH = "data.scale_targets"

FAR = 1e9
"""A number that an activation is tried on: larger than any output of a network that learns."""

MIN_REACH = 100.0
"""An activation that gives no number beyond this, of either sign, is bounded on that side."""


def check_scaled_targets(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """Only values of the source are scaled."""
    if spec.data.scale_targets == Unchanged():
        return
    source = spec.data.source.describe_for(spec.data.split)
    if (spec.data.targets.find_source_values(source) >= 0).any():
        return
    found = f"the targets are {description.targets}"
    if description.targets == "values":
        found = "the targets are inputs, which `normalize` scales"
    yield make_problem(root, PATH, f"it scales values of the source, and here {found}", "leave scale_targets out")


def check_range_of_outputs(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """An activation after the output can give what the scaled targets are."""
    layers = spec.build_network(description).layers
    if spec.data.scale_targets == Unchanged() or not layers or not isinstance(layers[-1], Activation):
        return
    low, high = find_range(layers[-1])
    if isinstance(spec.data.scale_targets, MinMax):
        fits, wanted = low <= 0 and high >= 1, "from 0 to 1"
    else:
        fits, wanted = low < -MIN_REACH and high > MIN_REACH, "of both signs and any size"
    if fits:
        return
    how = registry.normalizations.name_of(spec.data.scale_targets)
    message = f"`scale_targets: {how}` makes targets {wanted}, and {kind_of(layers[-1])} gives {_describe(low, high)}"
    others = "`scale_targets: none`"
    if low <= 0 and high >= 1:
        others = "`scale_targets: min_max` or, if the values fit as they are, `scale_targets: none`"
    suggestion = f"end the architecture with `- output`, or write {others} under `data`"
    yield make_layer_problem(len(layers) - 1, root, message, suggestion)


def check_transferred_scaling(
    spec: Spec, description: Description, declaration: Declaration, root: Node
) -> Iterator[Problem]:
    """A last layer that comes from another run gives what is learned here: scaled values, or values as they are."""
    init = spec.init
    if not isinstance(init, FromRun) or description.targets != "values":
        return
    last = list(declaration.parts)[-1]
    try:
        taken = [name for name in init.transferred_weights() if name.startswith(f"{last}.")]
        there = init.has_scaled_targets()
    except RunError:
        return  # reported with the weights
    here = spec.data.scale_targets != Unchanged()
    if not taken or there == here:
        return
    words = ("values as they are", "scaled values")
    message = f"{last} of {init.run} gives {words[there]}, and here it is to give {words[here]}"
    line = "`scale_targets: none`" if here else "`scale_targets: standard`"
    suggestion = f"write {line} under `data`, or name the layers to start from, without {last}: `layers: [...]`"
    yield make_problem(root, "init.from_run", message, suggestion)


def find_range(activation: Activation) -> tuple[float, float]:
    """The least and the largest number that an activation gives, tried from far below 0 to far above.

    >>> from nnexp.nn.activations.relu import ReLU
    >>> find_range(ReLU())
    (0.0, 1000000000.0)
    """
    near = np.linspace(-10, 10, 2001)
    # two columns, so that softmax has something to share out
    z = np.stack([np.concatenate([[-FAR], near, [FAR]]), np.zeros(len(near) + 2)], axis=-1)
    with np.errstate(all="ignore"):
        a = activation.apply(z[None])[0]
    return float(np.nanmin(a)), float(np.nanmax(a))


def _describe(low: float, high: float) -> str:
    if low >= -MIN_REACH and high <= MIN_REACH:
        return f"numbers from {low:.3g} to {high:.3g}"
    if low >= -MIN_REACH:
        return f"no number below {low:.3g}"
    return f"no number above {high:.3g}"
