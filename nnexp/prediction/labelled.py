"""Another labelled file, to evaluate a run on.   N examples, O outputs"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnexp.data.file_source import OwnFileSource
from nnexp.data.parts import Part, Parts
from nnexp.data.sources.npz import Npz
from nnexp.data.targets.given import Given
from nnexp.prediction.ensemble import Ensemble
from nnexp.prediction.predictor import Predictor
from nnexp.spec.baseline import AnySpec
from nnexp.typing import AnyArray


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """The examples of a file: raw inputs x (N, ...), a part as `evaluate` takes it, and what a user should know."""

    x: AnyArray
    part: Part
    notes: tuple[str, ...]


def read_labelled_file(
    path: Path, spec: AnySpec, predictor: Predictor, find_parts: Callable[[], Parts]
) -> LabelledFile:
    """A file with the columns, arrays or folders of the data that a run was trained on, with the run's classes.

    `find_parts` gives these data, which are asked for only where the run does not keep what is needed. Raises DataError
    where the file is not like them.
    """
    data = spec.data
    # A run on generated examples, or on a set that was downloaded, takes arrays x and y.
    source = data.source if isinstance(data.source, OwnFileSource) else Npz(str(path))
    is_given = isinstance(data.targets, Given)
    description = predictor.description if is_given else data.source.describe_for(data.split)
    examples = source.read_labelled(path, description)
    network = predictor.members[0] if isinstance(predictor, Ensemble) else predictor
    x = network.normalize_inputs(examples.x)
    d = data.targets.make_targets(description, x.astype(np.float64), examples.y)
    scaling, weights = network.target_scaling, None
    if isinstance(predictor, Ensemble) or data.class_weights != "none":
        # The members of a bagging have a scaling each; balanced weights follow from counts that no run keeps.
        train = find_parts().train
        scaling, weights = train.target_scaling, train.class_weights
    if scaling is not None:
        d = scaling.scale_values(d)
    stored = examples.x if isinstance(predictor, Ensemble) else x
    part = Part(stored, d.astype(x.dtype), target_scaling=scaling, class_weights=weights)
    return LabelledFile(examples.x, part, examples.notes)
