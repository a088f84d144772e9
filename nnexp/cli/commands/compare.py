"""nnexp compare"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnexp.cli.console import err, fit_table, gather_columns, out, print_json, print_sentence, shorten_escaped
from nnexp.cli.options import Json, Metric, Mixed, RunsDir
from nnexp.reports.compare import Comparison, ComparisonCheck, compare_variants
from nnexp.reports.tables import format_mean, format_states, make_mean_dict
from nnexp.statistics.verdicts import format_amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from nnexp.statistics.verdicts import Verdict

MAX_VARIANT_CHARACTERS = 72
"""Characters of a variant's name in the table: three values of a sweep."""


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
    results = {check: check.is_satisfied(found) for check in asked}
    if json:
        print_json(_make_document(found, results))
    else:
        _print_comparison(found, results)
    for problem in found.problems:
        err.print(problem, style="yellow", markup=False)
    if not all(results.values()):
        raise typer.Exit(4)


def _print_comparison(found: Comparison, results: dict[ComparisonCheck, bool]) -> None:
    """The variants, their differences, what these say, and whether the checks hold."""
    out.print(_render_variants(found, out.width))
    out.print(_render_differences(found, out.width))
    for line in _list_sentences(found):
        print_sentence(line, indent=2)
    for check, holds in results.items():
        if holds:
            out.print(f"{check.text}: holds", style="green", markup=False)
        else:
            out.print(f"{check.text}: does not hold", style="red", markup=False)


def _list_sentences(found: Comparison) -> Iterator[str]:
    for difference in found.mixed:
        yield f"mixed: they differ in {difference}"
    for verdict in found.verdicts:
        yield verdict.format_sentence()
    if len(found.verdicts) > 1:
        yield f"p is corrected for {len(found.verdicts)} comparisons (Holm)"


def _render_variants(found: Comparison, width: int) -> Table:
    """A row for each variant."""
    measure = found.measure
    rows = []
    for letter, variant in found.variants.items():
        mean = variant.compute_mean(measure.metric)
        rows.append(
            {
                "": letter,
                "variant": shorten_escaped(variant.label, MAX_VARIANT_CHARACTERS),
                "n": str(mean.n),
                measure.metric: format_mean(mean, share=measure.is_share),
                "state": format_states(variant),
            }
        )
    return fit_table(gather_columns(rows), (), width)


def _render_differences(found: Comparison, width: int) -> Table:
    """A row for each pair."""
    columns = gather_columns(map(_format_verdict, found.verdicts))
    if len(found.verdicts) == 1:
        del columns["corrected p"]
    return fit_table(columns, ("test",), width)


def _format_verdict(verdict: Verdict) -> dict[str, str]:
    return {
        "difference": f"{verdict.b} - {verdict.a}",
        f"{verdict.measure.pair}s": str(verdict.difference.n),
        verdict.measure.metric: _format_difference(verdict),
        "p": _format_p(verdict.p),
        "corrected p": _format_p(verdict.p_corrected),
        "test": verdict.test or "-",
    }


def _format_p(p: float | None) -> str:
    return "-" if p is None else f"{p:.4f}"


def _format_difference(verdict: Verdict) -> str:
    """A difference with its sign and interval."""
    difference = verdict.difference
    if not difference.n:
        return "-"
    amount = format_amount(verdict.measure, abs(difference.mean), difference.half_width)
    if difference.mean == 0:
        return amount
    sign = "+" if difference.mean > 0 else "-"
    return sign + amount


def _make_document(found: Comparison, results: dict[ComparisonCheck, bool]) -> dict[str, Any]:
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
        "checks": [{"check": check.text, "holds": holds} for check, holds in results.items()],
        "problems": list(found.problems),
    }
