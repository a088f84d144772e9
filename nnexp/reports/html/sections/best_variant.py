"""The figures of the best variant: confusions, mistakes, predicted values, filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from nnexp.metrics.breakdown import ClassBreakdown
from nnexp.reports.html.best_variant import BestVariant
from nnexp.reports.html.figures.agreement import plot_agreement
from nnexp.reports.html.figures.base import MAX_NAME_CHARACTERS, Figure, capitalize
from nnexp.reports.html.figures.confusion import ConfusionCounts, plot_confusion
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.tiles import FILTER_LAYOUT, MISTAKE_LAYOUT, Tile, plot_tiles
from nnexp.reports.html.markup import Html, escape_controls, render_warning
from nnexp.reports.html.mistakes import Mistake
from nnexp.reports.html.page import render_figure, render_grid
from nnexp.wording import format_percent

MAX_CLASSES = 100
"""Classes up to which their confusions are drawn."""


def make_best_figures(found: BestVariant) -> Iterator[Figure]:
    """What there is to show of it."""
    for number, details in enumerate(found.confusions.values(), start=1):
        if len(details.classes) <= MAX_CLASSES:
            yield _make_confusion_figure(found, details, number)
    if found.images:
        yield _make_mistake_figure(found)
    for number, name in enumerate(found.values_by_output, start=1):
        yield _make_agreement_figure(found, name, number)
    if found.filters:
        yield _make_filter_figure(found)


def render_best_variant(found: BestVariant | None, figures: Sequence[Figure]) -> list[Html | None]:
    """The figures, and what could not be read."""
    if found is None:
        return []
    return [render_grid(*map(render_figure, figures)), *map(render_warning, found.problems)]


def _describe_runs(found: BestVariant) -> str:
    """Over which runs."""
    count, done_count = len(found.seeds), len(found.variant.done_rows)
    if count == 1:
        return f", seed {found.seeds[0]}"
    runs, kinds = f"{count} runs", "seeds"
    if done_count > count:
        runs = f"{count} of {done_count} runs"
    if len(set(found.seeds)) < count:
        kinds = "seeds and folds"
    return f", {runs} of different {kinds} together"


def _make_confusion_figure(found: BestVariant, details: ClassBreakdown, number: int) -> Figure:
    caption = (
        f"{int(details.confusion.sum()):,} predictions on the {found.part} part{_describe_runs(found)}. Blue: the "
        "share of its class that is right; orange: what is wrong, on a scale of its own."
    )
    make = partial(plot_confusion, ConfusionCounts(details.classes, details.confusion))
    return Figure(
        _number_name("confusion", number), _make_title("Confusions", details.task), caption, make, narrow=True
    )


def _make_agreement_figure(found: BestVariant, name: str, number: int) -> Figure:
    true, predicted = found.values_by_output[name]
    caption = f"Each point is one of {len(true)} examples of the {found.part} part, seed {found.seeds[0]}."
    [unit] = shorten_names([name], MAX_NAME_CHARACTERS)
    make = partial(plot_agreement, true, predicted, unit)
    return Figure(_number_name("predicted", number), _make_title("Predicted and true", name), caption, make)


def _make_mistake_figure(found: BestVariant) -> Figure:
    tiles = list(map(partial(_make_mistake_tile, found), found.mistakes))
    kind = "probability" if found.has_probabilities else "score"
    which = "all of them"
    if len(tiles) < found.wrong_count:
        which = f"the {len(tiles)} on which the wrong class is furthest ahead"
    caption = (
        f"True class → predicted class, and the mean {kind} of the predicted one{_describe_runs(found)}. Of "
        f"{found.wrong_count:,} examples of the {found.part} part that are taken for a wrong class on the mean, "
        f"{which}."
    )
    return Figure("mistakes", "Worst mistakes", caption, partial(plot_tiles, tiles, MISTAKE_LAYOUT))


def _make_mistake_tile(found: BestVariant, mistake: Mistake) -> Tile:
    """The image of an example, and what it was taken for."""
    true = escape_controls(found.classes[mistake.true])
    predicted = escape_controls(found.classes[mistake.predicted])
    number = f"{mistake.predicted_score:.3g}"
    if found.has_probabilities:
        number = format_percent(mistake.predicted_score, decimals=0)
    wrong = f"; wrong in {mistake.wrong_runs} of {mistake.run_count} runs" if mistake.run_count > 1 else ""
    tooltip = f"example {mistake.example}: {true}, taken for {predicted} ({number}){wrong}"
    return Tile(found.images[mistake.example], f"{true} → {predicted}", number, tooltip)


def _make_filter_figure(found: BestVariant) -> Figure:
    tiles = [Tile(url, tooltip=f"unit {number}") for number, url in enumerate(found.filters, start=1)]
    some = f"the first {len(tiles)} of " if len(tiles) < found.filter_count else ""
    seed = found.variant.done_rows[0].seed
    caption = (
        f"{some}{found.filter_caption}, seed {seed}; each on its own scale, grey is 0. They act on normalised inputs."
    )
    return Figure("filters", "First-layer filters", capitalize(caption), partial(plot_tiles, tiles, FILTER_LAYOUT))


def _make_title(title: str, name: str) -> str:
    if not name:
        return title
    return f"{title}: {escape_controls(name)}"


def _number_name(name: str, number: int) -> str:
    """The name of a file, with a number from the second one on: names of tasks may be no names of files."""
    if number == 1:
        return name
    return f"{name}-{number}"
