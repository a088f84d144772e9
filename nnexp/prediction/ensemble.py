"""Networks whose predictions are averaged.   M members, N examples, O outputs"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nnexp.data.parts import Part, Parts
from nnexp.data.splits import PART_NAMES
from nnexp.nn.losses.class_weights import compute_loss
from nnexp.nn.replicas import stack_replicas
from nnexp.prediction.predictor import Prediction, Predictor, TrainedNetwork, predictions_of
from nnexp.spec.spec import Data, Spec
from nnexp.training.data import stack_class_weights
from nnexp.training.evaluation import BLOCK_EXAMPLES
from nnexp.typing import AnyArray, Array


class Ensemble(Predictor):
    """Networks whose predictions are averaged.

        p(x) = 1/M Σ_m p_m(x)

    p_m are probabilities where the loss has a softmax or a sigmoid of its own, otherwise the outputs. For squared error
    the ensemble's loss is the members' mean loss less half the variance of their outputs: between 1/M of it, where
    their errors are independent and of mean zero, and no decrease, where they are the same. `spec` holds what the
    members have in common. Source: lecture notes on regularisation.
    """

    kind = "ensemble"

    def __init__(self, spec: Spec, members: Sequence[TrainedNetwork]) -> None:
        first = members[0]
        shape = first.description.shape
        # Each member normalises raw inputs itself: those of a bagging were fitted to different training examples.
        super().__init__(first.description, np.zeros(shape), np.ones(shape), "float64", spec.training.threads)
        self.members = tuple(members)
        self._spec = spec
        self._loss = stack_replicas([spec.build_loss(first.description)])

    @property
    def accepts_missing(self) -> bool:
        return all(member.accepts_missing for member in self.members)

    def outputs(self, x: AnyArray) -> Array:
        return self._compute_with_average(x)[0]

    def _compute_block(self, x: Array) -> Array:
        return self.outputs(x)

    def _compute_with_average(self, x: AnyArray) -> Array:
        """The outputs whose prediction is the average one, and below them those of each member.

        core: (N, ...) -> (1 + M, N, O)
        """
        z = np.stack([member.outputs(x) for member in self.members])
        average = self._loss.average_outputs(z.astype(np.float64)).astype(z.dtype)
        return np.concatenate([average[None], z])

    def probabilities(self, x: AnyArray) -> Array:
        """The mean of the members' probabilities, where the loss has such, otherwise of their outputs."""
        return self._loss.predict(self.outputs(x)[None])[0]

    def predictions(self, x: AnyArray) -> list[Prediction]:
        return predictions_of(self.description, self._loss, self.probabilities(x))

    def evaluate(self, part: Part, *, everything: bool = False) -> dict[str, float]:
        """Loss and metrics on a part whose inputs are as the data source gives them."""
        return self.evaluate_members(part, everything=everything)[0]

    def evaluate_members(self, part: Part, *, everything: bool = False) -> list[dict[str, float]]:
        """Loss and metrics of the ensemble, then of each member, on a part whose inputs are as the source gives them.

        The ensemble's loss is that of its average. Where targets are scaled, all losses are of targets scaled as those
        of the part are, which may not be how those of a member were.
        """
        rows = 1 + len(self.members)
        scaling = part.target_scaling
        scoring = self._spec.build_metrics(self.description, self._loss, scaling)
        if everything:
            scoring = scoring.measure_everything()
        class_weights = stack_class_weights([part])
        total = np.zeros(rows)
        scores = np.empty((rows, len(part), scoring.score_count))
        with self.limit_threads():
            for start in range(0, len(part), BLOCK_EXAMPLES):
                here = slice(start, start + BLOCK_EXAMPLES)
                z = self._compute_with_average(part.take_inputs(here))
                if scaling is not None:
                    z = scaling.scale_values(z)
                d = part.d[here][None]
                total += compute_loss(self._loss, class_weights, z, d)[0].astype(np.float64) * z.shape[-2]
                scoring.score_examples(z, d, out=scores[:, here])
            found = {"loss": total / len(part), **scoring.summarize_scores(scores, part.d[None])}
        return [{name: float(values[row]) for name, values in found.items()} for row in range(rows)]


def use_raw_inputs(parts: Parts, data: Data) -> Parts:
    """The parts of a data set with the inputs as its source gives them, as an ensemble takes them."""
    raw = data.load()
    rows = data.split.choose_rows(raw)
    found = [replace(parts[name], stored_inputs=raw.x, rows=rows[name], normalize=None) for name in PART_NAMES]
    train, dev, test = found
    return replace(parts, train=train, dev=dev, test=test)
