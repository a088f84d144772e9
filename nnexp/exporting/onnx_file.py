"""A run as a file of ONNX: from raw inputs to outputs and probabilities.   M members, N examples, O outputs"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import log

import numpy as np

from nnexp import registry
from nnexp.baselines.least_squares import LeastSquares
from nnexp.errors import UsageError
from nnexp.exporting.activations import stable_softplus
from nnexp.exporting.graph import Graph, Place, Value
from nnexp.exporting.layers import chain
from nnexp.exporting.learned import Learned, Result
from nnexp.losses.base import Loss
from nnexp.losses.binary_cross_entropy import BinaryCrossEntropy
from nnexp.losses.tasks import TaskLosses
from nnexp.parameters import Views
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.sections import Spec
from nnexp.typing import Shape

INPUTS, OUTPUTS, PROBABILITIES = "inputs", "outputs", "probabilities"
"""The names of what goes in and comes out."""

REASONS: Mapping[str, str] = {
    "knn": "its answer is a search among the training examples",
    "gaussian_classifier": "it is solved by triangular matrices, which ONNX has no operator for",
}
"""Why a baseline is not exported."""


def content(result: Result) -> bytes:
    """The file. Raises UsageError where the run, or a layer of it, cannot be expressed."""
    first = result.first
    inputs = Value(INPUTS, first.description.shape)
    graph = Graph(np.dtype(first.spec.training.dtype if isinstance(first.spec, Spec) else np.float64))
    if isinstance(first.spec, BaselineSpec):
        outputs = {OUTPUTS: _baseline(graph, first, inputs)}
    else:
        prefixes = [f"member_{m}." for m in range(1, len(result.parts) + 1)] if result.is_ensemble else [""]
        members = [_network(graph, *pair, inputs) for pair in zip(result.parts, prefixes, strict=True)]
        outputs = _by_task(graph, first.loss, members)
    return graph.finished(inputs, outputs, _about(result), result.about()["nnexp"])


def _about(result: Result) -> dict[str, str]:
    """What can be read in the file about the run and its data; lists as JSON."""
    about = result.first.description
    named: dict[str, object] = {"classes": about.classes} if not about.tasks else {}
    named |= {"tasks": {task.name: {"targets": task.targets, "classes": task.classes} for task in about.tasks}}
    named |= {"inputs": about.inputs}
    lists = {name: json.dumps(value, ensure_ascii=False) for name, value in named.items() if value}
    return {**result.about(), "targets": about.targets, **lists}


def _network(graph: Graph, learned: Learned, prefix: str, inputs: Value) -> Value:
    """The outputs of one network."""
    place = Place(graph, learned.weights, prefix)
    ready = normalized(graph, learned, prefix, inputs)
    return Value(chain(learned.network, place, ready), (learned.description.outputs,))


def _baseline(graph: Graph, learned: Learned, inputs: Value) -> Value:
    """The outputs of a baseline. Raises UsageError for all but the linear one."""
    assert isinstance(learned.spec, BaselineSpec)
    name = registry.baselines.name_of(learned.spec.baseline)
    if not isinstance(learned.spec.baseline, LeastSquares):
        raise UsageError(f"the baseline {name} cannot be exported to ONNX: {REASONS.get(name, 'it is no network')}")
    at = Place(graph, Views(name))
    flat = at.add("Flatten", normalized(graph, learned, "", inputs).name, axis=1)
    z = at.add("Gemm", flat, *(at.weight(name, learned.arrays[name]) for name in ("W", "b")))
    return Value(z, (learned.description.outputs,))


def normalized(graph: Graph, learned: Learned, prefix: str, x: Value) -> Value:
    """Raw inputs with what is missing filled in, then (x - shift) / scale.

    In single precision shift is two numbers, itself rounded and what rounding left, so that little is lost where inputs
    are far from 0 for their spread.
    """
    at = Place(graph, Views("normalize"), prefix)
    name, shift = x.name, learned.shift
    if learned.fill is not None:
        name = at.add("Where", at.add("IsNaN", name), at.weight("fill", learned.fill), name)
    rounded = shift.astype(graph.dtype)
    for key, part in (("shift", rounded), ("shift_rest", shift - rounded)):
        if part.any():
            name = at.add("Sub", name, at.weight(key, part))
    if (learned.scale != 1).any():
        name = at.add("Mul", name, at.weight("inverse_scale", 1 / learned.scale))
    return Value(name, x.shape)


def _by_task(graph: Graph, loss: Loss, members: Sequence[Value]) -> dict[str, Value]:
    """What the members say together, by the names of the file's outputs: of each task where there are several."""
    if not isinstance(loss, TaskLosses):
        return dict(_said(Place(graph, Views(OUTPUTS)), loss, members))
    found: dict[str, Value] = {}
    for name, (weighted, columns) in zip(loss.tasks.names, loss.places(), strict=True):
        at = Place(graph, Views(f"{name}_{OUTPUTS}"))
        own = [_columns(at, z, columns) for z in members]
        found |= {f"{name}_{key}": value for key, value in _said(at, weighted.loss, own)}
    return found


def _columns(at: Place, z: Value, columns: slice) -> Value:
    ends = (at.whole([columns.start]), at.whole([columns.stop]), at.whole([-1]))
    return Value(at.add("Slice", z.name, *ends), (columns.stop - columns.start,))


def _said(at: Place, loss: Loss, members: Sequence[Value]) -> Iterator[tuple[str, Value]]:
    """The outputs of one network or the averaged ones of several, and where they are logits, the probabilities."""
    shape = members[0].shape
    z = members[0].name if len(members) == 1 else _averaged(at, loss, members)
    yield OUTPUTS, Value(z, shape)
    if loss.outputs == "logits":
        yes_or_no = isinstance(loss, BinaryCrossEntropy)
        yield PROBABILITIES, Value(at.add("Sigmoid", z) if yes_or_no else at.add("Softmax", z, axis=-1), shape)


def _averaged(at: Place, loss: Loss, members: Sequence[Value]) -> str:
    """The outputs that say the mean of what the members' say, as `Loss.averaged`."""
    if loss.outputs != "logits":
        stacked = _stacked(at, [z.name for z in members], members[0].shape)
        return at.add("ReduceMean", stacked, at.whole([1]), keepdims=0)
    if not isinstance(loss, BinaryCrossEntropy):
        return _log_mean(at, [at.add("LogSoftmax", z.name, axis=-1) for z in members], members[0].shape)
    no = [at.add("Neg", stable_softplus(at, z.name)) for z in members]
    yes = [at.add("Neg", stable_softplus(at, at.add("Neg", z.name))) for z in members]
    return at.add("Sub", *(_log_mean(at, logarithms, members[0].shape) for logarithms in (yes, no)))


def _log_mean(at: Place, logarithms: Sequence[str], shape: Shape) -> str:
    """The logarithm of the mean of M numbers, from theirs."""
    total = at.add("ReduceLogSumExp", _stacked(at, logarithms, shape), at.whole([1]), keepdims=0)
    return at.add("Sub", total, at.number(log(len(logarithms))))


def _stacked(at: Place, members: Sequence[str], shape: Shape) -> str:
    """(N, O) of each member -> (N, M, O)"""
    return at.add("Concat", *(at.add("Reshape", z, at.whole([-1, 1, *shape])) for z in members), axis=1)
