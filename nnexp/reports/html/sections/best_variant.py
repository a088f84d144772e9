"""The figures of the best variant: confusions, mistakes, predicted values, filters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from nnexp.reports.html.best_variant import BestVariant
from nnexp.reports.html.figures.agreement import plot_agreement
from nnexp.reports.html.figures.base import MAX_NAME_CHARACTERS, Figure
from nnexp.reports.html.figures.confusion import ConfusionCounts, plot_confusion
from nnexp.reports.html.figures.names import shorten_names
from nnexp.reports.html.figures.tiles import FILTER_LAYOUT, MISTAKE_LAYOUT, Tile, plot_tiles
from nnexp.reports.html.markup import escape_controls

MAX_CLASSES = 100


def make_best_figures(found: BestVariant) -> Iterator[Figure]:
    """What there is to show of it."""
    asked = _describe_runs(found)
    for task, details in found.confusions.items():
        if len(details.classes) <= MAX_CLASSES:
            caption = (
                f"{int(details.confusion.sum()):,} predictions on the {found.part} part{asked}. Blue: the share of its "
                "class that is right; orange: what is wrong, on a scale of its own."
            )
            make = partial(plot_confusion, ConfusionCounts(details.classes, details.confusion))
            yield Figure(
                _make_file_name("confusion", task, found), _make_title("Confusions", task), caption, make, narrow=True
            )
    if found.images:
        yield _make_mistake_figure(found, asked)
    for number, (name, (true, predicted)) in enumerate(found.values_by_output.items()):
        caption = f"Each point is one of {len(true)} examples of the {found.part} part, seed {found.seeds[0]}."
        slug = "predicted" if number == 0 else f"predicted-{number + 1}"
        yield Figure(
            slug,
            _make_title("Predicted and true", name),
            caption,
            partial(plot_agreement, true, predicted, shorten_names([name], MAX_NAME_CHARACTERS)[0]),
        )
    if found.filters:
        yield _make_filter_figure(found)


def _describe_runs(found: BestVariant) -> str:
    """Over which runs."""
    seeds = dict.fromkeys(found.seeds)
    if len(found.seeds) == 1:
        return f", seed {found.seeds[0]}"
    more = f" of {len(found.variant.done_rows)}" if len(found.variant.done_rows) > len(found.seeds) else ""
    folds = "" if len(seeds) == len(found.seeds) else " and folds"
    return f", {len(found.seeds)}{more} runs of different seeds{folds} together"


def _make_mistake_figure(found: BestVariant, asked: str) -> Figure:
    shown = []
    for one in found.mistakes:
        true, taken = (escape_controls(found.classes[label]) for label in (one.true, one.predicted))
        number = f"{100 * one.predicted_score:.0f} %" if found.has_probabilities else f"{one.predicted_score:.3g}"
        wrong = f"; wrong in {one.wrong_runs} of {one.run_count} runs" if one.run_count > 1 else ""
        tip = f"example {one.example}: {true}, taken for {taken} ({number}){wrong}"
        shown.append(Tile(found.images[one.example], f"{true} → {taken}", number, tip))
    kind = "probability" if found.has_probabilities else "score"
    which = (
        f"the {len(shown)} on which the wrong class is furthest ahead"
        if len(shown) < found.wrong_count
        else "all of them"
    )
    caption = (
        f"True class → predicted class, and the mean {kind} of the predicted one{asked}. Of "
        f"{found.wrong_count:,} examples "
        f"of the {found.part} part that are taken for a wrong class on the mean, {which}."
    )
    return Figure("mistakes", "Worst mistakes", caption, partial(plot_tiles, shown, MISTAKE_LAYOUT))


def _make_filter_figure(found: BestVariant) -> Figure:
    shown = [Tile(url, tooltip=f"unit {number}") for number, url in enumerate(found.filters, start=1)]
    some = f"the first {len(shown)} of " if len(shown) < found.filter_count else ""
    seed = found.variant.done_rows[0].seed
    caption = (
        f"{some}{found.filter_caption}, seed {seed}; each on its own scale, grey is 0. They act on normalised inputs."
    )
    return Figure(
        "filters", "First-layer filters", caption[0].upper() + caption[1:], partial(plot_tiles, shown, FILTER_LAYOUT)
    )


def _make_title(title: str, name: str) -> str:
    return f"{title}: {escape_controls(name)}" if name else title


def _make_file_name(name: str, task: str, found: BestVariant) -> str:
    """A name for a file, by the number of the task."""
    tasks = list(found.confusions)
    return name if tasks.index(task) == 0 else f"{name}-{tasks.index(task) + 1}"
