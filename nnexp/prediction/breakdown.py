"""Confusions and the figures of each class or output, of a predictor's predictions.   N examples, O outputs"""

from __future__ import annotations

import numpy as np

from nnexp.metrics.breakdown import Breakdown, measure_binary, measure_classes, measure_values
from nnexp.prediction.predictor import Prediction, Predictor
from nnexp.typing import AnyArray, Array


def measure_part(predictor: Predictor, x: AnyArray, d: Array) -> list[Breakdown]:
    """The breakdown of predictions for raw inputs x (N, ...), task by task.

    d (N, O): the targets in the units of the data, those of several tasks side by side.
    """
    found, start = [], 0
    for prediction in predictor.predictions(x):
        stop = start + len(prediction.task.classes)
        found.append(measure_prediction(prediction, d[:, start:stop]))
        start = stop
    return found


def measure_prediction(prediction: Prediction, d: Array) -> Breakdown:
    """The breakdown of the predictions of one task, whose targets are d (N, O)."""
    task = prediction.task
    if task.targets == "classes":
        scores = prediction.scores
        if len(task.classes) == 2:
            # What was decided, which may be by another threshold than ½.
            scores = np.eye(2)[prediction.predicted]
        return measure_classes(scores, d, task.classes, task.name)
    if task.targets == "binary":
        return measure_binary(prediction.predicted, d, task.classes, task.name)
    return measure_values(prediction.scores, d, task.classes, task.name)
