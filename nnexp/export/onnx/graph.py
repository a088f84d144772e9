"""An ONNX graph in the making; what each layer adds to it stands in the layer's own file.   N examples"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nnexp.errors import UsageError
from nnexp.nn.graph import GraphValue
from nnexp.optional import import_optional
from nnexp.typing import AnyArray, Shape

OPSET_VERSION, IR_VERSION = 18, 8
"""Old enough for onnxruntime 1.14, of February 2023."""

MAX_CONSTANT_BYTES = 2**31 - 2**20
"""Bytes of constants that one file can hold: protobuf's 2 GiB, but for a MiB that names and nodes take."""


def import_onnx(name: str) -> Any:
    """A module of the library onnx. Raises UsageError where it is not installed."""
    return import_optional(f"onnx.{name}", "onnx", "exporting to ONNX")


class OnnxGraph:
    """Nodes and constants; what they compute is of one precision."""

    def __init__(self, dtype: np.dtype[np.floating]) -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, AnyArray] = {}
        self._helper, self._numpy = import_onnx("helper"), import_onnx("numpy_helper")
        self._names: Counter[str] = Counter()

    def add_node(self, path: str, op: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator of the layer with this path; gives the name of what it computes."""
        name = self._make_unique_name(f"{path}.{op}")
        self.nodes.append(self._helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def add_constant(self, name: str, value: ArrayLike, dtype: Any = None) -> str:
        """Add a constant; gives its name, which is another where this one is taken."""
        name = self._make_unique_name(name)
        self.constants[name] = np.ascontiguousarray(np.asarray(value, dtype or self.dtype))
        return name

    def _make_unique_name(self, name: str) -> str:
        self._names[name] += 1
        # A layer may need several operators of a kind, and ONNX has one name for each.
        if self._names[name] == 1:
            return name
        return f"{name}_{self._names[name]}"

    def encode_model(
        self, inputs: GraphValue, outputs: Mapping[str, GraphValue], about: Mapping[str, str], version: str
    ) -> bytes:
        """The file: these outputs by their names, as functions of the inputs, with what is to be known about them.

        Raises UsageError where it would be too large for the format.
        """
        if (size := sum(array.nbytes for array in self.constants.values())) > MAX_CONSTANT_BYTES:
            raise UsageError(f"the weights take {size / 2**30:.1f} GiB, and a file of ONNX holds at most 2")
        for name, value in outputs.items():
            self.nodes.append(self._helper.make_node("Identity", [value.name], [name], name))
        graph = self._helper.make_graph(
            self.nodes,
            "nnexp",
            [self._make_tensor_info(inputs.name, inputs.shape)],
            [self._make_tensor_info(name, value.shape) for name, value in outputs.items()],
            [self._numpy.from_array(array, name) for name, array in self.constants.items()],
        )
        model = self._helper.make_model(
            graph,
            producer_name="nnexp",
            producer_version=version,
            ir_version=IR_VERSION,
            opset_imports=[self._helper.make_opsetid("", OPSET_VERSION)],
        )
        self._helper.set_model_props(model, dict(about))
        import_onnx("checker").check_model(model, full_check=True)
        # The same run gives the same file, to the byte.
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _make_tensor_info(self, name: str, shape: Shape) -> Any:
        return self._helper.make_tensor_value_info(
            name, self._helper.np_dtype_to_tensor_dtype(self.dtype), ["N", *shape]
        )
