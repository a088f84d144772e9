"""A trained network, for use.   N examples, O outputs"""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from nnexp.data.base import Description
from nnexp.data.parts import Part, normalized
from nnexp.errors import DataError
from nnexp.model import Model
from nnexp.network import assemble
from nnexp.replicas import stack
from nnexp.spec.sections import Spec
from nnexp.training.evaluation import BLOCK, evaluate
from nnexp.typing import AnyArray, Array


class Network:
    """The network of a run, with the weights that answer for it and the normalisation that it was trained with."""

    def __init__(
        self, spec: Spec, description: Description, shift: Array, scale: Array, theta: Array, buffers: Array
    ) -> None:
        self.description = description
        self.classes = description.classes
        self._threads = spec.training.threads
        self._shift, self._scale = shift, scale
        network = stack([assemble(spec.architecture, spec.activation, description.outputs)])
        declaration = network.declare(description.shape)
        penalties, loss = stack([spec.regularization]), stack([spec.loss])
        self._model = Model(network, declaration, loss, penalties, theta, buffers)

    @property
    def gives_probabilities(self) -> bool:
        """Whether `probabilities` really are: the loss has a softmax or sigmoid of its own."""
        return self._model.loss.outputs == "logits"

    def outputs(self, x: AnyArray) -> Array:
        """The outputs z for raw inputs x (N, ...) as the data source gives them. Raises DataError for another shape.

        core: (N, ...) -> (N, O)
        """
        x = np.asarray(x)
        if x.shape[1:] != self.description.shape:
            wanted, found = (" x ".join(map(str, shape)) for shape in (self.description.shape, x.shape[1:]))
            raise DataError(f"the network takes examples of {wanted} numbers, and these have {found or 'one'}")
        ready = normalized(x, self._shift, self._scale, self._model.theta.dtype)[None]
        with threadpool_limits(self._threads, "blas"), np.errstate(all="ignore"):
            blocks = [self._model.outputs(ready[:, start : start + BLOCK])[0] for start in range(0, len(x), BLOCK)]
        return np.concatenate(blocks) if blocks else np.zeros((0, self.description.outputs), ready.dtype)

    def probabilities(self, x: AnyArray) -> Array:
        """The outputs put through the loss's own softmax or sigmoid, where it has one. core: (N, ...) -> (N, O)"""
        return self._model.loss.predict(self.outputs(x)[None])[0]

    def predict(self, x: AnyArray) -> AnyArray:
        """The class of each example, as an index into `classes`; yes or no for binary outputs; otherwise the values.

        core: (N, ...) -> (N), (N, O) or (N, O)
        """
        scores = self.probabilities(x)
        if self.description.targets == "classes":
            return scores.argmax(axis=-1)
        boundary = 0 if self._model.loss.outputs == "scores" else 0.5
        return scores > boundary if self.description.targets == "binary" else scores

    def evaluate(self, part: Part) -> dict[str, float]:
        """Loss and metrics on a part whose inputs are normalised already."""
        with threadpool_limits(self._threads, "blas"), np.errstate(all="ignore"):
            metrics = evaluate(self._model, [part], self.description.targets)
        return {name: float(value[0]) for name, value in metrics.items()}
