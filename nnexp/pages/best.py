"""A closer look at the best variant: its predictions on a part of its data, and what its first layer learned.

N examples, K classes, O outputs, H W C image
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnexp import archives
from nnexp.api import Run
from nnexp.data.base import Dataset
from nnexp.data.parts import Parts
from nnexp.data.splits import PartName
from nnexp.details import ClassDetails, ValueDetails, of_prediction
from nnexp.errors import NnexpError
from nnexp.layers.conv2d import Conv2D
from nnexp.layers.dense import Dense
from nnexp.layers.output import Output
from nnexp.network import kind_of
from nnexp.pages.images import bounds, filters, picture, shape_of
from nnexp.pages.mistakes import Mistake, Tally
from nnexp.parameters import weight_views
from nnexp.predictor import Prediction
from nnexp.reports.rows import PART, Row
from nnexp.reports.variants import Variant
from nnexp.runs.trained import weights_of
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.meaning import declaration_of
from nnexp.typing import AnyArray, Array, IntArray, Shape

RUNS = 5
"""Runs of the variant that are asked for predictions."""

MISTAKES, FILTERS, POINTS = 18, 60, 600

KEPT = ("dropout", "classic_dropout", "gaussian_noise", "flatten")
"""Layers before the first one with weights that leave the meaning of its inputs as it is."""


@dataclass(slots=True)
class Look:
    """What was seen.

    confusions: by task, summed over runs.  mistakes, `wrong` in all, with images by example, of the first task.
    values: by output, the targets and the predictions of one run.  seeds: of the runs that were asked.
    """

    variant: Variant
    part: PartName
    seeds: list[int] = field(default_factory=list)
    confusions: dict[str, ClassDetails] = field(default_factory=dict)
    classes: Sequence[str] = ()
    mistakes: list[Mistake] = field(default_factory=list)
    wrong: int = 0
    probabilities: bool = False
    images: dict[int, str] = field(default_factory=dict)
    values: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)
    filters: list[str] = field(default_factory=list)
    all_filters: int = 0
    filtered: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Sets:
    """The data of the runs, read once where they are the same."""

    key: str = ""
    raw: Dataset | None = None
    parts: Parts | None = None

    def of(self, run: Run) -> tuple[Dataset, Parts]:
        key = repr(run.spec.data) + run.record["data"]["fingerprint"]
        if key != self.key or self.raw is None or self.parts is None:
            self.raw, self.parts, self.key = run.spec.data.source.load(), run.parts, key
        return self.raw, self.parts


def look(variant: Variant, metric: str) -> Look | None:
    """Look at a variant's runs that are done; None where there are none. What cannot be read is said in `problems`."""
    rows = variant.done
    if not rows:
        return None
    found, sets, tally = Look(variant, _part(Run(rows[0].path), metric)), _Sets(), Tally()
    problems: list[str] = []
    asked: list[Row] = []
    for row in rows[:RUNS]:
        try:
            _ask(found, row, sets, tally)
            asked.append(row)
        except NnexpError as error:
            problems.append(str(error))
    found.mistakes, found.wrong = tally.worst(MISTAKES), tally.count()
    try:
        _draw(found, sets)
        _first_layer(found, Run((asked or rows)[0].path))
    except NnexpError as error:
        problems.append(str(error))
    found.problems = list(dict.fromkeys(problems))  # data that are gone are gone for all
    return found


def _part(run: Run, metric: str) -> PartName:
    """The part that the metric is of, or another where that one is empty."""
    examples = run.record["data"]["examples"]
    wanted = next((part for part in PART if metric.startswith(f"{part}_")), "dev")
    order = (wanted, "dev", "test", "train")
    found: Any = next((part for part in order if examples.get(part)), "train")
    return found


def _ask(found: Look, row: Row, sets: _Sets, tally: Tally) -> None:
    """Add the predictions of a run."""
    run = Run(row.path)
    raw, parts = sets.of(run)
    chosen = run.spec.data.split.indices(len(raw.x), raw.labels, raw.description.own_test)[found.part]
    d, start, first = parts[found.part].d, 0, True
    for prediction in run.network.predictions(raw.x[chosen]):
        stop = start + len(prediction.task.classes)
        own = d[:, start:stop]
        start = stop
        _add(found, prediction, own, chosen, tally if first else None, new=not found.seeds)
        first = first and prediction.task.targets != "classes"
    found.seeds.append(row.seed)


def _add(found: Look, prediction: Prediction, d: Array, chosen: IntArray, tally: Tally | None, *, new: bool) -> None:
    details = of_prediction(prediction, d)
    if isinstance(details, ClassDetails):
        known = found.confusions.get(details.task)
        if known is not None:
            details = ClassDetails(
                known.task, known.classes, known.confusion + details.confusion, known.ranks + details.ranks
            )
        found.confusions[details.task] = details
        if tally is not None:
            found.classes, found.probabilities = details.classes, prediction.are_probabilities
            tally.add(chosen, prediction.scores, d.argmax(axis=-1))
    elif isinstance(details, ValueDetails) and new and len(details.outputs) <= 3:
        places = np.unique(np.linspace(0, len(d) - 1, min(POINTS, len(d))).round().astype(int))
        for at, output in enumerate(details.outputs):
            name = " ".join(word for word in (details.task, output) if word)
            found.values[name] = (d[places, at].tolist(), prediction.scores[places, at].tolist())


def _draw(found: Look, sets: _Sets) -> None:
    """The images of the mistakes, where the data are images."""
    raw = sets.raw
    if raw is None or not found.mistakes:
        return
    shape = shape_of(Run(found.variant.done[0].path).spec.data.source, raw.x.shape[1:])
    if shape is None:
        return
    low, high = bounds(raw.x)
    for mistake in found.mistakes:
        found.images[mistake.example] = picture(raw.x[mistake.example].reshape(shape), low, high)


def _first_layer(found: Look, run: Run) -> None:
    """The filters of the first layer, where it is dense on images or a convolution of one or three channels."""
    spec = run.spec
    if isinstance(spec, BaselineSpec) or "members" in run.record:
        return
    layers = [layer for layer in spec.architecture if kind_of(layer) not in KEPT]
    first = layers[0] if layers else None
    shape = _filter_shape(first, shape_of(spec.data.source, run.network.description.shape), run)
    if shape is None:
        return
    declaration = declaration_of(spec)
    name, _ = next(entry for entry in declaration.entries() if entry[0].rpartition(".")[2] == "W")
    arrays, _ = archives.load(weights_of(run.path, run.record), run.record["spec"])
    W: AnyArray = weight_views(declaration, arrays["theta"]).at(name)[0]
    found.all_filters, found.filters = W.shape[-1], filters(W[:, :FILTERS], shape)
    size = "×".join(map(str, shape[:2]))
    found.filtered = f"{found.all_filters} filters of {size} weights in {name.rpartition('.')[0] or 'the first layer'}"


def _filter_shape(layer: object, image: Shape | None, run: Run) -> Shape | None:
    """The shape of one filter of a layer as an image, or None where it is none."""
    if image is None or image[-1] not in (1, 3):
        return None
    if isinstance(layer, Conv2D):
        return (layer.kernel, layer.kernel, image[-1]) if layer.kernel > 1 else None
    given = run.network.description.shape
    return image if isinstance(layer, Dense | Output) and int(np.prod(given)) == int(np.prod(image)) else None
