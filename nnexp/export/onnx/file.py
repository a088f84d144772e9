"""A run as a file of ONNX: from raw inputs to outputs and probabilities.   M members, N examples, O outputs"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import log

import numpy as np

from nnexp import registry
from nnexp.baselines.least_squares import LeastSquares
from nnexp.errors import UsageError
from nnexp.export.learned import LearnedModel, RunResult
from nnexp.export.onnx.graph import OnnxGraph
from nnexp.nn.graph import GraphValue, LayerScope
from nnexp.nn.losses.base import Loss
from nnexp.nn.losses.binary_cross_entropy import BinaryCrossEntropy
from nnexp.nn.losses.tasks import TaskLosses
from nnexp.nn.parameters import Views
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.spec import Spec
from nnexp.typing import Shape

INPUTS_NAME, OUTPUTS_NAME, PROBABILITIES_NAME = "inputs", "outputs", "probabilities"
"""The names of what goes in and comes out."""

UNSUPPORTED_REASONS: Mapping[str, str] = {
    "knn": "its answer is a search among the training examples",
    "gaussian_classifier": "it is solved by triangular matrices, which ONNX has no operator for",
}
"""Why a baseline is not exported."""


def encode_onnx(result: RunResult) -> bytes:
    """The file. Raises UsageError where the run, or a layer of it, cannot be expressed."""
    first = result.first_model
    inputs = GraphValue(INPUTS_NAME, first.description.shape)
    # Baselines are fitted in double precision.
    graph = OnnxGraph(np.dtype(first.spec.training.dtype if isinstance(first.spec, Spec) else np.float64))
    if isinstance(first.spec, BaselineSpec):
        outputs = {OUTPUTS_NAME: _add_baseline(graph, first, inputs)}
    else:
        members = []
        for prefix, model in result.iterate_models():
            members.append(_add_network(graph, model, prefix, inputs))
        outputs = _add_outputs(graph, first.loss, members)
    return graph.encode_model(inputs, outputs, _make_metadata(result), result.make_metadata()["nnexp"])


def _make_metadata(result: RunResult) -> dict[str, str]:
    """What can be read in the file about the run and its data; lists as JSON."""
    about = result.first_model.description
    named: dict[str, object] = {"classes": about.classes}
    if about.tasks:
        named = {"tasks": {task.name: {"targets": task.targets, "classes": task.classes} for task in about.tasks}}
    named["inputs"] = about.inputs
    lists = {name: json.dumps(value, ensure_ascii=False) for name, value in named.items() if value}
    return {**result.make_metadata(), "targets": about.targets, **lists}


def _add_network(graph: OnnxGraph, learned: LearnedModel, prefix: str, inputs: GraphValue) -> GraphValue:
    """The outputs of one network."""
    place = LayerScope(graph, learned.weights, prefix)
    ready = add_normalization(graph, learned, prefix, inputs)
    z = learned.network.add_to_graph(place, ready)
    return GraphValue(_restore_values(graph, learned, prefix, z), (learned.description.output_count,))


def _add_baseline(graph: OnnxGraph, learned: LearnedModel, inputs: GraphValue) -> GraphValue:
    """The outputs of a baseline. Raises UsageError for all but the linear one."""
    assert isinstance(learned.spec, BaselineSpec)
    name = registry.baselines.name_of(learned.spec.baseline)
    if not isinstance(learned.spec.baseline, LeastSquares):
        reason = UNSUPPORTED_REASONS.get(name, "it is no network")
        raise UsageError(f"the baseline {name} cannot be exported to ONNX: {reason}")
    at = LayerScope(graph, Views(name))
    flat = at.add_node("Flatten", add_normalization(graph, learned, "", inputs).name, axis=1)
    w = at.add_weight("W", learned.arrays["W"])
    b = at.add_weight("b", learned.arrays["b"])
    z = at.add_node("Gemm", flat, w, b)
    return GraphValue(_restore_values(graph, learned, "", z), (learned.description.output_count,))


def add_normalization(graph: OnnxGraph, learned: LearnedModel, prefix: str, x: GraphValue) -> GraphValue:
    """Raw inputs with what is missing filled in, then (x - shift) / scale.

    In single precision shift is two numbers, itself rounded and what rounding left, so that little is lost where inputs
    are far from 0 for their spread.
    """
    at = LayerScope(graph, Views("normalize"), prefix)
    name, shift = x.name, learned.shift
    if learned.fill is not None:
        name = at.add_node("Where", at.add_node("IsNaN", name), at.add_weight("fill", learned.fill), name)
    rounded = shift.astype(graph.dtype)
    for key, part in (("shift", rounded), ("shift_rest", shift - rounded)):
        if part.any():
            name = at.add_node("Sub", name, at.add_weight(key, part))
    if (learned.scale != 1).any():
        name = at.add_node("Mul", name, at.add_weight("inverse_scale", 1 / learned.scale))
    return GraphValue(name, x.shape)


def _restore_values(graph: OnnxGraph, learned: LearnedModel, prefix: str, z: str) -> str:
    """The outputs in the units of the data, where the targets were scaled for training: z · scale + shift."""
    if learned.target_scaling is None:
        return z
    at = LayerScope(graph, Views("targets"), prefix)
    scaled = at.add_node("Mul", z, at.add_weight("scale", learned.target_scaling.scale))
    return at.add_node("Add", scaled, at.add_weight("shift", learned.target_scaling.shift))


def _add_outputs(graph: OnnxGraph, loss: Loss, members: Sequence[GraphValue]) -> dict[str, GraphValue]:
    """What the members predict together, by the names of the file's outputs: of each task where there are several."""
    if not isinstance(loss, TaskLosses):
        return _add_task_outputs(LayerScope(graph, Views(OUTPUTS_NAME)), loss, members)
    found: dict[str, GraphValue] = {}
    for name, (weighted, columns) in zip(loss.tasks.names, loss.locate_tasks(), strict=True):
        at = LayerScope(graph, Views(f"{name}_{OUTPUTS_NAME}"))
        own = [_slice_columns(at, z, columns) for z in members]
        found |= _add_task_outputs(at, weighted.loss, own, prefix=f"{name}_")
    return found


def _slice_columns(at: LayerScope, z: GraphValue, columns: slice) -> GraphValue:
    ends = (at.add_integers([columns.start]), at.add_integers([columns.stop]), at.add_integers([-1]))
    return GraphValue(at.add_node("Slice", z.name, *ends), (columns.stop - columns.start,))


def _add_task_outputs(
    at: LayerScope, loss: Loss, members: Sequence[GraphValue], prefix: str = ""
) -> dict[str, GraphValue]:
    """The outputs of one network or the averaged ones of several, and where they are logits, the probabilities."""
    shape = members[0].shape
    z = members[0].name
    if len(members) > 1:
        z = _average_members(at, loss, [member.name for member in members], shape)
    outputs = {prefix + OUTPUTS_NAME: GraphValue(z, shape)}
    if loss.outputs == "logits":
        is_binary = isinstance(loss, BinaryCrossEntropy)
        probabilities = at.add_node("Sigmoid", z) if is_binary else at.add_node("Softmax", z, axis=-1)
        outputs[prefix + PROBABILITIES_NAME] = GraphValue(probabilities, shape)
    return outputs


def _average_members(at: LayerScope, loss: Loss, members: Sequence[str], shape: Shape) -> str:
    """The outputs that mean the average of the members' predictions, as `Loss.average_outputs`."""
    if loss.outputs != "logits":
        return at.add_node("ReduceMean", _stack_members(at, members, shape), at.add_integers([1]), keepdims=0)
    # In logarithms, since a probability that is almost 0 or 1 would round to it.
    if not isinstance(loss, BinaryCrossEntropy):
        return _add_log_mean(at, [at.add_node("LogSoftmax", z, axis=-1) for z in members], shape)
    # log(1 - σ(z)) = -softplus(z), and log σ(z) = -softplus(-z).
    no = [at.add_node("Neg", at.add_softplus(z)) for z in members]
    yes = [at.add_node("Neg", at.add_softplus(at.add_node("Neg", z))) for z in members]
    log_yes, log_no = _add_log_mean(at, yes, shape), _add_log_mean(at, no, shape)
    return at.add_node("Sub", log_yes, log_no)


def _add_log_mean(at: LayerScope, logarithms: Sequence[str], shape: Shape) -> str:
    """The logarithm of the mean of M numbers, from theirs."""
    # Axes are an input of the operator since version 18 of the operators.
    total = at.add_node("ReduceLogSumExp", _stack_members(at, logarithms, shape), at.add_integers([1]), keepdims=0)
    return at.add_node("Sub", total, at.add_number(log(len(logarithms))))


def _stack_members(at: LayerScope, members: Sequence[str], shape: Shape) -> str:
    """(N, O) of each member -> (N, M, O)"""
    columns = [at.add_node("Reshape", z, at.add_integers([-1, 1, *shape])) for z in members]
    return at.add_node("Concat", *columns, axis=1)
