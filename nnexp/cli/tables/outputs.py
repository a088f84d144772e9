"""Yes-or-no outputs and values as tables, a row an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnexp.cli.console import MIN_NAME_CHARACTERS, fit_table, gather_columns, shorten_escaped
from nnexp.metrics.breakdown import BinaryBreakdown, ValueBreakdown
from nnexp.wording import format_decimal, format_percent

if TYPE_CHECKING:
    from rich.table import Table

MAX_FULL_OUTPUTS = 20
"""With more outputs than this, only the worst are shown: a table that fits a screen."""

MAX_WORST_OUTPUTS = 10
"""How many of the worst outputs are shown."""

FIGURES_CHARACTERS = 36
"""What the numbers of an output take, beside its name."""


def render_outputs(found: BinaryBreakdown | ValueBreakdown, width: int) -> tuple[str, Table]:
    """What is measured of each output, below a line that says which outputs these are."""
    if isinstance(found, BinaryBreakdown):
        worst, badness = "smallest accuracy", -found.accuracy_by_output
    else:
        worst, badness = "largest RMSE", found.rmse
    shown, legend = list(range(len(found.outputs))), "each output by itself"
    if len(shown) > MAX_FULL_OUTPUTS:
        shown = sorted(shown, key=lambda output: -badness[output])[:MAX_WORST_OUTPUTS]
        legend = f"the {MAX_WORST_OUTPUTS} outputs of {worst}, of {len(found.outputs)}; --json has all"
    room = max(MIN_NAME_CHARACTERS, width - FIGURES_CHARACTERS)
    rows = []
    for output in shown:
        name = shorten_escaped(found.outputs[output], room)
        rows.append({"output": name} | _format_figures(found, output))
    return legend, fit_table(gather_columns(rows), (), width)


def _format_figures(found: BinaryBreakdown | ValueBreakdown, output: int) -> dict[str, str]:
    """What is measured of one output, by column."""
    if isinstance(found, BinaryBreakdown):
        return {"accuracy": format_percent(found.accuracy_by_output[output])}
    return {
        "RMSE": format_decimal(float(found.rmse[output])),
        "MAE": format_decimal(float(found.absolute_error[output])),
        "R²": format_decimal(float(found.r2[output])),
    }
