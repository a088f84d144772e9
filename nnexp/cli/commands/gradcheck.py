"""nnexp gradcheck"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nnexp import api
from nnexp.cli.console import err, fit_table, gather_columns, out, print_json
from nnexp.cli.options import Json, Overrides
from nnexp.cli.progress.gradcheck import make_gradcheck_watch
from nnexp.errors import UsageError
from nnexp.gradient_check.components import check_all_components, raise_if_failed

if TYPE_CHECKING:
    from nnexp.gradient_check.components import ComponentCheck
    from nnexp.gradient_check.result import GradientCheck, ParameterCheck


OPTIONAL_COLUMNS = ("numeric", "analytic", "shape", "worst entry", "directions checked", "entries checked")
"""Columns that are left out of a narrow table, the first first."""


def gradcheck(
    spec: Annotated[
        Path | None, typer.Argument(metavar="SPEC", help="A spec: a YAML file.", show_default=False)
    ] = None,
    overrides: Overrides = None,
    after: Annotated[int, typer.Option("--after", metavar="N", help="Train this many steps first.")] = 0,
    examples: Annotated[
        int | None,
        typer.Option(
            "--examples", metavar="N", help="Number of examples in the batch (default: at most 32).", show_default=False
        ),
    ] = None,
    entries: Annotated[
        int | None,
        typer.Option("--entries", metavar="N", help="Check this many entries of each parameter.", show_default=False),
    ] = None,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Check every entry, however large the network.")
    ] = False,
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="T", help="The largest relative error that passes.")
    ] = 1e-7,
    all_: Annotated[bool, typer.Option("--all", help="Check every component that a spec can name.")] = False,
    json: Json = False,
) -> None:
    """Check the gradients of a model, or of every component.

    They are compared with differences of the objective, penalties included.
    """
    if all_:
        if spec is not None or after or examples is not None or entries is not None or exhaustive:
            raise UsageError("--all checks small networks of its own: name no spec, and only --threshold or --json")
        _check_all_components(threshold, json=json)
        return
    if spec is None:
        raise UsageError("no spec to check: name its file, or say --all")
    check = api.gradcheck(
        api.load(spec, overrides or []),
        after=after,
        examples=examples,
        entries=entries,
        exhaustive=exhaustive,
        threshold=threshold,
    )
    if json:
        print_json(check.as_dict())
    else:
        print_check(check)
    check.raise_if_failed()


def print_check(check: GradientCheck) -> None:
    """The table of parameters, and what was compared."""
    columns = gather_columns(map(_format_parameter, check.rows))
    if check.exhaustive:
        del columns["directions checked"]
    out.print(fit_table(columns, OPTIONAL_COLUMNS, out.width))
    lost = [row.name for row in check.rows if row.is_lost]
    if lost:
        out.print(f"so small that rounding hides them: {', '.join(lost)}", markup=False, soft_wrap=False)
    if check.aside:
        names = ", ".join(check.aside)
        message = f"sat on kinks, so all weights were moved a little before this check: {names}"
        out.print(message, markup=False, soft_wrap=False)
    out.print(f"{check.name}: {describe_check(check)}", markup=False, soft_wrap=False)


def _format_parameter(row: ParameterCheck) -> dict[str, str]:
    analytic = numeric = "-"
    if row.worst:
        analytic, numeric = f"{row.worst.analytic:.3e}", f"{row.worst.numeric:.3e}"
    return {
        "parameter": row.name,
        "verdict": row.verdict,
        "relative error": _format_error(row),
        "left out": f"{row.left_out + row.directions_left_out:,}",
        "entries checked": _format_checked(row),
        "directions checked": f"{row.directions:,}",
        "shape": " x ".join(map(str, row.shape)),
        "worst entry": _format_entry_index(row),
        "analytic": analytic,
        "numeric": numeric,
    }


def describe_check(check: GradientCheck) -> str:
    """What was compared, and what came out, in a line."""
    checked = sum(row.checked for row in check.rows)
    left_out = sum(row.left_out + row.directions_left_out for row in check.rows)
    directions = sum(row.directions for row in check.rows)
    what = f"{checked:,} entries"
    if directions:
        what += f" and {directions:,} random directions"
    when = "before training"
    if check.after:
        when = f"after {check.after:,} steps"
    verdict = {
        "right": f"the gradient is right, largest relative error {check.error:.1e}",
        "wrong": "the gradient is wrong",
        "undecided": "undecided",
        "frozen": "everything is frozen",
    }[check.verdict]
    kinks = f", {left_out:,} more left out at kinks" if left_out else ""
    return f"{verdict}; {what} on {check.examples} examples {when}{kinks}"


def _format_error(row: ParameterCheck) -> str:
    if row.verdict == "frozen" or not row.checked + row.directions:
        return "-"
    if row.is_lost:
        return "rounding"
    return f"{row.error:.1e}"


def _format_checked(row: ParameterCheck) -> str:
    chosen = row.checked + row.left_out
    if chosen in (0, row.entries):
        return f"{row.checked:,}"
    return f"{row.checked:,} of {row.entries:,}"


def _format_entry_index(row: ParameterCheck) -> str:
    if row.worst is None:
        return "-"
    if row.worst.index is None:
        return "direction"
    return f"[{', '.join(map(str, row.worst.index))}]"


def _check_all_components(threshold: float, *, json: bool) -> None:
    with make_gradcheck_watch(quiet=json) as watch:
        checks = list(check_all_components(threshold, watch))
    if json:
        print_json([one.as_dict() for one in checks])
    else:
        _print_all_checks(checks)
    raise_if_failed(checks)


def _print_all_checks(checks: list[ComponentCheck]) -> None:
    """A row for every component and network, then what came out."""
    columns = gather_columns(map(_format_component, checks))
    out.print(fit_table(columns, ("kind", "entries checked", "in a network"), out.width))
    for one in checks:
        if one.problem:
            err.print(one.problem, style="yellow", markup=False)
    right = sum(one.verdict == "right" for one in checks)
    names = {(one.kind, one.name) for one in checks}
    out.print(f"{len(names)} components in {len(checks)} networks: {right} right, {len(checks) - right} not")


def _format_component(one: ComponentCheck) -> dict[str, str]:
    """The cells of a component; - where it could not be checked."""
    error = left_out = checked = "-"
    if one.check:
        error = f"{one.check.error:.1e}"
        left_out = f"{sum(row.left_out for row in one.check.rows):,}"
        checked = f"{sum(row.checked for row in one.check.rows):,}"
    return {
        "component": one.name,
        "verdict": one.verdict,
        "relative error": error,
        "left out": left_out,
        "entries checked": checked,
        "in a network": one.setting,
        "kind": one.kind,
    }
