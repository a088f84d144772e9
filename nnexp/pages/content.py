"""What the page of a report holds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from nnexp.pages import origin
from nnexp.pages.best import Look, look
from nnexp.pages.best_figures import best_figures
from nnexp.pages.curve_figures import GROUP, curves, how
from nnexp.pages.drawn import Selection, select
from nnexp.pages.figures.base import LONGEST, Figure, spoken
from nnexp.pages.figures.intervals import Estimate, intervals
from nnexp.pages.figures.lines import colours
from nnexp.pages.figures.names import shortened
from nnexp.pages.health import healths
from nnexp.pages.html import Html, code, folded, joined, listed, table, tag
from nnexp.pages.parameter_figures import parameters
from nnexp.pages.shell import figure, grid, legend, page, section
from nnexp.reports.report import Report, rank
from nnexp.reports.tables import cells, heading, mean_text, sentences
from nnexp.reports.variants import Variant

ROWS = 200
"""Variants in the table of a page."""

OPEN = 15
"""Variants that are seen without asking for more."""

FIRST = 4
"""Sentences that are read without asking for more, where no difference is shown; those that show one come first."""

SHOWN = 10
"""Differences that are read without asking for more."""

SAID = 100
"""Comparisons that are on a page."""

NARROW = 4
"""Columns of parameters that stand before the results; of more the first two do, and the others behind them."""

MANY, LETTERS = 10, 18
"""Variants, and letters of one, for which a figure in a file needs both columns of a paper."""

ESTIMATES = 30
"""Variants in the figure of means."""


@dataclass(frozen=True, slots=True)
class Content:
    """All figures of a report, by what they are about."""

    report: Report
    selection: Selection
    best: Look | None
    answer: tuple[Figure, ...]
    parameters: tuple[Figure, ...]
    curves: tuple[Figure, ...]
    details: tuple[Figure, ...]
    colours: Mapping[str, str]

    @property
    def figures(self) -> list[Figure]:
        return [*self.answer, *self.parameters, *self.curves, *self.details]


def content(report: Report) -> Content:
    """Everything that is drawn; runs that are not are not read again."""
    selection = select(report)
    chosen = colours([one.variant.label for one in selection.drawn])
    best = look_at_best(report)
    return Content(
        report,
        selection,
        best,
        tuple(answer(report, chosen)),
        tuple(parameters(report)),
        tuple(curves(selection, report, chosen)),
        tuple(best_figures(best)) if best else (),
        chosen,
    )


def look_at_best(report: Report) -> Look | None:
    """A closer look at the variant that is ranked first, of those that have runs that are done."""
    ranked = sorted(report.variants, key=lambda variant: rank(variant, report.measure))
    first = next((variant for variant in ranked if variant.done), None)
    return None if first is None else look(first, report.measure.metric)


def answer(report: Report, chosen: Mapping[str, str]) -> list[Figure]:
    """The means with their intervals, where there is more than one variant or more than one run."""
    measure = report.measure
    known = [variant for variant in report.variants if math.isfinite(variant.mean(measure.metric).value)]
    shown = known[:ESTIMATES]
    if report.baseline in known and report.baseline not in shown:
        shown.append(report.baseline)
    estimates = [estimate(variant, report) for variant in shown]
    if len(estimates) < 2:
        return []
    unit = "folds" if all(v.configuration.folds for v in shown) else "seeds"
    caption = f"Each value is of one of the {unit}."
    if any(one.mean.n > 1 for one in estimates):
        caption = f"Means with their 95 % intervals (t distribution); below them, pale, the single {unit}."
        caption += (
            " Overlapping intervals do not show that variants are equal: they are compared in pairs, as the text says."
        )
    if len(shown) < len(known):
        caption += f" Shown are the first {ESTIMATES} of {len(known):,} variants in the order of the table."
    make = partial(intervals, estimates, spoken(measure.metric), share=measure.is_share, colours=chosen)
    title = spoken(measure.metric)
    wide = len(shown) > MANY or max(len(variant.label) for variant in shown) > LETTERS
    return [Figure("means", f"{title[0].upper()}{title[1:]} of the variants", caption, make, wide=wide)]


def estimate(variant: Variant, report: Report) -> Estimate:
    """A variant's mean and its runs."""
    measure = report.measure
    mean = variant.mean(measure.metric)
    single = tuple(value for value in variant.values(measure.metric).values() if math.isfinite(value))
    return Estimate(variant.label, mean, single, mean_text(mean, share=measure.is_share))


def html(found: Content, command: str = "") -> str:
    """The page."""
    report = found.report
    body = [
        tag("p", _summary(report), class_="note"),
        tag("p", data, class_="note") if (data := origin.sources(report)) else None,
        section("Answer", *_answer(found), id="answer"),
        section("Parameters", *_parameters(found), id="parameters"),
        section("Learning curves", *_curves(found), id="curves"),
        section(f"The best variant: {found.best.variant.label}" if found.best else "", *_details(found), id="best"),
        section("Health", *healths(report), id="health"),
        section("What did not come to an end, or is damaged", *origin.lost(report), id="lost"),
        section("How to repeat it", *origin.repeating(report, command), id="repeat"),
    ]
    return page(title(report), body, f"Made by nnexp {version('nnexp')}. This file is all there is; it loads nothing.")


def title(report: Report) -> str:
    """What the page is called."""
    names = [path.name for path in report.sweeps]
    names = names or list(dict.fromkeys(str(variant.configuration.spec["name"]) for variant in report.variants))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def _summary(report: Report) -> Html:
    states = Counter(row.state for variant in report.variants for row in variant.rows)
    runs, variants = sum(states.values()), len(report.variants)
    said = ", ".join(f"{count:,} {state}" for state, count in states.items())
    what = f"{variants:,} variant{'s' * (variants != 1)}, {runs:,} run{'s' * (runs != 1)} ({said})"
    better = "the larger the better" if report.measure.larger_is_better else "the smaller the better"
    return joined([f"{what}, by ", code(report.measure.metric), f": {better}."])


def _answer(found: Content) -> list[Html | None]:
    report = found.report
    return [tag("p", lead(report), class_="lead"), *_verdicts(report), *map(_figure, found.answer), *_table(report)]


def _table(report: Report) -> list[Html | None]:
    """The variants: the first ones, and the others where they are asked for."""
    columns, own = cells(report), len(report.headers)
    headers = list(columns)
    order = arranged(len(headers), own)
    left = {place for place, at in enumerate(order) if at < own}
    headers, rows = [headers[at] for at in order], list(zip(*(columns[headers[at]] for at in order), strict=True))
    if len(rows) <= OPEN + 5:
        return [table(headers, rows, left)]
    some = f"The first {ROWS} of {len(rows):,} variants." if len(rows) > ROWS else f"All {len(rows)} variants."
    return [table(headers, rows[:OPEN], left), folded(some, table(headers, rows[:ROWS], left))]


def arranged(count: int, own: int) -> list[int]:
    """The places of columns, the first `own` of which are parameters: of many, most stand behind the results.

    >>> arranged(5, 2), arranged(8, 6)
    ([0, 1, 2, 3, 4], [0, 1, 6, 7, 2, 3, 4, 5])
    """
    first = own if own <= NARROW else 2
    return [*range(first), *range(own, count), *range(first, own)]


def lead(report: Report) -> str:
    """The best variant, in a sentence."""
    measure = report.measure
    best = min(report.variants, key=lambda variant: rank(variant, measure))
    mean = best.mean(measure.metric)
    if not mean.n:
        return "No run is done yet." if not best.done else f"No run that is done has a {spoken(measure.metric)}."
    what = f"{spoken(measure.metric)} {mean_text(mean, share=measure.is_share)}"
    unit = "fold" if best.configuration.folds else "run" if best.configuration.is_baseline else "seed"
    over = f"{mean.n} {unit}{'s' * (mean.n != 1)}"
    return f"{best.label}: {what} ({over})." if len(report.variants) == 1 else f"Best: {best.label}, {what} ({over})."


def _verdicts(report: Report) -> list[Html | None]:
    """What can be said of the differences: those that are shown first, and the others where they are asked for."""
    of_health = {line for entry in report.health for line in entry.sentences()}
    said = [line for line in sentences(report) if line not in of_health]
    head = heading(report) if report.verdicts else ""
    if head not in said:
        mixed = [line for line in said if line.startswith("mixed")]
        return [*(tag("p", line, class_="bad") for line in mixed), listed(line for line in said if line not in mixed)]
    at = said.index(head)
    return [
        *(tag("p", line, class_="bad") for line in said[:at]),
        tag("p", head, class_="note"),
        *_compared(report, said[at + 1 :]),
    ]


def _compared(report: Report, said: Sequence[str]) -> list[Html | None]:
    """The comparisons, and what the text says besides them."""
    found = {verdict.sentence(): verdict.finding in ("better", "worse") for verdict in report.verdicts}
    more = len(found) - SAID
    besides = [line for line in said if line not in found and not line.endswith("--format json has all of them")]
    some = list(found)[:SAID]
    differ, alike = ([line for line in some if found[line] is shown] for shown in (True, False))
    open_ = SHOWN if differ else FIRST
    first = differ or alike
    first, rest = (first, []) if len(first) <= open_ + 1 else (first[:open_], first[open_:])
    others = alike if differ else []
    without = f"{len(others)} comparison{'s' * (len(others) != 1)} without a shown difference"
    return [
        listed([*besides, *first]),
        folded(f"{len(rest)} more", listed(rest)) if rest else None,
        folded(without, listed(others)) if others else None,
        tag("p", f"and {more:,} more: --format json has all of them", class_="note") if more > 0 else None,
    ]


def _parameters(found: Content) -> list[Html | None]:
    """What needs the whole width, and below it the others."""
    wide, others = ([_figure(one) for one in found.parameters if one.wide is is_wide] for is_wide in (True, False))
    return [*wide, grid(*others)]


def _curves(found: Content) -> list[Html | None]:
    if not found.curves:
        return []
    names = dict(zip(found.colours, shortened(list(found.colours), LONGEST), strict=True))
    keys = [tag("span", "dev", class_="key"), tag("span", "train", class_="key dashed")]
    return [
        legend(GROUP, found.colours.items(), *keys, names=names),
        grid(*map(_figure, found.curves)),
        tag("p", how(found.selection), class_="note"),
    ]


def _details(found: Content) -> list[Html | None]:
    if found.best is None:
        return []
    problems = [tag("p", problem, class_="bad") for problem in found.best.problems]
    return [grid(*map(_figure, found.details)), *problems]


def _figure(found: Figure) -> Html:
    return figure(
        found.name, found.title, found.on_page(), found.caption or None, group=found.group, narrow=found.narrow
    )
