"""A closer look at the best variant: its predictions on a part of its data, and what its first layer learned.

N examples, K classes, O outputs, H W C image
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nnexp.data.dataset import Dataset
from nnexp.data.parts import Parts
from nnexp.data.splits import PART_NAMES, PartName
from nnexp.errors import NnexpError
from nnexp.metrics.breakdown import ClassBreakdown, ValueBreakdown
from nnexp.nn.layers.conv2d import Conv2D
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.output import Output
from nnexp.nn.network import kind_of
from nnexp.nn.parameters import weight_views
from nnexp.prediction.breakdown import measure_prediction
from nnexp.prediction.load import find_weights_file
from nnexp.prediction.predictor import Prediction
from nnexp.prediction.run import Run
from nnexp.reports.html.images import encode_filters, encode_image, find_image_shape, find_pixel_range
from nnexp.reports.html.mistakes import Mistake, MistakeTally
from nnexp.reports.rows import RunRow
from nnexp.reports.variants import Variant
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.check import declare_network
from nnexp.storage import archive
from nnexp.typing import AnyArray, Array, IntArray, Shape

MAX_RUNS = 5
"""Runs of the variant that are asked for predictions."""

MAX_MISTAKES = 18
"""Images of mistakes, which are three rows."""

MAX_FILTERS = 60
"""Images of filters, which are five rows."""

MAX_POINTS = 600
"""Points of predicted values: more would lie over each other."""

MAX_VALUE_OUTPUTS = 3
"""Outputs up to which predicted values have a figure each."""

INPUT_PRESERVING_LAYERS = ("dropout", "classic_dropout", "gaussian_noise", "flatten")
"""Layers before the first one with weights that leave the meaning of its inputs as it is."""


@dataclass(slots=True)
class BestVariant:
    """What was seen.

    confusions: by task, summed over runs.  mistakes, `wrong_count` in all, with images by example, of the first task.
    values: by output, the targets and the predictions of one run.  seeds: of the runs that were asked.
    """

    variant: Variant
    part: PartName
    seeds: list[int] = field(default_factory=list)
    confusions: dict[str, ClassBreakdown] = field(default_factory=dict)
    classes: Sequence[str] = ()
    mistakes: list[Mistake] = field(default_factory=list)
    wrong_count: int = 0
    has_probabilities: bool = False
    images: dict[int, str] = field(default_factory=dict)
    values_by_output: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)
    filters: list[str] = field(default_factory=list)
    filter_count: int = 0
    filter_caption: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _DataCache:
    """The data of the runs, read once where they are the same."""

    key: str = ""
    raw: Dataset | None = None
    parts: Parts | None = None

    def load_data(self, run: Run) -> tuple[Dataset, Parts]:
        key = repr(run.spec.data) + run.record["data"]["fingerprint"]
        if key != self.key or self.raw is None or self.parts is None:
            self.raw, self.parts, self.key = run.spec.data.load(), run.parts, key
        return self.raw, self.parts


def examine_variant(variant: Variant, metric: str) -> BestVariant | None:
    """Look at a variant's runs that are done; None where there are none. `problems` says what cannot be read."""
    rows = variant.done_rows
    if not rows:
        return None
    found, sets, tally = BestVariant(variant, _choose_part(Run(rows[0].path), metric)), _DataCache(), MistakeTally()
    problems: list[str] = []
    asked: list[RunRow] = []
    for row in rows[:MAX_RUNS]:
        try:
            _add_run(found, row, sets, tally)
            asked.append(row)
        except NnexpError as error:
            problems.append(str(error))
    found.mistakes, found.wrong_count = tally.find_worst(MAX_MISTAKES), tally.count_mistakes()
    try:
        _add_images(found, sets)
        _add_filters(found, Run((asked or rows)[0].path))
    except NnexpError as error:
        problems.append(str(error))
    found.problems = list(dict.fromkeys(problems))  # data that are gone are gone for all
    return found


def _choose_part(run: Run, metric: str) -> PartName:
    """The part that the metric is of, or another where that one is empty."""
    examples = run.record["data"]["examples"]
    wanted = [part for part in PART_NAMES if metric.startswith(f"{part}_")]
    order: list[PartName] = [*wanted, "dev", "test"]
    return next(filter(examples.get, order), "train")


def _add_run(found: BestVariant, row: RunRow, sets: _DataCache, tally: MistakeTally) -> None:
    """Add the predictions of a run."""
    run = Run(row.path)
    raw, parts = sets.load_data(run)
    # Examples are known by their rows in the raw data, whose images are shown; runs may have split them differently.
    chosen = run.spec.data.split.choose_rows(raw)[found.part]
    d, start, first = parts[found.part].restore_targets(), 0, True
    for prediction in run.predictor.predictions(raw.x[chosen]):
        stop = start + len(prediction.task.classes)
        own = d[:, start:stop]
        start = stop
        _add_prediction(found, prediction, own, chosen, tally if first else None, new=not found.seeds)
        first = first and prediction.task.targets != "classes"
    found.seeds.append(row.seed)


def _add_prediction(
    found: BestVariant, prediction: Prediction, d: Array, chosen: IntArray, tally: MistakeTally | None, *, new: bool
) -> None:
    details = measure_prediction(prediction, d)
    if isinstance(details, ClassBreakdown):
        known = found.confusions.get(details.task)
        if known is not None:
            details = ClassBreakdown(
                known.task, known.classes, known.confusion + details.confusion, known.ranks + details.ranks
            )
        found.confusions[details.task] = details
        if tally is not None:
            found.classes, found.has_probabilities = details.classes, prediction.are_probabilities
            tally.add_run(chosen, prediction.scores, d.argmax(axis=-1))
    # Values of one run alone: those of several would lie over each other, unlike counts, which add up.
    elif isinstance(details, ValueBreakdown) and new and len(details.outputs) <= MAX_VALUE_OUTPUTS:
        places = np.unique(np.linspace(0, len(d) - 1, min(MAX_POINTS, len(d))).round().astype(int))
        for at, output in enumerate(details.outputs):
            name = f"{details.task} {output}".strip()
            found.values_by_output[name] = (d[places, at].tolist(), prediction.scores[places, at].tolist())


def _add_images(found: BestVariant, sets: _DataCache) -> None:
    """The images of the mistakes, where the data are images."""
    raw = sets.raw
    if raw is None or not found.mistakes:
        return
    shape = find_image_shape(Run(found.variant.done_rows[0].path).spec.data.source, raw.x.shape[1:])
    if shape is None:
        return
    low, high = find_pixel_range(raw.x)
    for mistake in found.mistakes:
        found.images[mistake.example] = encode_image(raw.x[mistake.example].reshape(shape), low, high)


def _add_filters(found: BestVariant, run: Run) -> None:
    """The filters of the first layer, where it is dense on images or a convolution of one or three channels."""
    spec = run.spec
    if isinstance(spec, BaselineSpec) or "members" in run.record:  # neither has a first layer
        return
    first = next((layer for layer in spec.architecture if kind_of(layer) not in INPUT_PRESERVING_LAYERS), None)
    shape = _find_filter_shape(first, find_image_shape(spec.data.source, run.predictor.description.shape), run)
    if shape is None:
        return
    declaration = declare_network(spec)
    # The first weights of the network are those of the first layer that has any.
    name = next(name for name, _ in declaration.iterate_weights() if name.rpartition(".")[2] == "W")
    arrays, _ = archive.load_archive(find_weights_file(run.path, run.record), run.record["spec"])
    W: AnyArray = weight_views(declaration, arrays["theta"]).array_of(name)[0]
    found.filter_count, found.filters = W.shape[-1], encode_filters(W[:, :MAX_FILTERS], shape)
    height, width, _ = shape
    layer = name.rpartition(".")[0] or "the first layer"
    found.filter_caption = f"{found.filter_count} filters of {height}×{width} weights in {layer}"


def _find_filter_shape(layer: object, image: Shape | None, run: Run) -> Shape | None:
    """The shape of one filter of a layer as an image, or None where it is none."""
    if image is None or image[-1] not in (1, 3):
        return None
    if isinstance(layer, Conv2D) and layer.kernel > 1:
        return (layer.kernel, layer.kernel, image[-1])
    # A source may have made other inputs of its images, which are no pixels.
    has_pixels = np.prod(run.predictor.description.shape) == np.prod(image)
    if isinstance(layer, Dense | Output) and has_pixels:
        return image
    return None
