"""What other programs make of a file of ONNX."""

from __future__ import annotations

import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from scipy.special import erf

from nnexp.typing import AnyArray

ONLY_SINGLE = frozenset({"AveragePool", "Conv", "Erf"})
"""Operators that onnxruntime has in single precision alone; of others ONNX's own evaluator, in NumPy, answers."""


class Erf(OpRun):
    """The operator of this name, which the evaluator computes in single precision."""

    op_domain = ""

    def _run(self, x: AnyArray) -> tuple[AnyArray]:
        return (erf(x),)


def answers(content: bytes, x: AnyArray) -> dict[str, AnyArray]:
    """The outputs by name for inputs x (N, ...), which are taken to the file's precision."""
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    [asked] = model.graph.input
    dtype = onnx.helper.tensor_dtype_to_np_dtype(asked.type.tensor_type.elem_type)
    given, names = {asked.name: x.astype(dtype)}, [output.name for output in model.graph.output]
    if dtype == "float64" and ONLY_SINGLE & {node.op_type for node in model.graph.node}:
        return dict(zip(names, ReferenceEvaluator(model, new_ops=[Erf]).run(None, given), strict=True))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(None, given), strict=True))


def properties(content: bytes) -> dict[str, str]:
    """What is written in the file about itself."""
    return {entry.key: entry.value for entry in onnx.load_from_string(content).metadata_props}
