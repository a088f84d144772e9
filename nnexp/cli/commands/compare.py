"""nnexp compare"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnexp.cli.console import err, fit_table, out, print_json, print_sentence, shorten_escaped
from nnexp.cli.options import Json, Metric, Mixed, RunsDir
from nnexp.cli.tables.sweep import MAX_VALUE_CHARACTERS
from nnexp.reports.compare import Comparison, ComparisonCheck, compare_variants
from nnexp.reports.tables import format_mean, format_states, make_mean_dict
from nnexp.statistics.verdicts import format_amount

if TYPE_CHECKING:
    from rich.table import Table

    from nnexp.statistics.verdicts import Verdict


def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...",
            help="Runs (each stands for its variant, with all seeds), variants of a sweep such as SWEEP:lr=0.01, or a "
            "sweep with all its variants.",
            show_default=False,
        ),
    ],
    metric: Metric = None,
    checks: Annotated[
        list[str] | None,
        typer.Option(
            "--check",
            metavar="'B >= A'",
            help="Exit with 4 if this does not hold. B >= A: B is not significantly worse; B > A: B is significantly "
            "better.",
            show_default=False,
        ),
    ] = None,
    mixed: Mixed = False,
    runs: RunsDir = Path("runs"),
    json: Json = False,
) -> None:
    """Two or more variants, paired by seed: difference, interval, p-value.

    The interval is the 95 % interval of the mean difference; a sentence for each
    pair says what that shows.
    """
    asked = [ComparisonCheck.parse_check(text) for text in checks or []]
    found = compare_variants(names, runs, metric, mixed=mixed)
    held = {check: check.is_satisfied(found) for check in asked}
    if json:
        print_json(_make_document(found, held))
    else:
        _print_comparison(found, held)
    for problem in found.problems:
        err.print(problem, style="yellow", markup=False)
    if not all(held.values()):
        raise typer.Exit(4)


def _print_comparison(found: Comparison, held: dict[ComparisonCheck, bool]) -> None:
    """The variants, their differences, what these say, and whether the checks hold."""
    out.print(_render_variants(found, out.width))
    out.print(_render_differences(found, out.width))
    for line in [*(f"mixed: they differ in {difference}" for difference in found.mixed), *_list_sentences(found)]:
        print_sentence(line, indent=2)
    for check, holds in held.items():
        style = "green" if holds else "red"
        out.print(f"{check.text}: {'holds' if holds else 'does not hold'}", style=style, markup=False)


def _list_sentences(found: Comparison) -> list[str]:
    count = len(found.verdicts)
    corrected = [f"p is corrected for {count} comparisons (Holm)"] if count > 1 else []
    return [*(verdict.format_sentence() for verdict in found.verdicts), *corrected]


def _render_variants(found: Comparison, width: int) -> Table:
    """A row for each variant."""
    metric, share = found.measure.metric, found.measure.is_share
    every = list(found.variants.values())
    means = [variant.compute_mean(metric) for variant in every]
    columns: dict[str, list[str]] = {
        "": list(found.variants),
        "variant": [shorten_escaped(variant.label, 3 * MAX_VALUE_CHARACTERS) for variant in every],
        "n": [str(mean.n) for mean in means],
        metric: [format_mean(mean, share=share) for mean in means],
        "state": [format_states(variant) for variant in every],
    }
    return fit_table(columns, (), width)


def _render_differences(found: Comparison, width: int) -> Table:
    """A row for each pair."""
    verdicts, pair = found.verdicts, found.measure.pair
    columns: dict[str, list[str]] = {
        "difference": [f"{verdict.b} - {verdict.a}" for verdict in verdicts],
        f"{pair}s": [str(verdict.difference.n) for verdict in verdicts],
        found.measure.metric: [_format_difference(verdict) for verdict in verdicts],
        "p": ["-" if verdict.p is None else f"{verdict.p:.4f}" for verdict in verdicts],
        "corrected p": ["-" if verdict.p_corrected is None else f"{verdict.p_corrected:.4f}" for verdict in verdicts],
        "test": [verdict.test or "-" for verdict in verdicts],
    }
    if len(verdicts) == 1:
        del columns["corrected p"]
    return fit_table(columns, ("test",), width)


def _format_difference(verdict: Verdict) -> str:
    """A difference with its sign and interval."""
    difference = verdict.difference
    if not difference.n:
        return "-"
    amount = format_amount(verdict.measure, abs(difference.mean), difference.half_width)
    if difference.mean == 0:
        return amount
    return ("+" if difference.mean > 0 else "-") + amount


def _make_document(found: Comparison, held: dict[ComparisonCheck, bool]) -> dict[str, Any]:
    """The comparison for a program."""
    metric = found.measure.metric
    return {
        "metric": metric,
        "larger_is_better": found.measure.larger_is_better,
        "mixed": list(found.mixed),
        "variants": {
            letter: {
                "variant": variant.label,
                metric: make_mean_dict(variant.compute_mean(metric)),
                "states": variant.state_counts,
                "runs": [row.run for row in variant.rows],
            }
            for letter, variant in found.variants.items()
        },
        "comparisons": [verdict.as_dict() for verdict in found.verdicts],
        "checks": [{"check": check.text, "holds": holds} for check, holds in held.items()],
        "problems": list(found.problems),
    }
