"""The figures of the best variant: confusions, mistakes, predicted values, filters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from nnexp.pages.best import Look
from nnexp.pages.figures.agreement import agreement
from nnexp.pages.figures.base import LONGEST, Figure
from nnexp.pages.figures.confusion import Confusion, confusion
from nnexp.pages.figures.names import shortened
from nnexp.pages.figures.tiles import FILTERS, MISTAKES, Tile, tiles
from nnexp.pages.html import visible

MOST_CLASSES = 100


def best_figures(found: Look) -> Iterator[Figure]:
    """What there is to show of it."""
    asked = _asked(found)
    for task, details in found.confusions.items():
        if len(details.classes) <= MOST_CLASSES:
            caption = (
                f"{int(details.confusion.sum()):,} predictions on the {found.part} part{asked}. Blue: the share of its "
                "class that is right; orange: what is wrong, on a scale of its own."
            )
            make = partial(confusion, Confusion(details.classes, details.confusion))
            yield Figure(_slug("confusion", task, found), _titled("Confusions", task), caption, make, narrow=True)
    if found.images:
        yield _mistakes(found, asked)
    for number, (name, (true, predicted)) in enumerate(found.values.items()):
        caption = f"Each point is one of {len(true)} examples of the {found.part} part, seed {found.seeds[0]}."
        slug = "predicted" if number == 0 else f"predicted-{number + 1}"
        yield Figure(
            slug,
            _titled("Predicted and true", name),
            caption,
            partial(agreement, true, predicted, shortened([name], LONGEST)[0]),
        )
    if found.filters:
        yield _filters(found)


def _asked(found: Look) -> str:
    """Over which runs."""
    seeds = dict.fromkeys(found.seeds)
    if len(found.seeds) == 1:
        return f", seed {found.seeds[0]}"
    more = f" of {len(found.variant.done)}" if len(found.variant.done) > len(found.seeds) else ""
    folds = "" if len(seeds) == len(found.seeds) else " and folds"
    return f", {len(found.seeds)}{more} runs of different seeds{folds} together"


def _mistakes(found: Look, asked: str) -> Figure:
    shown = []
    for one in found.mistakes:
        true, taken = (visible(found.classes[label]) for label in (one.true, one.predicted))
        number = f"{100 * one.given:.0f} %" if found.probabilities else f"{one.given:.3g}"
        wrong = f"; wrong in {one.wrong} of {one.runs} runs" if one.runs > 1 else ""
        tip = f"example {one.example}: {true}, taken for {taken} ({number}){wrong}"
        shown.append(Tile(found.images[one.example], f"{true} → {taken}", number, tip))
    kind = "probability" if found.probabilities else "score"
    which = (
        f"the {len(shown)} on which the wrong class is furthest ahead" if len(shown) < found.wrong else "all of them"
    )
    caption = (
        f"True class → predicted class, and the mean {kind} of the predicted one{asked}. Of {found.wrong:,} examples "
        f"of the {found.part} part that are taken for a wrong class on the mean, {which}."
    )
    return Figure("mistakes", "Worst mistakes", caption, partial(tiles, shown, MISTAKES))


def _filters(found: Look) -> Figure:
    shown = [Tile(url, tip=f"unit {number}") for number, url in enumerate(found.filters, start=1)]
    some = f"the first {len(shown)} of " if len(shown) < found.all_filters else ""
    seed = found.variant.done[0].seed
    caption = f"{some}{found.filtered}, seed {seed}; each on its own scale, grey is 0. They act on normalised inputs."
    return Figure("filters", "First-layer filters", caption[0].upper() + caption[1:], partial(tiles, shown, FILTERS))


def _titled(title: str, name: str) -> str:
    return f"{title}: {visible(name)}" if name else title


def _slug(name: str, task: str, found: Look) -> str:
    """A name for a file, by the number of the task."""
    tasks = list(found.confusions)
    return name if tasks.index(task) == 0 else f"{name}-{tasks.index(task) + 1}"
